//! What has run, and that it is known: what would run a second time is found out before anything is written.

use super::ImportArgs;
use super::state::{DatabaseReading, Place};
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::import::{self, Applied, Drift, OldMigration, Tool, TrackingTable};

/// Names of tables that a sentence has room for.
const NAMED: usize = 5;

/// By the table, or by what was typed.
pub(super) fn applied(
    context: &mut CommandContext,
    args: &ImportArgs,
    (table, tool): (Option<&TrackingTable>, Tool),
    migrations: &[OldMigration],
) -> Result<Applied, CommandError> {
    if let Some(last) = &args.applied_until {
        if let Some(table) = table {
            context.ui.warning(&format!("{} is not asked: --applied-until says what has run", table.name));
        }
        return Ok(import::applied_until(migrations, last)?);
    }
    let drift = if args.allow_changed { Drift::Allowed } else { Drift::Refused };
    let applied = match table {
        Some(table) => import::applied(table, tool, migrations, drift)?,
        None => Applied::default(),
    };
    for note in &applied.notes {
        context.ui.warning(note);
    }
    Ok(applied)
}

/// Refuses a database that has tables of which nothing says how they came about.
pub(super) fn check(
    args: &ImportArgs,
    place: &Place,
    table: Option<&TrackingTable>,
    applied: &Applied,
) -> Result<(), CommandError> {
    let Some(database) = &place.database else { return Ok(()) };
    if let Some(table) = table.filter(|_| args.nothing_applied && !applied.versions.is_empty()) {
        let (name, count) = (&table.name, applied.versions.len());
        return Err(CommandError::usage(format!(
            "--nothing-applied, but {name} says that {count} of the migrations have run"
        ))
        .hint("without the option they are taken as applied; delete the rows first if they are about nothing"));
    }
    let is_said = args.nothing_applied || args.table.is_some() || args.applied_until.is_some();
    let is_known = !applied.versions.is_empty() || !database.rows.is_empty();
    let own = table.map(|table| table.name.rsplit('.').next().unwrap_or(&table.name));
    let is_other = |name: &str| own.is_none_or(|own| name != own && !name.ends_with(&format!(".{own}")));
    let has_others = !database.others.application.is_empty()
        || database.others.tracking.iter().any(|(name, rows)| *rows != Some(0) && is_other(name));
    if is_said || is_known || !has_others { Ok(()) } else { Err(unknown(args, database, table)) }
}

fn unknown(args: &ImportArgs, database: &DatabaseReading, table: Option<&TrackingTable>) -> CommandError {
    let others = &database.others;
    let mut shown: Vec<&str> = others.application.iter().take(NAMED).map(String::as_str).collect();
    if others.application.len() > NAMED {
        shown.push("…");
    }
    let tables = if shown.is_empty() { String::new() } else { format!(" ({})", shown.join(", ")) };
    let silent = match table {
        Some(table) => format!("{} says that no migration has run", table.name),
        None => "nothing says which migrations have run".to_owned(),
    };
    let sentence = format!("{} has tables{tables}, and {silent}", database.url);
    let mut error = CommandError::usage(sentence);
    for (name, rows) in others.tracking.iter().take(NAMED) {
        let rows = match rows {
            Some(1) => "1 row".to_owned(),
            Some(rows) => format!("{rows} rows"),
            None => "which this user may not read".to_owned(),
        };
        error = error.hint(format!("{name} ({rows}) may be the table of the tool: `--table {name}`"));
    }
    if others.tracking.is_empty() {
        error = error.hint("the table in which the old tool keeps what has run is named by `--table SCHEMA.NAME`");
    }
    let alone = if args.state_only { "" } else { "; `--no-database` writes the files alone" };
    error
        .hint("files that were run by hand: `--applied-until VERSION` names the last one")
        .hint(format!("if none has run on this database: `--nothing-applied`{alone}"))
}
