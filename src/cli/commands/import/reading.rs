//! The old files: whose they are, what they hold, and which of them have run.

use super::ImportArgs;
use super::known_state::{applied, check};
use super::state::{self, Place};
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::database::Dialect;
use crate::import::{
    self, Applied, Converted, Directory, ImportError, Note, OldMigration, Placeholders, Tool, TrackingTable,
};
use crate::sqlfile::SqlDialect;

/// What was read.
pub(super) struct Reading {
    pub(super) tool: Tool,
    /// The old tool's table, where there is one.
    pub(super) table: Option<String>,
    /// In the tool's order.
    pub(super) migrations: Vec<OldMigration>,
    /// As many, in the same order.
    pub(super) converted: Vec<Converted>,
    pub(super) applied: Applied,
    /// Of files.
    pub(super) notes: Vec<Note>,
}

/// Reads and checks everything.
pub(super) fn read(context: &mut CommandContext, args: &ImportArgs, place: &Place) -> Result<Reading, CommandError> {
    let mut directory = Directory::list(&state::directory(context, args))?;
    for name in &args.leave_out {
        if !directory.leave_out(name) {
            return Err(CommandError::usage(format!(
                "--leave-out {name}: {} has no such file",
                args.directory.display()
            )));
        }
    }
    let tables = place.database.as_ref().map(|database| database.tables.as_slice()).unwrap_or_default();
    let tool = tool(&directory, args, place)?;
    let (migrations, notes) = import::read(&directory, tool)?;
    for note in notes {
        context.ui.warning(&note);
    }
    let placeholders = Placeholders { values: args.values()? };
    let (converted, mut notes) = import::convert(&migrations, tool, dialect(args, place), &placeholders)?;
    let table = table_of(tool, args, tables)?;
    let applied = applied(context, args, (table, tool), &migrations)?;
    check(args, place, table, &applied)?;
    for text in migrations.iter().flat_map(OldMigration::texts) {
        if let Some(table) = tool.default_tables().iter().find(|table| text.text.contains(**table)) {
            let sentence = format!("names {table}, which a database that only limbec has run on does not have");
            notes.push(Note { file: text.file.clone(), text: sentence });
        }
    }
    let table = table.map(|table| table.name.clone());
    Ok(Reading { tool, table, migrations, converted, applied, notes })
}

fn dialect(args: &ImportArgs, place: &Place) -> SqlDialect {
    let known = place.database.as_ref().map(|database| &database.dialect);
    match (args.dialect, known) {
        (Some(dialect), _) => dialect.into(),
        (None, Some(Dialect::Sqlite)) => SqlDialect::Sqlite,
        (None, _) => SqlDialect::Postgres,
    }
}

/// Whose files these are: as was said; as they look; of several that they may be of, the one that the database has a table of.
fn tool(directory: &Directory, args: &ImportArgs, place: &Place) -> Result<Tool, CommandError> {
    if let Some(tool) = args.from {
        return Ok(tool.into());
    }
    let candidates = import::candidates(directory)?;
    let tables = place.database.as_ref().map(|database| database.tables.as_slice()).unwrap_or_default();
    let tracked = |tool: &&Tool| tables.iter().any(|table| is_of(table, **tool, args));
    let with_table: Vec<Tool> = candidates.iter().filter(tracked).copied().collect();
    match (candidates.as_slice(), with_table.as_slice()) {
        ([], _) => Err(ImportError::NoMigrations {
            directory: directory.path.clone(),
            tool: None,
            others: directory.files().map(str::to_owned).collect(),
        }
        .into()),
        ([tool], _) | (_, [tool]) => Ok(*tool),
        // sqlx makes its table before anything else, and nothing in these files is its own.
        ([Tool::Sqlx, Tool::Numbered], []) if place.database.is_some() => Ok(Tool::Numbered),
        _ => Err(ImportError::Ambiguous { directory: directory.path.clone(), candidates }.into()),
    }
}

/// Whether a table is a tool's: by its columns, and by its name unless it was named.
fn is_of(table: &TrackingTable, tool: Tool, args: &ImportArgs) -> bool {
    let name = table.name.rsplit('.').next().unwrap_or(&table.name);
    table.tools.contains(&tool) && (args.table.is_some() || tool.default_tables().contains(&name))
}

fn table_of<'t>(
    tool: Tool,
    args: &ImportArgs,
    tables: &'t [TrackingTable],
) -> Result<Option<&'t TrackingTable>, CommandError> {
    let found = tables.iter().find(|table| is_of(table, tool, args));
    match (found, tables.first()) {
        (None, Some(named)) if args.table.is_some() => {
            let reason = format!("it has the columns {}", named.columns.join(", "));
            Err(ImportError::NotItsTable { table: named.name.clone(), tool, reason }.into())
        }
        (found, _) => Ok(found),
    }
}
