use std::ops::Range;

use ruff_text_size::Ranged;

use super::reader::Reader;
use super::way::Way;
use crate::operation::{Gap, Later, Name, NotAnalysed, Operation, OperationContext, OperationKind};

impl Reader<'_> {
    /// Notes an operation that runs at this point.
    pub(super) fn emit(&mut self, at: impl Ranged, kind: OperationKind) {
        self.emit_sql(self.place(at), kind, None);
    }

    /// `sql`: the statement that it was written in, and what of it runs later.
    pub(super) fn emit_sql(&mut self, range: Range<usize>, kind: OperationKind, sql: Option<(String, Later)>) {
        if self.way.is_dead() || self.muted > 0 {
            return;
        }
        let is_repeated = |earlier: &Operation| {
            earlier.range == range && earlier.context.dialects == self.way.dialects && earlier.kind == kind
        };
        if self.outside.is_some() && self.operations.iter().rev().take(8).any(is_repeated) {
            // The same call of another module's function, another way through that.
            return;
        }
        if let Some(reason) = missing(&kind) {
            let what = self.callee(&range);
            self.not_analysed.push(NotAnalysed {
                range: range.clone(),
                what,
                reason: reason.to_owned(),
                is_partly_known: true,
                dialects: self.way.dialects,
                keeps_data: false,
            });
        }
        let Way { dialects, is_conditional, is_online_only } = self.way;
        let context = OperationContext {
            autocommit: self.autocommit,
            dialects,
            is_conditional,
            batch: self.batch.clone(),
            is_online_only,
        };
        let (sql, later) = sql.map_or((None, Later::default()), |(sql, later)| (Some(sql), later));
        self.operations.push(Operation { kind, range, statement: self.statement.clone(), sql, context, later });
    }

    /// Notes a call that was not understood.
    pub(super) fn not_understood(&mut self, at: impl Ranged, what: impl Into<String>, reason: impl Into<String>) {
        self.note(self.place(at), what, reason, false);
    }

    pub(super) fn note(
        &mut self,
        range: Range<usize>,
        what: impl Into<String>,
        gap: impl Into<Gap>,
        is_partly_known: bool,
    ) {
        if !self.way.is_dead() && self.muted == 0 {
            let (what, Gap { reason, keeps_data }) = (what.into(), gap.into());
            let dialects = self.way.dialects;
            self.not_analysed.push(NotAnalysed { range, what, reason, is_partly_known, dialects, keeps_data });
        }
    }

    /// What is called in this range: the text up to the parenthesis.
    pub(super) fn callee(&self, range: &Range<usize>) -> String {
        let text = self.file.text().get(range.clone()).unwrap_or_default();
        let name = text.split('(').next().unwrap_or_default();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
        if is_name { name.to_owned() } else { "this statement".to_owned() }
    }
}

/// What is not known of an operation.
pub(in crate::operation) fn missing(kind: &OperationKind) -> Option<&'static str> {
    use OperationKind as K;
    const TABLE: &str = "the table's name is computed";
    const COLUMN: &str = "the column's name is computed";
    const NAME: &str = "the name is computed";
    match kind {
        K::CreateTable(create) if create.table.is_none() => Some(TABLE),
        K::CreateTable(create) if !create.is_complete || create.columns.iter().any(|column| column.name.is_none()) => {
            Some("not all of the columns are known")
        }
        K::AlterColumn(alter) if alter.table.is_none() => Some(TABLE),
        K::AlterColumn(alter) if alter.column.is_none() => Some(COLUMN),
        K::DropTable { table: None, .. }
        | K::RenameTable { table: None, .. }
        | K::AddColumn { table: None, .. }
        | K::DropColumn { table: None, .. }
        | K::CreateIndex { table: None, .. }
        | K::CreateConstraint { table: None, .. }
        | K::DropConstraint { table: None, .. }
        | K::Insert { table: None }
        | K::Update { table: None, .. }
        | K::Delete { table: None, .. } => Some(TABLE),
        K::Truncate { tables, .. } if tables.is_empty() => Some(TABLE),
        K::RenameTable { new_name: None, .. } => Some("the new name is computed"),
        K::AddColumn { column, .. } if column.name.is_none() => Some(COLUMN),
        K::DropColumn { column: None, .. } => Some(COLUMN),
        K::DropIndex { name: Name::Unknown, .. }
        | K::DropConstraint { name: Name::Unknown, .. }
        | K::ValidateConstraint { name: Name::Unknown, .. }
        | K::DropEnum { name: Name::Unknown, .. } => Some(NAME),
        K::CreateIndex { index, .. } if index.name == Name::Unknown => Some(NAME),
        K::CreateConstraint { constraint, .. } if constraint.name == Name::Unknown => Some(NAME),
        K::CreateEnum { enum_type, .. } if enum_type.name == Name::Unknown => Some(NAME),
        _ => None,
    }
}
