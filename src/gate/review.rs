use super::{Destruction, Extent, UnreadCall};
use crate::lint::Loss;
use crate::plan::Direction;
use crate::revision::RevisionId;

/// What a person should know before a plan runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Where the plan leads: up or down.
    pub direction: Direction,
    /// The database, without its password; `None`: only env.py knows.
    pub database: Option<String>,
    /// How many steps there are.
    pub steps: usize,
    /// Whether no revision is left of what the plan takes down.
    pub reaches_base: bool,
    /// What they destroy, in their order.
    pub destructive: Vec<DestructiveStep>,
    /// What was not understood of their files.
    pub unread: Vec<UnreadCall>,
}

/// Data that a step destroys, and how much that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestructiveStep {
    /// The step's revision.
    pub revision: RevisionId,
    /// As a predicate: ``drops the table `users` ``.
    pub what: String,
    /// How much.
    pub extent: Extent,
}

impl DestructiveStep {
    /// What was foreseen, and how much it is.
    pub fn new(destruction: &Destruction, extent: Extent) -> Self {
        let condition = if destruction.is_conditional { "on a condition " } else { "" };
        let what = format!("{condition}{}", predicate(&destruction.loss));
        Self { revision: destruction.revision.clone(), what, extent }
    }
}

/// More lines than this are not read by anybody.
const SHOWN: usize = 20;

impl Review {
    /// Whether data is lost, or may be.
    pub fn destroys(&self) -> bool {
        self.destructive.iter().any(|step| !step.extent.is_nothing())
    }

    /// Whether there is anything that a person should know.
    pub fn is_remarkable(&self) -> bool {
        self.destroys() || self.direction == Direction::Downgrade
    }

    /// `this downgrade destroys data in postgresql://me@host/shop`, or what else is remarkable.
    pub fn heading(&self) -> String {
        let name = match self.direction {
            Direction::Downgrade if self.reaches_base => "this downgrade to base",
            Direction::Downgrade => "this downgrade",
            Direction::Upgrade | Direction::Stamp => "this upgrade",
        };
        let place = self.database.as_deref().map(|database| format!(" in {database}")).unwrap_or_default();
        if self.destroys() {
            return format!("{name} destroys data{place}");
        }
        let steps = if self.steps == 1 { "1 revision".to_owned() } else { format!("{} revisions", self.steps) };
        let lost = match (self.destructive.is_empty(), self.unread.is_empty()) {
            (false, true) => "; no data is lost, there is none in what it drops",
            (true, true) => "; no data is lost",
            (_, false) => "; not everything that it does was understood",
        };
        let undoes = if self.direction == Direction::Downgrade { "takes back" } else { "runs" };
        format!("{name} {undoes} {steps}{place}{lost}")
    }

    /// One line for each thing that is lost or was not understood, without indentation.
    pub fn lines(&self) -> Vec<String> {
        let lost = self.destructive.iter().map(|step| format!("{} {}: {}", step.revision, step.what, step.extent));
        let unread = self.unread.iter().map(|call| {
            let line = if call.line == 0 { String::new() } else { format!("line {}: ", call.line) };
            format!("{} {line}`{}` was not analysed: {}", call.revision, call.what, call.reason)
        });
        let mut lines: Vec<String> = lost.chain(unread).map(|line| printable(&line)).collect();
        if lines.len() > SHOWN {
            let more = lines.len() - SHOWN;
            lines.truncate(SHOWN);
            lines.push(format!("and {more} more"));
        }
        lines
    }
}

/// What an operation does to the data, as a predicate.
fn predicate(loss: &Loss) -> String {
    match loss {
        Loss::Table(_) | Loss::Column { .. } | Loss::Schema(_) | Loss::Database | Loss::EveryTable => {
            format!("drops {loss}")
        }
        Loss::ColumnsOfType(_) => format!("drops {loss}"),
        Loss::AllRows(_) | Loss::SomeRows(_) => format!("deletes {loss}"),
        Loss::Values { table, column, reason } => format!("narrows `{table}.{column}` ({reason})"),
        Loss::AllValues { .. } | Loss::Overwritten { .. } => format!("overwrites {loss}"),
        Loss::Referencing(_) => format!("empties {loss}"),
    }
}

/// Names come from files and databases: what a terminal would obey is shown as it is written.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_default());
            let plain = escaped.is_none().then_some(c);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_write_to_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jé\nb"), "a\\u{1b}[2Jé\\nb");
    }
}
