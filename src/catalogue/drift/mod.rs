//! In what the live schema differs from the one that the revisions fold to.
//!
//! Nothing is claimed that the fold does not know for certain: defaults and conditions of checks are left out (the server writes
//! them in words of its own), as are objects that depend on SQL or Python which limbec cannot read; those are named in
//! [`Drift::not_compared`].

mod actual;
mod judge;

use std::collections::BTreeSet;
use std::fmt;

use super::Catalogue;
use crate::operation::{Dialect, TableName};
use crate::revision::RevisionIndex;
use crate::schema::Schema;
use judge::Certainty;

/// The outcome of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drift {
    /// What certainly differs.
    pub found: Vec<Deviation>,
    /// What differs, if nothing that the fold did not understand has to do with it.
    pub likely: Vec<Deviation>,
    /// What differs on tables of which the fold does not know everything.
    pub not_compared: Vec<Deviation>,
    /// How many tables were compared.
    pub tables: usize,
}

/// One object that is not as the revisions leave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// In words, without an article: `table`, `column`, `index`.
    pub object: &'static str,
    /// Its name, below that of its table: `orders.total`.
    pub name: String,
    /// Its table, where it belongs to one.
    pub table: Option<TableName>,
    /// What is wrong with it.
    pub kind: DeviationKind,
    /// The revision that made it, where it should be there.
    pub made_by: Option<RevisionIndex>,
}

/// What is wrong with an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviationKind {
    /// The database does not have it.
    Missing,
    /// No revision makes it.
    Extra,
    /// It is another than the revisions make.
    Differs {
        /// As the revisions leave it.
        expected: String,
        /// As it is.
        found: String,
    },
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.object, self.name)?;
        match &self.kind {
            DeviationKind::Missing => f.write_str(" is missing"),
            DeviationKind::Extra => f.write_str(" is made by no revision"),
            DeviationKind::Differs { expected, found } => write!(f, " is {found}, the revisions make it {expected}"),
        }
    }
}

impl Drift {
    /// Compares the schema that the applied revisions fold to with what the database has. Tables of schemas that no revision
    /// names are left out.
    pub fn between(expected: &Schema, catalogue: &Catalogue, dialect: Dialect) -> Self {
        let schemas = named_schemas(expected);
        let is_wanted = |table: &TableName| table.schema.as_ref().is_none_or(|schema| schemas.contains(schema));
        let actual = actual::schema(catalogue, dialect, is_wanted);
        let mut drift =
            Self { tables: expected.tables().filter(|table| !table.is_doubtful).count(), ..Self::default() };
        let judge = judge::Judge { expected, catalogue, dialect };
        for difference in expected.difference(&actual) {
            let Some((deviation, certainty)) = judge.judge(&difference) else { continue };
            match certainty {
                Certainty::Certain => drift.found.push(deviation),
                Certainty::Likely => drift.likely.push(deviation),
                Certainty::Open => drift.not_compared.push(deviation),
            }
        }
        for list in [&mut drift.found, &mut drift.likely] {
            renamed_by_convention(list);
        }
        drift
    }
}

/// A naming convention (`ck_%(table_name)s_%(constraint_name)s`) makes another name of the one that a revision gives.
fn renamed_by_convention(list: &mut Vec<Deviation>) {
    let last = |deviation: &Deviation| deviation.name.rsplit('.').next().unwrap_or_default().to_owned();
    let is_same = |missing: &Deviation, extra: &Deviation| {
        missing.kind == DeviationKind::Missing
            && extra.kind == DeviationKind::Extra
            && (missing.object, &missing.table) == (extra.object, &extra.table)
            && last(extra).ends_with(&format!("_{}", last(missing)))
    };
    let pairs = |one: &Deviation| {
        one.object.ends_with("constraint") && list.iter().any(|other| is_same(one, other) || is_same(other, one))
    };
    let kept: Vec<Deviation> = list.iter().filter(|one| !pairs(one)).cloned().collect();
    *list = kept;
}

/// The schemas that revisions name.
pub fn named_schemas(expected: &Schema) -> BTreeSet<String> {
    expected.tables().filter_map(|table| table.name.schema.clone()).collect()
}
