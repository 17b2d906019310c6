//! `--sql` without Python: what Alembic's offline mode prints for a plan of SQL revisions alone, in its very characters. Where
//! there is Python, it prints: another version of Alembic or SQLAlchemy may put a statement otherwise.

use super::context::CommandContext;
use super::error::CommandError;
use super::native::variables_of;
use crate::config::EnvPy;
use crate::database::{Dialect, VersionTableName};
use crate::migrate::{MigrateError, Operation, SqlSteps, StepSource};
use crate::plan::{Direction, HeadChange, Plan, Step};
use crate::revision::{RevisionId, RevisionMap};
use crate::sqlfile::SqlDialect;

/// What is printed, and how.
struct Offline<'a> {
    map: &'a RevisionMap,
    table: &'a VersionTableName,
    dialect: SqlDialect,
    /// Around the run, around each step, or not at all.
    transactions: Transactions,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Transactions {
    None,
    Run,
    Step,
}

impl CommandContext {
    /// Prints the SQL of a plan where there is no Python that could; `from`: where the plan begins, as typed. False: it is Python's, and
    /// says what is missing.
    ///
    /// # Errors
    /// A symbol that stands for no revision, and an SQL file that cannot be run.
    pub(super) fn prints_sql_itself(
        &mut self,
        operation: &Operation,
        from: Option<&str>,
    ) -> Result<bool, CommandError> {
        if self.has_alembic() {
            return Ok(false);
        }
        let Some((url, table)) = self.known_database()? else { return Ok(false) };
        let target = self.database_target()?;
        let options = self.project()?.settings.deploy.clone();
        let asked = self.globals.transaction.or(self.project()?.settings.transaction);
        let EnvPy::Understood(env) = &target.env else { return Ok(false) };
        if asked.is_some() || !env.is_alike_offline || self.native_terms(&target.env, &options)?.is_err() {
            return Ok(false);
        }
        let dialect = match url.dialect() {
            Dialect::Postgres => SqlDialect::Postgres,
            Dialect::Sqlite => SqlDialect::Sqlite,
            Dialect::Other(_) => return Ok(false),
        };
        let transactions = match env.transactional_ddl.unwrap_or(dialect == SqlDialect::Postgres) {
            false => Transactions::None,
            true if env.transaction_per_migration => Transactions::Step,
            true => Transactions::Run,
        };
        let scripts = self.scripts()?;
        let rows = match from.filter(|from| *from != "base") {
            Some(from) => scripts.map.resolve_one(from)?.map(|index| scripts.map.revision(index).id.clone()),
            None => None,
        };
        let plan = operation.plan(&scripts.map, rows.as_slice())?;
        let arguments = self.globals.x.iter().map(String::as_str);
        let mut variables =
            variables_of(&table, arguments).map_err(|problem| CommandError::usage(problem.to_string()))?;
        if dialect == SqlDialect::Sqlite && variables.get("schema").is_none() {
            variables.set("schema", "main").map_err(|problem| CommandError::usage(problem.to_string()))?;
        }
        let Some(steps) = SqlSteps::of(&plan, &scripts, dialect, variables) else { return Ok(false) };
        let offline = Offline { map: &scripts.map, table: &table, dialect, transactions };
        if !offline.is_plain(&plan) {
            return Ok(false);
        }
        let mut print = |text: &str| self.ui.static_output(text);
        offline.print(&plan, &steps, &mut print).map_err(|error| self.migrate_error(error))?;
        Ok(true)
    }

    fn has_alembic(&mut self) -> bool {
        self.runtime().is_ok_and(|runtime| runtime.interpreter().packages().version_of("alembic").is_some())
    }
}

impl Offline<'_> {
    /// Whether no name needs quotes, about which dialects differ.
    fn is_plain(&self, plan: &Plan) -> bool {
        let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        let ids = plan.steps.iter().flat_map(|step| step.from_heads.iter().chain(&step.to_heads));
        ids.map(RevisionId::as_str).all(plain) && self.table.is_plain()
    }

    fn print(&self, plan: &Plan, steps: &SqlSteps, print: &mut dyn FnMut(&str)) -> Result<(), MigrateError> {
        if self.transactions == Transactions::Run {
            print("BEGIN;");
        }
        for step in &plan.steps {
            if self.transactions == Transactions::Step {
                print("BEGIN;");
            }
            self.step(step, steps, print)?;
            if self.transactions == Transactions::Step {
                print("COMMIT;");
            }
        }
        if self.transactions == Transactions::Run {
            print("COMMIT;");
        }
        Ok(())
    }

    fn step(&self, step: &Step, steps: &SqlSteps, print: &mut dyn FnMut(&str)) -> Result<(), MigrateError> {
        if step.from_heads.is_empty() {
            print(&format!("{};", self.table.create_statement_like_sqlalchemy().replace('\t', "    ")));
        }
        print(&self.heading(step));
        let script = steps.script(step, None).map_err(MigrateError::Refused)?;
        let leaves = script.outside_transaction && self.transactions != Transactions::None;
        if leaves {
            print("COMMIT;");
        }
        for statement in script.statements {
            print(&format!("{};", statement.map_err(MigrateError::Refused)?.sql));
        }
        if leaves {
            print("BEGIN;");
        }
        step.changes.iter().for_each(|change| print(&self.change(change)));
        Ok(())
    }

    /// Alembic's `RevisionStep.short_log`.
    fn heading(&self, step: &Step) -> String {
        let down = self.map.position(step.revision.as_str()).map(|index| &self.map.revision(index).down);
        let down = down.into_iter().flatten().map(RevisionId::as_str).collect::<Vec<_>>().join(", ");
        let revision = &step.revision;
        match step.direction {
            Direction::Downgrade => format!("-- Running downgrade {revision} -> {down}"),
            Direction::Upgrade | Direction::Stamp => format!("-- Running upgrade {down} -> {revision}"),
        }
    }

    /// As SQLAlchemy writes what Alembic's `HeadMaintainer` sends.
    fn change(&self, change: &HeadChange) -> String {
        let table = self.table.dotted();
        match (change, self.dialect) {
            (HeadChange::Insert(id), SqlDialect::Postgres) => {
                format!("INSERT INTO {table} (version_num) VALUES ('{id}') RETURNING {table}.version_num;")
            }
            // SQLite's dialect names the column alone.
            (HeadChange::Insert(id), SqlDialect::Sqlite) => {
                format!("INSERT INTO {table} (version_num) VALUES ('{id}') RETURNING version_num;")
            }
            (HeadChange::Delete(id), _) => format!("DELETE FROM {table} WHERE {table}.version_num = '{id}';"),
            (HeadChange::Update { from, to }, _) => {
                format!("UPDATE {table} SET version_num='{to}' WHERE {table}.version_num = '{from}';")
            }
        }
    }
}
