use chrono::SecondsFormat;
use clap::Args;
use owo_colors::OwoColorize;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::history_table::Watched;
use crate::cli::render::path_text;
use crate::cli::table::Table;
use crate::cli::unsquash::check_rows;
use crate::database::{HistoryFilter, LatestRecords, Outcome};
use crate::migrate::{RevisionStanding, RevisionState, Standing};
use crate::report::duration;
use crate::revision::RevisionId;
use crate::script::ScriptDirectory;

/// Show every revision with its mark: applied, pending, missing or unknown
///
/// Applied is what the version table implies; when and how long is told where there is a history (`limbec adopt --history`). Missing is
/// what the history has as applied and no file has, unknown what neither knows.
#[derive(Debug, Clone, Args)]
pub struct StatusArgs {
    /// Exit with 1 where revisions are pending, with 3 where the database is ahead of the files
    #[arg(long)]
    pub check: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Of one database; see docs/json.md.
#[derive(Debug, Serialize)]
struct StatusJson {
    revisions: Vec<RevisionJson>,
    totals: Totals,
    heads: Vec<RevisionId>,
    database: String,
}

#[derive(Debug, Serialize)]
struct RevisionJson {
    revision: RevisionId,
    message: String,
    path: Option<String>,
    state: &'static str,
    applied_at: Option<String>,
    duration_ms: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Totals {
    revisions: usize,
    applied: usize,
    pending: usize,
    missing: usize,
    unknown: usize,
}

#[derive(Debug, Serialize)]
struct SeveralJson {
    databases: Vec<StatusJson>,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read, or a database that does not answer.
pub fn run(context: &mut CommandContext, args: &StatusArgs) -> Result<ExitStatus, CommandError> {
    let scripts = context.scripts()?;
    let mut databases = Vec::new();
    for mut watched in context.watched()? {
        check_rows(&scripts, &watched.rows)?;
        let records = records(context, &mut watched, &scripts)?;
        let standing = Standing::of(&scripts.map, &watched.rows, &records)?;
        databases.push((watched, standing));
    }
    match args.format {
        Format::Json => {
            let mut all: Vec<StatusJson> =
                databases.iter().map(|(watched, standing)| json(watched, standing, &scripts)).collect();
            if let (1, Some(only)) = (all.len(), all.pop()) {
                context.ui.json(&only);
            } else {
                let databases = databases.iter().map(|(watched, standing)| json(watched, standing, &scripts)).collect();
                context.ui.json(&SeveralJson { databases });
            }
        }
        Format::Text => {
            for (number, (watched, standing)) in databases.iter().enumerate() {
                if number > 0 {
                    context.ui.result("");
                }
                show(context, watched, standing, &scripts);
            }
        }
    }
    Ok(if args.check { verdict(databases.iter().map(|(_, standing)| standing)) } else { ExitStatus::Success })
}

fn records(
    context: &mut CommandContext,
    watched: &mut Watched,
    scripts: &ScriptDirectory,
) -> Result<LatestRecords, CommandError> {
    let Some(connection) = &mut watched.connection else { return Ok(LatestRecords::default()) };
    let Some(history) = context.history(connection, &watched.table)? else { return Ok(LatestRecords::default()) };
    let outcomes = vec![Outcome::Done, Outcome::Adopted];
    let mut entries = history.entries(connection, &HistoryFilter { outcomes, ..HistoryFilter::default() })?;
    entries.retain(|entry| scripts.find_squashed(entry.revision.as_str()).is_none());
    Ok(LatestRecords::of(entries, &scripts.map))
}

/// 3 where any database is ahead, else 1 where any has something to do.
fn verdict<'a>(standings: impl Iterator<Item = &'a Standing> + Clone) -> ExitStatus {
    if standings.clone().any(|standing| standing.is_ahead) {
        return ExitStatus::Code(3);
    }
    let is_pending = |standing: &Standing| standing.count(RevisionState::Pending) > 0;
    if standings.clone().any(is_pending) { ExitStatus::Code(1) } else { ExitStatus::Success }
}

fn json(watched: &Watched, standing: &Standing, scripts: &ScriptDirectory) -> StatusJson {
    let revisions = standing.revisions.iter().map(|of| RevisionJson {
        revision: of.revision.clone(),
        message: message(of, scripts),
        path: of.index.map(|index| path_text(&scripts.script(index).path)),
        state: of.state.name(),
        applied_at: of.applied_at().map(|time| time.to_rfc3339_opts(SecondsFormat::Micros, true)),
        duration_ms: of.duration_ms(),
    });
    let mut heads = watched.rows.clone();
    heads.sort();
    StatusJson { revisions: revisions.collect(), totals: totals(standing), heads, database: watched.url.clone() }
}

fn totals(standing: &Standing) -> Totals {
    Totals {
        revisions: standing.files(),
        applied: standing.count(RevisionState::Applied),
        pending: standing.count(RevisionState::Pending),
        missing: standing.count(RevisionState::Missing),
        unknown: standing.count(RevisionState::Unknown),
    }
}

fn mark(state: RevisionState) -> &'static str {
    match state {
        RevisionState::Applied => "✓",
        RevisionState::Pending => "·",
        RevisionState::Missing => "✗",
        RevisionState::Unknown => "?",
    }
}

/// First line of its docstring, or what the history has.
pub(in crate::cli) fn message(of: &RevisionStanding, scripts: &ScriptDirectory) -> String {
    let of_file = of.index.and_then(|index| scripts.script(index).doc().lines().next());
    let of_history = || of.record.as_ref().map(|record| record.entry.description.as_str());
    of_file.or_else(of_history).unwrap_or_default().to_owned()
}

fn show(context: &mut CommandContext, watched: &Watched, standing: &Standing, scripts: &ScriptDirectory) {
    if standing.revisions.is_empty() {
        context.ui.status("There are no revisions yet.");
    }
    let width = context.environment.message_width;
    let mut table = Table::new(&["", "Revision", "State", "Applied", "Took", "Message"]);
    for of in &standing.revisions {
        table.row(vec![
            mark(of.state).to_owned(),
            revision(of, scripts),
            state(of),
            of.applied_at().map(|time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default(),
            of.duration_ms().map(duration).unwrap_or_default(),
            message(of, scripts),
        ]);
    }
    if !standing.revisions.is_empty() {
        let colored = context.ui.colors_results();
        for line in table.lines() {
            let line = width.map_or_else(|| line.clone(), |width| cut(&line, width));
            context.ui.result(&if colored { colored_mark(&line) } else { line });
        }
    }
    context.ui.result(&summary(standing));
    let mut heads: Vec<&str> = watched.rows.iter().map(RevisionId::as_str).collect();
    heads.sort_unstable();
    let heads = if heads.is_empty() { "<base>".to_owned() } else { heads.join(", ") };
    context.ui.result(&format!("{} is at {heads}.", watched.url));
}

/// Its identifier, with its branch labels and whether it is a head.
fn revision(of: &RevisionStanding, scripts: &ScriptDirectory) -> String {
    let mut text = of.revision.to_string();
    let Some(index) = of.index else { return text };
    let labels = scripts.map.labels(index);
    if !labels.is_empty() {
        text.push_str(&format!(" ({})", labels.join(", ")));
    }
    if scripts.map.is_head(index) {
        text.push_str(" (head)");
    }
    text
}

fn state(of: &RevisionStanding) -> String {
    match (of.state, &of.record) {
        (RevisionState::Applied, Some(record)) if record.entry.outcome == Outcome::Adopted => {
            "applied (adopted)".to_owned()
        }
        (RevisionState::Applied, Some(record)) if !record.was_run() => "applied (stamped)".to_owned(),
        (state, _) => state.name().to_owned(),
    }
}

fn summary(standing: &Standing) -> String {
    let totals = totals(standing);
    let mut text = format!("{} of {} applied", totals.applied, totals.revisions);
    for (count, name) in [(totals.pending, "pending"), (totals.missing, "missing"), (totals.unknown, "unknown")] {
        if count > 0 {
            text.push_str(&format!(", {count} {name}"));
        }
    }
    if standing.is_ahead {
        text.push_str("; the database is ahead of the files");
    }
    text + "."
}

/// As much of a line as a terminal of this width shows in one row.
fn cut(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    let kept: String = line.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

fn colored_mark(line: &str) -> String {
    let mut rest = line.chars();
    match rest.next() {
        Some('✓') => format!("{}{}", "✓".green(), rest.as_str()),
        Some('✗') => format!("{}{}", "✗".red(), rest.as_str()),
        Some('?') => format!("{}{}", "?".yellow(), rest.as_str()),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_the_width_of_the_terminal() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abc ef", 5), "abc…");
        assert_eq!(cut("é", 0), "…");
    }
}
