use super::UnknownObject;
use super::operations::{Applier, Circumstances};
use crate::operation::{Index, Name, TableName};
use crate::schema::state::Trace;
use crate::schema::{Table, TableIndex};

impl Applier<'_> {
    pub(super) fn create_index(&mut self, table: Option<&TableName>, index: &Index, if_not_exists: bool) {
        self.with_table(table, |table, circumstances| {
            let existing = index.name.known().and_then(|name| table.index_position(name));
            if let Some(existing) = existing.and_then(|at| table.indexes.get_mut(at))
                && (if_not_exists || circumstances.is_doubtful)
            {
                existing.is_doubtful &= circumstances.is_doubtful;
                return Ok(());
            }
            table.push_index(index, circumstances);
            let missing = index.columns.iter().flatten().find(|column| table.column(column).is_none()).cloned();
            missing.map_or(Ok(()), |column| Err(UnknownObject::Column(column)))
        });
    }

    pub(super) fn drop_index(&mut self, table: Option<&TableName>, name: &Name, if_exists: bool) {
        let Some(known) = name.known() else {
            match table {
                Some(_) => self.with_table(table, |table, _| {
                    table.indexes.iter_mut().for_each(|index| index.is_doubtful = true);
                    Ok(())
                }),
                None => self.each_table(
                    |table| !table.indexes.is_empty(),
                    |table| table.indexes.iter_mut().for_each(|index| index.is_doubtful = true),
                ),
            }
            return;
        };
        let known_table = table.filter(|table| self.schema.table(table).is_some()).cloned();
        let Some(found) = known_table.or_else(|| self.table_of_index(known)) else {
            match table {
                _ if if_exists => {}
                Some(table) => self.unknown_table(table, UnknownObject::Table),
                None => self.unknown(None, UnknownObject::Index(known.to_owned())),
            }
            return;
        };
        self.with_table(Some(&found), |table, circumstances| {
            if let Some(at) = table.index_position(known) {
                table.drop_index_at(at, circumstances);
                return Ok(());
            }
            // MySQL drops a unique constraint as the index that it is.
            if let Some(at) = table.constraint_position(known, Some("unique")) {
                if !circumstances.is_doubtful {
                    table.constraints.remove(at);
                }
                return Ok(());
            }
            let mut unnamed = table.indexes.iter_mut().filter(|index| index.name.known().is_none()).peekable();
            if if_exists || unnamed.peek().is_some() {
                unnamed.for_each(|index| index.is_doubtful = true);
                return Ok(());
            }
            Err(UnknownObject::Index(known.to_owned()))
        });
    }

    /// DROP INDEX does not name the table.
    pub(super) fn table_of_index(&self, name: &str) -> Option<TableName> {
        let has = |table: &&Table| {
            table.index_position(name).is_some() || table.constraints.iter().any(|constraint| constraint.known_as(name))
        };
        self.schema.tables().find(has).map(|table| table.name.clone())
    }
}

impl Table {
    pub(super) fn push_index(&mut self, index: &Index, circumstances: Circumstances) {
        if let Some(name) = index.name.known() {
            self.indexes.retain(|other| other.name.known() != Some(name));
        }
        self.indexes.push(TableIndex {
            name: index.name.clone(),
            columns: index.columns.clone(),
            unique: index.unique,
            created_by: circumstances.revision,
            default_name: None,
            is_doubtful: circumstances.is_doubtful,
            trace: Trace::new(circumstances.revision),
        });
    }

    pub(super) fn drop_index_at(&mut self, at: usize, circumstances: Circumstances) {
        if !circumstances.is_doubtful {
            self.indexes.remove(at);
        } else if let Some(index) = self.indexes.get_mut(at) {
            index.is_doubtful = true;
        }
    }
}
