use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::revision::RevisionId;
use crate::script::{EditorVariables, SqlRevision};

/// Open the file of a revision in $EDITOR
///
/// Of a SQL revision its SQL files are opened, both at once: that of the upgrade and, if there is one, that of the downgrade.
#[derive(Debug, Clone, Args)]
pub struct EditArgs {
    /// Revision, or current
    #[arg(value_name = "REVISION")]
    pub rev: String,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read, a symbol that stands for no revision, no editor, or one that does not end well.
pub fn run(context: &mut CommandContext, args: &EditArgs) -> Result<ExitStatus, CommandError> {
    // Of several databases each has its say, as in Alembic: one at base stops it, after the files of those before.
    let wanted: Vec<Vec<String>> = if args.rev == "current" {
        let names = |rows: Vec<RevisionId>| rows.iter().map(ToString::to_string).collect();
        context.version_rows()?.into_iter().map(names).collect()
    } else {
        vec![vec![args.rev.clone()]]
    };
    let scripts = context.scripts()?;
    let variable =
        |name: &str| context.environment.variables.get(name).map(|value| value.to_string_lossy().into_owned());
    let variables = EditorVariables {
        editor: variable("EDITOR"),
        visual: variable("VISUAL"),
        path: variable("PATH").unwrap_or_default(),
    };
    context.ui.flush();
    for symbols in wanted {
        let revisions =
            symbols.iter().map(|symbol| scripts.map.resolve(symbol)).collect::<Result<Vec<_>, _>>()?.concat();
        if revisions.is_empty() {
            return Err(nothing_to_edit(&args.rev));
        }
        for revision in revisions {
            let path = &scripts.script(revision).path;
            let sql = SqlRevision::at(path);
            let sql = sql.as_ref().map(SqlRevision::existing).filter(|files| !files.is_empty());
            let files = sql.unwrap_or_else(|| vec![path]);
            variables.open(&files).map_err(|error| CommandError::from_error(&error, true))?;
        }
    }
    Ok(ExitStatus::Success)
}

fn nothing_to_edit(symbol: &str) -> CommandError {
    CommandError::failed(match symbol {
        "current" => "No current revisions".to_owned(),
        symbol => format!("No revision files indicated by symbol '{symbol}'"),
    })
}
