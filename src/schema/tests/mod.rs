mod differences;
mod doubt;
mod graph;
mod tables;

use std::fmt::Write;
use std::path::Path;

use super::{Schema, SchemaHistory, Table};
use crate::operation::{Dialect, Name, Operations, read};
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
