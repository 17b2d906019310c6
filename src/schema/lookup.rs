use super::default_name::follows_convention;
use super::{Schema, Table, TableConstraint, TableIndex};
use crate::operation::{ConstraintKind, TableName};

/// The schema of temporary tables.
pub(super) const TEMPORARY: &str = "pg_temp";

impl Schema {
    /// Under which name a table is kept: the default schema is not named, and a temporary table hides others of its name.
    pub(super) fn key(&self, name: &TableName) -> TableName {
        match name.schema.as_deref() {
            Some("public" | "") => TableName::new(name.name.clone()),
            Some(_) => name.clone(),
            None if self.tables.contains_key(name) => name.clone(),
            None => {
                let temporary = TableName { schema: Some(TEMPORARY.to_owned()), name: name.name.clone() };
                if self.tables.contains_key(&temporary) { temporary } else { name.clone() }
            }
        }
    }

    /// Under which key an enum type is kept: its name, or the only one of that name in any schema.
    pub(super) fn enum_key(&self, name: &str) -> Option<String> {
        let name = name.strip_prefix("public.").unwrap_or(name);
        if self.enums.contains_key(name) {
            return Some(name.to_owned());
        }
        let last = name.rsplit('.').next().unwrap_or(name);
        let mut found = self.enums.keys().filter(|key| key.rsplit('.').next() == Some(last));
        match (found.next(), found.next()) {
            (Some(key), None) => Some(key.clone()),
            _ => None,
        }
    }
}

impl Table {
    /// The constraint that a name means: as given, as PostgreSQL would have named it, as a naming convention would, or the only one of its
    /// kind that has no name. `kind`: `unique`, `foreignkey`, `primary`, `check`.
    pub(super) fn constraint_position(&self, name: &str, kind: Option<&str>) -> Option<usize> {
        let is_kind = |constraint: &TableConstraint| kind.is_none_or(|kind| constraint.is_of_kind(kind));
        let position = |is: &dyn Fn(&TableConstraint) -> bool| self.constraints.iter().position(is);
        position(&|constraint| constraint.name.known() == Some(name))
            .or_else(|| position(&|constraint| constraint.known_as(name)))
            .or_else(|| {
                position(&|constraint| {
                    constraint.name.known().is_none()
                        && is_kind(constraint)
                        && follows_convention(&self.name, &constraint.kind, name)
                })
            })
            .or_else(|| {
                // `ck_%(table_name)s_%(constraint_name)s`
                position(&|constraint| {
                    is_kind(constraint)
                        && constraint.name.known().is_some_and(|known| {
                            name.strip_suffix(known)
                                .is_some_and(|before| before.ends_with(&format!("{}_", self.name.name)))
                        })
                })
            })
    }

    /// The constraint of a kind without a name, where there is but one.
    pub(super) fn only_unnamed(&self, kind: Option<&str>) -> Option<usize> {
        let mut unnamed = self.constraints.iter().enumerate().filter(|(_, constraint)| {
            constraint.name.known().is_none() && kind.is_some_and(|kind| constraint.is_of_kind(kind))
        });
        match (unnamed.next(), unnamed.next()) {
            (Some((at, _)), None) => Some(at),
            _ => None,
        }
    }

    /// The index that a name means.
    pub(super) fn index_position(&self, name: &str) -> Option<usize> {
        let given = self.indexes.iter().position(|index| index.name.known() == Some(name));
        given.or_else(|| self.indexes.iter().position(|index| index.known_as(name)))
    }
}

impl TableConstraint {
    /// Whether it has this name, given or chosen by PostgreSQL.
    pub(super) fn known_as(&self, name: &str) -> bool {
        match self.name.known() {
            Some(known) => known == name,
            None => self.default_name.as_deref() == Some(name),
        }
    }

    /// Whether it is what Alembic's `type_=` calls this.
    pub(super) fn is_of_kind(&self, kind: &str) -> bool {
        match &self.kind {
            ConstraintKind::PrimaryKey { .. } => kind == "primary",
            ConstraintKind::Unique { .. } => kind == "unique",
            ConstraintKind::ForeignKey { .. } => kind == "foreignkey",
            ConstraintKind::Check { .. } => kind == "check",
            ConstraintKind::Exclude => kind == "exclude",
        }
    }

    /// Its columns, where it has any that are known.
    pub fn columns(&self) -> Option<&[String]> {
        match &self.kind {
            ConstraintKind::PrimaryKey { columns }
            | ConstraintKind::Unique { columns }
            | ConstraintKind::ForeignKey { columns, .. } => columns.as_deref(),
            ConstraintKind::Check { .. } | ConstraintKind::Exclude => None,
        }
    }
}

impl TableIndex {
    /// Whether it has this name, given or chosen by SQLAlchemy.
    pub(super) fn known_as(&self, name: &str) -> bool {
        match self.name.known() {
            Some(known) => known == name,
            None => self.default_name.as_deref() == Some(name),
        }
    }
}
