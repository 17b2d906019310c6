use std::sync::Arc;

use super::{EnumState, Schema, Table, TableColumn, TableConstraint, TableIndex};
use crate::operation::{ColumnType, ConstraintKind, Name, ServerDefault, TableName, TypeKind};

/// Something in which two schemas differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Whose; `None` for an enum type.
    pub table: Option<TableName>,
    /// In what.
    pub kind: DifferenceKind,
}

/// In what two schemas differ; "missing" is what only the first has, "extra" what only the second has.
#[derive(Debug, Clone, PartialEq)]
pub enum DifferenceKind {
    TableMissing,
    TableExtra,
    ColumnMissing(String),
    ColumnExtra(String),
    /// Another type than `expected`.
    TypeDiffers {
        column: String,
        expected: ColumnType,
        found: ColumnType,
    },
    /// `expected`: whether rows may hold NULL there in the first schema.
    NullableDiffers {
        column: String,
        expected: bool,
    },
    /// Another default, or none, or one where there was none.
    DefaultDiffers {
        column: String,
        expected: Option<ServerDefault>,
        found: Option<ServerDefault>,
    },
    IndexMissing(TableIndex),
    IndexExtra(TableIndex),
    ConstraintMissing(TableConstraint),
    ConstraintExtra(TableConstraint),
    EnumMissing(String),
    EnumExtra(String),
    /// Other values than `expected`.
    EnumValuesDiffer {
        name: String,
        expected: Vec<String>,
        found: Vec<String>,
    },
}

impl Schema {
    /// In what `other` certainly differs from this schema. Doubtful objects are left out, as is what an incomplete table may have; names of
    /// constraints and indexes count only where both are given.
    pub fn difference(&self, other: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        for (name, expected) in &self.tables {
            match other.tables.get(name) {
                Some(same) if Arc::ptr_eq(same, expected) => {}
                Some(actual) if actual.is_doubtful || expected.is_doubtful => {}
                Some(actual) => tables(expected, actual, &mut found),
                None if expected.is_doubtful => {}
                None => found.push(Difference { table: Some(name.clone()), kind: DifferenceKind::TableMissing }),
            }
        }
        for (name, actual) in &other.tables {
            if !actual.is_doubtful && !self.tables.contains_key(name) {
                found.push(Difference { table: Some(name.clone()), kind: DifferenceKind::TableExtra });
            }
        }
        enums(self, other, &mut found);
        found
    }
}

fn enums(expected: &Schema, actual: &Schema, found: &mut Vec<Difference>) {
    let certain = |state: &EnumState| !state.is_doubtful;
    let mut push = |kind| found.push(Difference { table: None, kind });
    for state in expected.enum_types().filter(|state| certain(state)) {
        match actual.enums.get(&state.name) {
            None => push(DifferenceKind::EnumMissing(state.name.clone())),
            Some(other) => {
                if let (Some(mine), Some(theirs), false) = (&state.values, &other.values, other.is_doubtful)
                    && (mine.iter().any(|value| !theirs.contains(value))
                        || theirs.iter().any(|value| !mine.contains(value)))
                {
                    push(DifferenceKind::EnumValuesDiffer {
                        name: state.name.clone(),
                        expected: mine.clone(),
                        found: theirs.clone(),
                    });
                }
            }
        }
    }
    for state in actual.enum_types().filter(|state| certain(state) && !expected.enums.contains_key(&state.name)) {
        push(DifferenceKind::EnumExtra(state.name.clone()));
    }
}

fn tables(expected: &Table, actual: &Table, found: &mut Vec<Difference>) {
    let mut push = |kind| found.push(Difference { table: Some(expected.name.clone()), kind });
    for column in expected.columns.iter().filter(|column| !column.is_doubtful) {
        match actual.column(&column.name) {
            Some(other) if !other.is_doubtful => columns(column, other, &mut push),
            Some(_) => {}
            None if actual.is_complete => push(DifferenceKind::ColumnMissing(column.name.clone())),
            None => {}
        }
    }
    for column in actual.columns.iter().filter(|column| !column.is_doubtful) {
        if expected.is_complete && expected.column(&column.name).is_none() {
            push(DifferenceKind::ColumnExtra(column.name.clone()));
        }
    }
    parts(expected, actual, &mut push);
}

fn columns(expected: &TableColumn, actual: &TableColumn, push: &mut impl FnMut(DifferenceKind)) {
    let name = || expected.name.clone();
    if let (Some(mine), Some(theirs)) = (&expected.type_, &actual.type_)
        && !is_same_type(&mine.kind, &theirs.kind)
    {
        push(DifferenceKind::TypeDiffers { column: name(), expected: mine.clone(), found: theirs.clone() });
    }
    if let (Some(mine), Some(theirs)) = (expected.nullable, actual.nullable)
        && mine != theirs
    {
        push(DifferenceKind::NullableDiffers { column: name(), expected: mine });
    }
    let is_counter = counts_up(expected) || counts_up(actual);
    if !is_counter && !is_same_default(expected, actual) {
        push(DifferenceKind::DefaultDiffers {
            column: name(),
            expected: expected.server_default.clone(),
            found: actual.server_default.clone(),
        });
    }
}

/// Whether two types are the same, or may be: what is not known is no difference.
pub(super) fn is_same_type(one: &TypeKind, other: &TypeKind) -> bool {
    match (one, other) {
        (TypeKind::Unknown, _) | (_, TypeKind::Unknown) => true,
        (TypeKind::Other(one), TypeKind::Other(other)) => one == other || !(is_builtin(one) && is_builtin(other)),
        // It may be a type of the project's own that stands for the other.
        (TypeKind::Other(_), _) | (_, TypeKind::Other(_)) => true,
        (TypeKind::Enum(one), TypeKind::Enum(other)) => match (one.name.known(), other.name.known()) {
            (Some(name), Some(other_name)) => name == other_name,
            _ => true,
        },
        (TypeKind::Enum(one), TypeKind::Varchar { .. }) | (TypeKind::Varchar { .. }, TypeKind::Enum(one)) => {
            !one.is_native
        }
        (TypeKind::Float { precision: one }, TypeKind::Float { precision: other }) => {
            let is_double = |precision: &Option<u64>| precision.is_none_or(|bits| bits > 24);
            is_double(one) == is_double(other)
        }
        (TypeKind::Varchar { length: None }, TypeKind::Text) | (TypeKind::Text, TypeKind::Varchar { length: None }) => {
            true
        }
        (TypeKind::Array(one), TypeKind::Array(other)) => is_same_type(&one.kind, &other.kind),
        (one, other) => one == other,
    }
}

/// Whether a column counts up by itself, which an integer key does without being told.
fn counts_up(column: &TableColumn) -> bool {
    match &column.server_default {
        Some(ServerDefault::Identity) => true,
        Some(ServerDefault::Expression(text) | ServerDefault::Constant(text)) => {
            text.trim_start().starts_with("nextval")
        }
        _ => false,
    }
}

/// Types of PostgreSQL that nobody names otherwise.
fn is_builtin(name: &str) -> bool {
    matches!(
        name,
        "BIT"
            | "CIDR"
            | "CITEXT"
            | "HSTORE"
            | "INET"
            | "LTREE"
            | "MACADDR"
            | "MONEY"
            | "OID"
            | "TSQUERY"
            | "TSVECTOR"
            | "XML"
    ) || name.ends_with("RANGE")
}

fn is_same_default(expected: &TableColumn, actual: &TableColumn) -> bool {
    let is_boolean = [expected, actual]
        .iter()
        .any(|column| column.type_.as_ref().is_some_and(|type_| type_.kind == TypeKind::Boolean));
    let plain = |default: &ServerDefault| match plain_default(default).as_str() {
        "false" | "0" | "f" if is_boolean => "false".to_owned(),
        "true" | "1" | "t" if is_boolean => "true".to_owned(),
        other => other.to_owned(),
    };
    match (&expected.server_default, &actual.server_default) {
        (None, None) | (Some(ServerDefault::Unknown), _) | (_, Some(ServerDefault::Unknown)) => true,
        (Some(one), Some(other)) => plain(one) == plain(other),
        _ => false,
    }
}

/// A default without what is written differently for the same value: quotes, brackets, a cast, capitals.
fn plain_default(default: &ServerDefault) -> String {
    let (ServerDefault::Constant(text) | ServerDefault::Expression(text)) = default else {
        return format!("{default:?}");
    };
    let without_cast = text.rsplit_once("::").map_or(text.as_str(), |(value, _)| value);
    without_cast.trim().trim_matches(['(', ')', '\'']).to_lowercase()
}

/// What an index or a constraint is about: two that are equal do the same.
#[derive(PartialEq)]
enum Purpose {
    Unique(Vec<String>),
    Index(Vec<String>),
    PrimaryKey(Vec<String>),
    ForeignKey {
        columns: Vec<String>,
        referent: TableName,
        on_delete: String,
    },
    Check(String),
    /// Only its name tells.
    Named,
}

/// An index or a constraint.
struct Part<'t> {
    name: Option<&'t str>,
    purpose: Purpose,
    is_doubtful: bool,
    index: Option<&'t TableIndex>,
    constraint: Option<&'t TableConstraint>,
}

impl Part<'_> {
    /// Whether two parts are the same one, as far as can be told.
    fn is_same(&self, other: &Self) -> bool {
        match (self.name, other.name) {
            (Some(one), Some(two)) if one == two => {
                let is_open = |part: &Self| part.purpose == Purpose::Named;
                self.purpose == other.purpose || is_open(self) || is_open(other)
            }
            (Some(_), Some(_)) => self.purpose == other.purpose && self.index.is_some() != other.index.is_some(),
            _ => self.purpose == other.purpose && self.purpose != Purpose::Named,
        }
    }

    /// Whether it can be told from all others.
    fn is_certain(&self) -> bool {
        !self.is_doubtful && (self.name.is_some() || self.purpose != Purpose::Named)
    }
}

/// Indexes and constraints.
fn parts(expected: &Table, actual: &Table, push: &mut impl FnMut(DifferenceKind)) {
    let (mine, theirs) = (parts_of(expected), parts_of(actual));
    let is_there = |part: &Part<'_>, among: &[Part<'_>]| among.iter().any(|other| part.is_same(other));
    // One whose name or columns are computed may be any.
    let is_open =
        |part: &Part<'_>, among: &[Part<'_>]| among.iter().any(|other| !other.is_certain() && other.is_of_kind(part));
    for part in mine.iter().filter(|part| part.is_certain() && actual.is_complete) {
        if !is_there(part, &theirs) && !is_open(part, &theirs) {
            part.index.into_iter().for_each(|index| push(DifferenceKind::IndexMissing(index.clone())));
            part.constraint
                .into_iter()
                .for_each(|constraint| push(DifferenceKind::ConstraintMissing(constraint.clone())));
        }
    }
    for part in theirs.iter().filter(|part| part.is_certain() && expected.is_complete) {
        if !is_there(part, &mine) && !is_open(part, &mine) {
            part.index.into_iter().for_each(|index| push(DifferenceKind::IndexExtra(index.clone())));
            part.constraint
                .into_iter()
                .for_each(|constraint| push(DifferenceKind::ConstraintExtra(constraint.clone())));
        }
    }
}

impl Part<'_> {
    fn is_of_kind(&self, other: &Part<'_>) -> bool {
        match (self.constraint, other.constraint) {
            (Some(one), Some(two)) => std::mem::discriminant(&one.kind) == std::mem::discriminant(&two.kind),
            _ => true,
        }
    }
}

fn parts_of(table: &Table) -> Vec<Part<'_>> {
    let indexes = table.indexes.iter().map(|index| Part {
        name: index.name.known(),
        purpose: index_purpose(index),
        is_doubtful: index.is_doubtful || index.name == Name::Unknown,
        index: Some(index),
        constraint: None,
    });
    let constraints = table.constraints.iter().map(|constraint| Part {
        name: constraint.name.known(),
        purpose: constraint_purpose(constraint),
        is_doubtful: constraint.is_doubtful || constraint.name == Name::Unknown,
        index: None,
        constraint: Some(constraint),
    });
    indexes.chain(constraints).collect()
}

/// What is unique together does not depend on the order.
fn sorted(columns: &[String]) -> Vec<String> {
    let mut columns = columns.to_vec();
    columns.sort_unstable();
    columns
}

fn index_purpose(index: &TableIndex) -> Purpose {
    match index.columns.iter().cloned().collect::<Option<Vec<String>>>() {
        Some(columns) if !columns.is_empty() && index.unique => Purpose::Unique(sorted(&columns)),
        Some(columns) if !columns.is_empty() => Purpose::Index(columns),
        _ => Purpose::Named,
    }
}

fn constraint_purpose(constraint: &TableConstraint) -> Purpose {
    match &constraint.kind {
        ConstraintKind::PrimaryKey { columns: Some(columns) } => Purpose::PrimaryKey(sorted(columns)),
        ConstraintKind::Unique { columns: Some(columns) } => Purpose::Unique(sorted(columns)),
        ConstraintKind::ForeignKey { columns: Some(columns), referent: Some(referent), on_delete, .. } => {
            let on_delete = on_delete.as_deref().filter(|action| *action != "NO ACTION").unwrap_or_default();
            Purpose::ForeignKey {
                columns: columns.clone(),
                referent: referent.clone(),
                on_delete: on_delete.to_owned(),
            }
        }
        ConstraintKind::Check { condition: Some(condition) } => {
            Purpose::Check(condition.chars().filter(|c| !c.is_whitespace() && !"()".contains(*c)).collect())
        }
        _ => Purpose::Named,
    }
}
