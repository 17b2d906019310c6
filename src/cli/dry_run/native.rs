use std::cell::RefCell;

use super::super::context::CommandContext;
use super::super::error::CommandError;
use super::report::change_statement;
use super::target::DryRunTarget;
use crate::config::DeployOptions;
use crate::database::{Connection, VersionTableName};
use crate::migrate::{MigrateError, RenderedPart, RenderedStatement, RenderedStep, SqlSteps, StepSource};
use crate::plan::Plan;

/// Of a longer script, what comes after so many bytes is counted, not shown.
const SHOWN: usize = 256 * 1024;

impl CommandContext {
    /// The SQL of a plan that limbec would run itself; `None`: env.py has to print it.
    ///
    /// # Errors
    /// A file that cannot be run.
    pub(super) fn rendered_natively(
        &mut self,
        targets: &[DryRunTarget],
        options: &DeployOptions,
    ) -> Result<Option<Vec<Vec<RenderedStep>>>, CommandError> {
        let [target] = targets else { return Ok(None) };
        let Some((url, table)) = self.known_database()? else { return Ok(None) };
        let Some(way) = self.native_way(&url, &table, options)? else { return Ok(None) };
        let way = way.looking(target.connection.borrow_mut().as_mut())?;
        let scripts = self.scripts()?;
        let Some(steps) = way.steps(&target.plan, &scripts) else { return Ok(None) };
        let mut rendered = rendered(&target.plan, &steps, &table, &target.connection)?;
        if let Some(first) = rendered.first_mut().filter(|_| !target.has_version_table) {
            let statement = RenderedStatement {
                sql: format!("{};", table.create_statement()),
                part: RenderedPart::Prelude,
                autocommit: false,
            };
            first.statements.insert(0, statement);
        }
        Ok(Some(vec![rendered]))
    }
}

fn rendered(
    plan: &Plan,
    steps: &SqlSteps,
    table: &VersionTableName,
    connection: &RefCell<Option<Connection>>,
) -> Result<Vec<RenderedStep>, MigrateError> {
    let of_step = |step| {
        let script = steps.script(step, connection.borrow_mut().as_mut()).map_err(MigrateError::Refused)?;
        let (mut statements, mut bytes, mut more) = (Vec::new(), 0, 0);
        for statement in script.statements {
            let statement = statement.map_err(MigrateError::Refused)?;
            bytes += statement.sql.len();
            if bytes > SHOWN && !statements.is_empty() {
                more += 1;
                continue;
            }
            let sql = format!("{};", statement.sql);
            statements.push(RenderedStatement {
                sql,
                part: RenderedPart::Script,
                autocommit: script.outside_transaction,
            });
        }
        if more > 0 {
            let sql = format!("-- and {more} more statements");
            statements.push(RenderedStatement { sql, part: RenderedPart::Script, autocommit: false });
        }
        statements.extend(step.changes.iter().map(|change| RenderedStatement {
            sql: format!("{};", change_statement(table, change)),
            part: RenderedPart::Heads,
            autocommit: false,
        }));
        Ok(RenderedStep { statements, failure: None })
    };
    plan.steps.iter().map(of_step).collect()
}
