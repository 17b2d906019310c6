use insta::assert_snapshot;

use super::{module, upgrade};

#[test]
fn the_dialects_name() {
    assert_snapshot!(upgrade(r#"
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
if op.get_bind().dialect.name == "postgresql":
    op.drop_table("a")
else:
    op.drop_table("b")
bind = op.get_bind()
if bind.dialect.name in ("mysql", "sqlite"):
    op.drop_table("c")
elif bind.engine.name != "mssql":
    op.drop_table("d")
dialect_name = op.get_context().dialect.name
is_sqlite = dialect_name == "sqlite"
if not is_sqlite:
    op.drop_table("e")
if is_sqlite and unknown():
    op.drop_table("f")
if is_sqlite or unknown():
    op.drop_table("g")
if bind.dialect.name.startswith("postgres"):
    op.drop_table("h")
match dialect_name:
    case "postgresql" | "sqlite":
        op.drop_table("i")
    case _:
        op.drop_table("j")
if op.get_bind().dialect.name == "mariadb":
    op.drop_table("k")
if isinstance(bind.dialect, SQLiteDialect):
    op.drop_table("l")
op.drop_table("z")
"#), @"
    drop table a [postgresql]
    drop table b [not postgresql]
    drop table c [sqlite mysql]
    drop table d [postgresql oracle other]
    drop table e [not sqlite]
    drop table f [sqlite, perhaps]
    drop table g [perhaps]
    drop table h [postgresql]
    drop table i [postgresql sqlite]
    drop table j [not postgresql sqlite]
    drop table k [mysql, perhaps]
    drop table l [sqlite]
    drop table z
    ");
}

#[test]
fn leaving_early() {
    assert_snapshot!(upgrade(r#"
if op.get_bind().dialect.name == "sqlite":
    return
op.drop_table("a")
if unknown():
    raise RuntimeError("no")
op.drop_table("b")
if unknown():
    return
op.drop_table("c")
return
op.drop_table("never")
"#), @"
    drop table a [not sqlite]
    drop table b [not sqlite]
    drop table c [not sqlite, perhaps]
    ");
    assert_snapshot!(upgrade("op.drop_table('a')\nraise NotImplementedError\nop.drop_table('b')"), @"
    drop table a
    raises
    ");
    assert_snapshot!(upgrade("if unknown():\n    raise NotImplementedError"), @"");
    assert_snapshot!(module("def fail():\n    raise ValueError\ndef upgrade():\n    fail()\n    op.drop_table('a')"), @"raises");
}

#[test]
fn unknown_courses() {
    assert_snapshot!(upgrade(r#"
if unknown():
    op.drop_table("a")
else:
    op.drop_table("b")
try:
    op.drop_table("c")
except Exception:
    op.drop_table("d")
finally:
    op.drop_table("e")
try:
    op.drop_table("f")
except Exception:
    raise
for x in unknown():
    op.drop_table("g")
while unknown():
    op.drop_table("h")
with unknown():
    op.drop_table("i")
op.drop_table("j") if unknown() else None
unknown() and op.drop_table("k")
if TYPE_CHECKING:
    op.drop_table("never")
op.drop_table("z")
"#), @"
    drop table a [perhaps]
    drop table b [perhaps]
    drop table c [perhaps]
    drop table d [perhaps]
    drop table e
    drop table f
    drop table g [perhaps]
    drop table h [perhaps]
    drop table i
    drop table j [perhaps]
    drop table k [perhaps]
    drop table z
    ");
}

#[test]
fn offline_and_autocommit() {
    assert_snapshot!(upgrade(r#"
from alembic import context
if not context.is_offline_mode():
    op.drop_table("a")
if op.get_context().as_sql:
    return
op.drop_table("b")
with op.get_context().autocommit_block():
    op.execute("CREATE INDEX CONCURRENTLY ix ON t (a)")
with op.get_context().begin_transaction():
    op.drop_table("c")
"#), @"
    drop table a [online]
    drop table b [online]
    create index ix (a) on t concurrently [autocommit, online]
    drop table c [online]
    ");
}
