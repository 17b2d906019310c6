use clap::Args;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::render::{Renderer, RevisionsJson, path_text};
use crate::revision::RevisionIndex;
use crate::script::SqlRevision;

/// Show revisions with path and docstring
///
/// The SQL files of a SQL revision are named on standard error, and in the JSON form.
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
    let sql = |index: RevisionIndex| SqlRevision::at(&scripts.script(index).path);
    if args.format == Format::Json {
        let json =
            |index: &RevisionIndex| renderer.json(*index, is_current.then_some(true)).with_sql(sql(*index).as_ref());
        let revisions = revisions.iter().map(json).collect();
        context.ui.json(&RevisionsJson { revisions });
        return Ok(ExitStatus::Success);
    }
    for index in revisions {
        context.ui.result(&renderer.entry(index, false));
        for path in sql(index).iter().flat_map(SqlRevision::existing) {
            context.ui.flush();
            context.ui.status(&format!("SQL: {}", path_text(path)));
        }
    }
    Ok(ExitStatus::Success)
}
