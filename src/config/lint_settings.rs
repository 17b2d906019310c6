use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::project::Project;
use super::settings::{SettingsError, bad, closest_of};
use super::target::EnvPy;
use super::toml::{TomlNode, TomlTable, TomlValue};
use crate::database::DatabaseUrl;
use crate::lint::{FileNames, Level, LintSettings, PathLevels, RULES};
use crate::operation::Dialect;
use crate::plan::TransactionMode;
use crate::script::env::Sources;

/// `[tool.limbec.lint]` as it is written; what is absent is decided by [`Project::lint_settings`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LintOptions {
    dialects: Option<Vec<Dialect>>,
    /// The base branch, for every command that asks git.
    pub base: Option<String>,
    require_reason: Option<bool>,
    offline: Option<bool>,
    file_names: Option<NameOption>,
    description_length: Option<usize>,
    allowed_imports: Option<Vec<String>>,
    version_num_width: Option<usize>,
    rules: BTreeMap<String, Level>,
    paths: Vec<PathOption>,
}

/// `file-names`; the pattern has been tried.
#[derive(Debug, Clone, PartialEq, Eq)]
enum NameOption {
    Timestamp,
    Template,
    Pattern(String),
}

/// `[lint.paths."GLOB"]`; the glob has been tried.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PathOption {
    glob: String,
    folder: PathBuf,
    rules: BTreeMap<String, Level>,
}

const KEYS: [&str; 10] = [
    "dialects",
    "base",
    "require-reason",
    "offline",
    "file-names",
    "description-length",
    "allowed-imports",
    "version-num-width",
    "rules",
    "paths",
];

/// A table of settings and the file that it is in.
struct Reader<'t> {
    path: &'t Path,
    /// For messages: `lint`, `lint.rules`.
    name: &'static str,
}

impl LintOptions {
    /// Takes a table over what is there already.
    pub(super) fn apply(&mut self, node: &TomlNode, path: &Path) -> Result<(), SettingsError> {
        let reader = Reader { path, name: "lint" };
        for (key, node) in reader.table(node, "lint")? {
            match key.as_str() {
                "dialects" => self.dialects = Some(reader.dialects(key, node)?),
                "base" => self.base = Some(reader.text(key, node, "the name of a branch, such as 'origin/main'")?),
                "require-reason" => self.require_reason = Some(reader.flag(key, node)?),
                "offline" => self.offline = Some(reader.flag(key, node)?),
                "file-names" => self.file_names = Some(reader.file_names(key, node)?),
                "description-length" => self.description_length = Some(reader.length(key, node)?),
                "allowed-imports" => self.allowed_imports = Some(reader.texts(key, node, "a list of modules")?),
                "version-num-width" => self.version_num_width = Some(reader.length(key, node)?),
                "rules" => self.rules.extend(reader.levels(node, "lint.rules")?),
                "paths" => self.paths.extend(reader.paths(node)?),
                _ => {
                    let similar = closest_of(key, &KEYS);
                    let key = format!("lint.{key}");
                    return Err(SettingsError::UnknownKey { path: path.to_owned(), line: node.line, key, similar });
                }
            }
        }
        Ok(())
    }
}

impl LintOptions {
    /// `require-reason` turns the rule on that says where one is lacking.
    fn levels(&self) -> BTreeMap<String, Level> {
        let mut levels = self.rules.clone();
        if self.require_reason == Some(true) {
            levels.entry("suppression-without-reason".to_owned()).or_insert(Level::Warning);
        }
        levels
    }
}

impl Reader<'_> {
    fn bad(&self, key: &str, node: &TomlNode, expected: &'static str) -> SettingsError {
        bad(self.path, node.line, &format!("{}.{key}", self.name), expected)
    }

    fn table<'n>(&self, node: &'n TomlNode, name: &str) -> Result<&'n TomlTable, SettingsError> {
        match &node.value {
            TomlValue::Table(table) => Ok(table),
            _ => Err(bad(self.path, node.line, name, "a table")),
        }
    }

    fn text(&self, key: &str, node: &TomlNode, expected: &'static str) -> Result<String, SettingsError> {
        match &node.value {
            TomlValue::Text(text) if !text.is_empty() => Ok(text.clone()),
            _ => Err(self.bad(key, node, expected)),
        }
    }

    fn texts(&self, key: &str, node: &TomlNode, expected: &'static str) -> Result<Vec<String>, SettingsError> {
        let TomlValue::List(items) = &node.value else { return Err(self.bad(key, node, expected)) };
        items.iter().map(|item| self.text(key, item, expected)).collect()
    }

    fn flag(&self, key: &str, node: &TomlNode) -> Result<bool, SettingsError> {
        match node.value {
            TomlValue::Boolean(flag) => Ok(flag),
            _ => Err(self.bad(key, node, "true or false")),
        }
    }

    fn length(&self, key: &str, node: &TomlNode) -> Result<usize, SettingsError> {
        let number = if let TomlValue::Integer(number) = node.value { usize::try_from(number).ok() } else { None };
        number.filter(|number| *number > 0).ok_or_else(|| self.bad(key, node, "a number of characters"))
    }

    fn dialects(&self, key: &str, node: &TomlNode) -> Result<Vec<Dialect>, SettingsError> {
        let expected = "a list of dialects: 'postgresql', 'sqlite', 'mysql', 'mssql', 'oracle', 'other'";
        let mut dialects = Vec::new();
        for name in self.texts(key, node, expected)? {
            let dialect = Dialect::named(&name);
            if dialect == Dialect::Other && name != dialect.name() {
                return Err(self.bad(key, node, expected));
            }
            if !dialects.contains(&dialect) {
                dialects.push(dialect);
            }
        }
        if dialects.is_empty() {
            return Err(self.bad(key, node, expected));
        }
        // The first one decides the folded schema, and PostgreSQL is understood best.
        dialects.sort_by_key(|dialect| *dialect != Dialect::Postgresql);
        Ok(dialects)
    }

    fn file_names(&self, key: &str, node: &TomlNode) -> Result<NameOption, SettingsError> {
        let expected = "'timestamp', 'template', or 'pattern:' and a regular expression";
        let pattern = |pattern: &str| match Regex::new(pattern) {
            Ok(_) if !pattern.is_empty() => Ok(NameOption::Pattern(pattern.to_owned())),
            _ => Err(self.bad(key, node, expected)),
        };
        match &node.value {
            TomlValue::Text(text) => match (text.as_str(), text.strip_prefix("pattern:")) {
                ("timestamp", _) => Ok(NameOption::Timestamp),
                ("template", _) => Ok(NameOption::Template),
                (_, Some(expression)) => pattern(expression),
                _ => Err(self.bad(key, node, expected)),
            },
            TomlValue::Table(table) => match (table.get("pattern").map(|node| &node.value), table.len()) {
                (Some(TomlValue::Text(expression)), 1) => pattern(expression),
                _ => Err(self.bad(key, node, expected)),
            },
            _ => Err(self.bad(key, node, expected)),
        }
    }

    fn levels(&self, node: &TomlNode, name: &str) -> Result<BTreeMap<String, Level>, SettingsError> {
        let mut levels = BTreeMap::new();
        for (rule, node) in self.table(node, name)? {
            let expected = "'off', 'warning' or 'error'";
            let level = if let TomlValue::Text(text) = &node.value { Level::named(text) } else { None };
            let level = level.ok_or_else(|| bad(self.path, node.line, &format!("{name}.{rule}"), expected))?;
            if crate::lint::rule(rule).is_none() {
                let names: Vec<&'static str> = RULES.iter().map(|rule| rule.name).collect();
                let (path, line, similar) = (self.path.to_owned(), node.line, closest_of(rule, &names));
                return Err(SettingsError::UnknownRule { path, line, rule: rule.clone(), similar });
            }
            levels.insert(rule.clone(), level);
        }
        Ok(levels)
    }

    fn paths(&self, node: &TomlNode) -> Result<Vec<PathOption>, SettingsError> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let mut paths = Vec::new();
        for (glob, node) in self.table(node, "lint.paths")? {
            let name = format!("lint.paths.\"{glob}\"");
            if glob::Pattern::new(glob).is_err() {
                return Err(bad(self.path, node.line, &name, "under a glob, such as 'versions/2019*.py'"));
            }
            let (folder, rules) = (folder.to_owned(), self.levels(node, &name)?);
            paths.push(PathOption { glob: glob.clone(), folder, rules });
        }
        Ok(paths)
    }
}

impl Project {
    /// The linter's settings. What they leave open is taken from the configuration and from env.py, as far as it can be read
    /// without running it.
    pub fn lint_settings(&self, script_location: &Path) -> LintSettings {
        let options = &self.settings.lint;
        let default = LintSettings::default();
        let env = EnvPy::read(&script_location.join("env.py"), self.settings.adopted.as_ref());
        let transaction = self.settings.transaction.or_else(|| env.transaction());
        LintSettings {
            dialects: options
                .dialects
                .clone()
                .or_else(|| self.dialect(&env).map(|dialect| vec![dialect]))
                .unwrap_or(default.dialects),
            base: options.base.clone(),
            rules: options.levels(),
            paths: options.paths.iter().filter_map(path_levels).collect(),
            require_reason: options.require_reason.unwrap_or(default.require_reason),
            file_names: match &options.file_names {
                None => default.file_names,
                Some(NameOption::Timestamp) => FileNames::Timestamp,
                Some(NameOption::Template) => FileNames::Template,
                Some(NameOption::Pattern(pattern)) => {
                    Regex::new(pattern).map_or(default.file_names, FileNames::Pattern)
                }
            },
            description_length: options.description_length.unwrap_or(default.description_length),
            allowed_imports: options.allowed_imports.clone().unwrap_or_default(),
            offline: options.offline.unwrap_or(default.offline),
            version_num_width: options.version_num_width.unwrap_or(default.version_num_width),
            transaction_per_revision: transaction == Some(TransactionMode::PerRevision),
        }
    }

    /// The dialect of a URL that stands in the configuration or in env.py, and that env.py uses. The environment is not asked:
    /// findings must not depend on whose machine it is.
    fn dialect(&self, env: &EnvPy) -> Option<Dialect> {
        let EnvPy::Understood(summary) = env else { return None };
        let sources =
            Sources { environment: &|_| None, ini: &|option| self.main_option(option).ok().flatten(), imported: None };
        let url = DatabaseUrl::parse(&summary.resolve_url(&sources).ok()?).ok()?;
        let dialect = Dialect::named(url.driver_name().split('+').next().unwrap_or_default());
        // The placeholder of Alembic's template, driver://user:pass@localhost/dbname.
        (dialect != Dialect::Other).then_some(dialect)
    }
}

fn path_levels(option: &PathOption) -> Option<PathLevels> {
    let pattern = glob::Pattern::new(&option.glob).ok()?;
    // The paths of revision files have no symlinks.
    let folder = option.folder.canonicalize().unwrap_or_else(|_| option.folder.clone());
    Some(PathLevels { pattern, folder, rules: option.rules.clone() })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::config::{DEFAULT_INI_SECTION, ProjectOptions};

    fn project(files: &[(&str, &str)], section: &str) -> Result<(tempfile::TempDir, Project), String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let options = ProjectOptions {
            cwd: folder.path().to_owned(),
            config: Vec::new(),
            alembic_config: None,
            script_location: None,
            section: section.to_owned(),
        };
        match Project::load(&options) {
            Ok(project) => Ok((folder, project)),
            Err(error) => Err(error.to_string().replace(&folder.path().display().to_string(), "[DIR]")),
        }
    }

    fn settings(text: &str) -> LintSettings {
        let (folder, project) = project(&[("limbec.toml", text)], DEFAULT_INI_SECTION).unwrap();
        project.lint_settings(folder.path())
    }

    fn fault(text: &str) -> String {
        project(&[("limbec.toml", text)], DEFAULT_INI_SECTION).unwrap_err()
    }

    #[test]
    fn every_key_is_read() {
        let text = "[lint]\ndialects = [\"sqlite\", \"postgres\"]\nbase = \"origin/dev\"\nrequire-reason = true\noffline = true\n\
                    file-names = \"pattern:^[0-9a-f]{12}_\"\ndescription-length = 30\nallowed-imports = [\"app.types\"]\n\
                    version-num-width = 64\n[lint.rules]\nunreadable-revision = \"warning\"\n\
                    [lint.paths.\"old/*.py\"]\nunreadable-revision = \"off\"\n";
        let settings = settings(text);
        assert_eq!(settings.dialects, [Dialect::Postgresql, Dialect::Sqlite]);
        assert_eq!(settings.base.as_deref(), Some("origin/dev"));
        assert!(settings.require_reason && settings.offline && !settings.transaction_per_revision);
        assert!(matches!(settings.file_names, FileNames::Pattern(pattern) if pattern.as_str() == "^[0-9a-f]{12}_"));
        assert_eq!((settings.description_length, settings.version_num_width), (30, 64));
        assert_eq!(settings.allowed_imports, ["app.types"]);
    }

    #[test]
    fn levels_by_path_start_at_the_settings_file() {
        let text = "[lint.paths.\"old/*.py\"]\nunreadable-revision = \"off\"\n";
        let (folder, project) = project(&[("limbec.toml", text)], DEFAULT_INI_SECTION).unwrap();
        let settings = project.lint_settings(folder.path());
        let rule = crate::lint::rule("unreadable-revision").unwrap();
        let level = |name: &str| settings.level(rule, Some(&folder.path().join(name)));
        assert_eq!(
            (level("old/a.py"), level("new/old/a.py"), level("new/a.py")),
            (Level::Off, Level::Error, Level::Error)
        );
    }

    #[test]
    fn faults_name_the_line_and_what_was_meant() {
        assert_snapshot!(fault("[lint]\nrequire_reason = true\n"), @"[DIR]/limbec.toml, line 2: unknown setting 'lint.require_reason'; did you mean 'require-reason'?");
        assert_snapshot!(fault("[lint.rules]\nunreadable-revison = \"off\"\n"), @"[DIR]/limbec.toml, line 2: there is no rule 'unreadable-revison'; did you mean 'unreadable-revision'?");
        assert_snapshot!(fault("[lint.rules]\nunreadable-revision = \"fatal\"\n"), @"[DIR]/limbec.toml, line 2: 'lint.rules.unreadable-revision' should be 'off', 'warning' or 'error'");
        assert_snapshot!(fault("[lint]\nfile-names = \"pattern:(\"\n"), @"[DIR]/limbec.toml, line 2: 'lint.file-names' should be 'timestamp', 'template', or 'pattern:' and a regular expression");
        assert_snapshot!(fault("[lint]\ndialects = [\"postgresq\"]\n"), @"[DIR]/limbec.toml, line 2: 'lint.dialects' should be a list of dialects: 'postgresql', 'sqlite', 'mysql', 'mssql', 'oracle', 'other'");
        assert_snapshot!(fault("[lint]\ndescription-length = 0\n"), @"[DIR]/limbec.toml, line 2: 'lint.description-length' should be a number of characters");
        assert_snapshot!(fault("lint = 1\n"), @"[DIR]/limbec.toml, line 1: 'lint' should be a table");
    }

    #[test]
    fn a_section_has_its_own() {
        let text = "[lint]\ndescription-length = 30\nbase = \"main\"\n[sections.tenant.lint]\nbase = \"dev\"\n";
        let (folder, project) = project(&[("limbec.toml", text)], "tenant").unwrap();
        let settings = project.lint_settings(folder.path());
        assert_eq!((settings.description_length, settings.base.as_deref()), (30, Some("dev")));
    }

    #[test]
    fn the_dialect_is_that_of_the_ini_where_env_py_uses_it() {
        const ENV: &str = include_str!("../script/templates/generic/env.py");
        let with = |url: &str| {
            let ini = format!("[alembic]\nscript_location = .\nsqlalchemy.url = {url}\n");
            let (folder, project) = project(&[("alembic.ini", &ini), ("env.py", ENV)], DEFAULT_INI_SECTION).unwrap();
            project.lint_settings(folder.path()).dialects
        };
        assert_eq!(with("sqlite:///a.db"), [Dialect::Sqlite]);
        assert_eq!(with("mysql+pymysql://u@h/d"), [Dialect::Mysql]);
        assert_eq!(with("driver://user:pass@localhost/dbname"), [Dialect::Postgresql]);
    }
}
