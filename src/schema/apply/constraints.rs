use super::UnknownObject;
use super::operations::{Applier, Circumstances};
use crate::operation::{Constraint, ConstraintKind, Dialect, Name, TableName};
use crate::schema::default_name::constraint_name;
use crate::schema::state::Trace;
use crate::schema::{Table, TableConstraint};

impl Circumstances {
    /// Whether `sa.Enum` is a type of its own.
    pub(super) fn has_native_enums(self) -> bool {
        self.dialect == Dialect::Postgresql
    }
}

impl Applier<'_> {
    /// Notes tables that foreign keys refer to and that are not there. One that the same function creates later is left out:
    /// with `use_alter=True` CREATE TABLE leaves the key out as well.
    pub(super) fn expect_referenced<'c>(&mut self, constraints: impl Iterator<Item = &'c Constraint>, of: &TableName) {
        for constraint in constraints {
            let ConstraintKind::ForeignKey { referent: Some(referent), .. } = &constraint.kind else { continue };
            let key = self.schema.key(referent);
            if key != *of && !self.schema.tables.contains_key(&key) && !self.creates.contains(&key) {
                self.unknown_table(&key, UnknownObject::ReferencedTable);
            }
        }
    }

    pub(super) fn create_constraint(&mut self, table: Option<&TableName>, constraint: &Constraint) {
        if let Some(table) = table {
            let key = self.schema.key(table);
            self.expect_referenced(std::iter::once(constraint), &key);
        }
        self.with_table(table, |table, circumstances| {
            table.push_created(constraint, circumstances);
            let missing = constraint_columns(&constraint.kind).find(|column| table.column(column).is_none()).cloned();
            missing.map_or(Ok(()), |column| Err(UnknownObject::Column(column)))
        });
    }

    pub(super) fn drop_constraint(
        &mut self,
        table: Option<&TableName>,
        name: &Name,
        kind: Option<&str>,
        if_exists: bool,
    ) {
        self.with_table(table, |table, circumstances| {
            let Some(known) = name.known() else {
                return table.drop_unnamed(kind, circumstances);
            };
            if let Some(at) = table.constraint_position(known, kind) {
                table.drop_constraint_at(at, circumstances);
                return Ok(());
            }
            // MySQL and SQLAlchemy's reflection take a unique index for a constraint.
            if let Some(at) = table.index_position(known) {
                table.drop_index_at(at, circumstances);
                return Ok(());
            }
            if let Some(at) = table.only_unnamed(kind) {
                table.drop_constraint_at(at, circumstances);
                return Ok(());
            }
            let may_be_unnamed = table.constraints.iter().any(|constraint| constraint.name.known().is_none());
            if if_exists || may_be_unnamed {
                table.doubt_unnamed(kind);
                return Ok(());
            }
            Err(UnknownObject::Constraint(known.to_owned()))
        });
    }

    pub(super) fn validate_constraint(&mut self, table: Option<&TableName>, name: &Name) {
        self.with_table(table, |table, circumstances| {
            let Some(known) = name.known() else { return Ok(()) };
            let Some(at) = table.constraint_position(known, None) else {
                return Err(UnknownObject::Constraint(known.to_owned()));
            };
            if let Some(constraint) = table.constraints.get_mut(at)
                && !circumstances.is_doubtful
            {
                constraint.not_valid = false;
            }
            Ok(())
        });
    }
}

fn constraint_columns(kind: &ConstraintKind) -> impl Iterator<Item = &String> {
    let columns = match kind {
        ConstraintKind::PrimaryKey { columns }
        | ConstraintKind::Unique { columns }
        | ConstraintKind::ForeignKey { columns, .. } => columns.as_deref(),
        ConstraintKind::Check { .. } | ConstraintKind::Exclude => None,
    };
    columns.unwrap_or_default().iter()
}

impl Table {
    /// A constraint as it is written.
    pub(super) fn push_created(&mut self, constraint: &Constraint, circumstances: Circumstances) {
        let mut kind = constraint.kind.clone();
        if let ConstraintKind::ForeignKey { referent: Some(referent), .. } = &mut kind
            && matches!(referent.schema.as_deref(), Some("public" | ""))
        {
            referent.schema = None;
        }
        if let Some(at) = constraint.uses_index.as_deref().and_then(|index| self.index_position(index)) {
            let index = self.indexes.remove(at);
            let columns: Option<Vec<String>> = index.columns.into_iter().collect();
            match &mut kind {
                ConstraintKind::Unique { columns: own } | ConstraintKind::PrimaryKey { columns: own } => {
                    *own = own.take().or(columns);
                }
                _ => {}
            }
        }
        if let ConstraintKind::PrimaryKey { columns: Some(columns) } = &kind {
            for column in self.columns.iter_mut().filter(|column| columns.contains(&column.name)) {
                column.nullable = Some(false);
            }
        }
        let name = match (&constraint.name, &constraint.uses_index) {
            (Name::Unnamed, Some(index)) => Name::Known(index.clone()),
            (name, _) => name.clone(),
        };
        self.push_constraint(&name, kind, circumstances);
        if let Some(pushed) = self.constraints.last_mut() {
            pushed.not_valid = constraint.not_valid;
        }
    }

    pub(super) fn push_constraint(&mut self, name: &Name, kind: ConstraintKind, circumstances: Circumstances) {
        let is_unnamed = circumstances.dialect == Dialect::Postgresql && *name == Name::Unnamed;
        let default_name = if is_unnamed { constraint_name(self, &kind) } else { None };
        if let Some(known) = name.known() {
            self.constraints.retain(|other| other.name.known() != Some(known));
        }
        self.constraints.push(TableConstraint {
            name: name.clone(),
            kind,
            not_valid: false,
            created_by: circumstances.revision,
            default_name,
            is_doubtful: circumstances.is_doubtful,
            trace: Trace::new(circumstances.revision),
        });
    }

    fn drop_constraint_at(&mut self, at: usize, circumstances: Circumstances) {
        if !circumstances.is_doubtful {
            self.constraints.remove(at);
        } else if let Some(constraint) = self.constraints.get_mut(at) {
            constraint.is_doubtful = true;
        }
    }

    /// A constraint is dropped whose name is not known: the only one of its kind that has none, else any of them.
    fn drop_unnamed(&mut self, kind: Option<&str>, circumstances: Circumstances) -> Result<(), UnknownObject> {
        match self.only_unnamed(kind) {
            Some(at) => self.drop_constraint_at(at, circumstances),
            None => {
                self.doubt_unnamed(kind);
                for constraint in
                    self.constraints.iter_mut().filter(|constraint| kind.is_none_or(|kind| constraint.is_of_kind(kind)))
                {
                    constraint.is_doubtful = true;
                }
            }
        }
        Ok(())
    }

    /// One of those without a name may be gone.
    fn doubt_unnamed(&mut self, kind: Option<&str>) {
        for constraint in self.constraints.iter_mut().filter(|constraint| constraint.name.known().is_none()) {
            constraint.is_doubtful |= kind.is_none_or(|kind| constraint.is_of_kind(kind));
        }
    }
}
