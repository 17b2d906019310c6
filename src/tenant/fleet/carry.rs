//! The two ways through a tenant's plan: by Python, and by limbec itself where its statements are rendered.

use super::worker::Worker;
use crate::database::DatabaseUrl;
use crate::migrate::{self, Deployment, MigrateError, NativeRun, RunTarget, Supervisor};
use crate::runtime::{Interruption, Invocation, Rendering};
use crate::tenant::Surveyed;
use crate::tenant::rendered::{Heard, Recorder, RenderedPlan, Turn};

/// A tenant with its database and the command line for it.
pub(super) struct Addressed<'a> {
    pub(super) surveyed: &'a Surveyed,
    pub(super) url: &'a DatabaseUrl,
    pub(super) invocation: Invocation,
}

impl Worker<'_> {
    /// Runs the plan that the deployment has made ready, under its lock.
    pub(super) fn carry_out(
        &mut self,
        deployment: &mut Deployment<'_>,
        tenant: &Addressed<'_>,
    ) -> Result<(), MigrateError> {
        let plan = deployment.plan_in_hand().cloned().unwrap_or_default();
        match self.fleet.renderings.map(|renderings| renderings.turn(&plan)) {
            None | Some(Turn::Python) => self.run_env(deployment, &tenant.invocation),
            Some(Turn::Record(ticket)) => {
                let invocation = Invocation { record: true, ..tenant.invocation.clone() };
                let mut heard = Heard::default();
                let python = self.python()?;
                deployment.run(&mut |supervisor| {
                    migrate::run_env(python, invocation.clone(), &mut Recorder::new(supervisor, &mut heard))
                })?;
                let has_path = self.fleet.options.search_path.is_set();
                ticket.heard(heard, &plan, (&tenant.surveyed.table, has_path), deployment.connection());
                Ok(())
            }
            Some(Turn::Compare(ticket, witness)) => {
                let rendering =
                    Rendering { invocation: tenant.invocation.clone(), databases: vec![witness.database(&plan)] };
                let printed = migrate::render_env(self.python()?, rendering, std::slice::from_ref(&plan));
                match ticket.printed(&witness, &plan, printed) {
                    Some(rendered) => self.run_rendered(deployment, tenant, &rendered),
                    None => self.run_env(deployment, &tenant.invocation),
                }
            }
            Some(Turn::Native(rendered)) => self.run_rendered(deployment, tenant, &rendered),
        }
    }

    fn run_env(&mut self, deployment: &mut Deployment<'_>, invocation: &Invocation) -> Result<(), MigrateError> {
        let python = self.python()?;
        deployment.run(&mut |supervisor| migrate::run_env(python, invocation.clone(), supervisor))
    }

    fn run_rendered(
        &self,
        deployment: &mut Deployment<'_>,
        tenant: &Addressed<'_>,
        rendered: &RenderedPlan,
    ) -> Result<(), MigrateError> {
        let table = &tenant.surveyed.table;
        let target = RunTarget {
            url: Some(tenant.url.with_password()),
            version_table: table.name.clone(),
            version_table_schema: table.schema.clone(),
            ..rendered.target.clone()
        };
        let run = NativeRun {
            target: &target,
            steps: rendered,
            setup: &rendered.setup,
            search_path: &self.fleet.options.search_path.resolve(table.schema.as_deref()),
            transaction: rendered.transaction(),
            is_interrupted: &Interruption::is_requested,
        };
        deployment.run(&mut |supervisor| migrate::run_native(&run, supervisor))
    }
}
