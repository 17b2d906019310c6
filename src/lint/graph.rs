use std::collections::HashSet;

use crate::revision::{Revision, RevisionError, RevisionId, RevisionMap};

/// The revision graph, built as far as it can be.
#[derive(Debug)]
pub struct Graph {
    /// Without the edges and labels that are broken.
    pub map: RevisionMap,
    /// What was broken, in the order in which Alembic would complain.
    pub faults: Vec<GraphFault>,
}

/// Why Alembic would refuse the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphFault {
    /// Alembic's complaint.
    pub error: RevisionError,
}

/// More faults than this in one graph are not told apart.
const FAULTS: usize = 100;

impl Graph {
    /// Builds the graph; whatever Alembic refuses is cut out and told.
    pub fn build(mut revisions: Vec<Revision>) -> Self {
        let mut faults = missing_parents(&mut revisions);
        while faults.len() < FAULTS {
            match RevisionMap::build(revisions.clone()) {
                Ok(map) => return Self { map, faults },
                Err(error) => {
                    let is_repaired = repair(&mut revisions, &error);
                    faults.push(GraphFault { error });
                    if !is_repaired {
                        break;
                    }
                }
            }
        }
        for revision in &mut revisions {
            revision.down.clear();
            revision.depends_on.clear();
            revision.branch_labels.clear();
        }
        Self { map: RevisionMap::build(revisions).unwrap_or_default(), faults }
    }
}

/// All parents that no file declares, at once: a lost file may leave many.
fn missing_parents(revisions: &mut [Revision]) -> Vec<GraphFault> {
    let known: HashSet<String> = revisions
        .iter()
        .flat_map(|revision| std::iter::once(revision.id.to_string()).chain(revision.branch_labels.iter().cloned()))
        .collect();
    let mut faults = Vec::new();
    for revision in revisions {
        let id = revision.id.clone();
        revision.down.retain(|down| {
            let is_known = known.contains(down.as_str());
            if !is_known {
                faults.push(GraphFault {
                    error: RevisionError::MissingDown { revision: id.clone(), down: down.clone() },
                });
            }
            is_known
        });
    }
    faults
}

/// Cuts out what the error is about; the revisions keep their places. False where it is not known what that is.
fn repair(revisions: &mut [Revision], error: &RevisionError) -> bool {
    match error {
        RevisionError::SelfLoop(id) => of(revisions, id.as_str(), |revision| revision.down.clear()),
        RevisionError::DependencySelfLoop(id) => of(revisions, id.as_str(), |revision| revision.depends_on.clear()),
        RevisionError::IllegalCharacters { id, .. } => {
            of(revisions, id.as_str(), |revision| revision.id = RevisionId::new(legal(id.as_str())));
        }
        RevisionError::LabelTaken { label, revision, .. } => {
            of(revisions, revision.as_str(), |revision| revision.branch_labels.retain(|own| own != label));
        }
        RevisionError::UnknownDependency { revision, dependency } => {
            of(revisions, revision.as_str(), |revision| revision.depends_on.retain(|own| own != dependency));
        }
        RevisionError::MissingDown { revision, down } => {
            of(revisions, revision.as_str(), |revision| revision.down.retain(|own| own != down));
        }
        RevisionError::DownIsLabel { revision, label } => {
            of(revisions, revision.as_str(), |revision| revision.down.retain(|own| own != label));
        }
        RevisionError::Cycle(ids) if !ids.is_empty() => {
            of(revisions, ids[0].as_str(), |revision| revision.down.clear());
        }
        RevisionError::DependencyCycle(ids) if !ids.is_empty() => {
            of(revisions, ids[0].as_str(), |revision| revision.depends_on.clear());
        }
        RevisionError::BrokenMap => revisions.iter_mut().for_each(|revision| revision.depends_on.clear()),
        _ => return false,
    }
    true
}

/// An identifier without the characters that Alembic refuses.
fn legal(id: &str) -> String {
    id.replace(['@', '-', '+', ':'], "_")
}

fn of(revisions: &mut [Revision], id: &str, change: impl Fn(&mut Revision)) {
    revisions.iter_mut().filter(|revision| revision.id.as_str() == id).for_each(change);
}
