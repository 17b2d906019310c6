use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize, Serializer};

use crate::plan::Direction;
use crate::revision::RevisionId;

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It has not begun. In a plan that is over: the run was killed before.
    Planned,
    /// It has begun. In a plan that is over: the run was killed in it.
    Started,
    /// It is done; the row says so in the step's own transaction.
    Done,
    /// It ended with an error.
    Failed,
    /// It ran, and was undone when a later step of the same transaction failed.
    RolledBack,
    /// The run was killed in it, and that has been looked at since.
    Interrupted,
    /// It was there before the history was.
    Adopted,
}

impl Outcome {
    /// Every outcome, in the order of a life.
    pub const ALL: [Self; 7] =
        [Self::Planned, Self::Started, Self::Done, Self::Failed, Self::RolledBack, Self::Interrupted, Self::Adopted];

    /// As in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Started => "started",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::RolledBack => "rolled-back",
            Self::Interrupted => "interrupted",
            Self::Adopted => "adopted",
        }
    }

    /// Whether a run is in it, or was killed in it.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Planned | Self::Started)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistoryDirection {
    /// Runs `upgrade()`.
    Upgrade,
    /// Runs `downgrade()`.
    Downgrade,
    /// Changes the version table alone; adopted revisions have it as well.
    Stamp,
    /// Deletes a row of the version table before a stamp.
    Purge,
}

impl HistoryDirection {
    /// Every direction.
    pub const ALL: [Self; 4] = [Self::Upgrade, Self::Downgrade, Self::Stamp, Self::Purge];

    /// As in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Downgrade => "downgrade",
            Self::Stamp => "stamp",
            Self::Purge => "purge",
        }
    }
}

impl From<Direction> for HistoryDirection {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Upgrade => Self::Upgrade,
            Direction::Downgrade => Self::Downgrade,
            Direction::Stamp => Self::Stamp,
        }
    }
}

impl fmt::Display for HistoryDirection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One row of the history table. The names of the fields are those of the columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Given by the database, ascending; 0 until then.
    #[serde(default)]
    pub id: i64,
    /// A UUID: the rows of one plan have the same.
    pub plan_id: String,
    /// Its place in the plan, from 1; 0 for what precedes the plan (purged rows) or has none (adopted revisions).
    pub step: u32,
    /// The schema that the version table is in, resolved: never empty on PostgreSQL, `main` on SQLite.
    pub version_schema: String,
    /// The name of the version table.
    pub version_table: String,
    /// Whose script runs; of a stamp the destination, of a purge the row.
    pub revision: RevisionId,
    /// The first line of its docstring.
    pub description: String,
    /// What is done.
    pub direction: HistoryDirection,
    /// Rows of the version table before the step, sorted.
    pub from_heads: Vec<RevisionId>,
    /// Rows of the version table after it, sorted.
    pub to_heads: Vec<RevisionId>,
    /// SHA-256 of the file as it was, 64 hexadecimal digits; `None` where no file was read.
    pub file_sha256: Option<String>,
    /// What the file means, as limbec.lock has it (`ast1:…`).
    pub meaning: Option<String>,
    /// When it began; of a planned step, when the plan was made.
    #[serde(serialize_with = "serialize_utc")]
    pub started_at: DateTime<Utc>,
    /// When it ended.
    #[serde(serialize_with = "serialize_optional_utc")]
    pub finished_at: Option<DateTime<Utc>>,
    /// How long it took.
    pub duration_ms: Option<i64>,
    /// What became of it.
    pub outcome: Outcome,
    /// What it failed with, one line without values of rows.
    pub error: Option<String>,
    /// The operating system's user who ran limbec.
    pub user_name: Option<String>,
    /// The machine that it ran on.
    pub host: Option<String>,
    /// limbec's version.
    pub tool_version: String,
    /// The commit that the project's working copy was at.
    pub git_commit: Option<String>,
    /// Whether a failure undoes all of the step: the dialect rolls DDL back and the script leaves its transaction nowhere.
    pub transactional: bool,
    /// The backup that was made before the plan.
    pub backup: Option<String>,
    /// Of an SQL file that runs outside of a transaction: how many of its statements are committed although the step is not done.
    #[serde(default)]
    pub committed_statements: Option<u64>,
    /// [`CommittedPart::sha256`] of these.
    #[serde(default)]
    pub committed_sha256: Option<String>,
}

/// What is committed of a step whose statements run outside of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommittedPart {
    /// How many statements, from the first.
    pub statements: u64,
    /// SHA-256 of their texts as they were sent, each with a NUL behind it; 64 hexadecimal digits. `None`: somebody has said how many.
    pub sha256: Option<String>,
}

impl HistoryEntry {
    /// What is committed of a step that is not done.
    pub fn committed(&self) -> Option<CommittedPart> {
        let statements = self.committed_statements.filter(|statements| *statements > 0)?;
        Some(CommittedPart { statements, sha256: self.committed_sha256.clone() })
    }

    /// The same row with this part.
    #[must_use]
    pub fn with_committed(self, part: Option<CommittedPart>) -> Self {
        let (statements, sha256) = part.map_or((None, None), |part| (Some(part.statements), part.sha256));
        Self { committed_statements: statements, committed_sha256: sha256, ..self }
    }

    /// Who did it, as far as that is known: `user@host`.
    pub fn who(&self) -> String {
        let known: Vec<&str> = [&self.user_name, &self.host].into_iter().flatten().map(String::as_str).collect();
        known.join("@")
    }
}

/// `2026-05-01T12:00:00.000000Z`: always as long, so that SQLite's texts sort as times do.
pub(super) fn in_utc(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn serialize_utc<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&in_utc(*time))
}

fn serialize_optional_utc<S: Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serialize_utc(time, serializer),
        None => serializer.serialize_none(),
    }
}
