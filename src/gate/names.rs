use std::collections::{HashMap, HashSet};

use crate::operation::{Operation, OperationKind, TableName};

/// What the steps of a plan have made and renamed so far: data in what the plan itself made is no loss, and what it renamed
/// has another name in the database.
#[derive(Debug, Default)]
pub(super) struct Names {
    made_tables: HashSet<TableName>,
    made_columns: HashSet<(TableName, String)>,
    /// The database's name of a table that the plan renamed.
    tables: HashMap<TableName, TableName>,
    /// The same of columns, of tables by their names now.
    columns: HashMap<(TableName, String), String>,
}

impl Names {
    /// Whether the plan made the table.
    pub(super) fn made_table(&self, table: &TableName) -> bool {
        self.made_tables.contains(&self.meant(table))
    }

    /// A temporary table is found before another of its name (PostgreSQL, "search_path"; SQLite, "Database Object Name Resolution").
    fn meant(&self, table: &TableName) -> TableName {
        let temporary = TableName::temporary(&table.name);
        if table.schema.is_none() && self.made_tables.contains(&temporary) { temporary } else { table.clone() }
    }

    /// The next step may run on another connection, or after a commit that has dropped them.
    pub(super) fn forget_temporary_tables(&mut self) {
        self.made_tables.retain(|table| !table.is_temporary());
    }

    /// Whether the plan made the column, or its table.
    pub(super) fn made_column(&self, table: &TableName, column: &str) -> bool {
        self.made_table(table) || self.made_columns.contains(&(table.clone(), column.to_owned()))
    }

    /// What the database calls a table before the plan.
    pub(super) fn table(&self, table: &TableName) -> TableName {
        self.tables.get(table).unwrap_or(table).clone()
    }

    /// What the database calls a column before the plan.
    pub(super) fn column(&self, table: &TableName, column: &str) -> String {
        let key = (table.clone(), column.to_owned());
        self.columns.get(&key).cloned().unwrap_or(key.1)
    }

    /// Takes one operation into account. What may not run, or may find what it makes, makes nothing for certain.
    pub(super) fn follow(&mut self, operation: &Operation) {
        let is_certain = !operation.context.is_conditional;
        match &operation.kind {
            OperationKind::CreateTable(create) => {
                // A session begins without temporary tables.
                let is_new = |table: &&TableName| !create.if_not_exists || table.is_temporary();
                if let Some(table) = create.table.as_ref().filter(|table| is_certain && is_new(table)) {
                    self.made_tables.insert(table.clone());
                }
            }
            OperationKind::DropTable { table: Some(table), .. } => self.forget(&self.meant(table)),
            OperationKind::RenameTable { table: Some(old), new_name: Some(new) } => {
                self.rename_table(old, &TableName { schema: old.schema.clone(), name: new.clone() });
            }
            OperationKind::AddColumn { table: Some(table), column, if_not_exists: false } if is_certain => {
                if let Some(name) = &column.name {
                    self.made_columns.insert((table.clone(), name.clone()));
                }
            }
            OperationKind::DropColumn { table: Some(table), column: Some(column), .. } => {
                self.made_columns.remove(&(table.clone(), column.clone()));
            }
            OperationKind::AlterColumn(alter) => {
                if let (Some(table), Some(old), Some(new)) = (&alter.table, &alter.column, &alter.new_name) {
                    self.rename_column(table, old, new);
                }
            }
            _ => {}
        }
    }

    fn forget(&mut self, table: &TableName) {
        self.made_tables.remove(table);
        self.tables.remove(table);
        self.made_columns.retain(|(of, _)| of != table);
        self.columns.retain(|(of, _), _| of != table);
    }

    fn rename_table(&mut self, old: &TableName, new: &TableName) {
        if self.made_tables.remove(old) {
            self.made_tables.insert(new.clone());
        } else {
            let original = self.tables.remove(old).unwrap_or_else(|| old.clone());
            self.tables.insert(new.clone(), original);
        }
        let moved = |of: TableName| if of == *old { new.clone() } else { of };
        self.made_columns = self.made_columns.drain().map(|(of, column)| (moved(of), column)).collect();
        self.columns = self.columns.drain().map(|((of, column), name)| ((moved(of), column), name)).collect();
    }

    fn rename_column(&mut self, table: &TableName, old: &str, new: &str) {
        let (old, new) = ((table.clone(), old.to_owned()), (table.clone(), new.to_owned()));
        if self.made_columns.remove(&old) {
            self.made_columns.insert(new);
        } else {
            let original = self.columns.remove(&old).unwrap_or(old.1);
            self.columns.insert(new, original);
        }
    }
}
