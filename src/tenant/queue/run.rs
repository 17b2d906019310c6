use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::QueueError;
use crate::revision::RevisionId;
use crate::tenant::{Failures, OnError, Waves};

/// What a run is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Tenants are given out.
    Running,
    /// Too many failed: no more are given out.
    Stopped,
    /// Somebody ended it: no more are given out.
    Cancelled,
    /// Every tenant is done or has failed.
    Finished,
}

impl RunState {
    /// In words that follow "which".
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Running => "has not ended",
            Self::Stopped => "was stopped by failures",
            Self::Cancelled => "was cancelled",
            Self::Finished => "is finished",
        }
    }

    /// As in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Cancelled => "cancelled",
            Self::Finished => "finished",
        }
    }
}

/// What a tenant of a run is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemState {
    /// Nobody has it.
    Queued,
    /// A runner has it, until its lease is over.
    Leased,
    /// At the target.
    Done,
    /// An error, or a runner that was lost in a run that was ended.
    Failed,
    /// The run was ended before its turn.
    Skipped,
}

impl ItemState {
    /// As in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Leased => "leased",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// A run, as every runner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Run {
    /// Its name.
    pub id: String,
    /// `upgrade`
    pub operation: String,
    /// As typed where it was begun.
    pub target: String,
    /// What that is in the history.
    pub target_revisions: Vec<RevisionId>,
    /// The hash of the history: order and meaning of its revisions.
    pub history: String,
    /// The revisions without a down revision: which history it is, whatever was added to it.
    pub bases: String,
    /// What was checked out where it was begun.
    pub git_commit: Option<String>,
    /// As [`Waves`] are typed; empty: one.
    pub waves: String,
    /// As [`OnError`] is typed.
    pub on_error: String,
    /// How many tenants it has.
    pub tenants: u32,
    /// How long a lease is good for without a heartbeat.
    pub lease_ms: u64,
    /// What it is in.
    pub state: RunState,
    /// User and host.
    pub created_by: String,
    /// By the server's clock.
    pub created_at: DateTime<Utc>,
    /// When the last tenant was finished.
    pub ended_at: Option<DateTime<Utc>>,
    /// How many tenants are in each state.
    pub counts: ItemCounts,
}

impl Run {
    /// How long a lease is good for without a heartbeat.
    pub fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }
}

/// How many tenants of a run are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemCounts {
    /// Nobody has them.
    pub queued: u32,
    /// Runners have them.
    pub leased: u32,
    /// At the target.
    pub done: u32,
    /// With an error.
    pub failed: u32,
    /// Never begun.
    pub skipped: u32,
}

/// A tenant of a run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Item {
    /// In the order of the run, from 0.
    pub position: usize,
    /// Its name.
    pub tenant: String,
    /// From 1.
    pub wave: u32,
    /// What it is in.
    pub state: ItemState,
    /// How many runners have taken it, one after the other.
    pub attempts: u32,
    /// The fence: higher whenever it changes hands.
    pub token: i64,
    /// The runner that has it, or had it last: host and process.
    pub owner: Option<String>,
    /// Leased, and not heard of for as long as the lease.
    pub is_overdue: bool,
    /// The rows of its version table when the run was begun.
    pub heads_before: Vec<RevisionId>,
    /// The same when it was done.
    pub heads_after: Option<Vec<RevisionId>>,
    /// How many steps the last runner did.
    pub steps: Option<u32>,
    /// How long that took.
    pub duration_ms: Option<u64>,
    /// The revision in which it failed.
    pub revision: Option<String>,
    /// Why it failed, without secrets.
    pub error: Option<String>,
    /// By the server's clock.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A run that is to be begun.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Its name.
    pub id: String,
    /// `upgrade`
    pub operation: String,
    /// As typed.
    pub target: String,
    /// What that is in the history.
    pub target_revisions: Vec<RevisionId>,
    /// The hash of the history.
    pub history: String,
    /// Its revisions without a down revision.
    pub bases: String,
    /// What is checked out.
    pub git_commit: Option<String>,
    /// Its waves.
    pub waves: Waves,
    /// Which failures end it.
    pub on_error: OnError,
    /// How long a lease is good for without a heartbeat.
    pub lease: Duration,
    /// User and host.
    pub created_by: String,
    /// Names of the tenants, in the order of the run, with the rows of their version tables.
    pub tenants: Vec<(String, Vec<RevisionId>)>,
}

impl NewRun {
    /// Whether a text can be the name of a run: it is typed on other machines, and is part of no SQL.
    ///
    /// # Errors
    /// It cannot.
    pub fn check_name(name: &str) -> Result<(), QueueError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_name = (1..=100).contains(&name.len()) && name.bytes().all(is_plain) && !name.starts_with(['-', '.']);
        if is_name { Ok(()) } else { Err(QueueError::Name { name: name.to_owned() }) }
    }

    /// The wave of each tenant, from 1, and how many failures each wave may have.
    pub(super) fn plan(&self) -> (Vec<usize>, Vec<Option<usize>>) {
        let sizes = self.waves.sizes(self.tenants.len());
        let numbers = sizes.iter().enumerate().flat_map(|(index, size)| std::iter::repeat_n(index + 1, *size));
        (numbers.collect(), sizes.iter().map(|size| most_in_wave(self.on_error, *size)).collect())
    }

    /// How many failures the whole run may have; `None`: any number.
    pub(super) fn most_failures(&self) -> Option<usize> {
        match self.on_error {
            OnError::Stop => Some(0),
            OnError::Max(most) => Some(most),
            OnError::Continue | OnError::MaxPercent(_) => None,
        }
    }
}

/// How many failures of a wave are borne; `None`: any number.
fn most_in_wave(on_error: OnError, wave_size: usize) -> Option<usize> {
    matches!(on_error, OnError::MaxPercent(_)).then(|| {
        let allows = |in_wave: &usize| on_error.allows(Failures { in_run: *in_wave, in_wave: *in_wave, wave_size });
        (0..=wave_size).take_while(allows).last().unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(tenants: usize, waves: &str, on_error: OnError) -> NewRun {
        NewRun {
            id: "r".to_owned(),
            operation: "upgrade".to_owned(),
            target: "heads".to_owned(),
            target_revisions: Vec::new(),
            history: String::new(),
            bases: String::new(),
            git_commit: None,
            waves: waves.parse().unwrap(),
            on_error,
            lease: Duration::from_secs(60),
            created_by: String::new(),
            tenants: (0..tenants).map(|number| (number.to_string(), Vec::new())).collect(),
        }
    }

    #[test]
    fn waves_and_failures_become_numbers() {
        let run = run(201, "1,rest", OnError::default());
        let (waves, most) = run.plan();
        assert_eq!((waves[0], waves[1], waves[200]), (1, 2, 2));
        assert_eq!(most, [Some(0), Some(2)]);
        assert_eq!(run.most_failures(), None);
    }

    #[test]
    fn a_number_of_failures_is_one_of_the_whole_run() {
        for (on_error, most) in [(OnError::Stop, Some(0)), (OnError::Max(3), Some(3)), (OnError::Continue, None)] {
            let run = run(9, "3,rest", on_error);
            assert_eq!((run.most_failures(), run.plan().1), (most, vec![None, None]));
        }
    }

    #[test]
    fn names_can_be_typed() {
        for name in ["", "-x", ".x", "a b", "a/b", "é", "a'b", &"x".repeat(101)] {
            assert!(NewRun::check_name(name).is_err(), "{name}");
        }
        assert!(NewRun::check_name("20261121-spring.release_2").is_ok());
    }
}
