use std::cell::RefCell;

use super::super::context::CommandContext;
use super::super::databases::{Direct, hidden_url};
use super::super::deploy::Change;
use super::super::engine::Mutation;
use super::super::error::CommandError;
use crate::database::{Access, Connection, VersionTableName};
use crate::gate::check_baselines;
use crate::migrate::{Operation, Purge, RunTarget};
use crate::operation;
use crate::plan::Plan;
use crate::revision::RevisionId;

/// One database and what is planned for it.
pub(in crate::cli) struct DryRunTarget {
    /// Its URL, password hidden; empty where that is not known.
    pub(super) url: String,
    /// SQLAlchemy's name of the dialect, perhaps with the driver; `None`: env.py decides.
    pub(super) driver: Option<String>,
    /// Where the heads are.
    pub(super) table: VersionTableName,
    /// The schemas that the scripts' connection looks in; none: where connections look.
    pub(super) search_path: Vec<String>,
    /// Whether that table is there.
    pub(super) has_version_table: bool,
    /// What the plan starts from, in the order of the database.
    pub(super) rows: Vec<RevisionId>,
    /// How many rows are deleted first (`--purge`).
    pub(super) purged: Option<usize>,
    /// What would be done.
    pub(super) plan: Plan,
    /// Of limbec's own, where it speaks the dialect and may connect; taken by whoever asks first.
    pub(super) connection: RefCell<Option<Connection>>,
}

impl DryRunTarget {
    /// Which language the database speaks.
    pub(super) fn dialect(&self) -> operation::Dialect {
        let name = self.driver.as_deref().unwrap_or_default();
        operation::Dialect::named(name.split('+').next().unwrap_or_default())
    }
}

impl CommandContext {
    /// Every database that env.py works on, with the plan for it.
    ///
    /// # Errors
    /// A database that does not answer, and a target that does not fit the graph or the heads.
    pub(super) fn dry_run_targets(&mut self, change: &Change<'_>) -> Result<Vec<DryRunTarget>, CommandError> {
        if let Some(Direct { mut connection, table, url }) = self.direct(Access::Read)? {
            let rows = connection.version_rows(&table)?;
            let driver = connection.dialect().to_string();
            let found = Found { url, driver: Some(driver), table, rows, connection: Some(connection) };
            return Ok(vec![self.planned(change, found)?]);
        }
        let runs = self.observe_env(Mutation::Undone)?;
        runs.into_iter().map(|(rows, target)| self.observed(change, rows, &target)).collect()
    }

    /// What env.py found; whether there is a version table without rows is asked on a connection of limbec's own.
    fn observed(
        &mut self,
        change: &Change<'_>,
        rows: Vec<RevisionId>,
        target: &RunTarget,
    ) -> Result<DryRunTarget, CommandError> {
        let table = target.table();
        let url = target.native_url();
        // Some databases are open to env.py alone (a token, a tunnel).
        let mut connection =
            url.and_then(|url| Connection::open(&url, &self.database_environment(), Access::Read).ok());
        let has_table = match &mut connection {
            Some(connection) => connection.version_rows(&table).is_ok_and(|rows| rows.is_some()),
            None => !rows.is_empty(),
        };
        let driver = Some(target.dialect.clone()).filter(|name| !name.is_empty());
        let rows = (has_table || !rows.is_empty()).then_some(rows);
        self.planned(change, Found { url: hidden_url(target), driver, table, rows, connection })
    }

    fn planned(&mut self, change: &Change<'_>, found: Found) -> Result<DryRunTarget, CommandError> {
        let Found { url, driver, table, rows, connection } = found;
        let connection = RefCell::new(connection);
        let has_version_table = rows.is_some();
        let rows = rows.unwrap_or_default();
        let (rows, purged) = match change.purge {
            Purge::Nothing => (rows, None),
            Purge::All => (Vec::new(), has_version_table.then_some(rows.len())),
        };
        let scripts = self.scripts()?;
        let plan = change.operation.plan(&scripts.map, &rows)?;
        if !matches!(change.operation, Operation::Stamp { .. }) {
            check_baselines(&scripts, &plan)?;
        }
        for warning in &plan.warnings {
            self.ui.warning(&warning.to_string());
        }
        let search_path = self.project()?.settings.deploy.search_path.resolve(table.schema.as_deref());
        Ok(DryRunTarget { url, driver, table, search_path, has_version_table, rows, purged, plan, connection })
    }
}

/// What is known of a database before anything is planned.
struct Found {
    url: String,
    driver: Option<String>,
    table: VersionTableName,
    /// `None`: there is no version table.
    rows: Option<Vec<RevisionId>>,
    connection: Option<Connection>,
}
