use clap::Args;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::range::{RangeError, TypedRange};
use crate::cli::render::{Line, Renderer, RevisionsJson};
use crate::plan;

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
    let range = TypedRange::parse(args.rev_range.as_deref()).map_err(malformed)?;
    context.project()?.revision_environment()?;
    let needs_rows = args.indicate_current || range.needs_rows();
    // Alembic lists the whole history once for each `run_migrations()` of env.py, that is for each database.
    let databases = if needs_rows { context.version_rows()? } else { vec![Vec::new()] };
    let scripts = context.scripts()?;
    let renderer = Renderer::new(&scripts);
    let mut records = Vec::new();
    for rows in &databases {
        let is_row = |index| rows.contains(&scripts.map.revision(index).id);
        for index in plan::history(&scripts.map, &range.with_rows(rows))? {
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

/// The kinds of failure are Alembic's: of a range with two colons it dies.
fn malformed(error: RangeError) -> CommandError {
    match error {
        RangeError::NoColon => CommandError::failed(error.to_string()),
        RangeError::SeveralColons(_) => CommandError::crashed(error.to_string()),
    }
}
