use clap::Args;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::render::{Line, Renderer, RevisionsJson};

/// Show the heads of the script directory
#[derive(Debug, Clone, Args)]
pub struct HeadsArgs {
    /// Print whole entries, with path and docstring
    #[arg(short, long)]
    pub verbose: bool,
    /// Treat dependencies as down revisions
    #[arg(long)]
    pub resolve_dependencies: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read. A broken graph is a crash of Alembic's, but not with `--resolve-dependencies`.
pub fn run(context: &mut CommandContext, args: &HeadsArgs) -> Result<ExitStatus, CommandError> {
    let scripts = if args.resolve_dependencies { context.scripts()? } else { context.scripts_unhandled()? };
    let map = &scripts.map;
    let heads = if args.resolve_dependencies {
        map.resolve("heads")?
    } else {
        // By name, as Alembic does: a revision may be called "head".
        let ids = map.heads().iter().map(|head| map.revision(*head).id.as_str());
        ids.map(|id| map.resolve(id)).collect::<Result<Vec<_>, _>>()?.concat()
    };
    let renderer = Renderer::new(&scripts);
    if args.format == Format::Json {
        let revisions = heads.iter().map(|head| renderer.json(*head, None)).collect();
        context.ui.json(&RevisionsJson { revisions });
        return Ok(ExitStatus::Success);
    }
    for head in heads {
        let text = if args.verbose { renderer.entry(head, false) } else { renderer.line(head, Line::Head, false) };
        context.ui.result(&text);
    }
    Ok(ExitStatus::Success)
}
