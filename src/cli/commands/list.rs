use chrono::{NaiveDate, NaiveDateTime};
use clap::Args;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::render::{Renderer, RevisionJson};
use crate::cli::table::Table;
use crate::plan::{self, HistoryRange, RangeEnd};
use crate::script::Script;

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
            let name = StampedName::of(script);
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
        let name = StampedName::of(script);
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
    name.map_or_else(|| script.doc().lines().next().unwrap_or_default().to_owned(), |name| name.description.clone())
}

/// A file name of the form `YYYYMMDD_HHMMSS_description.py`.
#[derive(Debug, PartialEq, Eq)]
struct StampedName {
    time: NaiveDateTime,
    /// With blanks for underscores.
    description: String,
}

impl StampedName {
    fn of(script: &Script) -> Option<Self> {
        Self::parse(script.path.file_name()?.to_str()?)
    }

    /// `^\d{8}_\d{6}_[a-z0-9_]+\.py$`, where the digits are a date and a time that exist.
    fn parse(name: &str) -> Option<Self> {
        let (date, rest) = name.strip_suffix(".py")?.split_once('_')?;
        let (time, description) = rest.split_once('_')?;
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if description.is_empty() || !description.chars().all(allowed) {
            return None;
        }
        let [year, month, day] = digits(date, [4, 2, 2])?;
        let [hour, minute, second] = digits(time, [2, 2, 2])?;
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        let time = date.and_hms_opt(hour, minute, second)?;
        Some(Self {
            time,
            description: description.split('_').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "),
        })
    }
}

/// Numbers of fixed widths that fill a text.
fn digits<const N: usize>(text: &str, widths: [usize; N]) -> Option<[u32; N]> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) || text.len() != widths.iter().sum::<usize>() {
        return None;
    }
    let mut numbers = [0; N];
    let mut rest = text;
    for (number, width) in numbers.iter_mut().zip(widths) {
        let (head, tail) = rest.split_at(width);
        *number = head.parse().ok()?;
        rest = tail;
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_or_refused() {
        let name = StampedName::parse("20260131_140500_add__user_preferences_.py").unwrap();
        assert_eq!(name.time.to_string(), "2026-01-31 14:05:00");
        assert_eq!(name.description, "add user preferences");
        for wrong in [
            "20260231_140500_a.py",
            "20260131_246000_a.py",
            "20260131_140500_.py",
            "20260131_140500_Add.py",
            "20260131_1405_a.py",
            "2026013_1405000_a.py",
            "20260131_140500_a.pyc",
            "ae1027a6acf_create.py",
            "_20260131_140500_a.py",
        ] {
            assert_eq!(StampedName::parse(wrong), None, "{wrong}");
        }
    }
}
