//! What `db move-schema` says.

use std::collections::BTreeMap;

use humansize::{BINARY, format_size};
use serde::Serialize;

use super::ui::Ui;
use crate::database::{Gauge, TableFacts};
use crate::relocate::copy::{CopyOptions, CopyReport, Verify};
use crate::relocate::{Inventory, Request, Warning};

/// The result, as scripts get it.
#[derive(Debug, Serialize)]
pub(super) struct MovedJson {
    /// Password hidden.
    database: String,
    from: String,
    to: String,
    pub(super) mode: &'static str,
    pub(super) outcome: Outcome,
    objects: Vec<ObjectJson>,
    tables: Vec<TableJson>,
    statements: Vec<String>,
    /// With the schema that they are in afterwards.
    version_tables: Vec<String>,
    /// Rows of the history that name the version table by its new schema.
    pub(super) history_rows: u64,
    warnings: Vec<WarningJson>,
    /// How the rows of a copy were compared.
    verified: Option<&'static str>,
    is_source_dropped: bool,
}

/// How far it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    /// A dry run.
    Planned,
    Done,
}

#[derive(Debug, Serialize)]
struct ObjectJson {
    kind: String,
    name: String,
    /// Its name without quotes, where it has rows or columns.
    #[serde(skip)]
    relation: Option<String>,
}

#[derive(Debug, Serialize)]
struct TableJson {
    name: String,
    rows: Option<String>,
    bytes: Option<u64>,
    /// Whether its own rows were counted on both sides.
    #[serde(skip)]
    is_counted: bool,
    /// Of a copy that was compared by it.
    hash: Option<String>,
}

#[derive(Debug, Serialize)]
struct WarningJson {
    code: &'static str,
    message: String,
    objects: Vec<String>,
    hint: Option<String>,
}

impl MovedJson {
    /// Of a plan.
    pub(super) fn of(database: String, request: &Request, inventory: &Inventory) -> Self {
        let object = |object: &crate::relocate::Object| ObjectJson {
            kind: object.kind.clone(),
            name: object.name.clone(),
            relation: object.relation.clone(),
        };
        let table =
            |name: &str| TableJson { name: name.to_owned(), rows: None, bytes: None, is_counted: false, hash: None };
        Self {
            database,
            from: request.from.clone(),
            to: request.to.clone(),
            mode: "move",
            outcome: Outcome::Planned,
            objects: inventory.objects.iter().map(object).collect(),
            tables: inventory.tables().map(table).collect(),
            statements: Vec::new(),
            version_tables: Vec::new(),
            history_rows: 0,
            warnings: Vec::new(),
            verified: None,
            is_source_dropped: false,
        }
    }

    /// How it is done, and what is to be looked at.
    pub(super) fn says(&mut self, statements: &[String], warnings: &[Warning]) {
        self.statements = statements.to_vec();
        self.warnings = warnings.iter().map(WarningJson::of).collect();
    }

    /// What was copied, and found to be alike.
    pub(super) fn came_to(&mut self, report: &CopyReport, options: CopyOptions) {
        self.outcome = Outcome::Done;
        self.history_rows = report.history_rows;
        self.verified = Some(if options.verify == Verify::Hash { "hash" } else { "count" });
        self.is_source_dropped = options.drop_source;
        for table in &mut self.tables {
            if let Some(compared) = report.compared.iter().find(|compared| compared.name == table.name) {
                table.is_counted = true;
                (table.rows, table.hash) = (Some(compared.rows.to_string()), compared.hash.clone());
            }
        }
    }

    /// Rows and sizes, before anything has moved.
    pub(super) fn measure(&mut self, gauge: &mut Gauge<'_>) {
        for table in &mut self.tables {
            if let Some(TableFacts { rows, bytes }) = gauge.table(Some(&self.from), &table.name) {
                (table.rows, table.bytes) = (Some(rows.to_string()), bytes);
            }
        }
    }

    /// `public to app`
    pub(super) fn direction(&self) -> String {
        format!("{} to {}", self.from, self.to)
    }

    /// Which of the project's version tables are among the moved.
    pub(super) fn version_tables<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        let moved = names.filter(|name| self.tables.iter().any(|table| table.name == **name));
        self.version_tables = moved.map(|name| format!("{}.{name}", self.to)).collect();
    }
}

impl WarningJson {
    fn of(warning: &Warning) -> Self {
        let Warning { code, message, objects, hint } = warning.clone();
        Self { code, message, objects, hint }
    }
}

/// The result for people.
pub(super) fn tell(ui: &mut Ui, result: &MovedJson) {
    let what = format!("{} from {} to {}", summary(&result.objects), result.from, result.to);
    let is_copy = result.mode == "copy";
    if result.outcome == Outcome::Done {
        return tell_done(ui, result, &what);
    }
    ui.result(&format!("Would {} {what}:", if is_copy { "copy" } else { "move" }));
    for object in &result.objects {
        let table = result.tables.iter().find(|table| object.relation.as_ref() == Some(&table.name));
        let plural = |rows: &String| format!("{rows} {}", if rows == "1" { "row" } else { "rows" });
        let rows = table.and_then(|table| table.rows.as_ref()).map(plural);
        let bytes = table.and_then(|table| table.bytes).map(|bytes| format_size(bytes, BINARY));
        let facts: Vec<String> = rows.into_iter().chain(bytes).collect();
        let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
        ui.result(&format!("  {} {}{facts}", object.kind, object.name));
    }
    ui.result(if is_copy { "By these statements, the rows in between:" } else { "By one transaction:" });
    for statement in &result.statements {
        ui.result(&format!("  {statement};"));
    }
}

fn tell_done(ui: &mut Ui, result: &MovedJson, what: &str) {
    let Some(verified) = result.verified else { return ui.result(&format!("Moved {what}.")) };
    ui.result(&format!("Copied {what}."));
    let rows: u64 = result
        .tables
        .iter()
        .filter(|table| table.is_counted)
        .filter_map(|table| table.rows.as_ref()?.parse::<u64>().ok())
        .sum();
    let how = if verified == "hash" { "number and checksum" } else { "number" };
    ui.result(&format!("All definitions are alike, and the {rows} rows of all tables by {how}."));
    if result.is_source_dropped {
        ui.result(&format!("What was copied has been dropped from {}.", result.from));
    } else {
        ui.result(&format!("{} is as it was.", result.from));
    }
}

/// `3 tables, 1 view`
fn summary(objects: &[ObjectJson]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for object in objects {
        *counts.entry(&object.kind).or_default() += 1;
    }
    let plural = |(kind, count): (&str, usize)| match (kind, count) {
        (kind, 1) => format!("1 {kind}"),
        ("operator class", count) => format!("{count} operator classes"),
        ("operator family" | "text search dictionary", count) => {
            format!("{count} {}ies", kind.trim_end_matches('y'))
        }
        (kind, count) => format!("{count} {kind}s"),
    };
    counts.into_iter().map(plural).collect::<Vec<_>>().join(", ")
}

/// What to look at, and where the version table has to be looked for.
pub(super) fn tell_warnings(ui: &mut Ui, result: &MovedJson, request: &Request) {
    for warning in &result.warnings {
        ui.warning(&format!("{}: {}", warning.message, warning.objects.join(", ")));
        if let Some(hint) = &warning.hint {
            ui.hint(hint);
        }
    }
    if !result.version_tables.is_empty() {
        ui.hint(&format!(
            "limbec finds the version table by `schema = {0:?}` in the settings (or --schema, LIMBEC_SCHEMA), Alembic by \
             version_table_schema={0:?} in env.py",
            request.to
        ));
    }
    let has_history = |table: &TableJson| table.name == request.history.name;
    if request.history.schema.as_deref() == Some(&request.from) && result.tables.iter().any(has_history) {
        ui.hint(&format!("the history has moved, too: `history = {{ schema = {:?} }}` in the settings", request.to));
    }
}
