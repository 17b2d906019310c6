//! What `report` shows of a project, gathered by the means of the other commands.

mod databases;
mod findings;
mod tenants;

use std::collections::HashMap;

use chrono::Utc;

use self::findings::Judged;
use super::context::CommandContext;
use super::error::CommandError;
use super::graph::{self, HistoryGraph};
use crate::migrate::RevisionState;
use crate::plan::{self, HistoryRange};
use crate::report::{ProjectFacts, ProjectReport, RevisionReport};
use crate::revision::{RevisionId, RevisionIndex};
use crate::script::ScriptDirectory;

/// What of a report needs databases.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    /// The project's own.
    pub(super) databases: bool,
    /// Those of the tenants.
    pub(super) tenants: bool,
}

impl CommandContext {
    /// Everything that is to be said about the project. A database that cannot be had is no failure: the report says so.
    ///
    /// # Errors
    /// A project that cannot be read, and Ctrl-C.
    pub(super) fn project_report(&mut self, parts: Parts) -> Result<ProjectReport, CommandError> {
        let scripts = self.scripts()?;
        let order = plan::history(&scripts.map, &HistoryRange::default())?;
        let judged = self.judged()?;
        let project = self.facts(&scripts, &judged)?;
        let (databases, no_database) = match parts.databases {
            true => self.database_reports(&scripts, &judged)?,
            false => (Vec::new(), Some("None was looked at: --no-database".to_owned())),
        };
        let (findings, finding_totals) = judged.findings();
        // Last: the tenants may have another history, and what was read of this one is gone then.
        let tenants = if parts.tenants { self.tenants_report()? } else { None };
        let mut graph = HistoryGraph::new(&scripts, &order);
        // What several databases have cannot be said in a word.
        if let [only] = databases.as_slice() {
            let states = only.revisions.iter().filter(|of| of.state != RevisionState::Applied);
            let states: HashMap<&str, &'static str> =
                states.map(|of| (of.revision.as_str(), of.state.name())).collect();
            graph.set_marks(|id| states.get(id).copied());
        }
        let report = ProjectReport {
            generated_at: Utc::now(),
            limbec_version: env!("CARGO_PKG_VERSION"),
            project,
            revisions: order.iter().map(|index| revision(&scripts, *index, &judged)).collect(),
            graph: graph::figure(&graph),
            databases,
            no_database,
            findings,
            finding_totals,
            tenants,
        };
        // The process ends soon: taking a thousand syntax trees apart would only take time.
        std::mem::forget(judged);
        Ok(report)
    }

    fn facts(&mut self, scripts: &ScriptDirectory, judged: &Judged) -> Result<ProjectFacts, CommandError> {
        let location = self.script_settings()?.locations.script_location.clone();
        let project = self.project()?;
        let candidates = [project.ini_path(), project.toml_path()];
        let config = candidates.iter().find(|path| path.exists()).unwrap_or(&candidates[0]);
        let folder = config.canonicalize().ok().and_then(|path| Some(path.parent()?.file_name()?.to_owned()));
        let named = folder.or_else(|| Some(location.file_name()?.to_owned())).unwrap_or_default();
        let map = &scripts.map;
        let mut heads: Vec<RevisionId> = (0..scripts.scripts.len())
            .filter_map(|place| u32::try_from(place).ok().map(RevisionIndex))
            .filter(|index| map.is_head(*index))
            .map(|index| map.revision(index).id.clone())
            .collect();
        heads.sort();
        Ok(ProjectFacts {
            name: named.to_string_lossy().into_owned(),
            config: judged.shown_path(config),
            section: project.section.clone(),
            script_location: judged.shown_path(&location),
            heads,
        })
    }

    /// An error as part of a report: on one line, without secrets.
    fn reason(&self, error: &CommandError) -> String {
        let parts = std::iter::once(&error.sentence).chain(&error.causes);
        let texts: Vec<&str> = parts.map(|part| part.trim().trim_end_matches('.')).collect();
        self.ui.censored(&texts.join(": "))
    }
}

fn revision(scripts: &ScriptDirectory, index: RevisionIndex, judged: &Judged) -> RevisionReport {
    let (revision, script) = (scripts.map.revision(index), scripts.script(index));
    RevisionReport {
        revision: revision.id.clone(),
        down_revisions: revision.down.to_vec(),
        depends_on: revision.depends_on.to_vec(),
        branch_labels: scripts.map.labels(index).to_vec(),
        is_head: scripts.map.is_head(index),
        message: script.doc().lines().next().unwrap_or_default().to_owned(),
        path: judged.shown_path(&script.path),
    }
}
