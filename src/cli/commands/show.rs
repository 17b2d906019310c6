use clap::Args;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::render::{Renderer, RevisionsJson};

/// Show revisions with path and docstring
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// Revision, heads, or current
    #[arg(value_name = "REVISION")]
    pub rev: String,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read, a symbol that stands for no revision, and for `current` a database that does not answer.
pub fn run(context: &mut CommandContext, args: &ShowArgs) -> Result<ExitStatus, CommandError> {
    let is_current = args.rev == "current";
    // Of several databases each has its say, as in Alembic, which looks again at every `run_migrations()` of env.py.
    let rows = if is_current { context.version_rows()?.concat() } else { Vec::new() };
    let scripts = context.scripts()?;
    let revisions = if is_current {
        rows.iter().map(|row| scripts.map.resolve(row.as_str())).collect::<Result<Vec<_>, _>>()?.concat()
    } else {
        scripts.map.resolve(&args.rev)?
    };
    let renderer = Renderer::new(&scripts);
    if args.format == Format::Json {
        let revisions = revisions.iter().map(|index| renderer.json(*index, is_current.then_some(true))).collect();
        context.ui.json(&RevisionsJson { revisions });
        return Ok(ExitStatus::Success);
    }
    for index in revisions {
        context.ui.result(&renderer.entry(index, false));
    }
    Ok(ExitStatus::Success)
}
