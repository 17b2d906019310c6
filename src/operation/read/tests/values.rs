use insta::assert_snapshot;

use super::{module, upgrade};

#[test]
fn constants_and_strings() {
    assert_snapshot!(module(r#"
TABLE = "t"
NAMES = {"a": "x", "b": "y"}
class Names:
    USER = "user"
def upgrade():
    suffix = "_id"
    op.drop_column(TABLE, "a" + suffix)
    op.drop_column(TABLE, f"b{suffix}")
    op.drop_column(TABLE, "c%s" % suffix)
    op.drop_column(TABLE, "%s_%s" % ("d", 1))
    op.drop_column(TABLE, "%(x)s" % {"x": "e"})
    op.drop_column(TABLE, "{}_{x}".format("f", x=2))
    op.drop_column(TABLE, "{1}{0}".format("g", "h"))
    op.drop_column(TABLE, NAMES["a"].upper())
    op.drop_column(Names.USER, "_".join(["i", "j"]))
    op.drop_column("x" if TABLE == "t" else "y", "k")
    op.drop_column("".join(c for c in "abc"), "l")
"#), @"
    drop column t.a_id
    drop column t.b_id
    drop column t.c_id
    drop column t.d_1
    drop column t.e
    drop column t.f_2
    drop column t.hg
    drop column t.X
    drop column user.i_j
    drop column x.k
    drop column abc.l
    ");
}

#[test]
fn loops_over_literals_are_unrolled() {
    assert_snapshot!(module(r#"
TABLES = ("a", "b")
def upgrade():
    for table in TABLES:
        op.drop_column(table, "c")
    for name, type_ in [("x", sa.Integer()), ("y", sa.Text())]:
        op.add_column("t", sa.Column(name, type_))
    for table, columns in {"p": ["q"], "r": ["s", "t"]}.items():
        for column in columns:
            op.drop_column(table, column)
    for index, (a, b) in enumerate(zip(["k", "l"], ["m", "n"]), start=1):
        op.alter_column(a, b, new_column_name=f"{b}{index}")
    for number in range(2):
        op.drop_table(f"part_{number}")
    for table in reversed(TABLES):
        if table == "a":
            continue
        op.drop_table(table)
    for table in TABLES:
        if table == "b":
            break
        op.drop_table(table)
"#), @"
    drop column a.c
    drop column b.c
    add column t: x integer
    add column t: y text
    drop column p.q
    drop column r.s
    drop column r.t
    alter column k.m name=m1
    alter column l.n name=n2
    drop table part_0
    drop table part_1
    drop table b
    drop table a
    ");
}

#[test]
fn lists_are_built_up() {
    assert_snapshot!(upgrade(r#"
columns = [sa.Column("id", sa.Integer())]
columns.append(sa.Column("a", sa.Text()))
columns += [sa.Column("b", sa.Text())]
columns.extend([sa.Column(n, sa.Date()) for n in ("c", "d") if n != "c"])
op.create_table("t", *columns)
options = {"schema": "s"}
options["if_not_exists"] = True
op.create_table("u", sa.Column("id", sa.Integer()), **options)
names = []
if unknown():
    names.append("x")
for name in names:
    op.drop_column("t", name)
present = [n for n in ("y", "z") if n in tables()]
for name in present:
    op.drop_column("t", name)
op.create_table("v", *[sa.Column(n, sa.Text()) for n in tables()])
"#), @"
    create table t (id integer, a text, b text, d date)
    create table s.u if not exists (id integer)
    drop column t.x [perhaps]
    drop column t.y [perhaps]
    drop column t.z [perhaps]
    create table v (…)
    ~ op.create_table: not all of the columns are known
    ");
}

#[test]
fn what_differs_between_branches_is_unknown() {
    assert_snapshot!(upgrade(r#"
name = "a"
if unknown():
    name = "b"
op.drop_table(name)
other = "c"
if unknown():
    other = "c"
op.drop_table(other)
for item in unknown():
    other = item
op.drop_table(other)
"#), @"
    drop table ?
    drop table c
    drop table ?
    ~ op.drop_table: the table's name is computed
    ~ op.drop_table: the table's name is computed
    ");
}

#[test]
fn values_by_dialect() {
    assert_snapshot!(upgrade(r#"
if op.get_bind().dialect.name == "postgresql":
    type_ = sa.dialects.postgresql.JSONB()
    sql = "UPDATE t SET a = true"
else:
    type_ = sa.JSON()
    sql = "UPDATE t SET a = 1"
op.add_column("t", sa.Column("j", type_))
op.execute(sql)
now = "now()" if op.get_context().dialect.name == "postgresql" else "CURRENT_TIMESTAMP"
if op.get_bind().dialect.name == "postgresql":
    op.alter_column("t", "c", server_default=sa.text(now))
"#), @"
    add column t: j jsonb
    update t (a) [postgresql]
    update t (a) [not postgresql]
    alter column t.c default=now() [postgresql]
    ");
}
