use super::Deployment;
use crate::database::InvalidIndex;
use crate::migrate::Event;
use crate::operation::{self, OperationKind};
use crate::plan::{Direction, Plan};
use crate::revision::RevisionId;
use crate::script::{Imports, RevisionFile};

/// An invalid index, and the planned revision that builds one of its name, if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftBehind {
    /// The index.
    pub index: InvalidIndex,
    /// Will fail, or skip it by IF NOT EXISTS.
    pub revision: Option<RevisionId>,
}

impl Deployment<'_> {
    /// Names the invalid indexes that have not been named yet, before a plan is run and after it has failed.
    pub(super) fn tell_invalid_indexes(&mut self, plan: &Plan) {
        let is_asked = !plan.steps.is_empty() && self.attendant.wants_invalid_indexes();
        let Some(held) = self.held.as_mut().filter(|_| is_asked) else { return };
        // Only advice: a database that does not tell must not stop the run.
        let mut found = held.connection.invalid_indexes(&held.table).unwrap_or_default();
        found.retain(|index| !self.invalid_indexes.contains(index));
        if found.is_empty() {
            return;
        }
        self.invalid_indexes.extend(found.iter().cloned());
        let built = self.built_indexes(plan);
        let left: Vec<LeftBehind> = found
            .into_iter()
            .map(|index| {
                let builder = built.iter().find(|(name, _)| *name == index.name);
                LeftBehind { revision: builder.map(|(_, revision)| revision.clone()), index }
            })
            .collect();
        self.attendant.event(Event::InvalidIndexes(&left));
    }

    /// The names of the indexes that a plan builds, as far as they can be read in the files.
    fn built_indexes(&self, plan: &Plan) -> Vec<(String, RevisionId)> {
        let scripts = self.request.scripts;
        let mut built = Vec::new();
        for step in &plan.steps {
            let Some(position) = scripts.map.position(step.revision.as_str()) else { continue };
            let operations = operation::read(&RevisionFile::read(&scripts.script(position).path, &Imports::new(&[])));
            let body = match step.direction {
                Direction::Upgrade => operations.upgrade,
                Direction::Downgrade => operations.downgrade,
                Direction::Stamp => continue,
            };
            built.extend(body.operations.into_iter().filter_map(|operation| match operation.kind {
                OperationKind::CreateIndex { index, .. } => {
                    Some((index.name.known()?.to_owned(), step.revision.clone()))
                }
                _ => None,
            }));
        }
        built
    }
}
