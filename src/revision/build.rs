use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::adjacency::Adjacency;
use super::dependencies::{broken_by_label, normalize, topological_order};
use super::map::EdgeLists;
use super::symbol::illegal_characters;
use super::{MapWarning, Revision, RevisionError, RevisionId, RevisionIndex, RevisionMap, cycles, labels};

/// Ids and labels while the map grows.
pub(super) struct Names {
    pub(super) names: HashMap<Arc<str>, RevisionIndex>,
    pub(super) order: Vec<RevisionIndex>,
    pub(super) rank: Vec<u32>,
    pub(super) labels: Vec<(Arc<str>, RevisionIndex)>,
    warnings: Vec<MapWarning>,
}

/// The four lists of heads and bases, in the order of loading, losers of a duplicate id included.
pub(super) struct Ends {
    pub(super) heads: Vec<RevisionIndex>,
    pub(super) effective_heads: Vec<RevisionIndex>,
    pub(super) bases: Vec<RevisionIndex>,
    pub(super) effective_bases: Vec<RevisionIndex>,
}

impl RevisionMap {
    /// Builds the graph from revisions in the order of loading and checks it as Alembic does
    /// (`RevisionMap._revision_map` in `script/revision.py`).
    ///
    /// # Errors
    /// The first of Alembic's complaints, in its order; a missing down revision and an unknown dependency too.
    pub fn build(revisions: Vec<Revision>) -> Result<Self, RevisionError> {
        for revision in &revisions {
            check_declaration(revision)?;
        }
        let mut names = Names::of_ids(&revisions);
        names.add_labels(&revisions)?;
        let dependencies = names.dependencies(&revisions)?;
        let down = names.down(&revisions)?;
        let all_down = united(&down, &dependencies);

        let down_edges = Adjacency::from_rows(&down);
        let all_down_edges = Adjacency::from_rows(&all_down);
        let next = names.children(&down_edges);
        let all_next = names.children(&all_down_edges);
        let ends = Ends::new(&revisions, &next, &all_next);
        if let Some((revision, label)) = names.down_label(&revisions) {
            if broken_by_label(&revisions, &names, &dependencies, &down_edges) {
                return Err(RevisionError::BrokenMap);
            }
            cycles::check_ends(&revisions, &names, &ends)?;
            return Err(RevisionError::DownIsLabel { revision, label });
        }
        cycles::check(&revisions, &names, &ends, [&down_edges, &next, &all_down_edges, &all_next])?;
        let topological = topological_order(&all_down_edges);
        let normalized = normalize(&dependencies, &down_edges, topological.as_deref());
        let normalized_down = united(&down, &normalized);
        let edges = EdgeLists {
            down: down_edges,
            normalized_dependencies: Adjacency::from_rows(&normalized),
            normalized_down: Adjacency::from_rows(&normalized_down),
            next,
            all_next,
        };
        let labels = labels::spread(&revisions, &names, &edges);
        let winners = |indexes: Vec<RevisionIndex>| indexes.into_iter().map(|index| names.winner(index)).collect();
        Ok(Self {
            heads: winners(ends.heads),
            effective_heads: winners(ends.effective_heads),
            bases: winners(ends.bases),
            revisions,
            warnings: names.warnings,
            order: names.order,
            rank: names.rank,
            names: names.names,
            label_names: names.labels,
            edges,
            labels,
            topological,
            reachability: OnceLock::new(),
        })
    }
}

/// Alembic's `Revision.__init__`.
fn check_declaration(revision: &Revision) -> Result<(), RevisionError> {
    let id = &revision.id;
    if revision.down.contains(id) {
        return Err(RevisionError::SelfLoop(id.clone()));
    }
    if revision.depends_on.iter().any(|dependency| dependency == id.as_str()) {
        return Err(RevisionError::DependencySelfLoop(id.clone()));
    }
    match illegal_characters(id.as_str()) {
        Some(characters) => Err(RevisionError::IllegalCharacters { characters, id: id.clone() }),
        None => Ok(()),
    }
}

/// Both lists, without repetitions.
fn united(first: &[Vec<RevisionIndex>], second: &[Vec<RevisionIndex>]) -> Vec<Vec<RevisionIndex>> {
    let unite = |(first, second): (&Vec<RevisionIndex>, &Vec<RevisionIndex>)| {
        let mut row: Vec<RevisionIndex> = Vec::with_capacity(first.len() + second.len());
        for index in first.iter().chain(second) {
            if !row.contains(index) {
                row.push(*index);
            }
        }
        row
    };
    first.iter().zip(second).map(unite).collect()
}

impl Names {
    fn of_ids(revisions: &[Revision]) -> Self {
        let mut this = Self {
            names: HashMap::with_capacity(revisions.len()),
            order: Vec::with_capacity(revisions.len()),
            rank: Vec::with_capacity(revisions.len()),
            labels: Vec::new(),
            warnings: Vec::new(),
        };
        for (at, revision) in revisions.iter().enumerate() {
            let index = RevisionIndex(at as u32);
            if let Some(known) = this.names.insert(revision.id.shared(), index) {
                this.warnings.push(MapWarning::Duplicate(revision.id.clone()));
                let rank = this.rank[known.0 as usize];
                this.order[rank as usize] = index;
                this.rank.push(rank);
            } else {
                this.rank.push(this.order.len() as u32);
                this.order.push(index);
            }
        }
        this
    }

    /// Alembic's `add_nextrev`: the children of each revision, in map order. A loser of a duplicate id that declares a label is still in
    /// Alembic's map, under that label, and so its id is a child of its down revisions.
    fn children(&self, down: &Adjacency) -> Adjacency {
        let labelled = self.labels.iter().map(|(_, index)| *index).filter(|index| self.winner(*index) != *index);
        let losers: Vec<RevisionIndex> = labelled.collect();
        let children = down.reversed(&self.order);
        if losers.is_empty() {
            return children;
        }
        let len = self.rank.len() as u32;
        let mut rows: Vec<Vec<RevisionIndex>> = (0..len).map(|at| children.of(RevisionIndex(at)).to_vec()).collect();
        for loser in losers {
            for parent in down.of(loser) {
                let row = &mut rows[parent.0 as usize];
                row.push(self.winner(loser));
                row.sort_by_key(|index| self.rank[index.0 as usize]);
                row.dedup();
            }
        }
        Adjacency::from_rows(&rows)
    }

    pub(super) fn winner(&self, index: RevisionIndex) -> RevisionIndex {
        self.order[self.rank[index.0 as usize] as usize]
    }

    /// Alembic's `_map_branch_labels`.
    fn add_labels(&mut self, revisions: &[Revision]) -> Result<(), RevisionError> {
        for (at, revision) in revisions.iter().enumerate() {
            let index = RevisionIndex(at as u32);
            for label in &revision.branch_labels {
                let name: Arc<str> = label.as_str().into();
                if let Some(user) = self.names.get(&name) {
                    return Err(RevisionError::LabelTaken {
                        label: label.clone(),
                        revision: revision.id.clone(),
                        used_by: revisions[user.0 as usize].id.clone(),
                    });
                }
                self.names.insert(name.clone(), index);
                self.labels.push((name, index));
            }
        }
        Ok(())
    }

    /// Alembic's `_add_depends_on`.
    fn dependencies(&self, revisions: &[Revision]) -> Result<Vec<Vec<RevisionIndex>>, RevisionError> {
        let resolve = |revision: &Revision| {
            // A lone empty string is falsy in Python.
            if let [only] = revision.depends_on.as_slice()
                && only.is_empty()
            {
                return Ok(Vec::new());
            }
            let find = |dependency: &String| match self.names.get(dependency.as_str()) {
                Some(index) => Ok(self.winner(*index)),
                None => Err(RevisionError::UnknownDependency {
                    revision: revision.id.clone(),
                    dependency: dependency.clone(),
                }),
            };
            revision.depends_on.iter().map(find).collect()
        };
        revisions.iter().map(resolve).collect()
    }

    fn down(&self, revisions: &[Revision]) -> Result<Vec<Vec<RevisionIndex>>, RevisionError> {
        let losers = (0..revisions.len() as u32).map(RevisionIndex).filter(|index| self.winner(*index) != *index);
        let mut rows = vec![Vec::new(); revisions.len()];
        for index in self.order.iter().copied().chain(losers) {
            let revision = &revisions[index.0 as usize];
            for down in &revision.down {
                let Some(found) = self.names.get(down.as_str()) else {
                    return Err(RevisionError::MissingDown { revision: revision.id.clone(), down: down.clone() });
                };
                rows[index.0 as usize].push(*found);
            }
        }
        Ok(rows)
    }

    /// The first `down_revision` that names a branch label.
    fn down_label(&self, revisions: &[Revision]) -> Option<(RevisionId, RevisionId)> {
        if self.labels.is_empty() {
            return None;
        }
        let label_of = |revision: &Revision| {
            let label = revision.down.iter().find(|down| self.is_label(revisions, down.as_str()))?;
            Some((revision.id.clone(), label.clone()))
        };
        revisions.iter().find_map(label_of)
    }

    pub(super) fn is_label(&self, revisions: &[Revision], name: &str) -> bool {
        self.names.get(name).is_some_and(|index| revisions[index.0 as usize].id.as_str() != name)
    }
}

impl Ends {
    fn new(revisions: &[Revision], next: &Adjacency, all_next: &Adjacency) -> Self {
        let select = |keep: &dyn Fn(RevisionIndex) -> bool| {
            (0..revisions.len() as u32).map(RevisionIndex).filter(|index| keep(*index)).collect::<Vec<_>>()
        };
        let is_base = |index: RevisionIndex| revisions[index.0 as usize].down.is_empty();
        // Only a winner has children: a loser always stays a head.
        Self {
            heads: select(&|index| next.of(index).is_empty()),
            effective_heads: select(&|index| all_next.of(index).is_empty()),
            bases: select(&is_base),
            effective_bases: select(&|index| is_base(index) && revisions[index.0 as usize].depends_on.is_empty()),
        }
    }
}
