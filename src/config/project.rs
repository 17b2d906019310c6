use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::ini::Ini;
use super::settings::{Places, Settings};
use super::sources::Sources;
use super::toml::{OptionValue, Toml};
use crate::script::python_text::{pure_path, strip};

/// What the command line and the environment say about the configuration.
#[derive(Debug, Clone)]
pub struct ProjectOptions {
    /// The current directory, absolute.
    pub cwd: PathBuf,
    /// The values of `-c/--config`, in order.
    pub config: Vec<String>,
    /// ALEMBIC_CONFIG
    pub alembic_config: Option<String>,
    /// LIMBEC_SCRIPT_LOCATION: wins over every configuration, and does without one.
    pub script_location: Option<String>,
    /// `-n/--name`, by default [`DEFAULT_INI_SECTION`].
    pub section: String,
}

/// The ini section that is used without `-n`.
pub const DEFAULT_INI_SECTION: &str = "alembic";

/// A project's configuration: both files, as Alembic reads them, and limbec's own settings.
#[derive(Debug, Clone)]
pub struct Project {
    /// The current directory, absolute; relative paths of the configuration start here.
    pub cwd: PathBuf,
    /// The file names as given.
    pub sources: Sources,
    /// The ini section in use.
    pub section: String,
    /// The ini file; empty if there is none.
    pub ini: Ini,
    /// The pyproject.toml; empty if there is none.
    pub toml: Toml,
    /// limbec's own settings.
    pub settings: Settings,
    /// `script_location` where it is given outside of the configuration.
    pub given_script_location: Option<String>,
}

impl Project {
    /// Reads the configuration. Values are looked at only when they are asked for.
    pub fn load(options: &ProjectOptions) -> Result<Self, ConfigError> {
        let sources = Sources::choose(&options.config, options.alembic_config.as_deref())?;
        let ini_path = options.cwd.join(&sources.ini);
        let toml_path = options.cwd.join(&sources.toml);
        let ini = Ini::read(&ini_path, &folder_text(&ini_path))?;
        let toml = Toml::read(&toml_path, &folder_text(&toml_path))?;
        toml.check()?;
        // Beside the files in use first: the answer must not depend on where limbec is run.
        let mut folders = vec![PathBuf::from(folder_text(&ini_path))];
        if sources.is_toml_named {
            folders.push(PathBuf::from(folder_text(&toml_path)));
        }
        folders.push(options.cwd.clone());
        let places = Places { pyproject: &toml, is_named: sources.is_toml_named, folders: &folders };
        let settings = Settings::load(&places, &options.section)?;
        Ok(Self {
            cwd: options.cwd.clone(),
            sources,
            section: options.section.clone(),
            ini,
            toml,
            settings,
            given_script_location: options.script_location.clone(),
        })
    }

    /// What is given outside of the configuration, as main options for env.py to find.
    pub fn given_options(&self) -> BTreeMap<String, String> {
        let given = self.given_script_location.clone();
        given.map(|location| ("script_location".to_owned(), location)).into_iter().collect()
    }

    /// The absolute path of the ini file, whether it exists or not.
    pub fn ini_path(&self) -> PathBuf {
        self.cwd.join(&self.sources.ini)
    }

    /// The absolute path of the pyproject.toml, whether it exists or not.
    pub fn toml_path(&self) -> PathBuf {
        self.cwd.join(&self.sources.toml)
    }

    /// Alembic's `get_alembic_option`: the ini section first, then `[tool.alembic]`.
    pub fn alembic_option(&self, key: &str) -> Result<Option<OptionValue>, ConfigError> {
        if let ("script_location", Some(given)) = (key, &self.given_script_location) {
            return Ok(Some(OptionValue::Text(given.clone())));
        }
        if self.ini.has_option(&self.section, key) {
            return Ok(self.ini.get(&self.section, key)?.map(OptionValue::Text));
        }
        self.toml.alembic_value(key)
    }

    /// An option of which Alembic expects a string; any other type is an error.
    pub fn alembic_text(&self, key: &str) -> Result<Option<String>, ConfigError> {
        match self.alembic_option(key)? {
            None => Ok(None),
            Some(OptionValue::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.toml.wrong_shape(key, "a string")),
        }
    }

    /// Alembic's `get_alembic_boolean_option`: in the ini exactly `true`, in TOML a boolean.
    pub fn alembic_flag(&self, key: &str) -> Result<bool, ConfigError> {
        if self.ini.has_option(&self.section, key) {
            return Ok(self.ini.get(&self.section, key)?.as_deref() == Some("true"));
        }
        self.toml.alembic_flag(key)
    }

    /// Alembic's `get_main_option`: the ini section alone, an error without that section.
    pub fn main_option(&self, key: &str) -> Result<Option<String>, ConfigError> {
        self.section_option(&self.section, key)
    }

    /// Alembic's `get_section_option`: a section of the ini alone, an error without that section.
    pub fn section_option(&self, section: &str, key: &str) -> Result<Option<String>, ConfigError> {
        if !self.ini.has_section(section) {
            return Err(ConfigError::NoSection { file: self.sources.ini.clone(), section: section.to_owned() });
        }
        self.ini.get(section, key)
    }

    /// Whether the ini's section has options for SQLAlchemy's engine that change what statements do: an isolation level, say.
    pub fn has_engine_options(&self) -> bool {
        const PREFIX: &str = "sqlalchemy.";
        let is_harmless = |key: &str| key == "url" || key.starts_with("echo") || key.starts_with("pool_");
        // What cannot be read, env.py will say.
        let items = self.ini.items(&self.section).ok().flatten().unwrap_or_default();
        items.iter().filter_map(|(key, _)| key.strip_prefix(PREFIX)).any(|key| !is_harmless(key))
    }

    /// `revision_environment`, by SQLAlchemy's `asbool`: true/yes/on/y/t/1 and their opposites in any case.
    pub fn revision_environment(&self) -> Result<bool, ConfigError> {
        const KEY: &str = "revision_environment";
        match self.alembic_option(KEY)? {
            None => Ok(false),
            Some(OptionValue::Boolean(flag)) => Ok(flag),
            Some(OptionValue::Integer(number)) => Ok(number != 0),
            Some(OptionValue::List(items)) => Ok(!items.is_empty()),
            Some(OptionValue::Table(items)) => Ok(!items.is_empty()),
            Some(OptionValue::Tables(items)) => Ok(!items.is_empty()),
            Some(OptionValue::Text(value)) => match strip(&value).to_lowercase().as_str() {
                "true" | "yes" | "on" | "y" | "t" | "1" => Ok(true),
                "false" | "no" | "off" | "n" | "f" | "0" => Ok(false),
                _ => Err(ConfigError::Boolean { key: KEY, value }),
            },
        }
    }
}

/// `Path(path).absolute().parent.as_posix()`: symlinks are not resolved, `..` stays.
fn folder_text(path: &Path) -> String {
    let text = pure_path(&path.to_string_lossy());
    match text.rfind('/') {
        Some(0) | None => "/".to_owned(),
        Some(at) => text[..at].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn project(folder: &Path, config: &[&str]) -> Result<Project, ConfigError> {
        Project::load(&ProjectOptions {
            cwd: folder.to_owned(),
            config: config.iter().map(|name| (*name).to_owned()).collect(),
            alembic_config: None,
            script_location: None,
            section: DEFAULT_INI_SECTION.to_owned(),
        })
    }

    #[test]
    fn the_ini_is_asked_first_and_toml_key_by_key() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("alembic.ini"), "[alembic]\nscript_location = a\nsourceless = True\n")
            .unwrap();
        let toml = "[tool.alembic]\nscript_location = \"b\"\ntimezone = \"utc\"\nsourceless = true\nrecursive_version_locations = true\n";
        std::fs::write(folder.path().join("pyproject.toml"), toml).unwrap();
        let project = project(folder.path(), &[]).unwrap();
        assert_eq!(project.alembic_text("script_location").unwrap().as_deref(), Some("a"));
        assert_eq!(project.alembic_text("timezone").unwrap().as_deref(), Some("utc"));
        assert!(!project.alembic_flag("sourceless").unwrap());
        assert!(project.alembic_flag("recursive_version_locations").unwrap());
    }

    #[test]
    fn here_is_the_folder_of_each_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        std::fs::write(folder.path().join("d/x.ini"), "[alembic]\nscript_location = %(here)s/m\n").unwrap();
        let project = project(folder.path(), &["d/../d/x.ini"]).unwrap();
        let expected = format!("{}/d/../d/m", folder.path().display());
        assert_eq!(project.alembic_text("script_location").unwrap(), Some(expected));
    }

    #[test]
    fn a_missing_ini_is_empty_and_its_section_missing() {
        let folder = tempfile::tempdir().unwrap();
        let project = project(folder.path(), &[]).unwrap();
        assert_eq!(project.alembic_option("script_location").unwrap(), None);
        let error = project.main_option("sqlalchemy.url").unwrap_err();
        assert_eq!(error.to_string(), "No config file 'alembic.ini' found, or file has no '[alembic]' section");
        assert!(error.is_command_error());
    }

    #[test]
    fn revision_environment_takes_words() {
        let folder = tempfile::tempdir().unwrap();
        for (word, expected) in [("TRUE", Some(true)), (" y ", Some(true)), ("0", Some(false)), ("maybe", None)] {
            let text = format!("[alembic]\nrevision_environment = {word}\n");
            std::fs::write(folder.path().join("alembic.ini"), text).unwrap();
            assert_eq!(project(folder.path(), &[]).unwrap().revision_environment().ok(), expected, "{word}");
        }
    }
}
