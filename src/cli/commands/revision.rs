use chrono::Utc;
use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::writing::{Files, as_given_by_python};
use crate::script::{NewRevision, NewWork, random_id};

/// Make a new revision file
#[derive(Debug, Clone, Args)]
pub struct RevisionArgs {
    /// Message of the revision
    #[arg(short, long, value_name = "TEXT")]
    pub message: Option<String>,
    /// Fill it with the difference between models and database
    #[arg(long)]
    pub autogenerate: bool,
    /// Print SQL instead of running it (offline mode)
    #[arg(long)]
    pub sql: bool,
    /// Revision, head or branch@head to base the new revision on [default: head]
    #[arg(long, value_name = "HEAD")]
    pub head: Option<String>,
    /// Allow a revision that is no head as the head
    #[arg(long)]
    pub splice: bool,
    /// Branch label for the new revision
    #[arg(long, value_name = "LABEL")]
    pub branch_label: Option<String>,
    /// Version location that the file goes to
    #[arg(long, value_name = "PATH")]
    pub version_path: Option<String>,
    /// Identifier of the new revision, instead of a generated one
    #[arg(long, value_name = "ID")]
    pub rev_id: Option<String>,
    /// Revision that this one depends on [can be repeated]
    #[arg(long, value_name = "REVISION")]
    pub depends_on: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read, symbols that stand for nothing, a parent that is no head, a file that is there already.
pub fn run(context: &mut CommandContext, args: &RevisionArgs) -> Result<ExitStatus, CommandError> {
    let files = Files::of(context)?;
    let environment = files.project.revision_environment()?;
    if args.autogenerate {
        if args.sql {
            return Err(CommandError::failed("Using --sql with --autogenerate does not make any sense"));
        }
        return as_given_by_python(context, "--autogenerate runs env.py");
    }
    if environment {
        return as_given_by_python(context, "revision_environment is set");
    }
    if args.sql {
        return Err(CommandError::failed(
            "Using --sql with the revision command when revision_environment is not configured does not make any sense",
        ));
    }
    let new = NewRevision {
        id: args.rev_id.clone().filter(|id| !id.is_empty()).unwrap_or_else(random_id),
        message: args.message.clone(),
        parents: vec![args.head.clone().unwrap_or_else(|| "head".to_owned())],
        splice: args.splice,
        branch_label: args.branch_label.clone(),
        version_path: args.version_path.clone(),
        depends_on: args.depends_on.clone(),
        file_name: None,
        created: Utc::now(),
        work: NewWork::default(),
    };
    files.write_or_python(context, &new)
}
