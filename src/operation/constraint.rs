use std::ops::Range;

use super::{Name, TableName};

/// A constraint as it is created.
#[derive(Debug, Clone, PartialEq)]
pub struct Constraint {
    /// `name=`
    pub name: Name,
    /// Which.
    pub kind: ConstraintKind,
    /// `postgresql_not_valid=True`, `NOT VALID`.
    pub not_valid: bool,
    /// `USING INDEX`: an index that exists becomes the constraint's.
    pub uses_index: Option<String>,
    /// In the text.
    pub range: Range<usize>,
}

/// Which constraint. `None` among columns: computed when the revision runs.
#[derive(Debug, Clone, PartialEq)]
pub enum ConstraintKind {
    PrimaryKey {
        columns: Option<Vec<String>>,
    },
    Unique {
        columns: Option<Vec<String>>,
    },
    ForeignKey {
        columns: Option<Vec<String>>,
        /// The referenced table.
        referent: Option<TableName>,
        referent_columns: Option<Vec<String>>,
        /// Upper case: `CASCADE`, `SET NULL`.
        on_delete: Option<String>,
    },
    Check {
        /// The condition in SQL.
        condition: Option<String>,
    },
    Exclude,
}
