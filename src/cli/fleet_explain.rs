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
    /// `rendered` or `python`
    way: &'static str,
    reason: Option<String>,
    file: Option<String>,
    line: Option<usize>,
    /// How many tenants it is pending for.
    tenants: usize,
}

#[derive(Debug, Default, Serialize)]
struct TenantsJson {
    /// Those whose every pending revision is rendered.
    rendered: usize,
    python: usize,
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
        let renderings = self.renderings(&scripts, tenants, deploy)?;
        let mut steps: Vec<(Step, Way, usize)> = Vec::new();
        let mut totals = TenantsJson::default();
        for found in surveyed {
            let Standing::Behind { plan, .. } = &found.standing else { continue };
            let mut is_rendered = !plan.steps.is_empty();
            for step in &plan.steps {
                let is_same = |known: &Step| (&known.revision, known.direction) == (&step.revision, step.direction);
                let at = steps.iter().position(|(known, ..)| is_same(known)).unwrap_or_else(|| {
                    steps.push((step.clone(), renderings.way(step), 0));
                    steps.len() - 1
                });
                if let Some((_, way, tenants)) = steps.get_mut(at) {
                    *tenants += 1;
                    is_rendered &= *way == Way::Rendered;
                }
            }
            if is_rendered { totals.rendered += 1 } else { totals.python += 1 }
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
            let way = if row.way == "python" { "Python" } else { row.way };
            let place = match (&row.file, row.line) {
                (Some(file), Some(line)) => format!(" ({file}:{line})"),
                _ => String::new(),
            };
            let reason = row.reason.as_ref().map(|reason| format!("{reason}{place}")).unwrap_or_default();
            let tenants = row.tenants.to_string();
            table.row(vec![row.revision.clone(), row.direction.to_owned(), way.to_owned(), tenants, reason]);
        }
        self.ui.table(&table);
        let TenantsJson { rendered, python } = explained.tenants;
        self.ui.result(&format!(
            "{rendered} tenants by rendered SQL, once Python has run the first of each plan and env.py prints the same; {python} by Python"
        ));
    }
}

fn json(step: &Step, way: Way, tenants: usize) -> RevisionJson {
    let (way, reason) = match way {
        Way::Rendered => ("rendered", None),
        Way::Python(reason) => ("python", Some(reason)),
    };
    let (file, line) = match reason.as_ref().and_then(|reason| reason.place.as_ref()) {
        Some((path, line)) => (Some(path.display().to_string()), Some(*line)),
        None => (None, None),
    };
    let (revision, direction) = (step.revision.to_string(), step.direction.name());
    RevisionJson { revision, direction, way, reason: reason.map(|reason| reason.sentence), file, line, tenants }
}
