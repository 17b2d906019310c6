use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

use crate::database::HistoryEntry;
use crate::lint::Severity;
use crate::migrate::RevisionState;
use crate::revision::RevisionId;
use crate::tenant::TenantTotals;

/// A project as it is: its history, its databases, what is to be said about it. The names are those of docs/json.md.
#[derive(Debug, Clone, Serialize)]
pub struct ProjectReport {
    /// When it was made.
    #[serde(serialize_with = "serialize_seconds")]
    pub generated_at: DateTime<Utc>,
    /// By which limbec.
    pub limbec_version: &'static str,
    /// Which project.
    pub project: ProjectFacts,
    /// Every revision file, newest first, a revision before everything that it follows or depends on.
    pub revisions: Vec<RevisionReport>,
    /// The same as a picture: markup of limbec's own, fit for a page of this module.
    #[serde(skip)]
    pub graph: String,
    /// Those that env.py works on, usually one; none where `no_database` says why.
    pub databases: Vec<DatabaseReport>,
    /// Why no database was looked at, without a full stop.
    pub no_database: Option<String>,
    /// What `validate` says of all revisions.
    pub findings: Vec<Finding>,
    /// How many of them.
    pub finding_totals: FindingTotals,
    /// Where the project has tenants.
    pub tenants: Option<TenantsReport>,
}

/// What a project is.
#[derive(Debug, Clone, Serialize)]
pub struct ProjectFacts {
    /// The name of its folder.
    pub name: String,
    /// Its configuration, as it would be typed.
    pub config: String,
    /// The section of the ini file.
    pub section: String,
    /// The folder with env.py, as it would be typed.
    pub script_location: String,
    /// The newest revisions, those that others depend on included.
    pub heads: Vec<RevisionId>,
}

/// A revision file.
#[derive(Debug, Clone, Serialize)]
pub struct RevisionReport {
    /// Its identifier.
    pub revision: RevisionId,
    /// In declared order; empty for a base.
    pub down_revisions: Vec<RevisionId>,
    /// Identifiers or branch labels, as declared.
    pub depends_on: Vec<String>,
    /// Its own and those that spread to it.
    pub branch_labels: Vec<String>,
    /// No revision has it as down revision.
    pub is_head: bool,
    /// First line of its docstring.
    pub message: String,
    /// As it would be typed.
    pub path: String,
}

/// A database and what limbec did to it.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseReport {
    /// Its URL, password hidden; empty where env.py alone knows it.
    pub database: String,
    /// With its schema, where it has one.
    pub version_table: String,
    /// The rows of the version table, sorted.
    pub heads: Vec<RevisionId>,
    /// Whether a row of the version table has no file.
    pub is_ahead: bool,
    /// Those of files oldest first, then what no file has.
    pub revisions: Vec<StandingReport>,
    /// How many of them.
    pub totals: StandingTotals,
    /// What limbec did, newest first; `None`: there is no history.
    pub history: Option<Vec<HistoryEntry>>,
}

/// How a revision stands to a database.
#[derive(Debug, Clone, Serialize)]
pub struct StandingReport {
    /// Its identifier.
    pub revision: RevisionId,
    /// First line of its docstring; of the history where it has no file.
    pub message: String,
    /// Its file, if it has one.
    pub path: Option<String>,
    /// Its own and those that spread to it.
    pub branch_labels: Vec<String>,
    /// No revision has it as down revision.
    pub is_head: bool,
    /// `applied`, `pending`, `missing` or `unknown`.
    #[serde(serialize_with = "serialize_state")]
    pub state: RevisionState,
    /// How it came to be applied, as far as the history knows.
    pub how: Option<AppliedHow>,
    /// When its script ran.
    #[serde(serialize_with = "serialize_optional")]
    pub applied_at: Option<DateTime<Utc>>,
    /// How long it took.
    pub duration_ms: Option<i64>,
    /// Who did it, `user@host`.
    pub applied_by: Option<String>,
    /// Its file is another than the one that was applied; `None` where the history does not know.
    pub is_changed: Option<bool>,
}

/// How a revision came to be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AppliedHow {
    /// limbec ran its script.
    Run,
    /// The version table was told so.
    Stamped,
    /// It was there before the history was.
    Adopted,
}

/// How many revisions stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct StandingTotals {
    /// With a file.
    pub revisions: usize,
    /// The version table implies them.
    pub applied: usize,
    /// Not run.
    pub pending: usize,
    /// Applied, without a file.
    pub missing: usize,
    /// Known to neither files nor history, or left open by such a row.
    pub unknown: usize,
    /// Applied, and their file is another one now.
    pub changed: usize,
}

/// What `validate` says about a place in a file.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// Which rule.
    pub rule: &'static str,
    /// `error`, `warning` or `note`.
    #[serde(serialize_with = "serialize_severity")]
    pub level: Severity,
    /// As it would be typed.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// Where it is known.
    pub revision: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do instead.
    pub help: Option<String>,
    /// What else is to be known.
    pub notes: Vec<String>,
    /// Whether `validate --fix` or `--unsafe-fixes` repairs it.
    pub fixable: bool,
    /// An error that became a warning because the revision is published.
    pub grandfathered: bool,
}

/// How many findings of which level, in how many files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FindingTotals {
    /// Revision files.
    pub files: usize,
    /// Findings of this level, as the next ones.
    pub errors: usize,
    /// See above.
    pub warnings: usize,
    /// See above.
    pub notes: usize,
    /// Accepted by comments.
    pub suppressed: usize,
}

/// Where the tenants stand.
#[derive(Debug, Clone, Serialize)]
pub struct TenantsReport {
    /// The section of the ini file with their history.
    pub section: String,
    /// Every tenant, in the order of their source.
    pub tenants: Vec<TenantStanding>,
    /// How many of them.
    pub totals: TenantTotals,
    /// Why they could not be listed or looked at, without a full stop.
    pub error: Option<String>,
}

/// Where a tenant stands.
#[derive(Debug, Clone, Serialize)]
pub struct TenantStanding {
    /// Its name.
    pub tenant: String,
    /// `current`, `behind`, `missing`, `inconsistent` or `unreachable`.
    pub state: &'static str,
    /// The rows of its version table.
    pub heads: Vec<RevisionId>,
    /// How many steps it is behind.
    pub pending: usize,
    /// Why it is missing, inconsistent or unreachable.
    pub reason: Option<String>,
}

impl StandingReport {
    /// Whether its file is known to be another one now.
    pub fn has_changed(&self) -> bool {
        self.is_changed == Some(true)
    }
}

impl FindingTotals {
    /// Of every level.
    pub fn all(&self) -> usize {
        self.errors + self.warnings + self.notes
    }
}

fn serialize_seconds<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn serialize_optional<S: Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true)),
        None => serializer.serialize_none(),
    }
}

fn serialize_state<S: Serializer>(state: &RevisionState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.name())
}

fn serialize_severity<S: Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(severity)
}
