use std::ops::Range;

use ruff_text_size::Ranged;

use super::reader::Reader;
use super::value::{PLACEHOLDER, Text, is_unknown};
use crate::operation::sql::{SqlOperation, read_sql};
use crate::operation::{Column, Constraint, ConstraintKind, Gap, Index, Name, OperationKind, TableName};

impl Reader<'_> {
    /// Runs SQL text that the call `at` was given.
    pub(super) fn run_sql(&mut self, at: impl Ranged, text: &Text<'_>) {
        let call = self.place(at);
        let what = self.callee(&call);
        if text.text.trim() == PLACEHOLDER {
            self.note(call, what, "the SQL is computed", false);
            return;
        }
        if self.way.is_dead() || self.muted > 0 {
            return;
        }
        let reading = read_sql(&text.text);
        let place = |inner: &Range<usize>| match text.at {
            Some(start) => start + inner.start..start + inner.end,
            None => call.clone(),
        };
        let way = self.way;
        for SqlOperation { mut kind, range, is_conditional, mut later } in reading.operations {
            let sql = text.text.get(range.clone()).unwrap_or_default().trim().to_owned();
            if sql.contains(PLACEHOLDER) {
                blank(&mut kind);
                later.blank();
            }
            let at = place(&range);
            locate(&mut kind, &at);
            self.way.is_conditional |= is_conditional;
            self.emit_sql(at, kind, Some((sql, later)));
            self.way = way;
        }
        for (range, gap) in reading.not_parsed {
            let is_computed = text.text.get(range.clone()).is_some_and(|sql| sql.contains(PLACEHOLDER));
            let reason = if is_computed { "a part of the SQL is computed".to_owned() } else { gap.reason };
            self.note(place(&range), what.clone(), Gap { reason, keeps_data: gap.keeps_data && !is_computed }, false);
        }
    }
}

/// Takes names that hold the placeholder for unknown.
pub(in crate::operation) fn blank(kind: &mut OperationKind) {
    use OperationKind as K;
    match kind {
        K::CreateTable(create) => {
            table(&mut create.table);
            create.is_complete = false;
            create.columns.iter_mut().for_each(column);
            create.constraints.iter_mut().for_each(constraint);
        }
        K::AlterColumn(alter) => {
            table(&mut alter.table);
            text(&mut alter.column);
            text(&mut alter.new_name);
        }
        K::DropTable { table: of, .. } | K::Rewrite { table: of, .. } | K::Insert { table: of } => table(of),
        K::RenameTable { table: of, new_name } => {
            table(of);
            text(new_name);
        }
        K::AddColumn { table: of, column: added, .. } => {
            table(of);
            column(added);
        }
        K::DropColumn { table: of, column, .. } => {
            table(of);
            text(column);
        }
        K::CreateIndex { table: of, index, .. } => {
            table(of);
            name(&mut index.name);
            index.columns.iter_mut().for_each(text);
        }
        K::DropIndex { table: of, name: named, .. }
        | K::DropConstraint { table: of, name: named, .. }
        | K::ValidateConstraint { table: of, name: named } => {
            table(of);
            name(named);
        }
        K::CreateConstraint { table: of, constraint: created } => {
            table(of);
            constraint(created);
        }
        K::CreateEnum { enum_type, .. } => {
            name(&mut enum_type.name);
            if enum_type.values.as_ref().is_some_and(|values| values.iter().any(|value| is_unknown(value))) {
                enum_type.values = None;
            }
        }
        K::DropEnum { name: named, .. } => name(named),
        K::CreateObject { name, .. }
        | K::DropObject { name, .. }
        | K::CreateSchema { name, .. }
        | K::DropSchema { name, .. }
        | K::DropDatabase { name } => text(name),
        K::RenameObject { name, new_name, .. } => {
            text(name);
            text(new_name);
        }
        K::MoveObject { name, schema, .. } => {
            text(name);
            text(schema);
        }
        // What is not known may be the condition.
        K::Update { table: of, is_filtered, columns, overwritten } => {
            table(of);
            columns.retain(|column| !is_unknown(column));
            overwritten.clear();
            *is_filtered = true;
        }
        K::Delete { table: of, is_filtered } => {
            table(of);
            *is_filtered = true;
        }
        K::Truncate { tables, .. } => tables.retain(|table| !is_unknown(&table.name)),
        K::AddEnumValue { .. }
        | K::RenameEnumValue { .. }
        | K::Read { .. }
        | K::Transaction(_)
        | K::CreateAll { .. }
        | K::Other { .. } => {}
    }
}

fn table(table: &mut Option<TableName>) {
    if table.as_ref().is_some_and(|of| is_unknown(&of.name) || of.schema.as_deref().is_some_and(is_unknown)) {
        *table = None;
    }
}

fn text(text: &mut Option<String>) {
    if text.as_ref().is_some_and(|text| is_unknown(text)) {
        *text = None;
    }
}

fn name(name: &mut Name) {
    if name.known().is_some_and(is_unknown) {
        *name = Name::Unknown;
    }
}

fn column(column: &mut Column) {
    text(&mut column.name);
    column.constraints.iter_mut().for_each(constraint);
}

fn constraint(constraint: &mut Constraint) {
    name(&mut constraint.name);
    let lists = match &mut constraint.kind {
        ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns } => [Some(columns), None],
        ConstraintKind::ForeignKey { columns, referent, referent_columns, .. } => {
            table(referent);
            [Some(columns), Some(referent_columns)]
        }
        ConstraintKind::Check { .. } | ConstraintKind::Exclude => [None, None],
    };
    for list in lists.into_iter().flatten() {
        if list.as_ref().is_some_and(|names| names.iter().any(|name| is_unknown(name))) {
            *list = None;
        }
    }
}

/// Gives the parts of an operation in SQL the statement's place in the file.
pub(super) fn locate(kind: &mut OperationKind, at: &Range<usize>) {
    let constraint = |constraint: &mut Constraint| constraint.range = at.clone();
    let index = |index: &mut Index| index.range = at.clone();
    let column = |column: &mut Column| {
        column.range = at.clone();
        column.constraints.iter_mut().for_each(constraint);
        if let Some(type_) = &mut column.type_ {
            type_.range = at.clone();
        }
    };
    match kind {
        OperationKind::CreateTable(create) => {
            create.columns.iter_mut().for_each(column);
            create.constraints.iter_mut().for_each(constraint);
            create.indexes.iter_mut().for_each(index);
        }
        OperationKind::AddColumn { column: added, .. } => column(added),
        OperationKind::CreateIndex { index: created, .. } => index(created),
        OperationKind::CreateConstraint { constraint: created, .. } => constraint(created),
        OperationKind::AlterColumn(alter) => {
            for type_ in [&mut alter.type_, &mut alter.existing_type].into_iter().flatten() {
                type_.range = at.clone();
            }
        }
        _ => {}
    }
}
