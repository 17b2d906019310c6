use super::error::ResolveError;
use super::map::Edge;
use super::symbol::python_int;
use super::{RevisionError, RevisionId, RevisionIndex, RevisionMap};

/// Where a symbol or a walk leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A revision.
    At(RevisionIndex),
    /// Below the last base (Python's `"base"`).
    Base,
    /// Python's `None`.
    Nowhere,
}

impl Place {
    pub(crate) fn revision(self) -> Option<RevisionIndex> {
        match self {
            Self::At(index) => Some(index),
            Self::Base | Self::Nowhere => None,
        }
    }
}

/// What is between `@` and the end of a symbol.
pub(crate) enum Identifiers<'a> {
    /// `head`, `heads` (none of them in an empty directory) and `base` (none).
    Known(Vec<RevisionIndex>),
    /// Anything else, still to be looked up.
    Text(&'a str),
}

/// Alembic's `_resolve_revision_number`: the identifiers and the label, which may be empty (`@head`).
pub(crate) struct Numbers<'a> {
    pub(crate) identifiers: Identifiers<'a>,
    pub(crate) label: Option<&'a str>,
}

impl<'a> Numbers<'a> {
    /// The label, if it counts as one.
    pub(crate) fn branch(&self) -> Option<&'a str> {
        self.label.filter(|label| !label.is_empty())
    }
}

impl RevisionMap {
    pub(crate) fn numbers<'a>(&self, symbol: &'a str) -> Result<Numbers<'a>, ResolveError> {
        let (label, rest) = match symbol.split_once('@') {
            Some((label, rest)) => (Some(label), rest),
            None => (None, symbol),
        };
        let branch = label.filter(|label| !label.is_empty());
        let identifiers = match (rest, branch) {
            ("heads", Some(branch)) => Identifiers::Known(self.filter_for_lineage(&self.heads, branch, Edge::Next)?),
            ("heads", None) => Identifiers::Known(self.effective_heads.clone()),
            ("head", _) => Identifiers::Known(self.single_head(branch)?.into_iter().collect()),
            ("base", _) => Identifiers::Known(Vec::new()),
            (text, _) => Identifiers::Text(text),
        };
        Ok(Numbers { identifiers, label })
    }

    /// Alembic's `get_current_head`.
    pub(crate) fn single_head(&self, branch: Option<&str>) -> Result<Option<RevisionIndex>, ResolveError> {
        let heads = match branch {
            Some(branch) => self.filter_for_lineage(&self.heads, branch, Edge::Next)?,
            None => self.heads.clone(),
        };
        if heads.len() > 1 {
            return Err(ResolveError::MultipleHeads(match branch {
                Some(branch) => format!("{branch}@head"),
                None => "head".to_owned(),
            }));
        }
        Ok(heads.first().copied())
    }

    /// Alembic's `get_revisions` of one symbol.
    pub(crate) fn places(&self, symbol: &str) -> Result<Vec<Place>, ResolveError> {
        let numbers = self.numbers(symbol)?;
        let branch = numbers.branch();
        match numbers.identifiers {
            Identifiers::Known(indexes) => {
                self.members(&indexes, branch)?;
                Ok(indexes.into_iter().map(Place::At).collect())
            }
            Identifiers::Text(text) => match python_int(text).filter(|steps| *steps < 0) {
                Some(steps) => self.below_heads(steps, numbers.label),
                None => Ok(vec![Place::At(self.find(text, branch)?)]),
            },
        }
    }

    /// Alembic's `get_revision`; `None` is base.
    pub(crate) fn single(&self, symbol: &str) -> Result<Option<RevisionIndex>, ResolveError> {
        let numbers = self.numbers(symbol)?;
        let branch = numbers.branch();
        match numbers.identifiers {
            Identifiers::Known(indexes) if indexes.len() > 1 => Err(ResolveError::MultipleHeads(symbol.to_owned())),
            Identifiers::Known(indexes) => {
                if indexes.is_empty()
                    && let Some(branch) = branch
                {
                    self.branch_revision(branch)?;
                }
                self.members(&indexes, branch)?;
                Ok(indexes.first().copied())
            }
            Identifiers::Text(text) => self.find(text, branch).map(Some),
        }
    }

    /// `get_revisions` of the rows of a version table.
    pub(crate) fn rows(&self, rows: &[RevisionId]) -> Result<Vec<RevisionIndex>, ResolveError> {
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            for place in self.places(row.as_str())? {
                found.push(place.revision().ok_or_else(|| RevisionError::NotARevision(row.to_string()))?);
            }
        }
        Ok(found)
    }

    /// What Alembic gets when it looks a revision up by its own id once more: something else for a loser of a duplicate id, and
    /// for ids that spell a symbol.
    pub(crate) fn again(&self, index: RevisionIndex) -> Result<Option<RevisionIndex>, ResolveError> {
        match self.id(index).as_str() {
            id @ ("head" | "heads" | "base") => self.single(id),
            _ => Ok(Some(self.winner(index))),
        }
    }

    /// Alembic's `_resolve_branch`: a label or an id, a unique prefix too.
    pub(crate) fn branch_revision(&self, branch: &str) -> Result<RevisionIndex, ResolveError> {
        self.find(branch, None).map_err(|error| match error {
            ResolveError::Resolution(_) => ResolveError::Resolution(branch.to_owned()),
            other => other,
        })
    }

    /// Alembic's `_revision_for_ident`: exact, else the only name that begins so.
    pub(crate) fn find(&self, identifier: &str, branch: Option<&str>) -> Result<RevisionIndex, ResolveError> {
        let branch_revision = branch.map(|branch| self.branch_revision(branch)).transpose()?;
        let found = match self.names.get(identifier) {
            Some(index) => *index,
            None if identifier.is_empty() => return Err(RevisionError::EmptyIdentifier.into()),
            None => self.find_prefix(identifier, branch)?,
        };
        if let Some(branch_revision) = branch_revision
            && !self.share_lineage(self.winner(found), &[self.winner(branch_revision)], Edge::Next)
        {
            return Err(ResolveError::Resolution(identifier.to_owned()));
        }
        Ok(found)
    }

    fn find_prefix(&self, prefix: &str, branch: Option<&str>) -> Result<RevisionIndex, ResolveError> {
        let matches = |name: &str| name.starts_with(prefix) && name.chars().nth(3).is_some();
        let mut found: Vec<RevisionIndex> =
            self.names.iter().filter(|(name, _)| matches(name)).map(|(_, index)| *index).collect();
        if let Some(branch) = branch {
            found = self.filter_for_lineage(&found, branch, Edge::Next)?;
        }
        match found.as_slice() {
            [only] => Ok(*only),
            _ => Err(ResolveError::Resolution(prefix.to_owned())),
        }
    }

    /// Fails unless each of the revisions is on the branch.
    fn members(&self, indexes: &[RevisionIndex], branch: Option<&str>) -> Result<(), ResolveError> {
        let Some(branch) = branch.filter(|_| !indexes.is_empty()) else { return Ok(()) };
        let tests = [self.winner(self.branch_revision(branch)?)];
        match indexes.iter().find(|index| !self.share_lineage(**index, &tests, Edge::Next)) {
            Some(stranger) => Err(ResolveError::Resolution(self.id(*stranger).to_string())),
            None => Ok(()),
        }
    }

    /// `-N` and `LABEL@-N` as an absolute symbol: from every effective head (of those that carry the label).
    fn below_heads(&self, steps: i64, label: Option<&str>) -> Result<Vec<Place>, ResolveError> {
        let carries = |index: &RevisionIndex| match label {
            Some(label) => self.labels(*index).iter().any(|own| own == label),
            None => true,
        };
        let heads = self.effective_heads.iter().copied().filter(carries);
        heads.map(|head| self.walk(Place::At(head), super::walk::Walk::down(steps))).collect()
    }
}
