use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use super::module;
use crate::operation::{Body, dump::dump, read};
use crate::script::{Imports, RevisionFile};

/// A project with the module `app.migrations.utils`.
fn with_module(utils: &str, revision: &str) -> (String, Body) {
    let root = tempfile::tempdir().unwrap();
    let package = root.path().join("app/migrations");
    fs::create_dir_all(&package).unwrap();
    fs::write(root.path().join("app/__init__.py"), "").unwrap();
    fs::write(package.join("__init__.py"), "from .utils import add_twice\n").unwrap();
    fs::write(package.join("utils.py"), format!("from alembic import op\nimport sqlalchemy as sa\n{utils}")).unwrap();
    let source = format!("from alembic import op\nimport sqlalchemy as sa\n{revision}");
    let imports = Imports::new(&[root.path().to_owned()]);
    let file = RevisionFile::parse(Path::new("revision.py"), source.clone().into_bytes(), &imports);
    (source, read(&file).upgrade)
}

#[test]
fn functions_of_the_projects_modules_are_followed() {
    let (source, body) = with_module(
        r#"
PREFIX = "p_"
def add_twice(table, name, type_=sa.Integer):
    for suffix in "ab":
        op.add_column(table, sa.Column(PREFIX + name + suffix, type_()))
def index_name(table, column):
    return f"ix_{table}_{column}"
def clean(bind, sql):
    bind.execute(sa.text(sql))
    bind.execute(sa.text("DELETE FROM logs"))
"#,
        r#"
from app.migrations import add_twice, utils
from app.migrations.utils import PREFIX as P, index_name, clean
def upgrade():
    add_twice("t", "c")
    op.create_index(index_name("t", "c"), utils.PREFIX + "t", ["c"])
    clean(op.get_bind(), "UPDATE t SET a = 1")
"#,
    );
    assert_snapshot!(dump(&body), @"
    add column t: p_ca integer
    add column t: p_cb integer
    create index ix_t_c (c) on p_t
    update t (a)
    delete logs
    ");
    let at: Vec<&str> = body.operations.iter().map(|operation| &source[operation.range.clone()]).collect();
    let calls = [
        r#"add_twice("t", "c")"#,
        r#"add_twice("t", "c")"#,
        r#"op.create_index(index_name("t", "c"), utils.PREFIX + "t", ["c"])"#,
        "UPDATE t SET a = 1",
        r#"clean(op.get_bind(), "UPDATE t SET a = 1")"#,
    ];
    assert_eq!(at, calls, "what another module does is where it is called");
}

#[test]
fn objects_of_helper_classes() {
    let (_, body) = with_module(
        r#"
class Base:
    kind = "base"
    def __init__(self, table):
        self.table = table
    def run(self):
        return self.execute()
class Create(Base):
    def __init__(self, table, *columns, **options):
        super().__init__(table)
        self.columns = columns
        self.options = options
    def execute(self):
        return op.create_table(self.table, *self.columns, **self.options)
class Drop(Base):
    def execute(self):
        if op.get_bind().dialect.name == "sqlite":
            with op.batch_alter_table(self.table) as batch_op:
                batch_op.drop_column(self.name())
        else:
            op.drop_column(self.table, self.name())
    @staticmethod
    def name():
        return "old"
    @classmethod
    def both(cls):
        cls("x").run()
def create(table, *columns):
    return Create(table, *columns, schema="s").run()
"#,
        r#"
from app.migrations.utils import create, Drop
def upgrade():
    create("t", sa.Column("a", sa.Text()))
    Drop("t").run()
    Drop.both()
"#,
    );
    assert_snapshot!(dump(&body), @"
    create table s.t (a text)
    drop column t.old [sqlite, batch]
    drop column t.old [not sqlite]
    drop column x.old [sqlite, batch]
    drop column x.old [not sqlite]
    ");
}

#[test]
fn context_managers_run_their_block_once() {
    let source = r#"
from contextlib import contextmanager
@contextmanager
def without_keys(operations):
    if operations.get_bind().dialect.name == "sqlite":
        operations.execute("PRAGMA foreign_keys = off")
        yield operations
        operations.execute("PRAGMA foreign_keys = on")
    else:
        yield operations
@contextmanager
def concurrently():
    with op.get_context().autocommit_block():
        yield
def upgrade():
    with without_keys(op) as operations:
        operations.drop_table("a")
        name = "b"
    with concurrently(), op.batch_alter_table(name) as batch_op:
        batch_op.drop_index("ix")
    op.drop_table("c")
    with without_keys(op):
        return
    op.drop_table("never")
"#;
    assert_snapshot!(module(source), @"
    other PRAGMA [sqlite]
    drop table a
    other PRAGMA [sqlite]
    drop index ix on b [autocommit, batch]
    drop table c
    other PRAGMA [sqlite]
    other PRAGMA [sqlite]
    ");
}

#[test]
fn modules_that_import_each_other() {
    let (_, body) = with_module(
        "from app.migrations import add_twice\nfrom app.migrations.utils import other\ndef create_it():\n    other(op)\n",
        "from app.migrations.utils import create_it, add_twice\ndef upgrade():\n    create_it()\n    add_twice(op)",
    );
    assert_snapshot!(dump(&body), @"
    ! other: is imported from app.migrations.utils
    ! add_twice: is imported from app.migrations.utils
    ");
}
