use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use insta::assert_snapshot;

use super::{Schema, SchemaHistory, Table};
use crate::operation::{Dialect, Name, Operations, TableName, read};
use crate::revision::{RevisionIndex, RevisionMap, text_graph};
use crate::script::{Imports, RevisionFile};

/// A revision: its line of the graph, the statements of `upgrade()` and those of `downgrade()`.
type Step<'t> = (&'t str, &'t str, &'t str);

struct Folded {
    map: RevisionMap,
    history: SchemaHistory,
}

impl Folded {
    fn on(dialect: Dialect, steps: &[Step<'_>]) -> Self {
        let graph: Vec<&str> = steps.iter().map(|(line, ..)| *line).collect();
        let map = text_graph::map(&graph.join("\n"));
        let operations: Vec<Operations> =
            steps.iter().map(|(_, upgrade, downgrade)| operations(upgrade, downgrade)).collect();
        let history = SchemaHistory::fold(&map, &operations.iter().collect::<Vec<_>>(), dialect);
        Self { map, history }
    }

    fn of(steps: &[Step<'_>]) -> Self {
        Self::on(Dialect::Postgresql, steps)
    }

    fn revision(&self, id: &str) -> RevisionIndex {
        self.map.position(id).unwrap()
    }

    fn before(&self, id: &str) -> String {
        dump(&self.map, self.history.before(self.revision(id)))
    }

    fn after(&self, id: &str) -> String {
        dump(&self.map, self.history.after(self.revision(id)))
    }

    /// What the downgrade leaves differently.
    fn difference(&self, id: &str) -> String {
        let revision = self.revision(id);
        let found = self.history.before(revision).difference(self.history.after_downgrade(revision));
        let names = found.iter().map(|difference| {
            let kind = format!("{:?}", difference.kind);
            let short = kind.split([' ', '{']).next().unwrap_or_default().to_owned();
            match &difference.table {
                Some(table) => format!("{table}: {short}"),
                None => short,
            }
        });
        names.collect::<Vec<_>>().join("\n")
    }

    fn unknown(&self, id: &str) -> String {
        let unknown = self.history.unknown(self.revision(id)).iter();
        let lines = unknown.map(|unknown| match &unknown.table {
            Some(table) => format!("{}: {table} {:?}", unknown.operation, unknown.object),
            None => format!("{}: {:?}", unknown.operation, unknown.object),
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn operations(upgrade: &str, downgrade: &str) -> Operations {
    let indented = |body: &str| {
        body.lines().map(|line| format!("    {}\n", line.trim_start_matches("         "))).collect::<String>()
    };
    let source = format!(
        "import sqlalchemy as sa\nfrom alembic import op\nfrom sqlalchemy.dialects import postgresql\n\
         def upgrade():\n    pass\n{}\ndef downgrade():\n    pass\n{}\n",
        indented(upgrade),
        indented(downgrade)
    );
    read(&RevisionFile::parse(Path::new("revision.py"), source.into_bytes(), &Imports::new(&[])))
}

fn dump(map: &RevisionMap, schema: &Schema) -> String {
    let mut text = String::new();
    for table in schema.tables() {
        table_lines(map, table, &mut text);
    }
    for state in schema.enum_types() {
        let values = state.values.as_ref().map(|values| values.join(" ")).unwrap_or_else(|| "…".to_owned());
        writeln!(text, "enum {}: {values}{}", state.name, doubt(state.is_doubtful)).unwrap();
    }
    if schema.may_be_incomplete() {
        text.push_str("…\n");
    }
    text
}

fn doubt(is_doubtful: bool) -> &'static str {
    if is_doubtful { " ?" } else { "" }
}

fn name_of(name: &Name, default: Option<&String>) -> String {
    match (name, default) {
        (Name::Known(name), _) => name.clone(),
        (Name::Unnamed, Some(default)) => format!("({default})"),
        (Name::Unnamed, None) => "()".to_owned(),
        (Name::Unknown, _) => "…".to_owned(),
    }
}

fn table_lines(map: &RevisionMap, table: &Table, text: &mut String) {
    let by = &map.revision(table.created_by).id;
    let more = if table.is_complete { "" } else { " …" };
    writeln!(text, "{} by {by}{}{more}", table.name, doubt(table.is_doubtful)).unwrap();
    for column in &table.columns {
        let type_ = column.type_.as_ref().map_or("-", |type_| &type_.text);
        let null = if column.nullable == Some(false) { " not null" } else { "" };
        let default = column.server_default.as_ref().map(|default| format!(" = {default:?}")).unwrap_or_default();
        writeln!(text, "  {} {type_}{null}{default}{}", column.name, doubt(column.is_doubtful)).unwrap();
    }
    for constraint in &table.constraints {
        let name = name_of(&constraint.name, constraint.default_name.as_ref());
        let kind = format!("{:?}", constraint.kind);
        let kind = kind.split([' ', '{']).next().unwrap_or_default();
        let columns = constraint.columns().map(|columns| columns.join(",")).unwrap_or_default();
        let valid = if constraint.not_valid { " not valid" } else { "" };
        writeln!(text, "  {kind} {name} {columns}{valid}{}", doubt(constraint.is_doubtful)).unwrap();
    }
    for index in &table.indexes {
        let name = name_of(&index.name, index.default_name.as_ref());
        let columns: Vec<&str> = index.columns.iter().map(|column| column.as_deref().unwrap_or("…")).collect();
        let unique = if index.unique { " unique" } else { "" };
        writeln!(text, "  Index {name} {}{unique}{}", columns.join(","), doubt(index.is_doubtful)).unwrap();
    }
}

const USERS: &str = "op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True), \
                     sa.Column('email', sa.String(50), unique=True, nullable=False), \
                     sa.Column('org_id', sa.Integer(), sa.ForeignKey('orgs.id', ondelete='CASCADE'), index=True))";
const ORGS: &str =
    "op.create_table('orgs', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('name', sa.Text()))";

#[test]
fn a_table_has_what_its_columns_bring() {
    let folded = Folded::of(&[("a", ORGS, ""), ("b < a", USERS, "")]);
    assert_snapshot!(folded.before("b"), @r"
    orgs by a
      id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) id
    ");
    assert_snapshot!(folded.after("b"), @r"
    orgs by a
      id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) id
    users by b
      id sa.Integer() not null
      email sa.String(50) not null
      org_id sa.Integer()
      PrimaryKey (users_pkey) id
      Unique (users_email_key) email
      ForeignKey (users_org_id_fkey) org_id
      Index (ix_users_org_id) org_id
    ");
}

#[test]
fn columns_are_added_changed_renamed_and_dropped() {
    let folded = Folded::of(&[
        ("a", ORGS, ""),
        ("b < a", USERS, ""),
        (
            "c < b",
            "op.add_column('users', sa.Column('age', sa.SmallInteger(), server_default='0'))
         op.alter_column('users', 'email', new_column_name='mail', type_=sa.String(100), nullable=True)
         op.alter_column('orgs', 'id', new_column_name='org_id')
         with op.batch_alter_table('users') as batch_op:
             batch_op.alter_column('age', server_default=None, nullable=False)",
            "",
        ),
        ("d < c", "op.drop_column('users', 'org_id')", ""),
    ]);
    assert_snapshot!(folded.after("c"), @r"
    orgs by a
      org_id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) org_id
    users by b
      id sa.Integer() not null
      mail sa.String(100)
      org_id sa.Integer()
      age sa.SmallInteger() not null
      PrimaryKey (users_pkey) id
      Unique (users_email_key) mail
      ForeignKey (users_org_id_fkey) org_id
      Index (ix_users_org_id) org_id
    ");
    assert_snapshot!(folded.after("d"), @r"
    orgs by a
      org_id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) org_id
    users by b
      id sa.Integer() not null
      mail sa.String(100)
      age sa.SmallInteger() not null
      PrimaryKey (users_pkey) id
      Unique (users_email_key) mail
    ");
    let orgs = folded.history.after(folded.revision("c"));
    assert_eq!(orgs.referencing_column(&TableName::new("orgs"), "org_id").count(), 1);
}

#[test]
fn a_renamed_table_takes_its_parts_and_references_along() {
    let folded = Folded::of(&[
        ("a", ORGS, ""),
        ("b < a", USERS, ""),
        ("c < b", "op.rename_table('orgs', 'companies')\nop.rename_table('users', 'people')", ""),
    ]);
    assert_snapshot!(folded.after("c"), @r"
    companies by a
      id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) id
    people by b
      id sa.Integer() not null
      email sa.String(50) not null
      org_id sa.Integer()
      PrimaryKey (users_pkey) id
      Unique (users_email_key) email
      ForeignKey (users_org_id_fkey) org_id
      Index (ix_users_org_id) org_id
    ");
    let after = folded.history.after(folded.revision("c"));
    assert_eq!(after.referencing(&TableName::new("companies")).count(), 1);
    assert_eq!(after.referencing(&TableName::new("orgs")).count(), 0);
}

#[test]
fn constraints_without_a_name_are_found_by_the_name_that_postgresql_or_a_convention_gives() {
    let folded = Folded::of(&[
        ("a", ORGS, ""),
        ("b < a", USERS, ""),
        ("c < b", "op.drop_constraint('users_email_key', 'users')\nop.drop_index('ix_users_org_id', 'users')", ""),
        ("d < c", "op.drop_constraint('fk_users_org_id_orgs', 'users', type_='foreignkey')", ""),
        (
            "e < d",
            "op.drop_constraint('users_pkey', 'users', type_='primary')\nop.drop_constraint('nothing', 'users')",
            "",
        ),
    ]);
    assert_snapshot!(folded.after("c"), @r"
    orgs by a
      id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) id
    users by b
      id sa.Integer() not null
      email sa.String(50) not null
      org_id sa.Integer()
      PrimaryKey (users_pkey) id
      ForeignKey (users_org_id_fkey) org_id
    ");
    assert_snapshot!(folded.after("e"), @r"
    orgs by a
      id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) id
    users by b
      id sa.Integer() not null
      email sa.String(50) not null
      org_id sa.Integer()
    ");
    assert_snapshot!(folded.unknown("e"), @r#"1: users Constraint("nothing")"#);
}

#[test]
fn enums_are_made_with_a_table_and_outlive_it() {
    let status = "sa.Enum('new', 'old', name='status')";
    let create = format!("op.create_table('t', sa.Column('s', {status}))");
    let add = format!(
        "op.add_column('t', sa.Column('k', sa.Enum('x', name='kind')))\nop.add_column('t', sa.Column('z', {status}))"
    );
    let steps: &[Step<'_>] = &[
        ("a", &create, "op.drop_table('t')"),
        ("b < a", &add, "op.drop_column('t', 'k')\nop.drop_column('t', 'z')"),
        ("c < b", "op.execute(\"ALTER TYPE status ADD VALUE 'older'\")", ""),
        ("d < c", "op.execute('ALTER TYPE status RENAME TO state')", "op.execute('ALTER TYPE state RENAME TO status')"),
        ("e < d", "op.execute('DROP TYPE state CASCADE')", ""),
    ];
    let folded = Folded::of(steps);
    assert_snapshot!(folded.after("c"), @r"
    t by a
      s sa.Enum('new', 'old', name='status')
      k sa.Enum('x', name='kind')
      z sa.Enum('new', 'old', name='status')
    enum status: new old older
    ");
    assert_snapshot!(folded.difference("a"), @r#"EnumExtra("status")"#);
    assert_snapshot!(folded.difference("b"), @"");
    assert_snapshot!(folded.difference("c"), @"EnumValuesDiffer");
    assert_snapshot!(folded.difference("d"), @"");
    assert_snapshot!(folded.after("e"), @r"
    t by a
      k sa.Enum('x', name='kind')
    ");
    let folded = Folded::on(Dialect::Sqlite, steps);
    assert_snapshot!(folded.after("c"), @r"
    t by a
      s sa.Enum('new', 'old', name='status')
      k sa.Enum('x', name='kind')
      z sa.Enum('new', 'old', name='status')
    ");
}

#[test]
fn branches_know_nothing_of_each_other_until_they_merge() {
    let folded = Folded::of(&[
        ("a", ORGS, ""),
        (
            "b < a",
            "op.create_table('left', sa.Column('id', sa.Integer()))\nop.add_column('orgs', sa.Column('l', sa.Text()))",
            "",
        ),
        (
            "c < a",
            "op.create_table('right', sa.Column('id', sa.Integer()))\nop.add_column('orgs', sa.Column('r', sa.Text()))",
            "",
        ),
        ("d < c", "op.drop_column('orgs', 'name')\nop.create_index('ix', 'left', ['id'])", ""),
        ("m < b d", "", ""),
    ]);
    assert_snapshot!(folded.before("d"), @r"
    orgs by a
      id sa.Integer() not null
      name sa.Text()
      r sa.Text()
      PrimaryKey (orgs_pkey) id
    right by c
      id sa.Integer()
    ");
    assert_snapshot!(folded.before("m"), @r"
    left by b
      id sa.Integer()
    orgs by a
      id sa.Integer() not null
      l sa.Text()
      r sa.Text()
      PrimaryKey (orgs_pkey) id
    right by c
      id sa.Integer()
    ");
    assert_snapshot!(folded.unknown("d"), @"1: left Table");
    let left = TableName::new("left");
    assert_eq!(folded.history.created_elsewhere(&left, folded.revision("d")), Some(folded.revision("b")));
    assert_eq!(folded.history.created_elsewhere(&left, folded.revision("b")), None);
    assert_eq!(folded.history.created_elsewhere(&left, folded.revision("a")), None);
}

#[test]
fn what_one_branch_drops_renames_or_changes_is_so_after_the_merge() {
    let folded = Folded::of(&[
        (
            "a",
            &format!(
                "{ORGS}\nop.create_table('gone', sa.Column('id', sa.Integer()))\nop.create_table('old', sa.Column('id', sa.Integer()))"
            ),
            "",
        ),
        (
            "b < a",
            "op.drop_table('gone')\nop.rename_table('old', 'new')\nop.alter_column('orgs', 'name', type_=sa.String(5))",
            "",
        ),
        (
            "c < a",
            "op.add_column('orgs', sa.Column('x', sa.Text()))\nop.add_column('gone', sa.Column('x', sa.Text()))",
            "",
        ),
        ("m < c b", "", ""),
        ("n < m", "op.drop_table('new')", ""),
        ("o < c", "", ""),
        ("p < n o", "", ""),
    ]);
    assert_snapshot!(folded.after("m"), @r"
    new by a
      id sa.Integer()
    orgs by a
      id sa.Integer() not null
      name sa.String(5)
      x sa.Text()
      PrimaryKey (orgs_pkey) id
    ");
    assert_snapshot!(folded.after("p"), @r"
    orgs by a
      id sa.Integer() not null
      name sa.String(5)
      x sa.Text()
      PrimaryKey (orgs_pkey) id
    ");
}

#[test]
fn a_dependency_brings_its_schema() {
    let folded = Folded::of(&[("a", ORGS, ""), ("b", "", ""), ("c < b ~ a", USERS, "")]);
    assert_snapshot!(folded.unknown("c"), @"");
    assert_snapshot!(folded.before("c"), @r"
    orgs by a
      id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) id
    ");
}

#[test]
fn what_may_run_or_not_is_in_doubt() {
    let folded = Folded::of(&[
        ("a", ORGS, ""),
        (
            "b < a",
            "if something():
             op.drop_table('orgs')
             op.create_table('perhaps', sa.Column('id', sa.Integer()))
         op.execute('DROP TABLE IF EXISTS nothing')
         op.execute('CREATE TABLE IF NOT EXISTS orgs (id int)')",
            "",
        ),
        ("c < b", "op.execute(text_from_elsewhere)", ""),
        ("d < c", "op.drop_table('unheard_of')", ""),
    ]);
    assert_snapshot!(folded.after("b"), @r"
    orgs by a …
      id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) id
    perhaps by b ?
      id sa.Integer()
    ");
    assert_snapshot!(folded.after("c"), @r"
    orgs by a …
      id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) id
    perhaps by b ?
      id sa.Integer()
    …
    ");
    assert_eq!(folded.unknown("d"), "");
}

#[test]
fn only_what_runs_on_the_dialect_counts() {
    let steps: &[Step<'_>] = &[(
        "a",
        "if op.get_bind().dialect.name == 'postgresql':
             op.create_table('pg', sa.Column('id', sa.Integer()))
         else:
             op.create_table('others', sa.Column('id', sa.Integer()))",
        "",
    )];
    assert_snapshot!(Folded::of(steps).after("a"), @r"
    pg by a
      id sa.Integer()
    ");
    assert_snapshot!(Folded::on(Dialect::Sqlite, steps).after("a"), @r"
    others by a
      id sa.Integer()
    ");
}

#[test]
fn temporary_tables_end_with_their_revision() {
    let folded = Folded::of(&[
        ("a", "op.execute('CREATE TEMP TABLE t AS SELECT 1; DELETE FROM t')", ""),
        ("b < a", "op.execute('DELETE FROM t')", ""),
    ]);
    assert_eq!(folded.unknown("a"), "");
    assert_eq!(folded.after("a"), "");
    assert_snapshot!(folded.unknown("b"), @"0: t Table");
}

#[test]
fn a_symmetric_downgrade_differs_in_nothing() {
    let folded = Folded::of(&[
        ("a", ORGS, "op.drop_table('orgs')"),
        ("b < a", USERS, "op.drop_index(op.f('ix_users_org_id'), table_name='users')\nop.drop_table('users')"),
        (
            "c < b",
            "op.create_unique_constraint('uq', 'orgs', ['name'])
         op.alter_column('orgs', 'name', nullable=False)
         op.drop_constraint('users_email_key', 'users')
         op.drop_column('users', 'org_id')",
            "op.add_column('users', sa.Column('org_id', sa.Integer(), sa.ForeignKey('orgs.id', ondelete='CASCADE')))
         op.create_index('ix_users_org_id', 'users', ['org_id'])
         op.create_unique_constraint('uq_users_email', 'users', ['email'])
         op.alter_column('orgs', 'name', nullable=True)
         op.drop_constraint('uq', 'orgs')",
        ),
    ]);
    for revision in ["a", "b", "c"] {
        assert_eq!(folded.difference(revision), "", "{revision}");
    }
}

#[test]
fn what_a_downgrade_forgets_is_told() {
    let folded = Folded::of(&[
        ("a", ORGS, ""),
        ("b < a", USERS, ""),
        (
            "c < b",
            "op.drop_column('users', 'org_id')
         op.alter_column('users', 'email', type_=sa.Text(), nullable=True, server_default='x')
         op.drop_constraint('users_email_key', 'users')
         op.create_index('ix', 'orgs', ['name'])
         op.create_table('more', sa.Column('id', sa.Integer()))",
            "op.add_column('users', sa.Column('org_id', sa.BigInteger()))",
        ),
        ("d < c", "op.drop_table('more')\nop.drop_column('orgs', 'name')", "op.create_table('other')"),
    ]);
    assert_snapshot!(folded.difference("c"), @r"
    orgs: IndexExtra(TableIndex
    users: TypeDiffers
    users: NullableDiffers
    users: DefaultDiffers
    users: TypeDiffers
    users: IndexMissing(TableIndex
    users: ConstraintMissing(TableConstraint
    users: ConstraintMissing(TableConstraint
    more: TableExtra
    ");
    assert_snapshot!(folded.difference("d"), @r#"
    more: TableMissing
    orgs: ColumnMissing("name")
    orgs: IndexMissing(TableIndex
    other: TableExtra
    "#);
}

#[test]
fn what_a_revision_touches_is_known() {
    let folded = Folded::of(&[
        ("a", ORGS, ""),
        ("b < a", USERS, ""),
        (
            "c < b",
            "op.drop_constraint('users_email_key', 'users')
         op.create_index('ix', 'orgs', ['name'])
         op.execute(\"ALTER TYPE status ADD VALUE 'x'\")
         op.rename_table('orgs', 'firms')",
            "",
        ),
    ]);
    let touched = folded.history.touched(folded.revision("c")).unwrap();
    let columns = touched.columns.iter().map(|(table, column)| format!("{table}.{}", column.as_deref().unwrap_or("*")));
    assert_snapshot!(columns.chain(touched.enums.iter().cloned()).collect::<Vec<_>>().join(" "), @"firms.* orgs.* orgs.name users.email status");
}

#[test]
fn ten_thousand_revisions_fold_quickly() {
    let revisions = 10_000;
    let graph: String =
        (0..revisions).map(|at| if at == 0 { "r0\n".to_owned() } else { format!("r{at} < r{}\n", at - 1) }).collect();
    let map = text_graph::map(&graph);
    let operations: Vec<Operations> = (0..revisions)
        .map(|at| {
            let upgrade = if at % 20 == 0 {
                format!("op.create_table('t{at}', sa.Column('id', sa.Integer(), primary_key=True))")
            } else {
                format!("op.add_column('t{}', sa.Column('c{at}', sa.String(20)))", at - at % 20)
            };
            operations(&upgrade, "")
        })
        .collect();
    let start = Instant::now();
    let history = SchemaHistory::fold(&map, &operations.iter().collect::<Vec<_>>(), Dialect::Postgresql);
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    let last = history.after(RevisionIndex(revisions - 1));
    assert_eq!(last.tables().map(|table| table.columns.len()).sum::<usize>(), revisions as usize);
}

#[test]
fn what_is_not_understood_on_another_database_leaves_nothing_open() {
    let folded = Folded::of(&[(
        "a",
        "if op.get_bind().dialect.name == 'mysql':
             op.execute(text_from_elsewhere)
         op.create_table('t', sa.Column('id', sa.Integer()))",
        "",
    )]);
    assert_snapshot!(folded.after("a"), @r"
    t by a
      id sa.Integer()
    ");
}

#[test]
fn a_key_to_a_table_that_comes_later_is_no_unknown_table() {
    let later = "op.create_table('a', sa.Column('b', sa.Integer(), sa.ForeignKey('b.id', use_alter=True)))
         op.create_table('b', sa.Column('id', sa.Integer(), sa.ForeignKey('nowhere.id')))";
    assert_snapshot!(Folded::of(&[("a", later, "")]).unknown("a"), @"1: nowhere ReferencedTable");
}

#[test]
fn what_is_only_written_differently_is_no_difference() {
    let upgrade = "op.drop_table('t')";
    let create = "op.create_table('t', sa.Column('id', sa.Integer()), sa.Column('b', sa.Boolean(), server_default=sa.text('(false)')), \
                  sa.Column('at', UtcDateTime()), sa.PrimaryKeyConstraint('id', 'b'))";
    let again = "op.create_table('t', sa.Column('id', sa.Integer(), server_default=sa.text(\"nextval('t_id_seq')\")), \
                 sa.Column('b', sa.Boolean(), server_default='0'), sa.Column('at', sa.TIMESTAMP(timezone=True)), sa.PrimaryKeyConstraint('b', 'id'))";
    let folded = Folded::of(&[("a", create, ""), ("b < a", upgrade, again)]);
    assert_eq!(folded.difference("b"), "");
}
