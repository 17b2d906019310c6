//! The two ways through a tenant's plan: by Python, and by limbec itself where its statements are rendered.

use super::guard::Guard;
use super::worker::{Session, Worker};
use crate::database::DatabaseUrl;
use crate::migrate::{self, Deployment, HasRun, MigrateError, NativeRun, RunTarget, Supervisor};
use crate::plan::Plan;
use crate::rendered::{Heard, Recorder, standing};
use crate::runtime::{Interruption, Invocation, Rendering, RuntimeError};
use crate::tenant::rendered::{RenderedPlan, Turn};
use crate::tenant::{Surveyed, TenantError, tenant_invocation};

/// A tenant with its database and, once it is needed, the command line for it.
struct Addressed<'a> {
    surveyed: &'a Surveyed,
    url: &'a DatabaseUrl,
}

impl Worker<'_> {
    /// Runs the plan that the deployment has made ready, under its lock.
    pub(super) fn carry_out(
        &mut self,
        surveyed: &Surveyed,
        url: &DatabaseUrl,
        deployment: &mut Deployment<'_>,
    ) -> Result<Session, MigrateError> {
        let tenant = Addressed { surveyed, url };
        if let Some(run_sql) = self.fleet.run_sql
            && run_sql(surveyed, url, deployment)? == HasRun::Yes
        {
            return Ok(Session::Used);
        }
        let Some(renderings) = self.fleet.renderings else { return self.run_env(deployment, &tenant, None) };
        let plan = deployment.plan_in_hand().cloned().unwrap_or_default();
        if !renderings.may_render() {
            return self.run_env(deployment, &tenant, None);
        }
        let has_path = self.fleet.options.search_path.is_set();
        // Where the path is set in every transaction, sessions of one role on one database are alike.
        let known = if has_path { renderings.known_standing(url) } else { None };
        let standing = match known {
            Some(known) => known,
            None => {
                let read = standing(deployment.connection(), url, has_path)?;
                renderings.remember_standing(url, &read);
                read
            }
        };
        match renderings.turn(&plan, &standing) {
            Turn::Python => self.run_env(deployment, &tenant, None),
            Turn::Record(ticket) => {
                let mut heard = Heard::default();
                self.run_env(deployment, &tenant, Some(&mut heard))?;
                ticket.heard(heard, &plan, (&surveyed.table, has_path), deployment.connection());
                Ok(Session::Used)
            }
            Turn::Compare(ticket, witness) => {
                let invocation = self.invocation(&tenant)?;
                let rendering = Rendering { databases: vec![witness.database(&plan)], invocation: invocation.clone() };
                let plans: [Plan; 1] = [plan.clone()];
                let printed = migrate::render_env(self.python(&invocation)?, rendering, &plans);
                match ticket.printed(&witness, &plan, printed) {
                    Some(rendered) => self.run_rendered(deployment, &tenant, &rendered),
                    None => self.run_env(deployment, &tenant, None),
                }
            }
            Turn::Native(rendered) => self.run_rendered(deployment, &tenant, &rendered),
        }
    }

    fn invocation(&self, tenant: &Addressed<'_>) -> Result<Invocation, MigrateError> {
        let fleet = self.fleet;
        tenant_invocation(fleet.invocation, fleet.tenants, &tenant.surveyed.tenant, tenant.url, fleet.driver)
            .map_err(refused)
    }

    /// Lets env.py do what is to be done; what it sends is heard where that is asked for.
    fn run_env(
        &mut self,
        deployment: &mut Deployment<'_>,
        tenant: &Addressed<'_>,
        mut heard: Option<&mut Heard>,
    ) -> Result<Session, MigrateError> {
        let invocation = Invocation { record: heard.is_some(), ..self.invocation(tenant)? };
        let python = self.python(&invocation)?;
        deployment.run(&mut |supervisor| {
            if Interruption::is_requested() {
                return Err(RuntimeError::Interrupted.into());
            }
            let mut guard = Guard::new(supervisor, &tenant.surveyed.tenant, &tenant.surveyed.table);
            match &mut heard {
                Some(heard) => migrate::run_env(python, invocation.clone(), &mut Recorder::new(&mut guard, heard))?,
                None => migrate::run_env(python, invocation.clone(), &mut guard)?,
            }
            guard.check_begun().map_err(refused)
        })?;
        Ok(Session::Used)
    }

    fn run_rendered(
        &self,
        deployment: &mut Deployment<'_>,
        tenant: &Addressed<'_>,
        rendered: &RenderedPlan,
    ) -> Result<Session, MigrateError> {
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
            is_interrupted: Interruption::is_requested,
        };
        deployment.set_transactions();
        deployment.run(&mut |supervisor| migrate::run_native(&run, supervisor))?;
        if let Some(renderings) = self.fleet.renderings {
            renderings.served();
        }
        Ok(if rendered.is_quiet { Session::Plain } else { Session::Used })
    }
}

fn refused(error: TenantError) -> MigrateError {
    MigrateError::Refused(Box::new(error))
}
