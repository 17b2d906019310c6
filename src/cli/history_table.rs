//! The history table as the commands see it: who writes into it, and where it is.

use super::context::CommandContext;
use super::databases::Direct;
use super::engine::Mutation;
use super::error::CommandError;
use crate::config::HistorySetting;
use crate::database::{Access, Connection, DatabaseUrl, History, HistoryTable, VersionTableName};
use crate::migrate::{Runner, history_table};
use crate::published::head_commit;
use crate::revision::RevisionId;

/// One database of the project, with what its version table holds.
pub(super) struct Watched {
    /// Its URL, password hidden.
    pub(super) url: String,
    /// The rows of the version table, in the order of the database.
    pub(super) rows: Vec<RevisionId>,
    /// The version table.
    pub(super) table: VersionTableName,
    /// limbec's own connection, for reading; `None` where it speaks another dialect or does not see what env.py sees.
    pub(super) connection: Option<Connection>,
}

impl CommandContext {
    /// Who runs limbec, for the rows of the history.
    ///
    /// # Errors
    /// A project that cannot be read.
    pub(super) fn runner(&mut self) -> Result<Runner, CommandError> {
        let location = self.script_settings()?.locations.script_location.clone();
        Ok(Runner {
            user: whoami::username().ok(),
            host: whoami::hostname().ok(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            git_commit: head_commit(&location),
        })
    }

    /// Where the history of a database is, whether or not it is written by this project's settings.
    ///
    /// # Errors
    /// Settings that cannot be read.
    pub(super) fn history_table(&mut self, connection: &Connection) -> Result<HistoryTable, CommandError> {
        let default = HistorySetting { enabled: false, schema: None, table: None };
        let project = self.project()?;
        let setting = project.settings.deploy.history.as_ref().unwrap_or(&default);
        Ok(history_table(setting, &connection.dialect()))
    }

    /// The history of a version table, if there is one.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) fn history(
        &mut self,
        connection: &mut Connection,
        table: &VersionTableName,
    ) -> Result<Option<History>, CommandError> {
        let history = self.history_table(connection)?;
        Ok(History::open(connection, &history, table)?)
    }

    /// Every database that the project's env.py works on, usually one: by a connection of limbec's own where it is known without
    /// Python, else by running env.py.
    ///
    /// # Errors
    /// No database, or one that does not answer.
    pub(super) fn watched(&mut self) -> Result<Vec<Watched>, CommandError> {
        if let Some(Direct { mut connection, table, url }) = self.direct(Access::Read)? {
            let rows = connection.version_rows(&table)?.unwrap_or_default();
            return Ok(vec![Watched { url, rows, table, connection: Some(connection) }]);
        }
        let environment = self.database_environment();
        let mut watched = Vec::new();
        for (rows, target) in self.observe_env(Mutation::Forbidden)? {
            let url = target.url.as_deref().and_then(|url| DatabaseUrl::parse(url).ok());
            let mut connection = match target.native_url() {
                Some(url) => Some(Connection::open(&url, &environment, Access::Read)?),
                None => None,
            };
            let table = target.table();
            if let Some(own) = &mut connection {
                let mut found = own.version_rows(&table)?.unwrap_or_default();
                let mut theirs = rows.clone();
                found.sort();
                theirs.sort();
                if found != theirs {
                    self.ui.warning(
                        "env.py's connection sees other rows of the version table than limbec's own, so the history is left out \
                         (does env.py set a search_path?)",
                    );
                    connection = None;
                }
            }
            let url = url.map(|url| url.obfuscated()).unwrap_or_default();
            watched.push(Watched { url, rows, table, connection });
        }
        Ok(watched)
    }
}
