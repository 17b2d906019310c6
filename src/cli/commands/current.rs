use std::collections::BTreeSet;

use clap::Args;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::render::{Line, Renderer, RevisionsJson};
use crate::revision::RevisionId;
use crate::script::ScriptDirectory;

/// Show the revisions that the database is at
#[derive(Debug, Clone, Args)]
pub struct CurrentArgs {
    /// Fail unless the database is on all head revisions
    #[arg(short, long)]
    pub check_heads: bool,
    /// Print whole entries, with path and docstring
    #[arg(short, long)]
    pub verbose: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Runs the command.
///
/// # Errors
/// A database that does not answer, rows that no revision file has, and with `--check-heads` heads that are not applied.
pub fn run(context: &mut CommandContext, args: &CurrentArgs) -> Result<ExitStatus, CommandError> {
    let scripts = if args.check_heads { context.scripts_unhandled()? } else { context.scripts()? };
    let states = context.database_states()?;
    let renderer = Renderer::new(&scripts);
    let mut revisions = Vec::new();
    for state in states {
        if args.verbose && args.format == Format::Text {
            context.ui.result(&format!("Current revision(s) for {}:", state.url));
        }
        if args.check_heads && !is_at_heads(&scripts, &state.rows) {
            return Err(CommandError::failed("Database is not on all head revisions")
                .hint("`limbec upgrade heads` applies what is missing"));
        }
        let is_row = |index| state.rows.contains(&scripts.map.revision(index).id);
        for index in scripts.map.current(&state.rows)? {
            match args.format {
                Format::Json => revisions.push(renderer.json(index, Some(is_row(index)))),
                Format::Text if args.verbose => context.ui.result(&renderer.entry(index, false)),
                Format::Text => context.ui.result(&renderer.line(index, Line::Current, false)),
            }
        }
    }
    if args.format == Format::Json {
        context.ui.json(&RevisionsJson { revisions });
    }
    Ok(ExitStatus::Success)
}

/// The rows against the versioned heads: a head that another revision merely depends on counts (Alembic's own choice).
fn is_at_heads(scripts: &ScriptDirectory, rows: &[RevisionId]) -> bool {
    let ids = scripts.map.heads().iter().map(|index| &scripts.map.revision(*index).id);
    ids.collect::<BTreeSet<_>>() == rows.iter().collect::<BTreeSet<_>>()
}
