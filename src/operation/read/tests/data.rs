use insta::assert_snapshot;

use super::{body, function, module, upgrade};

#[test]
fn sql_text() {
    assert_snapshot!(upgrade(r#"
op.execute("UPDATE t SET a = 1; DELETE FROM u WHERE b = 2")
conn = op.get_bind()
conn.execute(sa.text("INSERT INTO t (a) VALUES (:a)").bindparams(a=1))
conn.exec_driver_sql("SELECT 1")
name = unknown()
op.execute(f"DELETE FROM t WHERE a = '{name}'")
op.execute(f"DROP TABLE {name}")
op.execute(f"DELETE FROM t {name}")
op.execute(name)
op.execute(f"{name} {name}")
op.execute(sa.text(f"ALTER TABLE t ADD COLUMN {'x'} integer"))
"#), @"
    update t (a)
    delete u where
    insert t
    read SELECT
    delete t where
    drop table ?
    delete t where
    add column t: x integer
    ~ op.execute: the table's name is computed
    ! op.execute: the SQL is computed
    ! op.execute: a part of the SQL is computed
    ");
}

#[test]
fn sql_ranges_lie_in_the_literal() {
    let source =
        function("op.execute('''UPDATE t SET a = 1;\n  DELETE FROM u''')\nop.execute('UPDATE t ' 'SET a = 1')");
    let operations = body(&source).operations;
    let text = format!("from alembic import op\nimport sqlalchemy as sa\n{source}");
    let found: Vec<&str> = operations.iter().map(|operation| &text[operation.range.clone()]).collect();
    assert_eq!(found, ["UPDATE t SET a = 1", "DELETE FROM u", "op.execute('UPDATE t ' 'SET a = 1')"]);
    assert_eq!(operations[2].sql.as_deref(), Some("UPDATE t SET a = 1"));
}

#[test]
fn statements_of_sqlalchemy() {
    assert_snapshot!(module(r#"
from sqlalchemy.sql import table, column
users = table("users", column("id", sa.Integer), column("name"))
def upgrade():
    conn = op.get_bind()
    op.execute(users.update().values(name="x"))
    op.execute(users.update().where(users.c.id == 1).values({"name": "x"}))
    conn.execute(sa.update(users).where(users.c.id == 1).values({users.c.name: "x"}))
    conn.execute(sa.delete(users))
    conn.execute(users.delete().where(users.c.id > 3))
    conn.execute(sa.insert(users), [{"id": 1}])
    rows = conn.execute(sa.select(users.c.id)).fetchall()
    op.bulk_insert(users, [{"id": 1}])
    op.bulk_insert(op.create_table("n", sa.Column("id", sa.Integer())), [{"id": 1}])
    op.execute(sa.schema.CreateSequence(sa.Sequence("seq")))
    op.execute(sa.schema.DropSchema("s", cascade=True))
    sa.Index("ix", sa.Column("a"), unique=True).drop(conn)
    meta = sa.MetaData()
    meta.reflect(bind=conn)
    conn.execute(meta.tables["people"].delete())
    people = sa.Table("people2", meta, autoload_with=conn)
    conn.execute(people.insert().values(a=1))
    meta.create_all(conn)
"#), @r#"
    update users (name)
    update users (name) where
    update users (name) where
    delete users
    delete users where
    insert users
    read SELECT
    insert users
    create table n (id integer)
    insert n
    CreateObject { object: Sequence, name: Some("seq"), if_not_exists: false }
    DropSchema { name: Some("s"), if_exists: false, cascade: true }
    drop index ix on ?
    read reflection
    delete people
    read reflection
    insert people2
    CreateAll { is_drop: false }
    "#);
}

#[test]
fn sessions() {
    assert_snapshot!(module(r#"
from sqlalchemy.orm import Session, declarative_base
Base = declarative_base()
class User(Base):
    __tablename__ = "users"
    id = sa.Column(sa.Integer, primary_key=True)
def upgrade():
    session = Session(bind=op.get_bind())
    for user in session.query(User).filter(User.id > 1):
        user.name = "x"
        session.delete(user)
    session.query(User).filter_by(id=1).update({"name": "y"})
    session.query(User).delete()
    session.add(User(id=1))
    session.add_all([User(id=2)])
    session.commit()
    with Session(op.get_bind()) as other:
        other.execute(sa.text("UPDATE users SET name = 'z'"))
        other.rollback()
    User.__table__.create(op.get_bind())
    Base.metadata.drop_all(op.get_bind())
    inspector = sa.inspect(op.get_bind())
    inspector.get_columns("users")
"#), @"
    read SELECT
    update users (name) where [perhaps]
    delete users where [perhaps]
    update users (name) where
    delete users
    insert users
    insert users
    update users (name)
    create table users (id integer primary key)
    CreateAll { is_drop: true }
    read inspect
    read inspector.get_columns
    ");
}
