use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::testing::{self, TestProgress};
use crate::cli::testing_grounds::GroundsArgs;
use crate::cli::testing_tenants;
use crate::cli::verdicts;
use crate::runtime::Interruption;

/// Try the history on a database made for it: up, down and up again
///
/// Makes a database of its own and drops it afterwards; the project's database is never touched. Checks that there is one head, that
/// the history runs from empty, that every revision can be undone, leaves nothing behind and can be done again, and that models and
/// schema agree. The exit status is 1 if something is wrong. What ran before and has not changed is not run again.
#[derive(Debug, Clone, Args)]
pub struct TestArgs {
    /// Where the databases are made.
    #[command(flatten)]
    pub grounds: GroundsArgs,
    /// Folder with REVISION.sql files: rows that are put in at that revision and must survive the later ones
    #[arg(long, value_name = "DIR")]
    pub fixtures: Option<PathBuf>,
    /// Undo only the revisions that are not on this branch or commit
    #[arg(long, value_name = "BASE")]
    pub since: Option<String>,
    /// Distribute the revisions over so many databases, each with a Python of its own
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
    /// Neither use nor keep snapshots and verdicts
    #[arg(long)]
    pub no_cache: bool,
    /// Make sample tenants with these names, and migrate them as `tenant migrate` does: to the head, back by one revision, and up again
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with_all = ["fixtures", "since", "provide"])]
    pub tenants: Vec<String>,
    /// Command that tests a migrated tenant, which it finds in LIMBEC_TENANT, LIMBEC_TENANT_URL and LIMBEC_TENANT_SCHEMA
    #[arg(long, value_name = "COMMAND", requires = "tenants")]
    pub smoke: Option<String>,
    /// Run no check, but lend databases to a program: requests on standard input and answers on standard output, a JSON object a line
    #[arg(long, conflicts_with_all = ["fixtures", "since", "jobs", "format", "junit"])]
    pub provide: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: TestFormat,
    /// File to write JUnit's XML to, besides the result
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

/// How the checks are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    /// For people.
    Text,
    /// One JSON document for scripts; its shape is stable.
    Json,
    /// JUnit's XML.
    Junit,
}

/// Runs the command.
///
/// # Errors
/// No database can be made, or env.py cannot be run on it at all.
pub fn run(context: &mut CommandContext, args: &TestArgs) -> Result<ExitStatus, CommandError> {
    let began = Instant::now();
    let interruption = Interruption::watch();
    let outcome = match args.tenants.is_empty() {
        true => testing::hold(context, args),
        false => testing_tenants::hold(context, args).map(Some),
    };
    let interrupted = Interruption::is_requested();
    drop(interruption);
    let held = match outcome {
        _ if interrupted => return Err(CommandError::interrupted()),
        outcome => outcome?,
    };
    let Some(held) = held else { return Ok(ExitStatus::Success) };
    for warning in &held.report.warnings {
        context.ui.warning(warning);
    }
    if let Some(path) = &args.junit {
        let path = context.environment.current_dir.join(path);
        std::fs::write(&path, verdicts::junit(&held.report, &context.environment)).map_err(|error| {
            CommandError::crashed(format!("cannot write {}", path.display())).caused_by(error.to_string())
        })?;
    }
    match args.format {
        TestFormat::Text => verdicts::print(context, &held),
        TestFormat::Json => context.ui.json(&verdicts::json(&held)),
        TestFormat::Junit => {
            let text = verdicts::junit(&held.report, &context.environment);
            context.ui.result(text.trim_end());
        }
    }
    if args.format == TestFormat::Text {
        TestProgress::summary(context, &held, began.elapsed());
    }
    Ok(if held.report.is_clean() { ExitStatus::Success } else { ExitStatus::Code(1) })
}
