use insta::assert_snapshot;

use super::{body, module, upgrade};

#[test]
fn tables_and_columns() {
    assert_snapshot!(upgrade(r#"
op.create_table(
    "user",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("name", sa.String(length=50), nullable=False, index=True),
    sa.Column("team_id", sa.Integer, sa.ForeignKey("app.team.id", ondelete="cascade", name="fk_team")),
    sa.Column("made", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    sa.Column("price", sa.Numeric(10, 2), server_default="0", default=0),
    sa.Column("twice", sa.Integer(), sa.Computed("id * 2", persisted=True)),
    sa.Column("number", sa.BigInteger(), sa.Identity(always=True)),
    sa.Column("on", sa.Boolean(), server_default=sa.true(), unique=True),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
    sa.UniqueConstraint("name", "team_id"),
    sa.CheckConstraint("price > 0", name="positive"),
    sa.ForeignKeyConstraint(["a", "b"], ["other.x", "other.y"], name="fk_other"),
    sa.Index("ix_user_made", "made", sa.text("lower(name)")),
    schema="app",
    if_not_exists=True,
)
op.drop_table("user", schema="app", if_exists=True)
op.rename_table("a", "b", schema="app")
op.create_table_comment("a", "for what")
op.add_column("t", sa.Column("c", sa.Text(), nullable=True), schema="s", if_not_exists=True)
op.add_column(table_name="t", column=sa.Column(name="d", type_=sa.CHAR(3)))
op.drop_column("t", "c", if_exists=True)
op.drop_column(table_name="t", column_name="d")
"#), @"
    create table app.user if not exists (id integer primary key, name varchar(50) not null index, team_id integer fk_team foreign key (team_id) to app.team (id) on delete CASCADE, made timestamptz not null default now(), price numeric(10, 2) python default default '0', twice integer computed, number biginteger default identity, on boolean unique default true, pk_user primary key (id), - unique (name, team_id), positive check (price > 0), fk_other foreign key (a, b) to other (x, y), index ix_user_made (made, ?))
    drop table app.user if exists
    rename table app.a to b
    other COMMENT
    add column s.t: c text null if not exists
    add column t: d char(3)
    drop column t.c if exists
    drop column t.d
    ");
}

#[test]
fn alter_column() {
    assert_snapshot!(upgrade(r#"
op.alter_column("t", "c", type_=sa.String(100), existing_type=sa.String(50), existing_nullable=False)
op.alter_column("t", "c", nullable=False, server_default=None)
op.alter_column("t", "c", server_default=sa.text("now()"), schema="s")
op.alter_column("t", "c", server_default=False, new_column_name="d")
op.alter_column("t", "c", type_=sa.Integer, postgresql_using="c::integer")
"#), @"
    alter column t.c type=varchar(100) existing_type=varchar(50) existing_nullable=false
    alter column t.c nullable=false default=none
    alter column s.t.c default=now()
    alter column t.c name=d
    alter column t.c type=integer using=c::integer
    ");
}

#[test]
fn constraints_and_indexes() {
    assert_snapshot!(upgrade(r#"
op.create_index("ix", "t", ["a", sa.text("b DESC"), sa.text("lower(c)")], unique=True, postgresql_concurrently=True)
op.create_index(op.f("ix_t_a"), table_name="t", columns=["a"], if_not_exists=True)
op.drop_index("ix", table_name="t", postgresql_concurrently=True, if_exists=True)
op.drop_index("ix")
op.create_unique_constraint(None, "t", ["a", "b"])
op.create_primary_key("pk", "t", ["id"], schema="s")
op.create_foreign_key("fk", "t", "u", ["u_id"], ["id"], ondelete="SET NULL", postgresql_not_valid=True, source_schema="s")
op.create_check_constraint("ck", "t", "a > 0", postgresql_not_valid=True)
op.create_check_constraint("ck", "t", sa.column("a") > 0)
op.create_exclude_constraint("ex", "t", ("a", "&&"))
op.drop_constraint("fk", "t", type_="foreignkey", schema="s")
op.drop_constraint("ck", "t", "check", if_exists=True)
"#), @"
    create unique index ix (a, b, ?) on t concurrently
    create index ix_t_a (a) on t if not exists
    drop index ix on t concurrently if exists
    drop index ix on ?
    create - unique (a, b) on t
    create pk primary key (id) on s.t
    create fk foreign key (u_id) to u (id) on delete SET NULL not valid on s.t
    create ck check (a > 0) not valid on t
    create ck check (?) on t
    create ex exclude on t
    drop constraint fk on s.t (foreignkey)
    drop constraint ck on t (check) if exists
    ");
}

#[test]
fn batch_operations_lack_the_table() {
    let source = r#"
with op.batch_alter_table("t", schema="s", recreate="always") as batch_op:
    batch_op.add_column(sa.Column("a", sa.Integer()))
    batch_op.alter_column("a", new_column_name="b")
    batch_op.drop_column("c")
    batch_op.create_unique_constraint("uq", ["a"])
    batch_op.create_foreign_key(batch_op.f("fk"), "u", ["u_id"], ["id"], ondelete="CASCADE")
    batch_op.create_index(batch_op.f("ix"), ["a", "b"], unique=True)
    batch_op.create_check_constraint("ck", "a > 0")
    batch_op.create_primary_key("pk", ["id"])
    batch_op.drop_constraint("fk", type_="foreignkey")
    batch_op.drop_constraint(constraint_name="uq")
    batch_op.drop_index("ix")
    batch_op.execute("DELETE FROM s.t WHERE a IS NULL")
op.drop_table("u")
"#;
    assert_snapshot!(upgrade(source), @"
    add column s.t: a integer [batch]
    alter column s.t.a name=b [batch]
    drop column s.t.c [batch]
    create uq unique (a) on s.t [batch]
    create fk foreign key (u_id) to u (id) on delete CASCADE on s.t [batch]
    create unique index ix (a, b) on s.t [batch]
    create ck check (a > 0) on s.t [batch]
    create pk primary key (id) on s.t [batch]
    drop constraint fk on s.t (foreignkey) [batch]
    drop constraint uq on s.t [batch]
    drop index ix on s.t [batch]
    delete s.t where [batch]
    drop table u
    ");
    let header = body(&super::function(source)).operations[0].context.batch.clone();
    assert!(header.is_some());
}

#[test]
fn imports_under_any_name() {
    assert_snapshot!(module(r#"
import alembic
import alembic.op as operations
from alembic.op import drop_table as remove, get_bind
from sqlalchemy import Column, String as Text
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlmodel.sql.sqltypes import AutoString
from geoalchemy2 import Geometry
from app.types import Money
def upgrade():
    operations.add_column("t", Column("a", Text(3)))
    alembic.op.add_column("t", Column("b", pg.ARRAY(sa.Integer())))
    remove("u")
    op.add_column("t", Column("c", JSONB(astext_type=sa.Text())))
    op.add_column("t", Column("d", UUID(as_uuid=True)))
    op.add_column("t", Column("e", AutoString()))
    op.add_column("t", Column("f", Geometry("POINT")))
    op.add_column("t", Column("g", Money))
    op.add_column("t", Column("h", pg.TSVECTOR))
    op.add_column("t", Column("i", sa.String().with_variant(sa.Text(), "mysql")))
"#), @"
    add column t: a varchar(3)
    add column t: b integer[]
    drop table u
    add column t: c jsonb
    add column t: d uuid
    add column t: e varchar
    add column t: f other:GEOMETRY
    add column t: g other:MONEY
    add column t: h other:TSVECTOR
    add column t: i varchar
    ");
}

#[test]
fn enum_types() {
    assert_snapshot!(module(r#"
import enum
from sqlalchemy.dialects import postgresql
class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"
mood = postgresql.ENUM("sad", "happy", name="mood", create_type=False)
def upgrade():
    bind = op.get_bind()
    mood.create(bind, checkfirst=True)
    sa.Enum("a", "b", name="ab").create(op.get_bind())
    op.add_column("t", sa.Column("mood", mood, nullable=False))
    op.add_column("t", sa.Column("kind", sa.Enum("x", "y", name="kind", native_enum=False, create_constraint=True)))
    op.add_column("t", sa.Column("color", sa.Enum(Color)))
    op.add_column("t", sa.Column("shade", sa.Enum(Color, name="shade", values_callable=lambda e: [x.value for x in e])))
    mood.drop(bind)
    sa.Enum(name="ab").drop(op.get_bind(), checkfirst=False)
"#), @"
    create enum mood (sad happy) if not exists
    create enum ab (a b)
    add column t: mood enum mood(sad happy no type) not null
    add column t: kind enum kind(x y not native check)
    add column t: color enum color(RED BLUE)
    add column t: shade enum shade(red blue)
    drop enum mood if exists
    drop enum ab
    ");
}

#[test]
fn what_is_not_known_is_said() {
    assert_snapshot!(upgrade(r#"
import app
op.drop_table(app.NAME)
op.create_table("t", *app.columns())
op.add_column("t", app.column)
op.create_view("v")
op.invoke(app.operation)
op.run_async(app.function)
op.execute(app.SQL)
op.drop_index(app.name("x"), "t")
"#), @"
    drop table ?
    create table t (…)
    add column t: ?
    drop index ? on t
    ~ op.drop_table: the table's name is computed
    ~ op.create_table: not all of the columns are known
    ~ op.add_column: the column's name is computed
    ! op.create_view: is no operation of Alembic's own
    ! op.invoke: runs an operation that is built by hand
    ! op.run_async: runs an asynchronous function
    ! op.execute: the SQL is computed
    ~ op.drop_index: the name is computed
    ");
}

#[test]
fn other_packages_operations() {
    assert_snapshot!(upgrade(r#"
from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_view import PGView
f = PGFunction(schema="public", signature="f()", definition="...")
op.create_entity(f)
op.replace_entity(PGView("public", "v", "SELECT 1"))
op.drop_entity(f)
"#), @"
    CreateObject { object: Function, name: None, if_not_exists: false }
    CreateObject { object: View, name: None, if_not_exists: false }
    DropObject { object: Function, name: None, if_exists: false, cascade: false }
    ");
}
