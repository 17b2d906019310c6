use std::path::{Path, PathBuf};

use thiserror::Error;

use super::adopted::Adopted;
use super::deploy_settings::{self, DeployOptions};
use super::error::ConfigError;
use super::lint_settings::LintOptions;
use super::tenant_settings::TenantOptions;
use super::toml::{Toml, TomlTable, TomlValue, ToolFault};
use super::url_source::UrlSource;
use crate::plan::TransactionMode;

/// limbec's own settings: `[tool.limbec]` in `pyproject.toml`, or the whole of a `limbec.toml`.
///
/// `[tool.limbec.sections.NAME]` (`[sections.NAME]` in `limbec.toml`) has the same keys and wins when the ini section in
/// use is NAME, so that two databases behind one ini have a URL each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Where the settings were found; `None` if nowhere.
    pub origin: Option<PathBuf>,
    /// Where the database is.
    pub url: Option<UrlSource>,
    /// Schema of the tables and of the version table.
    pub schema: Option<String>,
    /// Overrides the transaction mode of env.py.
    pub transaction: Option<TransactionMode>,
    /// The project's interpreter: an absolute path, or a bare name to be looked up on PATH.
    pub python: Option<PathBuf>,
    /// What `limbec adopt` has seen env.py do.
    pub adopted: Option<Adopted>,
    /// What the linter is told.
    pub lint: LintOptions,
    /// How migrations are run.
    pub deploy: DeployOptions,
    /// The tenants.
    pub tenants: TenantOptions,
}

/// What is wrong with limbec's own settings.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// A key that nothing reads.
    #[error(
        "{}, line {line}: unknown setting '{key}'{}",
        path.display(),
        similar.as_ref().map(|name| format!("; did you mean '{name}'?")).unwrap_or_default()
    )]
    UnknownKey {
        /// The settings file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// As written.
        key: String,
        /// The known key that is closest, if one is close.
        similar: Option<&'static str>,
    },
    /// A rule that there is none of.
    #[error(
        "{}, line {line}: there is no rule '{rule}'{}",
        path.display(),
        similar.as_ref().map(|name| format!("; did you mean '{name}'?")).unwrap_or_default()
    )]
    UnknownRule {
        /// The settings file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// As written.
        rule: String,
        /// The rule that is closest, if one is close.
        similar: Option<&'static str>,
    },
    /// A value of the wrong type or form. The value is not repeated: it may be a secret.
    #[error("{}, line {line}: '{key}' should be {expected}", path.display())]
    BadValue {
        /// The settings file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// The key.
        key: String,
        /// In words, with an article.
        expected: &'static str,
    },
    /// Settings in two places.
    #[error("limbec's settings are both in {} and in [tool.limbec] of {}: keep one", limbec_toml.display(), pyproject.display())]
    TwoPlaces {
        /// The limbec.toml.
        limbec_toml: PathBuf,
        /// The pyproject.toml.
        pyproject: PathBuf,
    },
}

/// Keys of the settings; `sections` is one more on the outermost level.
const KEYS: [&str; 7] = ["url", "schema", "transaction", "python", "adopted", "lint", "tenants"];
const SECTIONS: &str = "sections";

/// Where limbec's own settings may be.
pub(super) struct Places<'a> {
    /// The pyproject.toml in use.
    pub(super) pyproject: &'a Toml,
    /// The user has named it, by `-c` or ALEMBIC_CONFIG.
    pub(super) is_named: bool,
    /// Absolute: those of limbec.toml and pyproject.toml, in order.
    pub(super) folders: &'a [PathBuf],
}

/// `[tool.limbec]`.
fn own_table(pyproject: &Toml) -> Result<Option<&TomlTable>, SettingsError> {
    match pyproject.tool("limbec") {
        Ok(found) => Ok(found),
        Err(ToolFault::Tool { .. }) => Ok(None),
        Err(ToolFault::Named { line }) => Err(bad(pyproject.path(), line, "tool.limbec", "a table")),
    }
}

impl Settings {
    /// Reads the settings for the ini section `section`: those of the first folder that has any, unless a pyproject.toml was
    /// named that has them. Two files with settings in one folder contradict each other.
    pub(super) fn load(places: &Places<'_>, section: &str) -> Result<Self, ConfigError> {
        let in_use = places.pyproject;
        if let (true, Some(table)) = (places.is_named, own_table(in_use)?) {
            return match places.folders.iter().map(|folder| folder.join("limbec.toml")).find(|path| path.exists()) {
                Some(limbec_toml) => {
                    Err(SettingsError::TwoPlaces { limbec_toml, pyproject: in_use.path().to_owned() }.into())
                }
                None => Ok(Self::from_table(table, in_use.path(), section)?),
            };
        }
        for folder in places.folders {
            let (limbec_toml, path) = (folder.join("limbec.toml"), folder.join("pyproject.toml"));
            let beside = if path == in_use.path() { in_use.clone() } else { Toml::read(&path, "")? };
            match (limbec_toml.exists(), own_table(&beside)?) {
                (true, Some(_)) => return Err(SettingsError::TwoPlaces { limbec_toml, pyproject: path }.into()),
                (true, None) => {
                    let toml = Toml::read(&limbec_toml, "")?;
                    return Ok(Self::from_table(toml.root(), &limbec_toml, section)?);
                }
                (false, Some(table)) => return Ok(Self::from_table(table, &path, section)?),
                (false, None) => {}
            }
        }
        Ok(Self::default())
    }

    fn from_table(table: &TomlTable, path: &Path, section: &str) -> Result<Self, SettingsError> {
        let mut settings = Self { origin: Some(path.to_owned()), ..Self::default() };
        settings.apply(table, path, true)?;
        let Some(sections) = table.get(SECTIONS) else {
            return Ok(settings);
        };
        let TomlValue::Table(sections_table) = &sections.value else {
            return Err(bad(path, sections.line, SECTIONS, "a table of tables"));
        };
        for (name, node) in sections_table {
            let TomlValue::Table(own) = &node.value else {
                return Err(bad(path, node.line, &format!("{SECTIONS}.{name}"), "a table"));
            };
            let mut scratch = settings.clone();
            scratch.apply(own, path, false)?;
            if name == section {
                settings = scratch;
            }
        }
        Ok(settings)
    }

    fn apply(&mut self, table: &TomlTable, path: &Path, outermost: bool) -> Result<(), SettingsError> {
        for (key, node) in table {
            let text = |expected| match &node.value {
                TomlValue::Text(text) if !text.is_empty() => Ok(text.as_str()),
                _ => Err(bad(path, node.line, key, expected)),
            };
            match key.as_str() {
                "url" => {
                    let expected = "'env:NAME', 'file:PATH' or a URL";
                    let source = UrlSource::read(text(expected)?, path);
                    self.url = Some(source.ok_or_else(|| bad(path, node.line, key, expected))?);
                }
                "schema" => self.schema = Some(text("the name of a schema")?.to_owned()),
                "transaction" => {
                    let expected = "'per-revision' or 'per-run'";
                    self.transaction = Some(match text(expected)? {
                        "per-revision" => TransactionMode::PerRevision,
                        "per-run" => TransactionMode::PerRun,
                        _ => return Err(bad(path, node.line, key, expected)),
                    });
                }
                "python" => self.python = Some(interpreter(text("the path of a Python interpreter")?, path)),
                "adopted" => {
                    let TomlValue::Table(record) = &node.value else {
                        return Err(bad(path, node.line, key, "the table that `limbec adopt` writes"));
                    };
                    self.adopted = Some(Adopted::from_table(record, path, node.line)?);
                }
                "lint" => self.lint.apply(node, path)?,
                "tenants" => self.tenants.apply(node, path)?,
                SECTIONS if outermost => {}
                _ if self.deploy.apply(key, node, path)? => {}
                _ => {
                    let names = [&KEYS[..], &deploy_settings::KEYS].concat();
                    let (path, key, similar) = (path.to_owned(), key.clone(), closest_of(key, &names));
                    return Err(SettingsError::UnknownKey { path, line: node.line, key, similar });
                }
            }
        }
        Ok(())
    }
}

pub(super) fn bad(path: &Path, line: usize, key: &str, expected: &'static str) -> SettingsError {
    SettingsError::BadValue { path: path.to_owned(), line, key: key.to_owned(), expected }
}

fn interpreter(text: &str, settings_file: &Path) -> PathBuf {
    if text.contains(std::path::is_separator) { beside(settings_file, text) } else { PathBuf::from(text) }
}

pub(super) fn beside(settings_file: &Path, path: &str) -> PathBuf {
    settings_file.parent().unwrap_or(Path::new("")).join(path)
}

/// The name that a typing error may have turned into `typed`.
pub(super) fn closest_of(typed: &str, names: &[&'static str]) -> Option<&'static str> {
    let scored = names.iter().map(|known| (strsim::damerau_levenshtein(typed, known), *known));
    scored.filter(|(distance, known)| *distance <= known.len() / 3).min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str, section: &str) -> Result<Settings, String> {
        let toml = Toml::parse(text, Path::new("/p/pyproject.toml"), "/p").unwrap();
        Settings::load(&Places { pyproject: &toml, is_named: true, folders: &[] }, section)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_page_of_the_settings_has_every_key() {
        let page = include_str!("../../docs/settings.md");
        let missing = |key: &&&str| !page.contains(&format!("\n| `{key}` |"));
        assert_eq!(
            KEYS.iter().chain(&super::super::deploy_settings::KEYS).filter(missing).collect::<Vec<_>>(),
            Vec::<&&str>::new()
        );
    }

    #[test]
    fn the_three_forms_of_a_url() {
        let url = |text: &str| settings(&format!("[tool.limbec]\nurl = \"{text}\"\n"), "alembic").unwrap().url.unwrap();
        assert_eq!(url("env:DATABASE_URL"), UrlSource::Environment("DATABASE_URL".to_owned()));
        assert_eq!(url("file:secrets/url"), UrlSource::File(PathBuf::from("/p/secrets/url")));
        assert_eq!(url("file:/run/url"), UrlSource::File(PathBuf::from("/run/url")));
        let literal = url("postgresql://u:secret@h/d");
        assert_eq!(literal, UrlSource::Literal("postgresql://u:secret@h/d".to_owned()));
        assert!(!format!("{literal:?}").contains("secret"));
    }

    #[test]
    fn the_table_of_a_section_wins() {
        let text = "[tool.limbec]\nurl = \"env:A\"\nschema = \"s\"\ntransaction = \"per-revision\"\n\
                    python = \".venv/bin/python\"\n[tool.limbec.sections.tenant]\nurl = \"env:B\"\n";
        let main = settings(text, "alembic").unwrap();
        assert_eq!(main.url, Some(UrlSource::Environment("A".to_owned())));
        assert_eq!(main.transaction, Some(TransactionMode::PerRevision));
        assert_eq!(main.python, Some(PathBuf::from("/p/.venv/bin/python")));
        let tenant = settings(text, "tenant").unwrap();
        assert_eq!(tenant.url, Some(UrlSource::Environment("B".to_owned())));
        assert_eq!(tenant.schema.as_deref(), Some("s"));
    }

    #[test]
    fn faults_name_file_and_line_and_never_the_value() {
        assert_eq!(
            settings("[tool.limbec]\n\nulr = \"env:A\"\n", "alembic").unwrap_err(),
            "/p/pyproject.toml, line 3: unknown setting 'ulr'; did you mean 'url'?"
        );
        assert_eq!(
            settings("[tool.limbec.sections.a]\nzzz = 1\n", "alembic").unwrap_err(),
            "/p/pyproject.toml, line 2: unknown setting 'zzz'"
        );
        assert_eq!(
            settings("[tool.limbec]\nurl = [\"postgresql://u:secret@h/d\"]\n", "alembic").unwrap_err(),
            "/p/pyproject.toml, line 2: 'url' should be 'env:NAME', 'file:PATH' or a URL"
        );
        assert_eq!(
            settings("[tool.limbec]\ntransaction = \"each\"\n", "alembic").unwrap_err(),
            "/p/pyproject.toml, line 2: 'transaction' should be 'per-revision' or 'per-run'"
        );
    }

    #[test]
    fn two_places_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("limbec.toml"), "schema = \"x\"\n").unwrap();
        let folders = [folder.path().to_owned()];
        let load = |text| {
            let pyproject = Toml::parse(text, Path::new("/p/pyproject.toml"), "/p").unwrap();
            Settings::load(&Places { pyproject: &pyproject, is_named: true, folders: &folders }, "alembic")
        };
        assert_eq!(load("").unwrap().schema.as_deref(), Some("x"));
        assert!(load("[tool.limbec]\n").is_err());
    }

    #[test]
    fn the_first_folder_with_settings_wins() {
        let folder = tempfile::tempdir().unwrap();
        let (near, far) = (folder.path().join("near"), folder.path().join("far"));
        let write = |path: PathBuf, schema: &str| {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let table = if path.ends_with("limbec.toml") { "" } else { "[tool.limbec]\n" };
            std::fs::write(path, format!("{table}schema = \"{schema}\"\n")).unwrap();
        };
        let folders = [near.clone(), far.clone()];
        let load = |is_named: bool| {
            let pyproject = Toml::read(&far.join("pyproject.toml"), "").unwrap();
            let places = Places { pyproject: &pyproject, is_named, folders: &folders };
            Settings::load(&places, "alembic").map(|settings| settings.schema)
        };
        assert_eq!(load(false).unwrap(), None);
        write(far.join("pyproject.toml"), "far");
        assert_eq!(load(false).unwrap().as_deref(), Some("far"));
        write(near.join("pyproject.toml"), "near");
        assert_eq!(load(false).unwrap().as_deref(), Some("near"));
        assert_eq!(load(true).unwrap().as_deref(), Some("far"));
        write(far.join("limbec.toml"), "far");
        assert_eq!(load(false).unwrap().as_deref(), Some("near"));
        assert!(load(true).is_err());
        write(near.join("limbec.toml"), "near");
        assert!(load(false).is_err());
    }
}
