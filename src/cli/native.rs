//! Plans whose every step is SQL that limbec runs itself: no Python is needed, nor looked for.

use super::context::CommandContext;
use super::error::CommandError;
use crate::config::{DatabaseTarget, DeployOptions, EnvPy, Place, SqlRevisionsSetting};
use crate::database::{Connection, DatabaseUrl, Dialect, VersionTableName};
use crate::migrate::{self, Deployment, HasRun, MigrateError, NativeRun, RunTarget, SqlSteps, Supervisor};
use crate::plan::{Plan, TransactionMode};
use crate::revision::RevisionIndex;
use crate::runtime::Interruption;
use crate::script::{ScriptDirectory, SqlRevision};
use crate::sqlfile::{SqlDialect, SqlFileProblem, Variables};

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
        self,
        deployment: &mut Deployment<'_>,
        scripts: &ScriptDirectory,
    ) -> Result<HasRun, MigrateError> {
        if !self.reads_alike(deployment.connection())? {
            return Ok(HasRun::No);
        }
        let plan = deployment.plan_in_hand().cloned().unwrap_or_default();
        let Some(steps) = self.steps(&plan, scripts) else { return Ok(HasRun::No) };
        let run = NativeRun {
            target: &self.target,
            steps: &steps,
            setup: &self.setup(),
            search_path: &self.search_path,
            transaction: self.transaction,
            is_interrupted: Interruption::is_requested,
        };
        deployment.set_transactions();
        deployment.run(&mut |supervisor| migrate::run_native(&run, supervisor))?;
        Ok(HasRun::Yes)
    }

    /// The same with `${schema}` as it would be now, for those who only look.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) fn looking(self, connection: Option<&mut Connection>) -> Result<Self, MigrateError> {
        let variables = looked_up(&self.variables, self.dialect, &self.search_path, connection)?;
        Ok(Self { variables, ..self })
    }

    /// What limbec's own SQLite decides otherwise than the one that Python has (its build turns foreign keys on).
    fn setup(&self) -> Vec<String> {
        match self.dialect {
            SqlDialect::Sqlite => vec!["PRAGMA foreign_keys = OFF".to_owned()],
            SqlDialect::Postgres => Vec::new(),
        }
    }

    /// Whether a text means on this connection what it means on one that Python's driver has set up.
    fn reads_alike(&self, connection: Option<&mut Connection>) -> Result<bool, MigrateError> {
        let (SqlDialect::Postgres, Some(connection)) = (self.dialect, connection) else { return Ok(true) };
        // psycopg2 sets the first where it is another, and limbec's lexer rests on the second.
        const USUAL: &str = "SELECT (pg_catalog.current_setting('DateStyle') LIKE 'ISO%' \
            AND pg_catalog.current_setting('standard_conforming_strings') = 'on')::text";
        Ok(connection.first_column(USUAL, &[])?.first().is_some_and(|usual| usual == "true"))
    }
}

/// Variables with `schema` as it would be now: the first schema of the search path, else what the connection has.
///
/// # Errors
/// The database does not answer.
pub(super) fn looked_up(
    variables: &Variables,
    dialect: SqlDialect,
    search_path: &[String],
    connection: Option<&mut Connection>,
) -> Result<Variables, MigrateError> {
    let mut variables = variables.clone();
    if let (None, Some(first)) = (variables.get(SCHEMA), search_path.first()) {
        variables.set(SCHEMA, first).map_err(|problem| MigrateError::Refused(problem.into()))?;
    }
    migrate::with_schema(&variables, dialect, connection).map_err(MigrateError::Refused)
}

/// Variables by which libpq, and so Python's driver, changes settings of a session, which limbec's own connection does not know.
pub(super) const LIBPQ_SETTINGS: [&str; 4] = ["PGTZ", "PGDATESTYLE", "PGGEQO", "PGCLIENTENCODING"];

/// Why a database is left to env.py although its URL is known.
pub(super) const OTHER_URL: &str =
    "env.py does not connect by the URL as it is given, but changes it or takes another one";

/// The variable that every file may use.
pub(super) const SCHEMA: &str = "schema";

/// What decides how limbec runs SQL revisions itself, whichever database it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct NativeTerms {
    /// As env.py says; `None`: as the dialect has it.
    transactional_ddl: Option<bool>,
    /// Whether env.py has a transaction for each revision.
    is_separate: bool,
    /// What the settings or the command line say that one transaction spans.
    asked: Option<TransactionMode>,
}

impl NativeTerms {
    /// The same for one database; `None`: limbec does not speak its dialect.
    pub(super) fn way(
        self,
        url: &DatabaseUrl,
        table: &VersionTableName,
        options: &DeployOptions,
        variables: Variables,
    ) -> Option<NativeWay> {
        let dialect = match url.dialect() {
            Dialect::Postgres => SqlDialect::Postgres,
            Dialect::Sqlite => SqlDialect::Sqlite,
            Dialect::Other(_) => return None,
        };
        let transactional_ddl = self.transactional_ddl.unwrap_or(dialect == SqlDialect::Postgres);
        // Where Alembic leaves a failed revision half done, limbec undoes it.
        let spans_run = transactional_ddl && !self.is_separate;
        let of_env = if spans_run { TransactionMode::PerRun } else { TransactionMode::PerRevision };
        let transaction = self.asked.unwrap_or(of_env);
        let target = RunTarget {
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
        Some(NativeWay { target, transaction, search_path, variables, dialect })
    }
}

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
        let Ok(terms) = self.native_terms(&target.env, options)? else { return Ok(None) };
        if self.why_not_by(&target)?.is_some() {
            return Ok(None);
        }
        Ok(terms.way(url, table, options, self.sql_variables(table)?))
    }

    /// Why the URL that limbec was told is not enough to connect as env.py would; `None`: it is.
    fn why_not_by(&mut self, target: &DatabaseTarget) -> Result<Option<&'static str>, CommandError> {
        let Place::Known { url, origin } = &target.place else { return Ok(None) };
        let project = self.project()?;
        let variable = |name: &str| self.environment.variables.get(name)?.to_str().map(str::to_owned);
        let is_taken = !origin.is_override() || target.env.connects_by(url, &project, &variable);
        Ok((!is_taken).then_some(OTHER_URL))
    }

    /// The terms on which limbec runs SQL revisions itself, or why Python has to: a sentence without a full stop.
    ///
    /// # Errors
    /// A configuration that cannot be read.
    pub(super) fn native_terms(
        &mut self,
        env: &EnvPy,
        options: &DeployOptions,
    ) -> Result<Result<NativeTerms, String>, CommandError> {
        let EnvPy::Understood(env) = env else {
            let why = match env {
                EnvPy::Unknown { reason } => format!(": {reason}"),
                _ => String::new(),
            };
            return Ok(Err(format!("env.py is not understood, and may take part in SQL revisions{why}")));
        };
        let setting = options.sql_revisions;
        let has_variable = |name: &&&str| self.environment.variable(name).is_some();
        let changes_session = LIBPQ_SETTINGS.iter().find(has_variable).copied();
        let has_engine_options = self.project()?.has_engine_options();
        let may_listen = env.imported.is_some() && setting != SqlRevisionsSetting::Native;
        let reason = if let Some(name) = changes_session {
            format!("{name} changes the session of Python's driver")
        } else if setting == SqlRevisionsSetting::Python {
            "the setting `sql-revisions` is python".to_owned()
        } else if env.on_version_apply {
            "env.py does something at every change of the version table (on_version_apply)".to_owned()
        } else if env.listens {
            "env.py listens to SQLAlchemy".to_owned()
        } else if env.changes_environment {
            "env.py changes the environment".to_owned()
        } else if env.runs_bare {
            "env.py runs the migrations without begin_transaction()".to_owned()
        } else if has_engine_options {
            "the ini has options of SQLAlchemy's engine".to_owned()
        } else if may_listen {
            let module = env.imported.as_deref().unwrap_or_default();
            format!(
                "{module}, which env.py imports, may listen to SQLAlchemy (`sql-revisions = \"native\"` says that it does not)"
            )
        } else {
            let asked = self.globals.transaction.or(self.project()?.settings.transaction);
            let terms = NativeTerms {
                transactional_ddl: env.transactional_ddl,
                is_separate: env.transaction_per_migration,
                asked,
            };
            return Ok(Ok(terms));
        };
        Ok(Err(reason))
    }

    /// Why Python has to run the SQL revisions of this project; `None`: limbec does.
    ///
    /// # Errors
    /// A configuration that cannot be read.
    pub(super) fn why_not_native(&mut self, options: &DeployOptions) -> Result<Option<String>, CommandError> {
        let target = self.database_target()?;
        if let Err(why) = self.native_terms(&target.env, options)? {
            return Ok(Some(why));
        }
        if let Some(why) = self.why_not_by(&target)? {
            return Ok(Some(why.to_owned()));
        }
        match target.known().map(|(url, _)| url.dialect()) {
            None => Ok(Some(target.why_python().unwrap_or("the database is not known").to_owned())),
            Some(Dialect::Other(name)) => Ok(Some(format!("{name} is spoken by SQLAlchemy alone"))),
            Some(_) => Ok(None),
        }
    }

    /// Why Python runs SQL that is planned, or that is in the project where there is no plan; `None`: there is none, or nothing is
    /// known that stands against limbec.
    pub(super) fn why_python_runs(&mut self, plan: Option<&Plan>, options: &DeployOptions) -> Option<String> {
        let scripts = self.scripts().ok()?;
        let is_sql = |index: &RevisionIndex| SqlRevision::at(&scripts.script(*index).path).is_some();
        let planned: Vec<RevisionIndex> = match plan {
            Some(plan) => plan.steps.iter().filter_map(|step| scripts.map.position(step.revision.as_str())).collect(),
            None => scripts.map.iter().collect(),
        };
        let (sql, other): (Vec<RevisionIndex>, Vec<_>) = planned.into_iter().partition(is_sql);
        let python = plan.and(other.first()).map(|index| &scripts.map.revision(*index).id);
        match (sql.is_empty(), python) {
            (true, _) => None,
            (false, Some(python)) => Some(format!("{python}, which is in the same plan, is a Python file")),
            (false, None) => self.why_not_native(options).ok().flatten(),
        }
    }

    /// The `-x NAME=VALUE` arguments, and the schema of the version table as `schema`.
    pub(super) fn sql_variables(&self, table: &VersionTableName) -> Result<Variables, CommandError> {
        let arguments = self.globals.x.iter().map(String::as_str);
        variables_of(table, arguments).map_err(|problem| CommandError::usage(problem.to_string()))
    }
}

/// The schema of a version table as `schema`, and `-x` arguments, of which the last of a name counts.
pub(super) fn variables_of<'x>(
    table: &VersionTableName,
    arguments: impl Iterator<Item = &'x str>,
) -> Result<Variables, SqlFileProblem> {
    let mut variables = Variables::default();
    if let Some(schema) = &table.schema {
        variables.set(SCHEMA, schema)?;
    }
    for argument in arguments {
        let (name, value) = argument.split_once('=').unwrap_or((argument, ""));
        // What is no name of a variable is for env.py.
        let _ = variables.set(name, value);
    }
    Ok(variables)
}
