use super::PlanWarning;
use crate::revision::{
    Edge, Place, Relative, ResolveError, RevisionError, RevisionId, RevisionIndex, RevisionMap, RevisionSet, Walk,
};

/// One end of a walk: a symbol as typed, or the rows of the version table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target<'a> {
    Symbol(&'a str),
    Rows(&'a [RevisionId]),
}

/// Where a downgrade goes to.
pub(super) struct DowngradeTarget {
    /// The branch that the downgrade stays on.
    pub(super) branch: Option<String>,
    /// `Nowhere` and `Base` are both the base.
    pub(super) place: Place,
    pub(super) warning: Option<PlanWarning>,
}

impl<'a> Target<'a> {
    /// Alembic's `get_revisions`.
    pub(super) fn places(self, map: &RevisionMap) -> Result<Vec<Place>, ResolveError> {
        match self {
            Self::Symbol(symbol) => map.places(symbol),
            Self::Rows(rows) => Ok(map.rows(rows)?.into_iter().map(Place::At).collect()),
        }
    }

    /// `to_tuple`: the rows, or the symbol as if it were one.
    fn tuple(self) -> Vec<&'a str> {
        match self {
            Self::Symbol(symbol) => vec![symbol],
            Self::Rows(rows) => rows.iter().map(RevisionId::as_str).collect(),
        }
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::Symbol(symbol) => symbol.to_owned(),
            Self::Rows(rows) => rows.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", "),
        }
    }

    /// Alembic's `_parse_upgrade_target`, the target being `self`. `strict`: a walk too far is an error.
    pub(super) fn upgrade(
        self,
        map: &RevisionMap,
        current: Target<'_>,
        strict: bool,
    ) -> Result<Vec<Place>, ResolveError> {
        let Self::Symbol(symbol) = self else { return self.places(map) };
        let Some(relative) = Relative::parse(symbol) else { return self.places(map) };
        let walk = Walk { steps: relative.steps, branch: relative.label, strict };
        let place = match (relative.symbol, relative.steps > 0) {
            (None, true) => {
                let start = start_of_upgrade(map, current, relative.label)?;
                match map.walk(start, walk)? {
                    Place::Nowhere => return Err(too_far(relative.text.to_owned(), relative.steps).into()),
                    place => place,
                }
            }
            (None, false) => return Err(too_far(relative.steps.to_string(), relative.steps).into()),
            (Some(symbol), true) => map.walk(start_at(map.single(symbol)?), walk)?,
            (Some(symbol), false) => {
                let start = start_at(map.single(&on_branch(relative.label, symbol))?);
                map.walk(start, Walk { branch: None, ..walk })?
            }
        };
        Ok(vec![place])
    }

    /// Alembic's `_parse_downgrade_target`, the target being `self`.
    pub(super) fn downgrade(
        self,
        map: &RevisionMap,
        current: Target<'_>,
        strict: bool,
    ) -> Result<DowngradeTarget, ResolveError> {
        let Self::Symbol(symbol) = self else { return Err(RevisionError::NotARevision(self.name()).into()) };
        let Some(relative) = Relative::parse(symbol) else {
            let (branch, rest) = match symbol.rsplit_once('@') {
                Some((branch, rest)) => (Some(branch).filter(|branch| !branch.is_empty()), rest),
                None => (None, symbol),
            };
            let place = start_at(map.single(rest)?);
            return Ok(DowngradeTarget { branch: branch.map(str::to_owned), place, warning: None });
        };
        match relative.symbol {
            Some(start) => {
                let walk = Walk { steps: relative.steps, branch: None, strict };
                let place = if relative.steps >= 0 {
                    map.walk(start_at(map.single(start)?), Walk { branch: relative.label, ..walk })?
                } else {
                    map.walk(start_at(map.single(&on_branch(relative.label, start))?), walk)?
                };
                if place == Place::Nowhere {
                    return Err(RevisionError::WalkedTooFar.into());
                }
                Ok(DowngradeTarget { branch: relative.label.map(str::to_owned), place, warning: None })
            }
            None if relative.steps >= 0 => Err(too_far(relative.text.to_owned(), relative.steps).into()),
            None => below_rows(map, current, &relative, strict),
        }
    }
}

/// `-N` and `LABEL@-N`: down from the current rows.
fn below_rows(
    map: &RevisionMap,
    current: Target<'_>,
    relative: &Relative<'_>,
    strict: bool,
) -> Result<DowngradeTarget, ResolveError> {
    let rows = current.tuple();
    let mut warning = None;
    let (branch, start) = match relative.label {
        Some(label) => (label.to_owned(), row_on_branch(map, current, label, relative)?),
        None => {
            let Some(first) = rows.first() else {
                return Err(too_far(relative.text.to_owned(), relative.steps).into());
            };
            if rows.iter().any(|row| row != first) {
                warning = Some(PlanWarning::AmbiguousRelativeDowngrade);
            }
            ((*first).to_owned(), (*first).to_owned())
        }
    };
    let start = start_at(map.single(&format!("{branch}@{start}"))?);
    let place = map.walk(start, Walk { steps: relative.steps, branch: None, strict })?;
    if place == Place::Nowhere {
        return Err(too_far(relative.text.to_owned(), relative.steps).into());
    }
    Ok(DowngradeTarget { branch: Some(branch), place, warning })
}

/// The one row on a branch, or the one head that the rows imply on it.
fn row_on_branch(
    map: &RevisionMap,
    current: Target<'_>,
    label: &str,
    relative: &Relative<'_>,
) -> Result<String, ResolveError> {
    let mut found: Vec<String> = Vec::new();
    // The label is looked at only where there are rows to compare with it, but its symbol is resolved in any case.
    map.filter_for_lineage(&[], label, Edge::Next)?;
    for row in current.tuple() {
        let index = map.find(row, None)?;
        if !map.filter_for_lineage(&[index], label, Edge::Next)?.is_empty() {
            found.push(row.to_owned());
        }
    }
    if found.is_empty() {
        let rows: Vec<RevisionIndex> = current.places(map)?.into_iter().filter_map(Place::revision).collect();
        let implied = map.filter_for_lineage(&map.all_current(&rows)?, label, Edge::Next)?;
        found = implied.into_iter().map(|index| map.id(index).to_string()).collect();
    }
    match <[String; 1]>::try_from(found) {
        Ok([only]) => Ok(only),
        Err(found) => Err(RevisionError::BranchNotSingle {
            label: label.to_owned(),
            relative: relative.text.to_owned(),
            found: found.len(),
        }
        .into()),
    }
}

/// Where `+N` and `LABEL@+N` count from.
fn start_of_upgrade(map: &RevisionMap, current: Target<'_>, label: Option<&str>) -> Result<Place, ResolveError> {
    let Some(label) = label else {
        return match current.tuple().as_slice() {
            [] => Ok(Place::Nowhere),
            [only] => Ok(start_at(map.single(only)?)),
            _ => Err(RevisionError::AmbiguousUpgrade.into()),
        };
    };
    let mut rows = Vec::new();
    for place in current.places(map)? {
        rows.push(place.revision().ok_or_else(|| RevisionError::NotARevision(current.name()))?);
    }
    let mut start = map.filter_for_lineage(&rows, label, Edge::Next)?;
    if start.is_empty() {
        let applied: Vec<RevisionIndex> = map.closure(&rows, Edge::NormalizedDown).iter().collect();
        let active = map.filter_for_lineage(&applied, label, Edge::Next)?;
        let mut below = RevisionSet::new(map.len());
        for index in &active {
            for down in map.neighbours(*index, Edge::NormalizedDown) {
                below.insert(*down);
            }
        }
        start = active.into_iter().filter(|index| !below.contains(*index)).collect();
    }
    match start.as_slice() {
        [] => Ok(Place::Nowhere),
        [only] => Ok(Place::At(*only)),
        _ => Err(RevisionError::AmbiguousUpgrade.into()),
    }
}

/// Base is `None` in Alembic, and walks start there.
fn start_at(revision: Option<RevisionIndex>) -> Place {
    revision.map_or(Place::Nowhere, Place::At)
}

fn on_branch(label: Option<&str>, symbol: &str) -> String {
    match label {
        Some(label) => format!("{label}@{symbol}"),
        None => symbol.to_owned(),
    }
}

fn too_far(relative: String, steps: i64) -> RevisionError {
    RevisionError::RelativeTooFar { relative, count: steps.unsigned_abs() }
}
