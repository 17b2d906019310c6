use std::path::Path;

use super::*;
use crate::script::Imports;

const HEAD: &str = "from alembic import op\nimport sqlalchemy as sa\nrevision = 'a1'\ndown_revision = None\n";

fn judged(imports: &str, upgrade: &str) -> Result<(), String> {
    let indented: String = upgrade.lines().map(|line| format!("    {line}\n")).collect();
    let text = format!("{HEAD}{imports}def upgrade():\n{indented}def downgrade():\n    raise NotImplementedError()\n");
    let file = RevisionFile::parse(Path::new("/p/a1.py"), text.into_bytes(), &Imports::new(&[]));
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
        ("from app.models import Base\n", "pass", "it imports app.models"),
        ("from .shared import x\n", "pass", "it imports .shared"),
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
        ("", "from app import helper\nhelper()", "it imports app"),
        (
            "",
            "op.create_table('t', sa.Column('x', sa.Integer()), **{'listeners': []})",
            "it gives arguments that are computed",
        ),
        ("count = 0\n", "global count\ncount += 1", "it changes names of the module"),
        ("import contextlib\n@contextlib.contextmanager\ndef x():\n    yield\n", "pass", "x() is decorated"),
        ("class T(sa.types.TypeDecorator):\n    pass\n", "pass", "the class T has a base"),
        ("", "downgrade()", "upgrade() uses downgrade()"),
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
