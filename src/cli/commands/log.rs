use chrono::{DateTime, Local, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone, Utc};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::history_table::Watched;
use crate::cli::table::Table;
use crate::config::parse_duration;
use crate::database::{HistoryDirection, HistoryEntry, HistoryFilter, Outcome};
use crate::report::duration;
use crate::revision::RevisionId;
use crate::script::ScriptDirectory;

/// Show what limbec did to the database, newest first
///
/// That is the history table, which a project has after `limbec adopt --history`, with `history = true`, or when it was made by
/// `limbec init`.
#[derive(Debug, Clone, Args)]
pub struct LogArgs {
    /// Of this revision alone: an identifier, or anything that `limbec show` understands
    #[arg(long, value_name = "REVISION")]
    pub revision: Option<String>,
    /// With this outcome alone [can be repeated]
    #[arg(long, value_name = "OUTCOME", value_parser = outcome())]
    pub outcome: Vec<Outcome>,
    /// In this direction alone
    #[arg(long, value_name = "DIRECTION", value_parser = direction())]
    pub direction: Option<HistoryDirection>,
    /// Since a time, such as 2026-01-31, 2026-01-31T14:05:00Z, or 7d for the last seven days
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub since: Option<DateTime<Utc>>,
    /// At most so many, the newest
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<u32>,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct LogJson {
    entries: Vec<EntryJson>,
}

#[derive(Debug, Serialize)]
struct EntryJson {
    database: String,
    #[serde(flatten)]
    entry: HistoryEntry,
}

fn outcome() -> impl TypedValueParser<Value = Outcome> {
    PossibleValuesParser::new(Outcome::ALL.map(Outcome::name))
        .map(|word| Outcome::ALL.into_iter().find(|outcome| outcome.name() == word).unwrap_or(Outcome::Done))
}

fn direction() -> impl TypedValueParser<Value = HistoryDirection> {
    PossibleValuesParser::new(HistoryDirection::ALL.map(HistoryDirection::name)).map(|word| {
        let found = HistoryDirection::ALL.into_iter().find(|direction| direction.name() == word);
        found.unwrap_or(HistoryDirection::Upgrade)
    })
}

/// A point in time, a local date or time, or how long ago.
fn since(text: &str) -> Result<DateTime<Utc>, String> {
    let local = |time: NaiveDateTime| Local.from_local_datetime(&time).earliest().map(|time| time.to_utc());
    let instant = DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|date| date.and_hms_opt(0, 0, 0));
    let time = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
        .into_iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let ago = || {
        let ago = chrono::TimeDelta::from_std(parse_duration(text)?).ok()?;
        Utc::now().checked_sub_signed(ago)
    };
    instant
        .or_else(|| date.or(time).and_then(local))
        .or_else(ago)
        .ok_or_else(|| "a time such as 2026-01-31, 2026-01-31T14:05:00Z or 7d is expected".to_owned())
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read, a database that does not answer, or no history in it.
pub fn run(context: &mut CommandContext, args: &LogArgs) -> Result<ExitStatus, CommandError> {
    let scripts = context.scripts()?;
    let filter = HistoryFilter {
        revision: args.revision.as_deref().map(|symbol| revision(symbol, &scripts)),
        outcomes: args.outcome.clone(),
        direction: args.direction,
        since: args.since,
        limit: args.limit,
    };
    let mut logs = Vec::new();
    for watched in context.watched()? {
        logs.push(read(context, watched, &filter)?);
    }
    if args.format == Format::Json {
        let entries = logs.into_iter().flat_map(|(database, entries)| {
            entries.into_iter().map(move |entry| EntryJson { database: database.clone(), entry })
        });
        context.ui.json(&LogJson { entries: entries.collect() });
        return Ok(ExitStatus::Success);
    }
    let several = logs.len() > 1;
    for (database, entries) in &logs {
        if several {
            context.ui.result(&format!("{database}:"));
        }
        if entries.is_empty() {
            context.ui.status("The history has nothing like that.");
        } else {
            show(context, entries);
        }
    }
    Ok(ExitStatus::Success)
}

/// What `show` would find, or the text itself: a revision without a file is in the history as well.
fn revision(symbol: &str, scripts: &ScriptDirectory) -> RevisionId {
    match scripts.map.resolve_one(symbol) {
        Ok(Some(index)) => scripts.map.revision(index).id.clone(),
        _ => RevisionId::from(symbol),
    }
}

/// The rows of one database, newest first.
fn read(
    context: &mut CommandContext,
    watched: Watched,
    filter: &HistoryFilter,
) -> Result<(String, Vec<HistoryEntry>), CommandError> {
    let Some(mut connection) = watched.connection else {
        return Err(CommandError::crashed(format!("limbec cannot read a history of {}", watched.url))
            .hint("a history is kept on PostgreSQL and SQLite, where env.py's connection sees what the URL leads to"));
    };
    let Some(history) = context.history(&mut connection, &watched.table)? else {
        return Err(CommandError::crashed(format!("there is no history of {}", watched.url))
            .hint("`limbec adopt --history` begins one"));
    };
    let mut entries = history.entries(&mut connection, filter)?;
    entries.reverse();
    Ok((watched.url, entries))
}

fn show(context: &mut CommandContext, entries: &[HistoryEntry]) {
    let mut table = Table::new(&["Started", "Took", "Direction", "Revision", "Outcome", "By", "Description"]);
    for entry in entries {
        table.row(vec![
            entry.started_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            entry.duration_ms.map(duration).unwrap_or_default(),
            entry.direction.to_string(),
            entry.revision.to_string(),
            entry.outcome.to_string(),
            entry.who(),
            entry
                .error
                .as_ref()
                .map_or_else(|| entry.description.clone(), |error| format!("{} — {error}", entry.description)),
        ]);
    }
    context.ui.table(&table);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_an_instant_a_date_or_how_long_ago() {
        assert_eq!(since("2026-01-31T14:05:00+01:00").unwrap().to_rfc3339(), "2026-01-31T13:05:00+00:00");
        assert!(since("2026-01-31").is_ok());
        assert!(since("2026-01-31 14:05").is_ok());
        assert!(since("7d").unwrap() < Utc::now() - chrono::TimeDelta::days(6));
        assert_eq!(since("soon").unwrap_err(), "a time such as 2026-01-31, 2026-01-31T14:05:00Z or 7d is expected");
    }
}
