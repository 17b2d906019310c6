//! Plans whose every step is SQL that limbec runs itself: no Python is needed, nor looked for.

use super::context::CommandContext;
use super::deploy::HasRun;
use super::error::CommandError;
use crate::config::{DeployOptions, EnvPy, SqlRevisionsSetting};
use crate::database::{Connection, DatabaseError, DatabaseUrl, Dialect, VersionTableName};
use crate::migrate::{self, Deployment, MigrateError, NativeRun, RunTarget, SqlSteps, Supervisor};
use crate::plan::{Plan, TransactionMode};
use crate::runtime::Interruption;
use crate::script::ScriptDirectory;
use crate::sqlfile::{SqlDialect, Variables};

/// How steps that are SQL are run on one database.
pub(super) struct NativeWay {
    /// As env.py's own run would have it.
    target: RunTarget,
    /// What one transaction spans.
    transaction: TransactionMode,
    /// The schemas that names without one are looked for in; none: where the connection looks.
    search_path: Vec<String>,
    /// Values for the files.
    variables: Variables,
    dialect: SqlDialect,
}

impl NativeWay {
    /// The steps of a plan; `None`: one of them needs Python.
    pub(super) fn steps(&self, plan: &Plan, scripts: &ScriptDirectory) -> Option<SqlSteps> {
        SqlSteps::of(plan, scripts, self.dialect, self.variables.clone())
    }

    /// Runs the plan that a deployment has made ready, under its lock; nothing, if a step of it needs Python.
    ///
    /// # Errors
    /// Those of the deployment and of `run_native`.
    pub(super) fn run(
        mut self,
        deployment: &mut Deployment<'_>,
        scripts: &ScriptDirectory,
    ) -> Result<HasRun, MigrateError> {
        self.name_schema(deployment.connection())?;
        let plan = deployment.plan_in_hand().cloned().unwrap_or_default();
        let Some(steps) = self.steps(&plan, scripts) else { return Ok(HasRun::No) };
        let run = NativeRun {
            target: &self.target,
            steps: &steps,
            setup: &self.setup(),
            search_path: &self.search_path,
            transaction: self.transaction,
            is_interrupted: &Interruption::is_requested,
        };
        deployment.run(&mut |supervisor| migrate::run_native(&run, supervisor))?;
        Ok(HasRun::Yes)
    }

    /// What limbec's own SQLite decides otherwise than the one that Python has (its build turns foreign keys on).
    fn setup(&self) -> Vec<String> {
        match self.dialect {
            SqlDialect::Sqlite => vec!["PRAGMA foreign_keys = OFF".to_owned()],
            SqlDialect::Postgres => Vec::new(),
        }
    }

    /// Gives `${schema}` a value, if it has none yet: where names without a schema are looked for.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) fn name_schema(&mut self, connection: Option<&mut Connection>) -> Result<(), MigrateError> {
        if self.variables.get(SCHEMA).is_some() {
            return Ok(());
        }
        let current = current_schema(self.dialect, &self.search_path, connection)?;
        match current {
            Some(schema) => {
                self.variables.set(SCHEMA, &schema).map_err(|problem| MigrateError::Refused(problem.into()))
            }
            None => Ok(()),
        }
    }
}

/// Where names without a schema are looked for.
pub(super) fn current_schema(
    dialect: SqlDialect,
    search_path: &[String],
    connection: Option<&mut Connection>,
) -> Result<Option<String>, DatabaseError> {
    Ok(match (dialect, search_path.first(), connection) {
        (SqlDialect::Sqlite, ..) => Some("main".to_owned()),
        (SqlDialect::Postgres, Some(first), _) => Some(first.clone()),
        (SqlDialect::Postgres, None, Some(connection)) => {
            connection.first_column("SELECT pg_catalog.current_schema()", &[])?.pop()
        }
        (SqlDialect::Postgres, None, None) => None,
    })
}

/// The variable that every file may use.
pub(super) const SCHEMA: &str = "schema";

impl CommandContext {
    /// How limbec would run SQL revisions on this database itself; `None`: Python has to, as far as anybody knows.
    ///
    /// # Errors
    /// A `-x` argument that cannot be the value of a variable.
    pub(super) fn native_way(
        &mut self,
        url: &DatabaseUrl,
        table: &VersionTableName,
        options: &DeployOptions,
    ) -> Result<Option<NativeWay>, CommandError> {
        let target = self.database_target()?;
        let EnvPy::Understood(env) = &target.env else { return Ok(None) };
        let setting = options.sql_revisions;
        let may_listen = env.imported.is_some() && setting != SqlRevisionsSetting::Native;
        if setting == SqlRevisionsSetting::Python || env.on_version_apply || may_listen {
            return Ok(None);
        }
        let dialect = match url.dialect() {
            Dialect::Postgres => SqlDialect::Postgres,
            Dialect::Sqlite => SqlDialect::Sqlite,
            Dialect::Other(_) => return Ok(None),
        };
        let transactional_ddl = env.transactional_ddl.unwrap_or(dialect == SqlDialect::Postgres);
        let asked = self.globals.transaction.or(self.project()?.settings.transaction);
        // Where Alembic leaves a failed revision half done, limbec undoes it.
        let spans_run = transactional_ddl && !env.transaction_per_migration;
        let of_env = if spans_run { TransactionMode::PerRun } else { TransactionMode::PerRevision };
        let transaction = asked.unwrap_or(of_env);
        let run = RunTarget {
            url: Some(url.with_password()),
            dialect: url.dialect().to_string(),
            version_table: table.name.clone(),
            version_table_schema: table.schema.clone(),
            version_table_pk: table.primary_key,
            transactional_ddl,
            transaction_per_migration: transaction == TransactionMode::PerRevision,
            ..RunTarget::default()
        };
        let search_path = options.search_path.resolve(table.schema.as_deref());
        Ok(Some(NativeWay { target: run, transaction, search_path, variables: self.sql_variables(table)?, dialect }))
    }

    /// The `-x NAME=VALUE` arguments, and the schema of the version table as `schema`.
    pub(super) fn sql_variables(&self, table: &VersionTableName) -> Result<Variables, CommandError> {
        let mut variables = Variables::default();
        let fault = |problem: crate::sqlfile::SqlFileProblem| CommandError::usage(problem.to_string());
        if let Some(schema) = &table.schema {
            variables.set(SCHEMA, schema).map_err(fault)?;
        }
        for argument in &self.globals.x {
            let (name, value) = argument.split_once('=').unwrap_or((argument, ""));
            // What is no name of a variable is for env.py.
            let _ = variables.set(name, value);
        }
        Ok(variables)
    }
}
