//! `--explain`: which way each pending revision goes, and why.

use serde::Serialize;

use super::args::Format;
use super::context::CommandContext;
use super::error::CommandError;
use super::table::Table;
use crate::config::{DeployOptions, TenantOptions};
use crate::plan::Step;
use crate::tenant::{Standing, Surveyed, Way};

#[derive(Debug, Serialize)]
struct ExplainJson {
    revisions: Vec<RevisionJson>,
    tenants: TenantsJson,
}

#[derive(Debug, Serialize)]
struct RevisionJson {
    revision: String,
    direction: &'static str,
    /// `sql`, `rendered` or `python`
    way: &'static str,
    reason: Option<String>,
    file: Option<String>,
    line: Option<usize>,
    /// How many tenants it is pending for.
    tenants: usize,
}

#[derive(Debug, Default, Serialize)]
struct TenantsJson {
    /// Those whose every pending revision is SQL.
    sql: usize,
    /// Those whose every pending revision is rendered.
    rendered: usize,
    python: usize,
    /// Those that the run would set apart.
    apart: Vec<ApartJson>,
}

#[derive(Debug, Serialize)]
struct ApartJson {
    tenant: String,
    state: &'static str,
    reason: String,
}

/// Which way a step of a tenant goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum StepWay {
    /// limbec runs its SQL file.
    Sql,
    Other(Way),
}

impl CommandContext {
    /// Tells which way each pending revision of the tenants goes, without running anything.
    ///
    /// # Errors
    /// Revision files or settings that cannot be read.
    pub(super) fn explain_fleet(
        &mut self,
        surveyed: &[Surveyed],
        (tenants, deploy): (&TenantOptions, &DeployOptions),
        format: Format,
    ) -> Result<(), CommandError> {
        let scripts = self.scripts()?;
        let renderings = self.renderings(&scripts, tenants, deploy.search_path.is_set())?;
        let sql = self.sql_fleet(&scripts, (tenants, deploy), deploy.search_path.is_set())?;
        let mut steps: Vec<(Step, StepWay, usize)> = Vec::new();
        let mut totals = TenantsJson::default();
        for found in surveyed {
            if let Some(reason) = found.standing.reason() {
                let reason = found.url.as_ref().map_or(reason.to_owned(), |url| url.censored(reason));
                totals.apart.push(ApartJson {
                    tenant: found.tenant.name.clone(),
                    state: found.standing.name(),
                    reason,
                });
            }
            let Standing::Behind { plan, .. } = &found.standing else { continue };
            let is_sql = sql.as_ref().is_ok_and(|sql| sql.covers(found, plan));
            let mut is_rendered = !plan.steps.is_empty();
            for step in &plan.steps {
                let is_same = |known: &Step, way: &StepWay| {
                    let same_step = (&known.revision, known.direction) == (&step.revision, step.direction);
                    same_step && (*way == StepWay::Sql) == is_sql
                };
                let at = steps.iter().position(|(known, way, _)| is_same(known, way)).unwrap_or_else(|| {
                    let way = if is_sql { StepWay::Sql } else { StepWay::Other(renderings.way(step)) };
                    steps.push((step.clone(), way, 0));
                    steps.len() - 1
                });
                if let Some((_, way, tenants)) = steps.get_mut(at) {
                    *tenants += 1;
                    is_rendered &= *way == StepWay::Other(Way::Rendered);
                }
            }
            match (is_sql, is_rendered) {
                (true, _) => totals.sql += 1,
                (false, true) => totals.rendered += 1,
                (false, false) => totals.python += 1,
            }
        }
        let revisions = steps.into_iter().map(|(step, way, tenants)| json(&step, way, tenants)).collect();
        self.show_explanation(&ExplainJson { revisions, tenants: totals }, format);
        Ok(())
    }

    fn show_explanation(&mut self, explained: &ExplainJson, format: Format) {
        if format == Format::Json {
            self.ui.json(explained);
            return;
        }
        let mut table = Table::new(&["Revision", "Direction", "Way", "Tenants", "Reason"]);
        for row in &explained.revisions {
            let way = match row.way {
                "python" => "Python",
                "sql" => "SQL",
                way => way,
            };
            let place = match (&row.file, row.line) {
                (Some(file), Some(line)) => format!(" ({file}:{line})"),
                _ => String::new(),
            };
            let reason = row.reason.as_ref().map(|reason| format!("{reason}{place}")).unwrap_or_default();
            let tenants = row.tenants.to_string();
            table.row(vec![row.revision.clone(), row.direction.to_owned(), way.to_owned(), tenants, reason]);
        }
        self.ui.table(&table);
        let TenantsJson { sql, rendered, python, .. } = explained.tenants;
        let of_sql =
            if sql > 0 { format!("{sql} tenants by SQL revisions alone, without Python; ") } else { String::new() };
        self.ui.result(&format!(
            "{of_sql}{rendered} tenants by rendered SQL, once Python has run the first of each plan and env.py prints the same; {python} by Python"
        ));
    }
}

fn json(step: &Step, way: StepWay, tenants: usize) -> RevisionJson {
    let (way, reason) = match way {
        StepWay::Sql => ("sql", None),
        StepWay::Other(Way::Rendered) => ("rendered", None),
        StepWay::Other(Way::Python(reason)) => ("python", Some(reason)),
    };
    let (file, line) = match reason.as_ref().and_then(|reason| reason.place.as_ref()) {
        Some((path, line)) => (Some(path.display().to_string()), Some(*line)),
        None => (None, None),
    };
    let (revision, direction) = (step.revision.to_string(), step.direction.name());
    RevisionJson { revision, direction, way, reason: reason.map(|reason| reason.sentence), file, line, tenants }
}
