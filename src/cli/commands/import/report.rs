//! What became of each file, for people and for scripts.

use serde::Serialize;

use super::ImportArgs;
use super::chain::Chain;
use super::reading::Reading;
use super::state::{Carried, Place};
use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::table::Table;
use crate::import::{Note, OldMigration};

/// The result.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    /// `dbmate`, …
    tool: &'static str,
    /// The database without its password; `null`: none was asked.
    database: Option<String>,
    /// The old tool's table.
    table: Option<String>,
    /// In the order of the revisions.
    migrations: Vec<Row>,
    /// The revision that was stamped, or would be.
    stamped: Option<String>,
    /// How many revisions were written, or would be.
    new: usize,
    /// Whether it was done.
    done: bool,
    /// What a person should know of files.
    notes: Vec<NoteJson>,
    /// Variables that have to have a value before the revisions run.
    variables: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    version: String,
    files: Vec<String>,
    revision: String,
    /// Name of the Python file.
    file: String,
    /// Whether the revision was in the project before.
    existing: bool,
    /// `applied`, `pending`; `null`: no database was asked.
    state: Option<&'static str>,
    /// Whether it can be taken back.
    down: bool,
}

#[derive(Debug, Serialize)]
struct NoteJson {
    file: String,
    text: String,
}

/// What goes up comes first.
fn files(old: &OldMigration) -> Vec<String> {
    let mut files: Vec<String> = old.texts().map(|text| text.file.clone()).collect();
    files.dedup();
    files
}

impl Outcome {
    pub(super) fn new(place: &Place, reading: &Reading, chain: &Chain, carried: &Carried) -> Self {
        let state = |at: usize| carried.is_known.then_some(if at < carried.applied { "applied" } else { "pending" });
        let row = |(at, mapped): (usize, &crate::import::MappedMigration)| Row {
            version: mapped.old.version.clone(),
            files: files(&mapped.old),
            revision: mapped.id.to_string(),
            file: mapped.file_name.clone(),
            existing: mapped.existing.is_some(),
            state: state(at),
            down: mapped.old.down.is_some(),
        };
        let note = |note: &Note| NoteJson { file: note.file.clone(), text: note.text.clone() };
        let variables: std::collections::BTreeSet<String> =
            reading.converted.iter().flat_map(|converted| converted.variables.iter().cloned()).collect();
        Self {
            tool: reading.tool.name(),
            database: place.database.as_ref().map(|database| database.url.clone()),
            table: reading.table.clone(),
            migrations: chain.migrations.iter().enumerate().map(row).collect(),
            stamped: carried.stamp.as_ref().map(ToString::to_string),
            new: chain.new_ones().count(),
            done: false,
            notes: reading.notes.iter().map(note).collect(),
            variables: variables.into_iter().collect(),
        }
    }

    /// It was more than a look.
    pub(super) fn done(&mut self) {
        self.done = true;
    }
}

/// Prints it.
pub(super) fn tell(context: &mut CommandContext, args: &ImportArgs, outcome: &Outcome) {
    let ui = &mut context.ui;
    if args.format == Format::Json {
        return ui.json(outcome);
    }
    let mut table = Table::new(&["Old file", "Revision", "File", "State"]);
    for row in &outcome.migrations {
        let state = [row.state, (!row.existing).then_some("new"), (!row.down).then_some("no way down")];
        let state: Vec<&str> = state.into_iter().flatten().collect();
        let file = row.files.first().cloned().unwrap_or_default();
        table.row(vec![file, row.revision.clone(), row.file.clone(), state.join(", ")]);
    }
    ui.table(&table);
    // Of files that are in the project already it was told when they came.
    let is_new =
        |file: &str| outcome.migrations.iter().any(|row| !row.existing && row.files.iter().any(|old| old == file));
    for note in outcome.notes.iter().filter(|note| is_new(&note.file)) {
        ui.status(&format!("{}: {}.", note.file, note.text));
    }
    ui.status(&summary(outcome));
    if outcome.new > 0 && outcome.done && outcome.migrations.iter().any(|row| row.state == Some("pending")) {
        ui.hint("`limbec upgrade head` runs what is pending");
    }
    if !outcome.variables.is_empty() && outcome.new > 0 {
        ui.hint(&format!("the revisions need values for: {} by `-x NAME=VALUE`", outcome.variables.join(", ")));
    }
}

fn summary(outcome: &Outcome) -> String {
    let count = |number: usize| if number == 1 { "1 revision".to_owned() } else { format!("{number} revisions") };
    let applied = outcome.migrations.iter().filter(|row| row.state == Some("applied")).count();
    let (written, stamped) =
        if outcome.done { ("written", "is stamped") } else { ("to be written", "would be stamped") };
    let files = match outcome.new {
        0 => "No new migrations".to_owned(),
        new => format!("{} {written}", count(new)),
    };
    let state = match (&outcome.database, &outcome.stamped) {
        (None, _) => "no database was asked".to_owned(),
        (Some(url), Some(revision)) => {
            format!("{url} {stamped} with {revision} ({applied} of {} applied)", outcome.migrations.len())
        }
        (Some(url), None) if applied > 0 => format!("the version table of {url} has what was applied already"),
        (Some(url), None) => format!("nothing has run on {url}"),
    };
    if outcome.new == 0 && outcome.stamped.is_none() {
        return format!("Nothing to do: all migrations ({}) are revisions, and {state}.", outcome.migrations.len());
    }
    format!("{files}; {state}.")
}
