//! `--dry-run`: what upgrade, downgrade and stamp would do, told without doing it.
//!
//! The database is only asked: by limbec's own connection where it is known, else by env.py, run as `current` runs it. The SQL is
//! what env.py prints offline, or what limbec would send where it runs the plan itself; a script that cannot be printed is shown by the calls that limbec reads in it.

mod asked;
mod execution;
mod json;
mod made;
mod native;
mod report;
mod source;
mod target;
mod text;

use super::args::Format;
use super::change_args::DryRunArg;
use super::context::CommandContext;
use super::deploy::Change;
use super::engine::Mutation;
use super::error::{CommandError, ErrorKind};
use crate::config::DeployOptions;
use crate::migrate::{self, MigrateError, Operation, RenderedStep};
use crate::plan::Plan;
use crate::runtime::{RenderedDatabase, Rendering};
use report::Report;
use source::Sources;
use target::DryRunTarget;
pub(super) use text::{at, sql};

/// The SQL of every step of every plan, or why there is none.
type Rendered = Result<Vec<Vec<RenderedStep>>, String>;

impl CommandContext {
    /// Tells what a change would do.
    ///
    /// # Errors
    /// There is no plan: a database that does not answer, a target that does not fit.
    pub(super) fn dry_run(&mut self, change: &Change<'_>) -> Result<(), CommandError> {
        if change.offline {
            return Err(CommandError::usage("--sql prints SQL for a range, --dry-run for the database as it is")
                .hint("leave one of them out"));
        }
        if change.args.dry_run == Some(DryRunArg::Execute) {
            return self.rehearse(change);
        }
        let options = change.args.run.over(&self.project()?.settings.deploy);
        let targets = self.dry_run_targets(change)?;
        let rendered = match change.operation {
            Operation::Stamp { .. } => Ok(Vec::new()),
            Operation::Upgrade { .. } | Operation::Downgrade { .. } => self.rendered(&targets, &options)?,
        };
        let sources = Sources::read(self, &targets)?;
        let scripts = self.scripts()?;
        let report = Report::of(&targets, &rendered, &sources);
        if change.args.format == Format::Json {
            self.ui.json(&json::Document::of(&report, &sources));
            return Ok(());
        }
        for line in text::lines(&report, &sources, &scripts) {
            self.ui.result(&line);
        }
        Ok(())
    }

    /// What limbec would send itself, or what env.py prints offline.
    ///
    /// # Errors
    /// Ctrl-C.
    fn rendered(&mut self, targets: &[DryRunTarget], options: &DeployOptions) -> Result<Rendered, CommandError> {
        if targets.iter().all(|target| target.plan.steps.is_empty()) {
            return Ok(Ok(Vec::new()));
        }
        let rendered = match self.rendered_natively(targets, options) {
            Ok(Some(steps)) => Ok(steps),
            Ok(None) => self.render(targets),
            Err(error) => Err(error),
        };
        match rendered {
            Err(error) if error.kind == ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let causes = error.causes.first().map(|cause| format!(" ({cause})")).unwrap_or_default();
                Ok(Err(format!("{}{causes}", error.sentence)))
            }
            Ok(steps) => Ok(Ok(steps)),
        }
    }

    fn render(&mut self, targets: &[DryRunTarget]) -> Result<Vec<Vec<RenderedStep>>, CommandError> {
        let argv = self.invocation.alembic.clone();
        let invocation = self.engine_invocation(argv, Mutation::Undone)?;
        let databases = targets
            .iter()
            .map(|target| RenderedDatabase {
                heads: target.rows.iter().map(ToString::to_string).collect(),
                driver: target.driver.clone(),
                has_version_table: target.has_version_table,
            })
            .collect();
        let plans: Vec<Plan> = targets.iter().map(|target| target.plan.clone()).collect();
        let runtime = self.runtime()?;
        self.ui.flush();
        let steps = migrate::render_env(&runtime, Rendering { invocation, databases }, &plans);
        steps.map_err(|error: MigrateError| self.migrate_error(error))
    }
}
