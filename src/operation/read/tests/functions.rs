use insta::assert_snapshot;

use super::{body, module};

#[test]
fn helper_functions_are_followed() {
    let source = r#"
def add(table, *names, type_=sa.Integer, **options):
    for name in names:
        op.add_column(table, sa.Column(name, type_(), **options))
def is_postgresql():
    return op.get_bind().dialect.name == "postgresql"
def with_handle(operations, bind, batch=None):
    operations.drop_table("x")
    bind.execute(sa.text("DELETE FROM y"))
    if batch:
        batch.drop_column("z")
def text_type():
    if is_postgresql():
        return sa.Text()
    return sa.String(100)
def upgrade():
    add("t", "a", "b", nullable=False)
    if is_postgresql():
        op.drop_table("p")
    with_handle(op, op.get_bind())
    with op.batch_alter_table("w") as batch:
        with_handle(op, bind=op.get_bind(), batch=batch)
    op.add_column("t", sa.Column("c", text_type()))
    def inner():
        op.drop_table(name)
    name = "n"
    inner()
    drop = op.drop_table
    drop("m")
"#;
    assert_snapshot!(module(source), @"
    add column t: a integer not null
    add column t: b integer not null
    drop table p [postgresql]
    drop table x
    delete y
    drop table x [batch]
    delete y [batch]
    drop column w.z [batch]
    add column t: c text
    drop table n
    drop table m
    ");
    let body = body(source);
    let statement = &body.operations[0].statement;
    assert!(!statement.contains(&body.operations[0].range.start), "the helper is called elsewhere");
}

#[test]
fn functions_of_other_modules_are_named() {
    assert_snapshot!(module(r#"
from app.migrations.utils import create_table, has_table, no_keys
from app import text
from app.names import name
import logging
log = logging.getLogger(__name__)
def upgrade():
    create_table("t", sa.Column("a", sa.Text()))
    if not has_table("t", op.get_bind()):
        op.drop_table("t")
    with no_keys(op):
        op.drop_table("u")
    text.lower("a")
    log.info("bind %s", op.get_bind())
    unknown(op.get_bind())
"#), @"
    read has_table
    drop table t [perhaps]
    drop table u
    ! create_table: is imported from app.migrations.utils
    ! no_keys: is imported from app.migrations.utils
    ! unknown: is not known, and is given access to the database
    ");
}

#[test]
fn what_is_not_followed() {
    assert_snapshot!(module(r#"
from contextlib import contextmanager
import functools
@decorated
def a():
    op.drop_table("a")
async def b(bind):
    pass
def c():
    c()
    op.drop_table("c")
@functools.lru_cache
def d():
    op.drop_table("d")
def upgrade():
    a()
    b(op.get_bind())
    c()
    d()
"#), @"
    drop table c
    drop table d
    ! a(): is decorated
    ! b(): is asynchronous
    ! c(): calls itself
    ");
}

#[test]
fn several_databases() {
    assert_snapshot!(module(r#"
def upgrade(engine_name):
    globals()["upgrade_%s" % engine_name]()
def upgrade_one():
    op.drop_table("a")
def upgrade_two():
    op.drop_table("b")
"#), @"
    drop table a [perhaps]
    drop table b [perhaps]
    ");
}
