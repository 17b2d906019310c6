use std::collections::{BTreeSet, HashMap};

use thiserror::Error;

use super::{NoBase, Published, Source};
use crate::revision::{Edge, Revision, RevisionError, RevisionId, RevisionIndex, RevisionMap, RevisionSet};

/// What is to be put on top of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RebaseRequest {
    /// A revision of the chain to move; `None`: every unpublished one that is not on top of the published ones.
    pub revision: Option<RevisionIndex>,
    /// The head to move it onto; `None`: the published head.
    pub onto: Option<RevisionIndex>,
}

/// The changes of the graph that a rebase makes.
#[derive(Debug)]
pub struct Rebase {
    /// Revisions that get other down revisions.
    pub moves: Vec<Move>,
    /// The graph afterwards; the indexes are those of the graph before.
    pub map: RevisionMap,
    /// The moved revisions with all that builds on them, ancestors first.
    pub affected: Vec<RevisionIndex>,
    /// Unpublished merges that join nothing any more.
    pub unneeded_merges: Vec<RevisionIndex>,
    /// Unpublished revisions that begin a branch of their own, and stay where they are.
    pub own_branches: Vec<RevisionIndex>,
}

/// A revision that gets other down revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Which one.
    pub revision: RevisionIndex,
    /// Its new down revisions.
    pub down: Vec<RevisionId>,
}

/// Why nothing was moved.
#[derive(Debug, Error)]
pub enum RebaseError {
    /// A published revision keeps its place.
    #[error("{revision} is published ({reason}), so it keeps its place")]
    Published {
        /// Which one.
        revision: RevisionId,
        /// What makes it published, in words.
        reason: String,
    },
    /// Neither a base branch nor a lock file.
    #[error("nothing says which revisions are published: there is neither a base branch nor a lock file")]
    NothingPublished {
        /// Why there is no base branch.
        #[source]
        reason: NoBase,
        /// The heads.
        heads: Vec<RevisionId>,
    },
    /// Several heads of this branch.
    #[error("{} are heads and not all of them published: which one is to come first?", list(.0))]
    SeveralUnpublished(Vec<RevisionId>),
    /// Several heads that are out of this branch's hands.
    #[error(
        "{} are heads and published ({}): none of them can move",
        list(heads),
        base.as_ref().map_or(super::LOCK_FILE.to_owned(), |base| format!("they are on {base}"))
    )]
    SeveralPublished {
        /// Which ones.
        heads: Vec<RevisionId>,
        /// The base branch that has them; `None`: the lock file says so.
        base: Option<String>,
    },
    /// Several published heads are above the parent.
    #[error("{revision} could go onto any of {}", list(heads))]
    Ambiguous {
        /// Which one.
        revision: RevisionId,
        /// The published heads.
        heads: Vec<RevisionId>,
    },
    /// `--onto` is above the revision.
    #[error("{onto} builds on {revision}, so {revision} cannot go onto it")]
    OntoDescendant {
        /// Which one.
        revision: RevisionId,
        /// Where to.
        onto: RevisionId,
    },
    /// `--onto` has a child already.
    #[error("{onto} is no head: {child} builds on it")]
    NotAHead {
        /// Where to.
        onto: RevisionId,
        /// What is there already.
        child: RevisionId,
    },
    /// The new graph is none.
    #[error(transparent)]
    Graph(#[from] RevisionError),
}

fn list(ids: &[RevisionId]) -> String {
    let ids: Vec<&str> = ids.iter().map(RevisionId::as_str).collect();
    match ids.as_slice() {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        ids => ids.join(", "),
    }
}

/// Decides which revisions get other parents. Pure: nothing is written.
///
/// # Errors
/// See [`RebaseError`].
pub fn plan_rebase(map: &RevisionMap, published: &Published, request: RebaseRequest) -> Result<Rebase, RebaseError> {
    let graph = Graph::of(map, published);
    let mut own_branches = Vec::new();
    let moves = match request.revision {
        Some(revision) => graph.chain(revision, request.onto)?,
        None => graph.everything(request.onto, &mut own_branches)?,
    };
    let rebase = graph.carried_out(moves, own_branches)?;
    if request.revision.is_none() {
        graph.refuse_several_heads(&rebase)?;
    }
    Ok(rebase)
}

struct Graph<'a> {
    map: &'a RevisionMap,
    published: &'a Published,
    /// The revisions that keep their place.
    fixed: RevisionSet,
}

impl<'a> Graph<'a> {
    fn of(map: &'a RevisionMap, published: &'a Published) -> Self {
        let fixed: Vec<RevisionIndex> = map.iter().filter(|index| published.fixed(map.id(*index)).is_some()).collect();
        Self { map, published, fixed: map.set_of(&fixed) }
    }

    fn down(&self, revision: RevisionIndex) -> &[RevisionIndex] {
        self.map.neighbours(revision, Edge::Down)
    }

    fn ids(&self, indexes: impl IntoIterator<Item = RevisionIndex>) -> Vec<RevisionId> {
        indexes.into_iter().map(|index| self.map.id(index).clone()).collect()
    }

    /// Published revisions on which no published one builds.
    fn published_heads(&self) -> Vec<RevisionIndex> {
        let is_head =
            |index: &RevisionIndex| !self.map.children(*index).iter().any(|child| self.fixed.contains(*child));
        self.fixed.iter().filter(is_head).collect()
    }

    fn require_published(&self) -> Result<(), RebaseError> {
        match &self.published.base {
            Err(reason) if !self.published.has_lock => Err(RebaseError::NothingPublished {
                reason: reason.clone(),
                heads: self.ids(self.map.heads().iter().copied()),
            }),
            _ => Ok(()),
        }
    }

    /// Every unpublished revision that stands on published ones goes onto the published head above them.
    fn everything(
        &self,
        onto: Option<RevisionIndex>,
        own_branches: &mut Vec<RevisionIndex>,
    ) -> Result<Vec<Move>, RebaseError> {
        self.require_published()?;
        if let Some(onto) = onto {
            let building = self.map.children(onto).iter().find(|child| self.fixed.contains(**child));
            self.refuse_child(onto, building)?;
        }
        let below = self.map.closure(onto.as_slice(), Edge::Down);
        let mut moves = Vec::new();
        for revision in self.map.iter().filter(|index| !self.fixed.contains(*index)) {
            let down = self.down(revision);
            if below.contains(revision) || !down.iter().all(|parent| self.fixed.contains(*parent)) {
                continue;
            }
            let target = match onto {
                Some(onto) => Some(onto),
                None if down.is_empty() => None,
                None => self.target(revision, down)?,
            };
            let begins_branch = down.is_empty() || !self.map.revision(revision).branch_labels.is_empty();
            match target {
                Some(target) if begins_branch && !down.contains(&target) => own_branches.push(revision),
                None if down.is_empty() && !self.fixed.is_empty() => own_branches.push(revision),
                Some(target) => moves.extend(self.moved(revision, target, down)),
                None => {}
            }
        }
        Ok(moves)
    }

    /// The published head above these published parents; `None` where they are heads themselves.
    fn target(&self, revision: RevisionIndex, down: &[RevisionIndex]) -> Result<Option<RevisionIndex>, RebaseError> {
        let above = |head: &RevisionIndex| {
            let ancestors = self.map.closure(&[*head], Edge::Down);
            down.iter().any(|parent| ancestors.contains(*parent))
        };
        let heads: Vec<RevisionIndex> = self.published_heads().into_iter().filter(above).collect();
        match heads.as_slice() {
            _ if down.iter().all(|parent| heads.contains(parent)) => Ok(None),
            [] => Ok(None),
            [head] => Ok(Some(*head)),
            _ => Err(RebaseError::Ambiguous {
                revision: self.map.id(revision).clone(),
                heads: self.ids(heads.iter().copied()),
            }),
        }
    }

    /// The chain that a revision belongs to goes onto another.
    fn chain(&self, revision: RevisionIndex, onto: Option<RevisionIndex>) -> Result<Vec<Move>, RebaseError> {
        let id = self.map.id(revision);
        if let Some(known) = self.published.fixed(id) {
            return Err(RebaseError::Published { revision: id.clone(), reason: self.reason(known.source, id) });
        }
        let mut chain = self.map.closure(&[revision], Edge::Down);
        chain.subtract(&self.fixed);
        if let Some(onto) = onto {
            if self.map.closure(&[onto], Edge::Down).contains(revision) {
                return Err(RebaseError::OntoDescendant { revision: id.clone(), onto: self.map.id(onto).clone() });
            }
            chain.subtract(&self.map.closure(&[onto], Edge::Down));
            // A merge of both may be there already.
            let above = self.map.closure(&chain.iter().collect::<Vec<_>>(), Edge::Next);
            let building = self.map.children(onto).iter().find(|child| !above.contains(**child));
            self.refuse_child(onto, building)?;
        } else {
            self.require_published()?;
        }
        let mut moves = Vec::new();
        for lowest in chain.iter() {
            let down = self.down(lowest);
            if down.iter().any(|parent| chain.contains(*parent)) {
                continue;
            }
            let target = if onto.is_some() { onto } else { self.target(lowest, down)? };
            moves.extend(target.and_then(|target| self.moved(lowest, target, down)));
        }
        Ok(moves)
    }

    fn refuse_child(&self, onto: RevisionIndex, child: Option<&RevisionIndex>) -> Result<(), RebaseError> {
        let Some(child) = child else { return Ok(()) };
        Err(RebaseError::NotAHead { onto: self.map.id(onto).clone(), child: self.map.id(*child).clone() })
    }

    fn reason(&self, source: Source, id: &RevisionId) -> String {
        match (&self.published.base, source) {
            (Ok(base), Source::Base | Source::Arrived) => format!("it is on {}", base.name),
            _ => {
                let line =
                    self.published.get(id).and_then(|known| known.frozen.as_ref()).map_or(0, |frozen| frozen.line);
                format!("line {line} of {}", super::LOCK_FILE)
            }
        }
    }

    /// The target takes the place of those parents that are below it, or of the only one.
    fn moved(&self, revision: RevisionIndex, target: RevisionIndex, down: &[RevisionIndex]) -> Option<Move> {
        let below = self.map.closure(&[target], Edge::Down);
        let mut parents: Vec<RevisionIndex> = Vec::new();
        for parent in down {
            let parent = if down.len() == 1 || below.contains(*parent) { target } else { *parent };
            if !parents.contains(&parent) {
                parents.push(parent);
            }
        }
        if parents.is_empty() {
            parents.push(target);
        }
        (parents != down).then(|| Move { revision, down: self.ids(parents) })
    }

    fn carried_out(&self, moves: Vec<Move>, own_branches: Vec<RevisionIndex>) -> Result<Rebase, RebaseError> {
        let changed: HashMap<RevisionIndex, &Move> = moves.iter().map(|change| (change.revision, change)).collect();
        let revisions = (0..self.map.len()).filter_map(|at| u32::try_from(at).ok().map(RevisionIndex)).map(|index| {
            let revision = self.map.revision(index);
            match changed.get(&index) {
                Some(change) => Revision { down: change.down.clone(), ..revision.clone() },
                None => revision.clone(),
            }
        });
        let map = RevisionMap::build(revisions.collect())?;
        let mut affected: Vec<RevisionIndex> = Vec::new();
        if !moves.is_empty() {
            let roots: Vec<RevisionIndex> = moves.iter().map(|change| change.revision).collect();
            let above = map.closure(&roots, Edge::Next);
            affected = above.iter().filter(|index| !self.fixed.contains(*index)).collect();
            let depth = |index: &RevisionIndex| map.closure(&[*index], Edge::Down).iter().count();
            affected.sort_by_cached_key(|index| (depth(index), *index));
        }
        let is_unneeded = |index: &RevisionIndex| {
            let down = map.neighbours(*index, Edge::Down);
            let is_below_another = |parent: &RevisionIndex| {
                down.iter().any(|other| other != parent && map.closure(&[*other], Edge::Down).contains(*parent))
            };
            down.len() > 1 && down.iter().any(is_below_another)
        };
        let unneeded_merges = affected.iter().copied().filter(is_unneeded).collect();
        Ok(Rebase { moves, map, affected, unneeded_merges, own_branches })
    }

    /// Heads that are left over, unless they are branches on purpose: of labels or bases of their own.
    fn refuse_several_heads(&self, rebase: &Rebase) -> Result<(), RebaseError> {
        let heads = rebase.map.heads();
        let is_apart = |head: RevisionIndex, other: RevisionIndex| {
            let shared = rebase.map.closure(&[head], Edge::Down).intersects(&rebase.map.closure(&[other], Edge::Down));
            let labels = |index| rebase.map.labels(index).iter().collect::<BTreeSet<_>>();
            !shared || labels(head) != labels(other)
        };
        let (fixed, own): (Vec<RevisionIndex>, Vec<RevisionIndex>) = heads
            .iter()
            .copied()
            .filter(|head| heads.iter().any(|other| other != head && !is_apart(*head, *other)))
            .partition(|head| self.fixed.contains(*head));
        match (fixed.len(), own.len()) {
            (0 | 1, 0) | (0, 1) => Ok(()),
            (_, 0) => Err(RebaseError::SeveralPublished {
                heads: self.ids(fixed),
                base: self.published.base.as_ref().ok().map(|base| base.name.clone()),
            }),
            (_, 1) => Err(RebaseError::SeveralUnpublished(self.ids(own.into_iter().chain(fixed)))),
            _ => Err(RebaseError::SeveralUnpublished(self.ids(own))),
        }
    }
}

#[cfg(test)]
#[path = "rebase_tests.rs"]
mod tests;
