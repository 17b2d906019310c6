use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::{Level, RULES, Rule};
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
    /// A glob: `versions/2019_*.py`.
    pub pattern: glob::Pattern,
    /// Where the glob starts: the folder of the settings file.
    pub folder: PathBuf,
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
    /// The level of a rule for a file.
    pub fn level(&self, rule: &Rule, path: Option<&Path>) -> Level {
        let by_path = path.and_then(|path| {
            let matching = self.paths.iter().rev().filter(|levels| levels.is_for(path));
            matching.filter_map(|levels| levels.rules.get(rule.name)).next()
        });
        by_path.or_else(|| self.rules.get(rule.name)).copied().unwrap_or(rule.level)
    }

    /// Whether a suppression needs a reason, by the setting or by the level of the rule.
    pub fn demands_reasons(&self) -> bool {
        self.require_reason
            || super::rule("suppression-without-reason").is_some_and(|rule| self.level(rule, None) != Level::Off)
    }

    /// Whether a rule concerns one of the project's databases.
    pub fn concerns(&self, rule: &Rule) -> bool {
        rule.dialects.is_empty() || rule.dialects.iter().any(|dialect| self.dialects.contains(dialect))
    }

    /// The same with these rules alone; those that are off get their default level, or that of an error.
    #[must_use]
    pub fn only(mut self, rules: &[&Rule]) -> Self {
        let is_wanted = |name: &str| rules.iter().any(|rule| rule.name == name);
        self = self.without(&RULES.iter().copied().filter(|rule| !is_wanted(rule.name)).collect::<Vec<_>>());
        for rule in rules {
            if self.level(rule, None) == Level::Off {
                let level = if rule.level == Level::Off { Level::Error } else { rule.level };
                self.rules.insert(rule.name.to_owned(), level);
            }
        }
        self
    }

    /// The same without these rules.
    #[must_use]
    pub fn without(mut self, rules: &[&Rule]) -> Self {
        for rule in rules {
            self.rules.insert(rule.name.to_owned(), Level::Off);
            for levels in &mut self.paths {
                levels.rules.remove(rule.name);
            }
        }
        self
    }
}

impl PathLevels {
    fn is_for(&self, path: &Path) -> bool {
        path.strip_prefix(&self.folder).is_ok_and(|path| self.pattern.matches_path(path))
    }
}
