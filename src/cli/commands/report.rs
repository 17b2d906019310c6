use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::reporting::Parts;
use crate::cli::writing::write_text;
use crate::config::parse_duration;
use crate::report::{PageOptions, project_page};

/// Write a page about the project: status, graph, history, findings, tenants
///
/// The page is complete in itself and loads nothing. A database that does not answer is said so in it; nothing is changed anywhere.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// Write the page into a file; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Leave out what only databases know, tenants included
    #[arg(long)]
    pub no_database: bool,
    /// Leave out the tenants, which are in the page where `[tenants]` says where they are listed
    #[arg(long)]
    pub no_tenants: bool,
    /// Mark the steps of the history that took so long
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = slow)]
    pub slow: Duration,
    /// `json` prints the content of the page as data
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

fn slow(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "a duration such as 500ms, 10s or 5m is expected".to_owned())
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read, or a file that cannot be written.
pub fn run(context: &mut CommandContext, args: &ReportArgs) -> Result<ExitStatus, CommandError> {
    let is_json = args.format == Format::Json;
    let to_output = args.html.as_deref() == Some(Path::new("-"));
    match (&args.html, is_json) {
        (None, false) => {
            return Err(CommandError::usage("it is not said where the page goes").hint("`limbec report --html FILE`"));
        }
        (Some(_), true) if to_output => {
            return Err(CommandError::usage("page and JSON cannot both go to standard output"));
        }
        _ => {}
    }
    let parts = Parts { databases: !args.no_database, tenants: !args.no_database && !args.no_tenants };
    let report = context.project_report(parts)?;
    let page = args.html.as_ref().map(|path| (path, project_page(&report, PageOptions { slow: args.slow })));
    match page {
        Some((_, page)) if to_output => context.ui.result(page.trim_end()),
        Some((path, page)) => {
            write_text(context, path, &page)?;
            context.ui.status(&format!("{} is written.", path.display()));
        }
        None => {}
    }
    if is_json {
        context.ui.json(&report);
    }
    Ok(ExitStatus::Success)
}
