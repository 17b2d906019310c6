use std::path::Path;

use super::*;
use crate::script::Imports;

const HEAD: &str = "from alembic import op\nimport sqlalchemy as sa\nrevision = 'a1'\ndown_revision = None\n";

fn judged(imports: &str, upgrade: &str) -> Result<(), String> {
    judged_with(&Imports::new(&[]), imports, upgrade)
}

fn judged_with(modules: &Imports, imports: &str, upgrade: &str) -> Result<(), String> {
    let indented: String = upgrade.lines().map(|line| format!("    {line}\n")).collect();
    let text = format!("{HEAD}{imports}def upgrade():\n{indented}def downgrade():\n    raise NotImplementedError()\n");
    let file = RevisionFile::parse(Path::new("/p/a1.py"), text.into_bytes(), modules);
    prove(&file, Direction::Upgrade).map_err(|doubt| doubt.reason)
}

#[test]
fn what_autogenerate_writes_is_proven() {
    for (imports, upgrade) in [
        ("", "pass"),
        (
            "from typing import Sequence, Union\nfrom sqlalchemy.dialects import postgresql\nbranch_labels: Union[str, Sequence[str], None] = None\n",
            "op.create_table('t', sa.Column('id', sa.Integer(), nullable=False), sa.Column('x', postgresql.JSONB(astext_type=sa.Text())),\n\
             \x20   sa.Column('at', sa.DateTime(), server_default=sa.text('now()')), sa.PrimaryKeyConstraint('id', name=op.f('pk_t')))\n\
             op.create_index(op.f('ix_t_x'), 't', ['x'], unique=False)",
        ),
        (
            "",
            "with op.batch_alter_table('t', schema=None) as batch_op:\n    batch_op.add_column(sa.Column('y', sa.Integer()))",
        ),
        (
            "",
            "t = sa.table('t', sa.column('id', sa.Integer))\nop.bulk_insert(t, [{'id': n} for n in range(3)])\nop.execute(t.update().where(t.c.id == 1).values(id=2))",
        ),
        (
            "",
            "bind = op.get_bind()\nif bind.dialect.name == 'postgresql':\n    op.execute(f\"CREATE VIEW {'v'} AS SELECT 1\")",
        ),
        ("", "if op.get_context().dialect.name != 'sqlite':\n    op.get_bind().execute(sa.text('UPDATE t SET x = 1'))"),
        (
            "import enum\nclass Kind(str, enum.Enum):\n    A = 'a'\n",
            "op.add_column('t', sa.Column('k', sa.Enum(Kind)))",
        ),
        (
            "def helper(name, columns=('a', 'b')):\n    for column in columns:\n        op.drop_column(name, column)\n",
            "helper('t')",
        ),
        ("", "isinstance(op.get_bind().dialect, sa.dialects.postgresql.dialect)"),
        ("", "engine = op.get_bind().engine\nif engine.name == 'postgresql':\n    op.drop_table('t')"),
        (
            "",
            "key = lambda name: name.lower()\nfor name in sorted(['b', 'a'], key=key):\n    op.drop_column('t', name)",
        ),
        ("", "downgrade()"),
        // What the direction does not reach takes no part.
        ("from app.models import Base\nfrom app import db\nimport uuid\n", "pass"),
        (
            "import uuid\ndef fill():\n    return uuid.uuid4()\nNEW = uuid.uuid4()\nclass Model(dict):\n    id = NEW\n",
            "op.drop_table('t')",
        ),
        ("try:\n    from a import helper\nexcept ImportError:\n    from b import helper\n", "pass"),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app import models\n", "op.drop_table('t')"),
    ] {
        assert_eq!(judged(imports, upgrade), Ok(()), "{upgrade}");
    }
}

/// Each of these would have put something into one tenant that belongs to another run, or to another tenant.
#[test]
fn whatever_may_differ_from_run_to_run_is_not() {
    for (imports, upgrade, reason) in [
        ("import uuid\n", "op.execute(f\"INSERT INTO t VALUES ('{uuid.uuid4()}')\")", "it uses uuid.uuid4"),
        ("from uuid import uuid4 as new\n", "op.execute(str(new()))", "it uses uuid.uuid4"),
        ("from datetime import datetime\n", "op.execute(str(datetime.now()))", "it uses datetime.datetime.now"),
        ("from datetime import datetime\n", "x = datetime\nop.execute(str(x.utcnow()))", "it calls .utcnow()"),
        ("import os\n", "op.execute(os.environ['SQL'])", "it uses os.environ"),
        ("import random\n", "op.execute(str(random.random()))", "it uses random.random"),
        ("import time\n", "op.execute(str(time.time()))", "it uses time.time"),
        ("", "op.execute(open('x.sql').read())", "it calls .read()"),
        ("from pathlib import Path\n", "op.execute(Path('x').read_text())", "it calls .read_text()"),
        (
            "from alembic import context\n",
            "op.execute(context.get_x_argument(as_dictionary=True)['tenant'])",
            "it uses alembic.context",
        ),
        (
            "from alembic import context\n",
            "if context.is_offline_mode():\n    op.drop_table('t')",
            "it uses alembic.context.is_offline_mode",
        ),
        ("", "if not op.get_context().as_sql:\n    op.drop_table('t')", "it uses the connection for more than"),
        (
            "from app.models import Base\n",
            "op.execute(Base.sql)",
            "it uses app.models.Base.sql, and there is no text of app",
        ),
        ("from .shared import x\n", "op.execute(x)", "it uses .shared.x, and there is no text"),
        ("import superset\n", "superset.run()", "it uses superset.run, and there is no text of superset"),
        ("", "print(sa)", "it uses sqlalchemy"),
        ("from sqlalchemy import *\n", "pass", "it imports everything from sqlalchemy"),
        ("", "for row in op.get_bind().execute(sa.text('SELECT 1')):\n    op.execute(str(row))", "it calls .execute()"),
        ("", "rows = op.get_bind().execute(sa.text('SELECT 1')).fetchall()", "it calls .fetchall()"),
        ("", "bind = op.get_bind()\nrows = bind.execute(sa.text('SELECT 1'))", "it calls .execute()"),
        ("", "bind = op.get_bind()\ninspector = sa.inspect(bind)", "it uses sqlalchemy.inspect"),
        ("", "bind = op.get_bind()\nsa.Enum('a', name='k').create(bind)", "it calls .create()"),
        ("", "sa.Enum('a', name='k').create(op.get_bind(), checkfirst=False)", "it calls .create()"),
        ("def helper(bind):\n    pass\n", "bind = op.get_bind()\nhelper(bind)", "it hands on the connection"),
        (
            "from sqlalchemy.orm import Session\n",
            "session = Session(bind=op.get_bind())",
            "it uses sqlalchemy.orm.Session",
        ),
        ("", "t = sa.Table('t', sa.MetaData(), autoload_with=op.get_bind())", "it gives autoload_with="),
        ("", "op.create_index('i', 't', ['x'], postgresql_concurrently=True)", "CONCURRENTLY cannot run"),
        ("", "with op.get_context().autocommit_block():\n    op.execute('VACUUM')", "it enters a context"),
        ("", "op.run_async(lambda c: None)", "it uses alembic.op.run_async"),
        ("", "with op.batch_alter_table('t', recreate='always') as b:\n    b.drop_column('x')", "it copies a table"),
        ("", "try:\n    op.drop_table('t')\nexcept Exception:\n    pass", "it depends on whether something fails"),
        ("", "for name in {'b', 'a'}:\n    op.drop_column('t', name)", "a set has another order"),
        ("", "for name in set(['b', 'a']):\n    op.drop_column('t', name)", "it calls set()"),
        ("", "f = op.drop_table\nf('t')", "it calls f()"),
        ("", "getattr(op, 'drop_table')('t')", "it calls something that is computed"),
        ("", "op.execute(f'{id(op)}')", "it calls id()"),
        ("", "op.execute(str(hash('x')))", "it calls hash()"),
        ("", "op.execute(__file__)", "it uses __file__"),
        ("op = op.batch_alter_table\n", "op('t')", "the name op has two meanings"),
        ("", "from app import helper\nhelper()", "it uses app.helper"),
        (
            "try:\n    from a import helper\nexcept ImportError:\n    from b import helper\n",
            "helper()",
            "the name helper has two meanings",
        ),
        (
            "",
            "op.create_table('t', sa.Column('x', sa.Integer()), **{'listeners': []})",
            "it gives arguments that are computed",
        ),
        ("count = 0\n", "global count\ncount += 1", "it changes names of the module"),
        ("import contextlib\n@contextlib.contextmanager\ndef x():\n    yield\n", "x()", "x() is decorated"),
        (
            "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass T(Base):\n    pass\n",
            "T()",
            "it uses sqlalchemy.orm.declarative_base",
        ),
        ("class T(dict):\n    pass\n", "T()", "the class T has a base"),
        ("import app\n\napp.start()\n", "pass", "it uses app.start"),
        ("sa.Column.compile = print\n", "pass", "it changes an object"),
        (
            "def helper(bind: sa.engine.Connection = op.get_bind()):\n    pass\n",
            "helper()",
            "it uses the connection for more",
        ),
        ("def helper(a: open('x').read()):\n    pass\n", "helper(1)", "it calls .read()"),
        ("", "op.execute(f'{1:{op}}')", "a format of its own"),
    ] {
        let judged = judged(imports, upgrade).expect_err(upgrade);
        assert!(judged.starts_with(reason), "{upgrade}: {judged}");
    }
}

#[test]
fn the_line_is_told_and_the_other_direction_does_not_matter() {
    let text =
        format!("{HEAD}import os\ndef upgrade():\n    pass\n\ndef downgrade():\n    op.execute(os.environ['X'])\n");
    let file = RevisionFile::parse(Path::new("/p/a1.py"), text.into_bytes(), &Imports::new(&[]));
    assert_eq!(prove(&file, Direction::Upgrade), Ok(()));
    assert_eq!(prove(&file, Direction::Downgrade).unwrap_err().line, 10);
}

/// A package with the modules of a project.
fn project(modules: &[(&str, &str)]) -> (tempfile::TempDir, Imports) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("app")).unwrap();
    std::fs::write(folder.path().join("app/__init__.py"), "").unwrap();
    for (name, text) in modules {
        std::fs::write(folder.path().join("app").join(name), text).unwrap();
    }
    let imports = Imports::new(&[folder.path().to_owned()]);
    (folder, imports)
}

const TYPES: &str = "import datetime\nimport os\nimport sqlalchemy as sa\nfrom sqlalchemy.types import TypeDecorator\n\
from sqlalchemy.ext.compiler import compiles\nfrom .names import LENGTH, Status\n\
class Moment(TypeDecorator):\n    impl = sa.TIMESTAMP(timezone=True)\n    cache_ok = True\n\
\x20   def load_dialect_impl(self, dialect):\n        if dialect.name == 'sqlite':\n            return dialect.type_descriptor(sa.DateTime())\n\
\x20       return dialect.type_descriptor(self.impl)\n\
\x20   def process_bind_param(self, value, dialect):\n        return value or datetime.datetime.now()\n\
\x20   def process_result_value(self, value, dialect):\n        return os.environ.get('X', value)\n\
class Short(TypeDecorator):\n    impl = sa.String(LENGTH)\n    def __init__(self, length=3):\n        super().__init__(length)\n        self._length = length\n\
class Odd(TypeDecorator):\n    impl = sa.String\n    def load_dialect_impl(self, dialect):\n        return sa.String(int(os.environ['LENGTH']))\n\
class Made(sa.types.UserDefinedType):\n    pass\n\
@compiles(Made)\ndef made(element, compiler, **kw):\n    return os.environ['TYPE']\n";

const NAMES: &str = "import enum\nimport os\nLENGTH = 40 * 2\nNAME: str = 'a'.upper()\nLIST = []\nENV = os.environ.get('X', '')\nTWICE = 1\nTWICE = 2\n\
if ENV:\n    SOMETIMES = 1\nelse:\n    SOMETIMES = 2\nSET_LATER = 1\ndef later():\n    global SET_LATER\n    SET_LATER = 3\n\
class Status(str, enum.Enum):\n    ON = 'on'\n    NEW = os.urandom(3)\n    @classmethod\n    def values(cls):\n        return os.listdir()\n\
class Model(Base):\n    __tablename__ = 'models'\n    other = object()\nModel.title = 'x'\n\
class Table(Base):\n    __tablename__ = 'tables'\n    id = Column(Integer)\n\
def index_name(table, column):\n    return f'ix_{table}_{column}'\n\
def drop(table):\n    op.drop_table(prefixed(table))\ndef prefixed(name):\n    return ENV + name\nfrom alembic import op\n\
def again(n):\n    return again(n - 1) if n else NAME\n";

#[test]
fn what_a_revision_uses_of_its_project_is_followed() {
    let (_folder, modules) = project(&[("types.py", TYPES), ("names.py", NAMES)]);
    for (imports, upgrade) in [
        ("from app.names import LENGTH\n", "op.add_column('t', sa.Column('x', sa.String(LENGTH)))"),
        ("import app.names\n", "op.execute(app.names.NAME)"),
        ("from app import names\n", "op.create_index(names.index_name('t', 'x'), 't', ['x'])"),
        ("from app import names as n\n", "op.drop_table(n.Table.__tablename__)"),
        ("from app.names import Status\n", "op.execute(f\"INSERT INTO t VALUES ('{Status.ON.value}')\")"),
        ("from app.types import LENGTH\n", "print(LENGTH)"),
        ("from app.names import again\n", "op.execute(again(3))"),
        (
            "from app.types import Moment, Short\n",
            "op.add_column('t', sa.Column('x', Moment, nullable=False))\nop.add_column('t', sa.Column('y', Short(5)))",
        ),
    ] {
        assert_eq!(judged_with(&modules, imports, upgrade), Ok(()), "{upgrade}");
    }
}

#[test]
fn what_may_differ_is_found_in_the_modules_of_the_project() {
    let (_folder, modules) = project(&[("types.py", TYPES), ("names.py", NAMES)]);
    for (imports, upgrade, reason) in [
        ("from app.names import ENV\n", "op.execute(ENV)", "it uses app.names.ENV, where it uses os.environ.get"),
        ("from app.names import LIST\n", "op.execute(str(LIST))", "it uses app.names.LIST, where it may change LIST"),
        (
            "from app.names import TWICE\n",
            "op.execute(str(TWICE))",
            "it uses app.names.TWICE, whose module is not followed: it gives TWICE",
        ),
        (
            "from app.names import SOMETIMES\n",
            "op.execute(str(SOMETIMES))",
            "it uses app.names.SOMETIMES, whose module is not followed",
        ),
        (
            "from app.names import SET_LATER\n",
            "op.execute(str(SET_LATER))",
            "it uses app.names.SET_LATER, whose module is not followed",
        ),
        (
            "from app.names import nothing\n",
            "nothing()",
            "it uses app.names.nothing, which the text of app.names does not set",
        ),
        ("from app import names\n", "print(names)", "it uses app.names, which is a module"),
        ("from app.names import drop\n", "drop('t')", "it uses app.names.drop, where it uses os.environ.get"),
        (
            "from app.names import Status\n",
            "op.execute(str(Status.NEW.value))",
            "it uses app.names.Status.NEW.value, which may differ",
        ),
        (
            "from app.names import Status\n",
            "op.execute(str(Status.values()))",
            "it uses app.names.Status.values, which may differ",
        ),
        (
            "from app.names import Model\n",
            "op.drop_table(Model.__tablename__)",
            "it uses app.names.Model.__tablename__, whose module is not followed",
        ),
        ("from app.names import Table\n", "op.execute(str(Table.id))", "it uses app.names.Table.id, which may differ"),
        (
            "from app.types import Odd\n",
            "op.add_column('t', sa.Column('x', Odd))",
            "it uses app.types.Odd, where it uses os.environ",
        ),
        (
            "from app.types import Made\n",
            "op.add_column('t', sa.Column('x', Made))",
            "it uses app.types.Made, where the SQL of Made is made by a function",
        ),
        // The type asks for the time where a value is sent.
        (
            "from app.types import Moment\n",
            "t = sa.table('t', sa.column('x', Moment))\nop.bulk_insert(t, [{'x': None}])",
            "it may send values of the type Moment",
        ),
        (
            "from app.types import Moment\n",
            "t = op.create_table('t', sa.Column('x', Moment))\nop.execute(t.insert())",
            "it may send values of the type Moment",
        ),
        (
            "from app.types import Moment\n",
            "op.create_table('t', sa.CheckConstraint(sa.Column('x', Moment) > None))",
            "it may send values of the type Moment",
        ),
    ] {
        let judged = judged_with(&modules, imports, upgrade).expect_err(upgrade);
        assert!(judged.starts_with(reason), "{upgrade}: {judged}");
    }
}
