use super::{Deviation, DeviationKind};
use crate::catalogue::Catalogue;
use crate::operation::{ColumnType, ConstraintKind, Dialect, TableName, TypeKind};
use crate::revision::RevisionIndex;
use crate::schema::{Difference, DifferenceKind, Schema, Table, TableConstraint, TableIndex};

/// Decides what a difference of two schemas is worth.
pub(super) struct Judge<'s> {
    pub(super) expected: &'s Schema,
    pub(super) catalogue: &'s Catalogue,
    pub(super) dialect: Dialect,
}

/// How much a deviation is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    /// Everything on the way was understood.
    Certain,
    /// Something on the way was not; whether it has to do with this is for others to say.
    Likely,
    /// Something was done to this table that is not known.
    Open,
}

impl Judge<'_> {
    /// The deviation, and how certain it is; `None`: it is none.
    pub(super) fn judge(&self, difference: &Difference) -> Option<(Deviation, Certainty)> {
        let table = difference.table.as_ref().and_then(|name| self.expected.table(name));
        let (object, part, kind, made_by) = match &difference.kind {
            DifferenceKind::TableMissing => {
                ("table", None, DeviationKind::Missing, table.map(|table| table.created_by))
            }
            DifferenceKind::TableExtra => ("table", None, DeviationKind::Extra, None),
            DifferenceKind::ColumnMissing(column) => {
                ("column", Some(column.clone()), DeviationKind::Missing, created_by(table, column))
            }
            DifferenceKind::ColumnExtra(column) => ("column", Some(column.clone()), DeviationKind::Extra, None),
            DifferenceKind::TypeDiffers { column, expected, found } => {
                if !self.tells_types_apart(expected, found) {
                    return None;
                }
                let kind = differs(expected.text.clone(), found.text.clone());
                ("column", Some(column.clone()), kind, created_by(table, column))
            }
            DifferenceKind::NullableDiffers { column, expected } => {
                if !expected && self.is_key_of_sqlite(difference.table.as_ref()?, column) {
                    return None;
                }
                let word = |nullable: bool| if nullable { "nullable" } else { "NOT NULL" }.to_owned();
                let kind = differs(word(*expected), word(!expected));
                ("column", Some(column.clone()), kind, created_by(table, column))
            }
            DifferenceKind::DefaultDiffers { .. } => return None,
            DifferenceKind::IndexMissing(index) => {
                ("index", Some(index_name(index)?), DeviationKind::Missing, Some(index.created_by))
            }
            DifferenceKind::IndexExtra(index) => ("index", Some(index_name(index)?), DeviationKind::Extra, None),
            DifferenceKind::ConstraintMissing(constraint) => (
                word(constraint),
                Some(self.constraint_name(constraint)?),
                DeviationKind::Missing,
                Some(constraint.created_by),
            ),
            DifferenceKind::ConstraintExtra(constraint) => {
                if matches!(constraint.kind, ConstraintKind::Check { .. }) && table.is_some_and(has_unnamed_check) {
                    return None;
                }
                (word(constraint), Some(self.constraint_name(constraint)?), DeviationKind::Extra, None)
            }
            DifferenceKind::EnumMissing(name) => {
                let made_by = self.expected.enum_type(name).map(|state| state.created_by);
                return Some((named("enum type", name, DeviationKind::Missing, made_by), self.certainty(None)));
            }
            DifferenceKind::EnumExtra(name) => {
                return Some((named("enum type", name, DeviationKind::Extra, None), Certainty::Open));
            }
            DifferenceKind::EnumValuesDiffer { name, expected, found } => {
                let list = |values: &[String]| values.join(", ");
                let made_by = self.expected.enum_type(name).map(|state| state.created_by);
                let deviation = named("enum type", name, differs(list(expected), list(found)), made_by);
                return Some((deviation, self.certainty(None)));
            }
        };
        let of = difference.table.as_ref()?;
        let name = part.map_or_else(|| of.to_string(), |part| format!("{of}.{part}"));
        let certainty = self.certainty(table);
        Some((Deviation { object, name, table: Some(of.clone()), kind, made_by }, certainty))
    }

    fn certainty(&self, table: Option<&Table>) -> Certainty {
        match table {
            Some(table) if !table.is_complete || table.is_doubtful => Certainty::Open,
            _ if self.expected.may_be_incomplete() => Certainty::Likely,
            _ => Certainty::Certain,
        }
    }

    /// SQLite keeps any word as a type, and gives types that it does not know another name.
    fn tells_types_apart(&self, expected: &ColumnType, found: &ColumnType) -> bool {
        if self.dialect != Dialect::Sqlite {
            return true;
        }
        // What stands there is the type on PostgreSQL.
        if expected.text.contains("with_variant") {
            return false;
        }
        let class = |kind: &TypeKind| match kind {
            TypeKind::SmallInteger | TypeKind::Integer | TypeKind::BigInteger => Some("integer"),
            TypeKind::Varchar { .. } | TypeKind::Text => Some("text"),
            TypeKind::Float { .. } => Some("float"),
            TypeKind::Date => Some("date"),
            TypeKind::Boolean => Some("boolean"),
            TypeKind::Binary => Some("binary"),
            _ => None,
        };
        match (class(&expected.kind), class(&found.kind)) {
            (Some("integer"), Some("integer")) | (Some("float"), Some("float")) => false,
            (Some(one), Some(other)) => one != other || one == "text",
            _ => false,
        }
    }

    /// SQLAlchemy writes NOT NULL for keys, SQL need not.
    fn is_key_of_sqlite(&self, table: &TableName, column: &str) -> bool {
        self.dialect == Dialect::Sqlite
            && self.catalogue.relation(table).is_some_and(|relation| {
                relation.constraints.iter().any(|constraint| {
                    constraint.kind == crate::catalogue::ConstraintKind::PrimaryKey
                        && constraint.columns.iter().any(|key| key == column)
                })
            })
    }

    /// `None`: it has no name, and no columns that would tell it from others.
    fn constraint_name(&self, constraint: &TableConstraint) -> Option<String> {
        if let Some(name) = constraint.name.known() {
            return Some(name.to_owned());
        }
        let columns = constraint.columns()?;
        // SQLite tells no names but in its statements: without one there is nothing to compare.
        (self.dialect != Dialect::Sqlite).then(|| format!("({})", columns.join(", ")))
    }
}

fn created_by(table: Option<&Table>, column: &str) -> Option<RevisionIndex> {
    table?.column(column).map(|column| column.created_by)
}

fn differs(expected: String, found: String) -> DeviationKind {
    DeviationKind::Differs { expected, found }
}

fn named(object: &'static str, name: &str, kind: DeviationKind, made_by: Option<RevisionIndex>) -> Deviation {
    Deviation { object, name: name.to_owned(), table: None, kind, made_by }
}

fn index_name(index: &TableIndex) -> Option<String> {
    index.name.known().map(str::to_owned).or_else(|| index.default_name.clone())
}

fn word(constraint: &TableConstraint) -> &'static str {
    match constraint.kind {
        ConstraintKind::PrimaryKey { .. } => "primary key",
        ConstraintKind::Unique { .. } => "unique constraint",
        ConstraintKind::ForeignKey { .. } => "foreign key",
        ConstraintKind::Check { .. } => "check constraint",
        ConstraintKind::Exclude => "exclusion constraint",
    }
}

fn has_unnamed_check(table: &Table) -> bool {
    let mut constraints = table.constraints.iter();
    constraints
        .any(|constraint| matches!(constraint.kind, ConstraintKind::Check { .. }) && constraint.name.known().is_none())
}
