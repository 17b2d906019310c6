use std::collections::BTreeMap;

use regex::Regex;

use super::{Level, Rule};
use crate::operation::Dialect;

/// `[tool.limbec.lint]`.
#[derive(Debug, Clone)]
pub struct LintSettings {
    /// The databases that the history is meant for; the first decides the folded schema.
    pub dialects: Vec<Dialect>,
    /// The base branch, such as `origin/main`; `None`: detected.
    pub base: Option<String>,
    /// Levels by the name of the rule.
    pub rules: BTreeMap<String, Level>,
    /// Levels for some files; later ones win.
    pub paths: Vec<PathLevels>,
    /// Whether a suppression needs a reason.
    pub require_reason: bool,
    /// How revision files should be named.
    pub file_names: FileNames,
    /// Characters of the description in a file name, at most.
    pub description_length: usize,
    /// Modules of the application that revisions may import, with all that is below them.
    pub allowed_imports: Vec<String>,
    /// Whether `--sql` has to work for every revision.
    pub offline: bool,
    /// Characters that `alembic_version.version_num` holds.
    pub version_num_width: usize,
    /// Every revision has a transaction of its own (env.py's `transaction_per_migration`, or limbec's `transaction`).
    pub transaction_per_revision: bool,
}

/// Levels for the files that a pattern matches.
#[derive(Debug, Clone)]
pub struct PathLevels {
    /// A glob, relative to the settings file: `versions/2019_*.py`.
    pub pattern: glob::Pattern,
    /// Levels by the name of the rule.
    pub rules: BTreeMap<String, Level>,
}

/// How revision files should be named.
#[derive(Debug, Clone)]
pub enum FileNames {
    /// `YYYYMMDD_HHMMSS_description.py`, unless the project has a `file_template` of its own.
    Timestamp,
    /// As `file_template` says.
    Template,
    /// By a pattern over the name without `.py`.
    Pattern(Regex),
}

impl Default for LintSettings {
    fn default() -> Self {
        Self {
            dialects: vec![Dialect::Postgresql],
            base: None,
            rules: BTreeMap::new(),
            paths: Vec::new(),
            require_reason: false,
            file_names: FileNames::Timestamp,
            description_length: 50,
            allowed_imports: Vec::new(),
            offline: false,
            version_num_width: 32,
            transaction_per_revision: false,
        }
    }
}

impl LintSettings {
    /// The level of a rule for a file, whose path is relative to the settings file.
    pub fn level(&self, rule: &Rule, path: Option<&str>) -> Level {
        let by_path = path.and_then(|path| {
            self.paths
                .iter()
                .rev()
                .find(|levels| levels.pattern.matches(path))
                .and_then(|levels| levels.rules.get(rule.name))
        });
        by_path.or_else(|| self.rules.get(rule.name)).copied().unwrap_or(rule.level)
    }

    /// Whether a rule concerns one of the project's databases.
    pub fn concerns(&self, rule: &Rule) -> bool {
        rule.dialects.is_empty() || rule.dialects.iter().any(|dialect| self.dialects.contains(dialect))
    }
}
