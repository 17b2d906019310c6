use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::settings::beside;

/// How the database URL is given.
#[derive(Clone, PartialEq, Eq)]
pub enum UrlSource {
    /// `env:NAME`
    Environment(String),
    /// `file:PATH`, absolute here; relative paths are relative to the settings file.
    File(PathBuf),
    /// The URL itself, which may hold a password.
    Literal(String),
}

/// Without the URL: it may hold a password.
impl fmt::Debug for UrlSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => f.debug_tuple("Environment").field(name).finish(),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Literal(_) => f.write_str("Literal(..)"),
        }
    }
}

/// Why a URL, or a password, is not where the settings say.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UrlSourceError {
    /// `env:NAME` without that variable, or with an empty one.
    #[error("the environment variable {name} is not set")]
    NotSet {
        /// The variable.
        name: String,
    },
    /// `file:PATH` that cannot be read, or is empty.
    #[error("cannot read {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl UrlSource {
    /// Reads `env:NAME`, `file:PATH` or the text itself; paths are relative to the settings file. `None` where the name or path is empty.
    pub fn read(text: &str, settings_file: &Path) -> Option<Self> {
        if let Some(name) = text.strip_prefix("env:") {
            return (!name.is_empty()).then(|| Self::Environment(name.to_owned()));
        }
        if let Some(path) = text.strip_prefix("file:") {
            return (!path.is_empty()).then(|| Self::File(beside(settings_file, path)));
        }
        Some(Self::Literal(text.to_owned()))
    }

    /// The text that is meant, without white space around it.
    ///
    /// # Errors
    /// The variable is not set, or the file cannot be read or is empty.
    pub fn resolve(&self, environment: &dyn Fn(&str) -> Option<String>) -> Result<String, UrlSourceError> {
        match self {
            Self::Literal(text) => Ok(text.trim().to_owned()),
            Self::Environment(name) => environment(name)
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
                .ok_or_else(|| UrlSourceError::NotSet { name: name.clone() }),
            Self::File(path) => {
                let failed = |reason: String| UrlSourceError::File { path: path.clone(), reason };
                let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
                let text = text.trim();
                if text.is_empty() { Err(failed("it is empty".to_owned())) } else { Ok(text.to_owned()) }
            }
        }
    }
}
