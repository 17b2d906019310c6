use clap::Args;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::render::{Renderer, RevisionJson};
use crate::cli::table::Table;
use crate::plan::{self, HistoryRange, RangeEnd};
use crate::script::{Script, StampedName};

/// List revisions with date, time and description, oldest first
///
/// Date, time and description are those of the file's name, YYYYMMDD_HHMMSS_description.py. A revision with another
/// name is marked with an exclamation mark and described by its docstring.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct ListJson<'a> {
    revisions: Vec<ListedJson<'a>>,
}

#[derive(Debug, Serialize)]
struct ListedJson<'a> {
    #[serde(flatten)]
    revision: RevisionJson<'a>,
    /// `2026-01-31T14:05:00`, without a zone: the name does not tell it.
    timestamp: Option<String>,
    description: String,
    is_standard_name: bool,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read.
pub fn run(context: &mut CommandContext, args: &ListArgs) -> Result<ExitStatus, CommandError> {
    let scripts = context.scripts()?;
    let everything = HistoryRange { start: RangeEnd::Symbol(String::new()), end: RangeEnd::Symbol(String::new()) };
    let mut revisions = plan::history(&scripts.map, &everything)?;
    revisions.reverse();
    if args.format == Format::Json {
        let renderer = Renderer::new(&scripts);
        let listed = revisions.iter().map(|index| {
            let script = scripts.script(*index);
            let name = stamped_name(script);
            ListedJson {
                revision: renderer.json(*index, None),
                timestamp: name.as_ref().map(|name| name.time.format("%Y-%m-%dT%H:%M:%S").to_string()),
                description: description(script, name.as_ref()),
                is_standard_name: name.is_some(),
            }
        });
        context.ui.json(&ListJson { revisions: listed.collect() });
        return Ok(ExitStatus::Success);
    }
    if revisions.is_empty() {
        context.ui.status("There are no revisions yet.");
        return Ok(ExitStatus::Success);
    }
    let mut table = Table::new(&["", "Date", "Time", "Revision", "Description"]);
    let mut unstamped = 0;
    for index in &revisions {
        let script = scripts.script(*index);
        let name = stamped_name(script);
        unstamped += usize::from(name.is_none());
        let (mark, date, time) = match &name {
            Some(name) => ("", name.time.format("%Y-%m-%d").to_string(), name.time.format("%H:%M:%S").to_string()),
            None => ("!", "-".to_owned(), "-".to_owned()),
        };
        let id = scripts.map.revision(*index).id.to_string();
        table.row(vec![mark.to_owned(), date, time, id, description(script, name.as_ref())]);
    }
    context.ui.table(&table);
    if unstamped > 0 {
        let all = revisions.len();
        context.ui.hint(&format!("{unstamped} of {all} names are not YYYYMMDD_HHMMSS_description.py (marked !)"));
    }
    Ok(ExitStatus::Success)
}

fn description(script: &Script, name: Option<&StampedName>) -> String {
    name.map_or_else(|| script.doc().lines().next().unwrap_or_default().to_owned(), StampedName::description)
}

fn stamped_name(script: &Script) -> Option<StampedName> {
    StampedName::parse(script.path.file_name()?.to_str()?)
}
