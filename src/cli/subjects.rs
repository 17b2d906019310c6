//! The databases of a project as `verify` and `repair` work on them.

use super::context::CommandContext;
use super::engine::Mutation;
use super::error::CommandError;
use super::published::git_directory;
use crate::config::HistorySetting;
use crate::database::{DatabaseUrl, Dialect, Environment, HistoryTable, VersionTableName};
use crate::migrate::history_table;
use crate::script::{Locations, ScriptDirectory};
use crate::verify::{RevisionFiles, Subject, VerifyError};

/// One version table, and the files that it should belong to.
pub(super) struct KnownDatabase {
    pub(super) url: DatabaseUrl,
    table: VersionTableName,
    search_path: Vec<String>,
    history: HistoryTable,
    environment: Environment,
    repository: std::path::PathBuf,
}

impl CommandContext {
    /// Every version table of the project's env.py; `verb` is what a dialect that limbec does not speak prevents.
    ///
    /// # Errors
    /// env.py fails, or a database is of a dialect that limbec does not speak itself.
    pub(super) fn known_databases(&mut self, verb: &str) -> Result<Vec<KnownDatabase>, CommandError> {
        let target = self.database_target()?;
        let places = match target.known().filter(|_| target.is_known_without_python()) {
            Some((url, table)) => vec![(url.clone(), table.clone())],
            None => self.observed_places()?,
        };
        places.into_iter().map(|(url, table)| self.known_place(url, table, verb)).collect()
    }

    /// One version table of a database; `verb` is what a dialect that limbec does not speak prevents.
    ///
    /// # Errors
    /// It is of such a dialect.
    pub(super) fn known_place(
        &mut self,
        url: DatabaseUrl,
        table: VersionTableName,
        verb: &str,
    ) -> Result<KnownDatabase, CommandError> {
        if let Dialect::Other(dialect) = url.dialect() {
            return Err(CommandError::failed(format!("limbec cannot {verb} a {dialect} database")).hint(
                "PostgreSQL and SQLite are spoken natively; `limbec check` compares any database with the models",
            ));
        }
        let default = HistorySetting { enabled: false, schema: None, table: None };
        let deploy = &self.project()?.settings.deploy;
        let setting = deploy.history.clone().unwrap_or(default);
        let locations = self.script_settings()?.locations.clone();
        Ok(KnownDatabase {
            search_path: deploy.search_path.resolve(table.schema.as_deref()),
            history: history_table(&setting, &url.dialect()),
            environment: self.database_environment(),
            repository: git_directory(&self.environment, &locations),
            url,
            table,
        })
    }

    fn observed_places(&mut self) -> Result<Vec<(DatabaseUrl, VersionTableName)>, CommandError> {
        let mut places = Vec::new();
        for (_, target) in self.observe_env(Mutation::Forbidden)? {
            let url = target.url.as_deref().unwrap_or_default();
            let url = DatabaseUrl::parse(url).map_err(crate::database::DatabaseError::from)?;
            if !places.iter().any(|(other, table): &(DatabaseUrl, VersionTableName)| {
                other.is_same_database(&url) && *table == target.table()
            }) {
                places.push((url, target.table()));
            }
        }
        Ok(places)
    }
}

impl KnownDatabase {
    /// The URL without its password.
    pub(super) fn shown_url(&self) -> String {
        self.url.accepted_by_sqlalchemy().obfuscated()
    }

    /// Where limbec's history is, if there is one.
    pub(super) fn history_table(&self) -> VersionTableName {
        self.history.as_version_table()
    }

    pub(super) fn table(&self) -> &VersionTableName {
        &self.table
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }

    pub(super) fn subject<'a>(&'a self, scripts: &'a ScriptDirectory, files: &'a RevisionFiles) -> Subject<'a> {
        Subject {
            url: &self.url,
            environment: &self.environment,
            table: &self.table,
            search_path: self.search_path.clone(),
            history: &self.history,
            scripts,
            files,
            repository: self.repository.clone(),
        }
    }
}

/// What the files of a project do.
pub(super) fn read_files(locations: &Locations, scripts: &ScriptDirectory) -> RevisionFiles {
    RevisionFiles::read(locations, scripts)
}

impl From<VerifyError> for CommandError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Database(error) => error.into(),
            VerifyError::Lock(error) => error.into(),
            VerifyError::Catalogue(crate::catalogue::CatalogueError::Database(error)) => error.into(),
            VerifyError::History(error) => error.into(),
            error @ VerifyError::Catalogue(_) => Self::from_error(&error, false),
        }
    }
}
