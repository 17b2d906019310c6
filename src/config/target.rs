use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::adopted::{Adopted, AdoptedState};
use super::project::Project;
use super::url_source::{UrlSource, UrlSourceError};
use crate::database::{DatabaseUrl, UrlError, VersionTableName};
use crate::plan::TransactionMode;
use crate::script::env::{EnvSummary, Sources, Text, read_env};

/// What the command line and the environment say about the database.
pub struct TargetRequest<'a> {
    /// `--url`
    pub url: Option<&'a str>,
    /// LIMBEC_URL
    pub url_variable: Option<&'a str>,
    /// `--schema`
    pub schema: Option<&'a str>,
    /// LIMBEC_SCHEMA
    pub schema_variable: Option<&'a str>,
    /// `--transaction`
    pub transaction: Option<TransactionMode>,
    /// The environment, variable by variable, exactly as it is set.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
}

/// Where the database is, which table holds its heads, and how each of that came to be known.
#[derive(Debug)]
pub struct DatabaseTarget {
    /// Where the database is.
    pub place: Place,
    /// What is known of env.py.
    pub env: EnvPy,
    /// The version table; `None` where only running env.py can tell.
    pub version_table: Option<VersionTableName>,
    /// What one transaction spans; `None` where only running env.py can tell.
    pub transaction: Option<TransactionMode>,
    /// Sentences that a person should see.
    pub warnings: Vec<String>,
}

impl UrlOrigin {
    /// Whether env.py was told the URL, rather than limbec having read it there.
    pub fn is_override(&self) -> bool {
        !matches!(self, Self::Ini { .. } | Self::EnvPy { .. })
    }
}

/// Where the database is.
#[derive(Debug)]
pub enum Place {
    /// Known without running env.py.
    Known {
        /// The URL.
        url: DatabaseUrl,
        /// Who said so.
        origin: UrlOrigin,
    },
    /// Only running env.py can tell.
    Unknown {
        /// Why, without a full stop.
        reason: String,
    },
}

/// Who names the database. `Display` completes "the URL comes from …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlOrigin {
    /// `--url`
    Option,
    /// LIMBEC_URL
    Variable,
    /// `url = "env:NAME"` in the settings.
    SettingVariable {
        /// The settings file.
        settings: PathBuf,
        /// The variable.
        name: String,
    },
    /// `url = "file:PATH"` in the settings.
    SettingFile {
        /// The settings file.
        settings: PathBuf,
        /// The file with the URL.
        path: PathBuf,
    },
    /// `url = "…"` in the settings.
    SettingLiteral {
        /// The settings file.
        settings: PathBuf,
    },
    /// `sqlalchemy.url` of the ini, from which env.py demonstrably takes it.
    Ini {
        /// The ini file.
        ini: PathBuf,
    },
    /// What env.py demonstrably assigns.
    EnvPy {
        /// The environment variables that have a part in it.
        variables: Vec<String>,
    },
}

impl fmt::Display for UrlOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option => f.write_str("--url"),
            Self::Variable => f.write_str("the environment variable LIMBEC_URL"),
            Self::SettingVariable { settings, name } => {
                write!(f, "the environment variable {name} (url in {})", settings.display())
            }
            Self::SettingFile { settings, path } => {
                write!(f, "the file {} (url in {})", path.display(), settings.display())
            }
            Self::SettingLiteral { settings } => write!(f, "url in {}", settings.display()),
            Self::Ini { ini } => write!(f, "sqlalchemy.url in {}, where env.py takes it from", ini.display()),
            Self::EnvPy { variables } if variables.is_empty() => f.write_str("env.py, which assigns it"),
            Self::EnvPy { variables } => {
                write!(f, "env.py, which takes it from the environment ({})", variables.join(", "))
            }
        }
    }
}

/// What is known of env.py without running it.
#[derive(Debug)]
pub enum EnvPy {
    /// Its source was understood.
    Understood(Box<EnvSummary>),
    /// `limbec adopt` ran it, and it has not changed since.
    Adopted(Adopted),
    /// It has to be run.
    Unknown {
        /// Why, without a full stop.
        reason: String,
    },
}

/// What is wrong with what the person configured. A URL is never repeated: it may have a password in it.
#[derive(Debug, Error)]
pub enum TargetError {
    /// The text is no URL.
    #[error("{origin}: {reason}")]
    Url {
        /// Where it was found.
        origin: UrlOrigin,
        /// What is wrong with it; said in the sentence, so no source of its own.
        reason: UrlError,
    },
    /// `env:NAME` without that variable.
    #[error("the environment variable {name} is not set; url in {} refers to it", settings.display())]
    NotSet {
        /// The settings file.
        settings: PathBuf,
        /// The variable.
        name: String,
    },
    /// `file:PATH` that cannot be read, or is empty.
    #[error("cannot read the database URL from {}, to which url in {} refers: {reason}", path.display(), settings.display())]
    File {
        /// The settings file.
        settings: PathBuf,
        /// The file with the URL.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl DatabaseTarget {
    /// Finds the database of a project, in this order: `--url`, LIMBEC_URL, `url` in the settings, and what env.py in
    /// `script_location` demonstrably uses. Without any of them only running env.py can tell.
    pub fn find(project: &Project, script_location: &Path, request: &TargetRequest<'_>) -> Result<Self, TargetError> {
        let env = EnvPy::read(&script_location.join("env.py"), project.settings.adopted.as_ref());
        let mut warnings = Vec::new();
        let place = match configured(project, request)? {
            Some((url, origin)) => {
                if url.is_refused_by_sqlalchemy() {
                    warnings.push(format!(
                        "SQLAlchemy does not know 'postgres://': write 'postgresql://' ({origin}); limbec accepts both"
                    ));
                }
                Place::Known { url, origin }
            }
            None => env.place(project, request),
        };
        let schema = [request.schema, request.schema_variable, project.settings.schema.as_deref()];
        let schema = schema.into_iter().flatten().find(|schema| !schema.is_empty()).map(str::to_owned);
        let version_table = env.version_table().map(|table| match schema {
            Some(schema) => table.in_schema(Some(schema)),
            None => table,
        });
        let transaction = request.transaction.or(project.settings.transaction).or_else(|| env.transaction());
        Ok(Self { place, env, version_table, transaction, warnings })
    }

    /// Whether everything about the database is known, and env.py does nothing more than one `configure` and one
    /// `run_migrations`: then rows can be read and compared without running it.
    pub fn is_known_without_python(&self) -> bool {
        matches!(self.place, Place::Known { .. }) && self.version_table.is_some() && self.env.is_single_run()
    }

    /// The URL, if it is known.
    pub fn url(&self) -> Option<&DatabaseUrl> {
        match &self.place {
            Place::Known { url, .. } => Some(url),
            Place::Unknown { .. } => None,
        }
    }

    /// The URL and the version table, if both are known.
    pub fn known(&self) -> Option<(&DatabaseUrl, &VersionTableName)> {
        match (&self.place, &self.version_table) {
            (Place::Known { url, .. }, Some(table)) => Some((url, table)),
            _ => None,
        }
    }

    /// Why env.py has to be run; `None` where it need not.
    pub fn why_python(&self) -> Option<&str> {
        match (&self.place, &self.env) {
            (Place::Unknown { reason }, _) | (_, EnvPy::Unknown { reason }) => Some(reason),
            _ => None,
        }
    }
}

/// What a person configured for limbec itself.
fn configured(project: &Project, request: &TargetRequest<'_>) -> Result<Option<(DatabaseUrl, UrlOrigin)>, TargetError> {
    let parsed = |text: &str, origin: UrlOrigin| match DatabaseUrl::parse(text.trim()) {
        Ok(url) => Ok(Some((url, origin))),
        Err(reason) => Err(TargetError::Url { origin, reason }),
    };
    if let Some(url) = request.url {
        return parsed(url, UrlOrigin::Option);
    }
    if let Some(url) = request.url_variable.filter(|url| !url.is_empty()) {
        return parsed(url, UrlOrigin::Variable);
    }
    let settings = project.settings.origin.clone().unwrap_or_default();
    let Some(source) = &project.settings.url else { return Ok(None) };
    let text = source.resolve(request.environment).map_err(|error| match error {
        UrlSourceError::NotSet { name } => TargetError::NotSet { settings: settings.clone(), name },
        UrlSourceError::File { path, reason } => TargetError::File { settings: settings.clone(), path, reason },
    })?;
    let origin = match source {
        UrlSource::Literal(_) => UrlOrigin::SettingLiteral { settings },
        UrlSource::Environment(name) => UrlOrigin::SettingVariable { settings, name: name.clone() },
        UrlSource::File(path) => UrlOrigin::SettingFile { settings, path: path.clone() },
    };
    parsed(&text, origin)
}

impl EnvPy {
    /// Reads an env.py. One that is understood needs no record; a record of another version of it is worth nothing.
    pub fn read(path: &Path, adopted: Option<&Adopted>) -> Self {
        let source = match std::fs::read(path) {
            Ok(source) => source,
            Err(error) => return Self::Unknown { reason: format!("cannot read {}: {error}", path.display()) },
        };
        let reason = match std::str::from_utf8(&source).map(read_env) {
            Ok(Ok(summary)) => return Self::Understood(Box::new(summary)),
            Ok(Err(not_understood)) => not_understood.to_string(),
            Err(_) => "env.py is not UTF-8".to_owned(),
        };
        match adopted.map(|record| (record, record.state(&source))) {
            Some((record, AdoptedState::Valid)) => Self::Adopted(record.clone()),
            Some((_, AdoptedState::Changed)) => Self::Unknown {
                reason: format!("env.py has changed since `limbec adopt` looked at it, and cannot be read: {reason}"),
            },
            None => Self::Unknown { reason },
        }
    }

    fn place(&self, project: &Project, request: &TargetRequest<'_>) -> Place {
        let summary = match self {
            Self::Understood(summary) => summary,
            Self::Adopted(_) => {
                let reason = "env.py was adopted, but no url is in limbec's settings".to_owned();
                return Place::Unknown { reason };
            }
            Self::Unknown { reason } => return Place::Unknown { reason: reason.clone() },
        };
        let sources = Sources {
            environment: request.environment,
            ini: &|option| project.main_option(option).ok().flatten(),
            imported: None,
        };
        let text = match summary.resolve_url(&sources) {
            Ok(text) => text,
            Err(error) => return Place::Unknown { reason: error.to_string() },
        };
        let variables: Vec<String> = summary.url.variables().into_iter().map(str::to_owned).collect();
        let origin = match &summary.url {
            Text::Ini(..) => UrlOrigin::Ini { ini: project.ini_path() },
            _ => UrlOrigin::EnvPy { variables },
        };
        match DatabaseUrl::parse(&text) {
            // Alembic fails with these, and running env.py says how.
            Err(error) => Place::Unknown { reason: format!("{origin}: {error}") },
            Ok(url) if url.is_refused_by_sqlalchemy() => Place::Unknown {
                reason: format!("SQLAlchemy does not know 'postgres://' (the URL comes from {origin})"),
            },
            Ok(url) => Place::Known { url, origin },
        }
    }

    /// Whether env.py, which gets this URL as `sqlalchemy.url`, connects by exactly that one. What it adds to the URL, replaces in it or takes from
    /// elsewhere would be unknown to a connection of limbec's.
    pub fn connects_by(
        &self,
        url: &DatabaseUrl,
        project: &Project,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> bool {
        let Self::Understood(summary) = self else { return false };
        let given = url.accepted_by_sqlalchemy().with_password();
        let ini = |option: &str| match option {
            "sqlalchemy.url" => Some(given.clone()),
            _ => project.main_option(option).ok().flatten(),
        };
        let taken = summary.resolve_url(&Sources { environment, ini: &ini, imported: None });
        taken.ok().and_then(|text| DatabaseUrl::parse(&text).ok()).is_some_and(|taken| taken.is_same_but_driver(url))
    }

    /// The version table that env.py configures.
    pub fn version_table(&self) -> Option<VersionTableName> {
        let default = || VersionTableName::default().name;
        match self {
            Self::Understood(summary) => Some(VersionTableName {
                name: summary.version_table.clone().unwrap_or_else(default),
                schema: summary.version_table_schema.clone(),
                primary_key: summary.version_table_pk,
            }),
            Self::Adopted(record) => Some(VersionTableName {
                name: record.version_table.clone(),
                schema: record.version_table_schema.clone(),
                primary_key: record.version_table_pk,
            }),
            Self::Unknown { .. } => None,
        }
    }

    pub(super) fn transaction(&self) -> Option<TransactionMode> {
        let per_revision = match self {
            Self::Understood(summary) => summary.transaction_per_migration,
            Self::Adopted(record) => record.transaction_per_migration,
            Self::Unknown { .. } => return None,
        };
        Some(if per_revision { TransactionMode::PerRevision } else { TransactionMode::PerRun })
    }

    /// Whether env.py is known to call `configure` and `run_migrations` exactly once.
    pub fn is_single_run(&self) -> bool {
        match self {
            Self::Understood(_) => true,
            Self::Adopted(record) => record.single_run,
            Self::Unknown { .. } => false,
        }
    }

    /// Whether code runs with every change of the version table (`on_version_apply`), so that a stamp needs Python too.
    pub fn runs_code_on_stamp(&self) -> bool {
        match self {
            Self::Understood(summary) => summary.on_version_apply,
            Self::Adopted(record) => record.on_version_apply,
            Self::Unknown { .. } => true,
        }
    }
}

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;
