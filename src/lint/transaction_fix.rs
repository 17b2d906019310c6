//! Edits that take statements out of the migration's transaction.

use ruff_text_size::Ranged;

use super::edits::{bytes, contains, receiver, step};
use super::{Applicability, Edit, Fix, LintContext};
use crate::operation::{Body, Constraint, Dialect, Dialects, Operation, TableName};
use crate::script::python::repr_string;

impl LintContext<'_> {
    /// The header of a block outside of the transaction; `None` where Alembic's `op` has another origin.
    fn autocommit_block(&self, receiver: &str) -> Option<String> {
        (self.op_name()? == receiver).then(|| format!("with {receiver}.get_context().autocommit_block():"))
    }

    /// Adds a keyword to a call and an autocommit block around it, unless it is in one.
    pub(super) fn outside_transaction(&self, operation: &Operation, keyword: &str) -> Option<Vec<Edit>> {
        if operation.sql.is_some() || operation.context.batch.is_some() {
            return None;
        }
        let call = self.call_at(&operation.range)?;
        if operation.context.autocommit {
            return Some(vec![self.add_keyword(call, keyword, "")]);
        }
        let statement = self.statement_of_call(&operation.range)?;
        let header = self.autocommit_block(receiver(call)?)?;
        let mut edits = self.wrap(statement, &header)?;
        edits.push(self.add_keyword(call, keyword, step(self.indent_of(statement)?)));
        Some(edits)
    }

    /// Puts a call into an autocommit block, also where its SQL is the operation.
    pub(super) fn in_autocommit_block(&self, operation: &Operation) -> Option<Vec<Edit>> {
        if operation.context.batch.is_some() {
            return None;
        }
        let (statement, call) = self.call_around(&operation.range)?;
        // Several statements in one text are one transaction to PostgreSQL.
        let outer = bytes(call.range());
        let inside = |other: &&Operation| contains(&outer, &other.range);
        let bodies = [self.upgrade(), self.downgrade()];
        let texts = bodies.iter().flat_map(|body| &body.operations).filter(inside).map(|other| &other.range);
        if operation.sql.is_some() && texts.into_iter().any(|range| *range != operation.range) {
            return None;
        }
        self.wrap(statement, &self.autocommit_block(receiver(call)?)?)
    }

    /// How sure a fix is that ends the transaction of a function in front of one operation.
    pub(super) fn commit_applicability(&self, operation: &Operation, body: &Body) -> Applicability {
        let is_alone = body.operations.len() == 1 && body.not_analysed.is_empty();
        if operation.context.autocommit || is_alone { Applicability::Safe } else { Applicability::Unsafe }
    }

    /// Creates a constraint NOT VALID and validates it behind the transaction.
    ///
    /// Unsafe: rows that violate it leave it behind, not validated, while the revision counts as not applied.
    pub(super) fn validated_later(
        &self,
        operation: &Operation,
        table: Option<&TableName>,
        constraint: &Constraint,
    ) -> Option<Fix> {
        let context = &operation.context;
        let is_postgresql = self.settings().dialects == [Dialect::Postgresql]
            || context.dialects == Dialects::only(Dialect::Postgresql);
        let bodies = [self.upgrade(), self.downgrade()];
        let at_range = bodies.iter().flat_map(|body| &body.operations).filter(|other| other.range == operation.range);
        if operation.sql.is_some() || !is_postgresql || at_range.count() != 1 {
            return None;
        }
        let call = self.call_at(&operation.range)?;
        let statement = self.statement_of_call(&operation.range)?;
        self.indent_of(statement)?;
        let outer = match &context.batch {
            Some(header) => self.with_statement(header)?,
            None => statement,
        };
        let op = self.op_name()?;
        let indent = self.indent_of(outer)?;
        let sql = format!(
            "ALTER TABLE {} VALIDATE CONSTRAINT {}",
            table.map(table_in_sql)?,
            in_sql(constraint.name.known()?)
        );
        let validate = format!("{op}.execute({})", python_string(&sql));
        let lines = if context.autocommit {
            vec![validate]
        } else {
            vec![self.autocommit_block(op)?, format!("{}{validate}", step(indent))]
        };
        let edits =
            vec![self.add_keyword(call, "postgresql_not_valid=True", ""), self.insert_behind(outer, indent, &lines)?];
        let title = "create it NOT VALID, and validate it outside of the transaction".to_owned();
        Some(Fix { title, applicability: Applicability::Unsafe, edits })
    }
}

/// The text as a Python literal, with double quotes where that needs no escapes.
fn python_string(text: &str) -> String {
    if text.contains(['"', '\\']) { repr_string(text) } else { format!("\"{text}\"") }
}

fn table_in_sql(table: &TableName) -> String {
    let schema = table.schema.as_ref().map(|schema| format!("{}.", in_sql(schema))).unwrap_or_default();
    format!("{schema}{}", in_sql(&table.name))
}

/// An identifier in SQL text: quoted unless PostgreSQL takes it as it is. Percent signs are not doubled: Alembic escapes them.
fn in_sql(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !RESERVED.contains(&name);
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// PostgreSQL's keywords that cannot name a table (appendix C of its manual: reserved, with or without exceptions).
const RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "similar",
    "some",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
];
