use chrono::Utc;
use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::writing::{Files, as_given_by_python};
use crate::script::{NewRevision, NewWork, random_id};

/// Make a revision that merges several heads
#[derive(Debug, Clone, Args)]
pub struct MergeArgs {
    /// Revisions to merge, or heads
    #[arg(value_name = "REVISIONS", required = true)]
    pub revisions: Vec<String>,
    /// Message of the revision
    #[arg(short, long, value_name = "TEXT")]
    pub message: Option<String>,
    /// Branch label for the new revision
    #[arg(long, value_name = "LABEL")]
    pub branch_label: Option<String>,
    /// Identifier of the new revision, instead of a generated one
    #[arg(long, value_name = "ID")]
    pub rev_id: Option<String>,
    /// Allow revisions that are no heads
    #[arg(long)]
    pub splice: bool,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read, symbols that stand for nothing, revisions that are no heads, a file that is there already.
pub fn run(context: &mut CommandContext, args: &MergeArgs) -> Result<ExitStatus, CommandError> {
    let files = Files::of(context)?;
    if files.project.revision_environment()? {
        return as_given_by_python(context, "revision_environment is set");
    }
    let new = NewRevision {
        id: args.rev_id.clone().filter(|id| !id.is_empty()).unwrap_or_else(random_id),
        message: args.message.clone(),
        parents: args.revisions.clone(),
        splice: args.splice,
        branch_label: args.branch_label.clone(),
        version_path: None,
        depends_on: Vec::new(),
        file_name: None,
        created: Utc::now(),
        work: NewWork::default(),
    };
    files.write_or_python(context, &new)
}
