use clap::Args;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::render::{Line, Renderer, RevisionsJson};
use crate::plan::{self, HistoryRange, RangeEnd};
use crate::revision::RevisionId;

/// List revisions, newest first
#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {
    /// Range START:END, either end may be missing; ends are revisions, current, or relative such as -3
    #[arg(short, long, value_name = "RANGE")]
    pub rev_range: Option<String>,
    /// Print whole entries, with path and docstring
    #[arg(short, long)]
    pub verbose: bool,
    /// Mark the revisions that the database is at
    #[arg(short, long)]
    pub indicate_current: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read, a range that is none, and with `-i` or `current` a database that does not answer.
pub fn run(context: &mut CommandContext, args: &HistoryArgs) -> Result<ExitStatus, CommandError> {
    // The order of the checks is Alembic's.
    context.script_settings()?;
    let (start, end) = range(args.rev_range.as_deref())?;
    context.project()?.revision_environment()?;
    let needs_rows = args.indicate_current || start == "current" || end == "current";
    // Alembic lists the whole history once for each `run_migrations()` of env.py, that is for each database.
    let databases = if needs_rows { context.version_rows()? } else { vec![Vec::new()] };
    let scripts = context.scripts()?;
    let renderer = Renderer::new(&scripts);
    let mut records = Vec::new();
    for rows in &databases {
        let is_row = |index| rows.contains(&scripts.map.revision(index).id);
        for index in plan::history(&scripts.map, &history_range(&start, &end, rows))? {
            let current = args.indicate_current && is_row(index);
            match args.format {
                Format::Json => records.push(renderer.json(index, needs_rows.then(|| is_row(index)))),
                Format::Text if args.verbose => context.ui.result(&renderer.entry(index, current)),
                Format::Text => context.ui.result(&renderer.line(index, Line::History, current)),
            }
        }
    }
    if args.format == Format::Json {
        context.ui.json(&RevisionsJson { revisions: records });
    }
    Ok(ExitStatus::Success)
}

/// Only one end can be `current`: of two, Alembic looks for a revision of that name.
fn history_range(start: &str, end: &str, rows: &[RevisionId]) -> HistoryRange {
    let symbol = |text: &str| RangeEnd::Symbol(text.to_owned());
    if end == "current" {
        HistoryRange { start: symbol(start), end: rows_or_nothing(rows) }
    } else if start == "current" {
        HistoryRange { start: rows_or_nothing(rows), end: symbol(end) }
    } else {
        HistoryRange { start: symbol(start), end: symbol(end) }
    }
}

/// Splits a range; an end that is not given is empty.
fn range(typed: Option<&str>) -> Result<(String, String), CommandError> {
    let Some(typed) = typed else { return Ok((String::new(), String::new())) };
    let Some((start, end)) = typed.trim().split_once(':') else {
        return Err(CommandError::failed("History range requires [start]:[end], [start]:, or :[end]"));
    };
    if end.contains(':') {
        return Err(CommandError::crashed(format!("a range has one colon, and '{typed}' has several")));
    }
    Ok((start.to_owned(), end.to_owned()))
}

/// An empty version table leaves the end open: everything, up to all heads.
fn rows_or_nothing(rows: &[RevisionId]) -> RangeEnd {
    if rows.is_empty() { RangeEnd::Symbol(String::new()) } else { RangeEnd::Rows(rows.to_vec()) }
}
