use super::course::Course;
use super::{LintContext, Loss, TypeChange};
use crate::operation::{Change, Operation, OperationKind, TableName};

impl LintContext<'_> {
    /// Whether what an operation of the downgrade destroys is only what the upgrade, or the downgrade itself, made: the normal way
    /// back. So is what cannot be told, because the upgrade does something that was not understood.
    pub fn is_own(&self, operation: &Operation, loss: &Loss) -> bool {
        let (upgrade, downgrade) = (self.upgrade_course(), self.downgrade_course());
        if upgrade.body.not_analysed.iter().any(|call| !call.is_partly_known) || upgrade.creates_unknown(loss) {
            return true;
        }
        match loss {
            Loss::Table(table) => {
                self.owns_table(table)
                    || downgrade.makes_before(operation, table)
                    || self.is_nowhere(operation, table, downgrade)
            }
            Loss::Column { table, column } => {
                self.is_no_column(table, column)
                    || downgrade.makes_before(operation, table)
                    || downgrade.adds_before(operation, table, column)
                    || self.owns_column(table, column)
                    || operation.context.is_conditional && upgrade.renames_to(table, column)
            }
            Loss::AllValues { table, columns } => columns.iter().all(|column| {
                downgrade.makes_before(operation, table)
                    || downgrade.adds_before(operation, table, column)
                    || upgrade.writes_column(table, column)
                    || self.owns_column(table, column)
            }),
            Loss::Values { table, column, .. } => {
                downgrade.makes_before(operation, table)
                    || downgrade.adds_before(operation, table, column)
                    || self.owns_column(table, column)
                    || self.takes_type_back(operation, table, column)
            }
            Loss::AllRows(table) => {
                let is_dropped = downgrade.later(operation).iter().any(
                    |later| matches!(&later.kind, OperationKind::DropTable { table: Some(dropped), .. } if dropped == table),
                );
                is_dropped || self.owns_table(table) || downgrade.makes_before(operation, table)
            }
            Loss::SomeRows(table) => {
                let is_replaced = downgrade.later(operation).iter().any(
                    |later| matches!(&later.kind, OperationKind::Insert { table: into } if into.as_ref().is_none_or(|into| into == table)),
                );
                is_replaced
                    || self.owns_table(table)
                    || downgrade.makes_before(operation, table)
                    || upgrade.writes_rows(table)
            }
            Loss::Schema(_)
            | Loss::EveryTable
            | Loss::ColumnsOfType(_)
            | Loss::Database
            | Loss::Overwritten { .. }
            | Loss::Referencing(_) => self.owns_object(loss),
        }
    }

    /// The same of what holds tables or columns of many.
    fn owns_object(&self, loss: &Loss) -> bool {
        match loss {
            Loss::Schema(schema) => self.upgrade().operations.iter().any(
                |created| matches!(&created.kind, OperationKind::CreateSchema { name, .. } if name.as_ref() == Some(schema)),
            ),
            Loss::EveryTable => self
                .upgrade()
                .operations
                .iter()
                .any(|created| matches!(created.kind, OperationKind::CreateAll { is_drop: false })),
            Loss::ColumnsOfType(name) => {
                self.creates_enum(name)
                    || self.upgrade().operations.iter().any(|created| {
                        matches!(&created.kind, OperationKind::CreateObject { name: of, .. } if of.as_ref() == Some(name))
                    })
            }
            _ => false,
        }
    }

    /// Whether the upgrade creates the table, and not only if there is none.
    fn owns_table(&self, table: &TableName) -> bool {
        let table_before = self.schema_before().and_then(|schema| schema.table(table));
        let was_there = table_before.is_some_and(|table| !table.is_doubtful);
        let is_guarded = self.upgrade().operations.iter().any(|operation| match &operation.kind {
            OperationKind::CreateTable(create) => {
                create.table.as_ref() == Some(table) && (create.if_not_exists || operation.context.is_conditional)
            }
            _ => false,
        });
        self.upgrade_course().creates_table(table) && !(was_there && is_guarded)
    }

    fn owns_column(&self, table: &TableName, column: &str) -> bool {
        let table_before = self.schema_before().and_then(|schema| schema.table(table));
        let column_before = table_before.filter(|table| !table.is_doubtful).and_then(|table| table.column(column));
        let was_there = column_before.is_some_and(|column| !column.is_doubtful);
        let is_guarded = self.upgrade().operations.iter().any(|operation| match &operation.kind {
            OperationKind::AddColumn { table: Some(of), column: added, if_not_exists } => {
                of == table
                    && added.name.as_deref() == Some(column)
                    && (*if_not_exists || operation.context.is_conditional)
            }
            _ => false,
        });
        self.owns_table(table) || self.upgrade_course().adds_column(table, column) && !(was_there && is_guarded)
    }

    /// Whether a drop that is guarded is of a table that no revision made.
    pub fn is_nowhere(&self, operation: &Operation, table: &TableName, course: Course<'_>) -> bool {
        let is_guarded = operation.context.is_conditional
            || matches!(operation.kind, OperationKind::DropTable { if_exists: true, .. });
        is_guarded && course.schema.is_some() && course.table(table).is_none()
    }

    /// Whether there certainly is no such column, so that nothing can be lost: the downgrade fails there.
    fn is_no_column(&self, table: &TableName, column: &str) -> bool {
        let known = self.schema_after().and_then(|schema| schema.table(table));
        known.is_some_and(|table| table.is_complete && !table.is_doubtful && table.column(column).is_none())
    }

    /// Whether the upgrade changed the type of a column, and the downgrade goes back no further than to what it was.
    fn takes_type_back(&self, operation: &Operation, table: &TableName, column: &str) -> bool {
        let OperationKind::AlterColumn(back) = &operation.kind else { return false };
        let upgrade = self.upgrade_course();
        self.upgrade().operations.iter().any(|change| {
            let OperationKind::AlterColumn(alter) = &change.kind else { return false };
            let is_same = alter.table.as_ref().is_some_and(|of| upgrade.is_same(of, table))
                && (alter.column.as_deref() == Some(column) || alter.new_name.as_deref() == Some(column));
            if !is_same || alter.type_.is_none() {
                return false;
            }
            let Some((_, old)) = TypeChange::of(upgrade, change, alter) else { return true };
            let goes_further = back.type_.as_ref().map(|new| TypeChange::between(&old.kind, &new.kind));
            !matches!(goes_further, Some(TypeChange::Narrowed(_)))
        })
    }
}

impl Course<'_> {
    /// Whether something is created whose name is not known, and that may be what is lost.
    fn creates_unknown(self, loss: &Loss) -> bool {
        self.body.operations.iter().any(|operation| match (&operation.kind, loss) {
            (OperationKind::CreateTable(create), _) => create.table.is_none(),
            (OperationKind::RenameTable { table, new_name }, _) => table.is_none() || new_name.is_none(),
            (OperationKind::AddColumn { table, column, .. }, Loss::Column { .. } | Loss::Values { .. }) => {
                table.is_none() || column.name.is_none()
            }
            (OperationKind::Insert { table: None } | OperationKind::Update { table: None, .. }, Loss::SomeRows(_)) => {
                true
            }
            (OperationKind::CreateAll { is_drop: false }, _) => true,
            _ => false,
        })
    }

    fn renames_to(self, table: &TableName, column: &str) -> bool {
        self.body.operations.iter().any(|operation| {
            matches!(&operation.kind, OperationKind::AlterColumn(alter)
                if alter.table.as_ref() == Some(table) && alter.new_name.as_deref() == Some(column))
        })
    }

    fn writes_rows(self, table: &TableName) -> bool {
        self.body.operations.iter().any(|operation| match &operation.kind {
            OperationKind::Insert { table: Some(of) } | OperationKind::Update { table: Some(of), .. } => of == table,
            OperationKind::Delete { table: Some(of), .. } => of == table,
            _ => false,
        })
    }

    /// Whether the upgrade gives a column values, or other rules for them.
    fn writes_column(self, table: &TableName, column: &str) -> bool {
        self.body.operations.iter().any(|operation| match &operation.kind {
            OperationKind::Update { table: Some(of), columns, .. } => {
                of == table && (columns.is_empty() || columns.iter().any(|own| own == column))
            }
            OperationKind::AlterColumn(alter) => {
                let is_changed =
                    alter.type_.is_some() || alter.new_name.is_some() || alter.server_default != Change::Keep;
                is_changed
                    && alter.table.as_ref() == Some(table)
                    && (alter.column.as_deref() == Some(column) || alter.new_name.as_deref() == Some(column))
            }
            _ => false,
        })
    }
}
