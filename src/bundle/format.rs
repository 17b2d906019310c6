//! The lines of a bundle. Every line is a JSON object; docs/bundle.md describes them.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::{DeployOptions, DestructiveSetting, HistorySetting, LockSetting, ProductionSetting, SearchPath};
use crate::database::VersionTableName;
use crate::plan::{Direction, TransactionMode};
use crate::revision::{Revision, RevisionId};

/// The form that is written and read.
pub(super) const FORM: u64 = 1;

/// The first line. Its length is always the same, so that it can be written last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// [`FORM`]
    pub(super) limbec_bundle: u64,
    /// Of all that follows this line: 64 hexadecimal digits.
    pub(super) sha256: String,
    /// The number of bytes that follow this line.
    pub(super) bytes: u64,
}

/// The second line: what is true of the whole bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// limbec's version.
    pub limbec: String,
    /// `postgresql` or `sqlite`
    pub dialect: String,
    /// SQLAlchemy's driver that the statements were recorded of, such as `postgresql+psycopg`.
    pub driver: String,
    /// The range that it was built for, as typed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub range: Option<String>,
    /// Whether it was recorded on databases that were not empty before the first revision.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub template: bool,
    /// The lowest major version of the server that the SQL is for; absent for SQLite.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub min_server: Option<u32>,
    /// Versions of the packages that the SQL comes from: Alembic, SQLAlchemy.
    pub packages: Vec<(String, String)>,
    /// Where the heads are.
    pub version_table: BundledTable,
    /// What one transaction spans.
    pub transaction: TransactionMode,
    /// PRAGMAs of env.py's connection, for SQLite.
    pub setup: Vec<String>,
    /// limbec's settings of the project that decide on how a plan is run.
    pub settings: BundleSettings,
    /// Revisions without a child.
    pub heads: Vec<String>,
    /// How many revisions there are.
    pub revisions: usize,
    /// What `limbec validate` said.
    pub lint: LintSummary,
}

/// The version table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundledTable {
    /// `version_table`
    pub name: String,
    /// `version_table_schema`
    pub schema: Option<String>,
    /// `version_table_pk`
    pub primary_key: bool,
}

impl From<&VersionTableName> for BundledTable {
    fn from(table: &VersionTableName) -> Self {
        Self { name: table.name.clone(), schema: table.schema.clone(), primary_key: table.primary_key }
    }
}

impl From<&BundledTable> for VersionTableName {
    fn from(table: &BundledTable) -> Self {
        Self { name: table.name.clone(), schema: table.schema.clone(), primary_key: table.primary_key }
    }
}

/// How many findings there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LintSummary {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
}

/// A revision, and whether its steps are in the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundledRevision {
    /// Its identifier.
    pub revision: String,
    /// `down_revision`
    pub down: Vec<String>,
    /// `depends_on`
    pub depends_on: Vec<String>,
    /// `branch_labels`
    pub labels: Vec<String>,
    /// The module's docstring.
    pub docstring: Option<String>,
    /// The file, relative to the project where it lies in there.
    pub path: PathBuf,
    /// SHA-256 of the file.
    pub sha256: String,
    /// limbec's hash of what the file means.
    pub meaning: String,
    /// The text of the file: gates and history read it.
    pub source: String,
    /// What `limbec validate` found in it.
    pub findings: Vec<BundledFinding>,
    /// Whether `upgrade` is in the bundle.
    pub upgrade: Way,
    /// Whether `downgrade` is in the bundle.
    pub downgrade: Way,
}

impl BundledRevision {
    /// What the graph needs.
    pub(super) fn declared(&self) -> Revision {
        Revision {
            id: RevisionId::from(self.revision.as_str()),
            down: self.down.iter().map(|id| RevisionId::from(id.as_str())).collect(),
            depends_on: self.depends_on.clone(),
            branch_labels: self.labels.clone(),
        }
    }

    /// Whether a step is in the bundle.
    pub fn way(&self, direction: Direction) -> &Way {
        match direction {
            Direction::Downgrade => &self.downgrade,
            Direction::Upgrade | Direction::Stamp => &self.upgrade,
        }
    }
}

/// Whether a step is in the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "kebab-case")]
pub enum Way {
    /// Its statements are.
    Sql {
        /// How many.
        statements: usize,
    },
    /// The text of an SQL file is, with its variables.
    File {
        /// The file, relative to the project where it lies in there.
        path: PathBuf,
        /// SHA-256 of it.
        sha256: String,
    },
    /// It needs Python.
    Python {
        /// Why, without a full stop.
        reason: String,
    },
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundledFinding {
    /// The rule.
    pub rule: String,
    /// `error`, `warning` or `note`
    pub severity: String,
    /// From 1.
    pub line: usize,
    /// The hazard.
    pub message: String,
}

/// The line before the statements of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundledStep {
    /// `upgrade` or `downgrade`
    pub step: String,
    /// The revision.
    pub revision: String,
    /// The SQL file whose text follows in pieces, in the place of statements.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<PathBuf>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StatementLine {
    pub(super) sql: String,
}

/// A piece of an SQL file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TextLine {
    pub(super) text: String,
}

/// The settings of limbec that a bundle takes along. Hooks and folders belong to machines, and stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BundleSettings {
    /// `auto`, `advisory`, `row` or `off`
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lock: Option<String>,
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lock_wait: Option<u64>,
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lock_timeout: Option<u64>,
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub statement_timeout: Option<u64>,
    /// `retries`
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retries: Option<u32>,
    /// `search-path`, as written.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub search_path: Vec<String>,
    /// `history`
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub history: Option<BundledHistory>,
    /// Whether every database is production.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub production: Option<bool>,
    /// Globs of URLs that are production.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub production_urls: Vec<String>,
    /// `destructive`: `confirm` or `flag`
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub destructive: Option<String>,
}

/// `history`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundledHistory {
    /// Whether it is written.
    pub enabled: bool,
    /// Its schema.
    pub schema: Option<String>,
    /// Its name.
    pub table: Option<String>,
}

const LOCKS: [(&str, LockSetting); 4] = [
    ("auto", LockSetting::Auto),
    ("advisory", LockSetting::Advisory),
    ("row", LockSetting::Row),
    ("off", LockSetting::Off),
];

const DESTRUCTIVE: [(&str, DestructiveSetting); 2] =
    [("confirm", DestructiveSetting::Confirm), ("flag", DestructiveSetting::Flag)];

fn name_of<T: PartialEq>(table: &[(&str, T)], value: &T) -> Option<String> {
    table.iter().find(|(_, of)| of == value).map(|(name, _)| (*name).to_owned())
}

fn value_of<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

impl BundleSettings {
    /// What a project's settings say.
    pub fn of(options: &DeployOptions) -> Self {
        let milliseconds =
            |time: Option<Duration>| time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        Self {
            lock: options.lock.and_then(|lock| name_of(&LOCKS, &lock)),
            lock_wait: milliseconds(options.lock_wait),
            lock_timeout: milliseconds(options.lock_timeout),
            statement_timeout: milliseconds(options.statement_timeout),
            retries: options.retries,
            search_path: options.search_path.templates().to_vec(),
            history: options.history.as_ref().map(|history| BundledHistory {
                enabled: history.enabled,
                schema: history.schema.clone(),
                table: history.table.clone(),
            }),
            production: match options.production {
                Some(ProductionSetting::Always(always)) => Some(always),
                _ => None,
            },
            production_urls: match &options.production {
                Some(ProductionSetting::Urls(urls)) => urls.clone(),
                _ => Vec::new(),
            },
            destructive: options.destructive.and_then(|setting| name_of(&DESTRUCTIVE, &setting)),
        }
    }

    /// The same for a deployment.
    pub fn options(&self) -> DeployOptions {
        DeployOptions {
            lock: self.lock.as_deref().and_then(|name| value_of(&LOCKS, name)),
            lock_wait: self.lock_wait.map(Duration::from_millis),
            lock_timeout: self.lock_timeout.map(Duration::from_millis),
            statement_timeout: self.statement_timeout.map(Duration::from_millis),
            retries: self.retries,
            search_path: SearchPath::of_templates(self.search_path.clone()),
            history: self.history.as_ref().map(|history| HistorySetting {
                enabled: history.enabled,
                schema: history.schema.clone(),
                table: history.table.clone(),
            }),
            production: match (self.production, self.production_urls.as_slice()) {
                (Some(always), _) => Some(ProductionSetting::Always(always)),
                (None, []) => None,
                (None, urls) => Some(ProductionSetting::Urls(urls.to_vec())),
            },
            destructive: self.destructive.as_deref().and_then(|name| value_of(&DESTRUCTIVE, name)),
            ..DeployOptions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_as_they_were() {
        let options = DeployOptions {
            lock: Some(LockSetting::Row),
            lock_wait: Some(Duration::from_secs(3)),
            lock_timeout: Some(Duration::ZERO),
            retries: Some(2),
            search_path: SearchPath::of_schema(),
            history: Some(HistorySetting { enabled: true, schema: Some("x".to_owned()), table: None }),
            production: Some(ProductionSetting::Urls(vec!["*prod*".to_owned()])),
            destructive: Some(DestructiveSetting::Flag),
            ..DeployOptions::default()
        };
        let text = serde_json::to_string(&BundleSettings::of(&options)).unwrap();
        let read: BundleSettings = serde_json::from_str(&text).unwrap();
        assert_eq!(read.options(), options);
        assert_eq!(BundleSettings::default().options(), DeployOptions::default());
    }

    #[test]
    fn an_unknown_setting_is_not_passed_over() {
        assert!(serde_json::from_str::<BundleSettings>("{\"lock\": \"row\", \"guard\": 1}").is_err());
    }
}
