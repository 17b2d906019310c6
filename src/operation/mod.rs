//! The operation model: what `upgrade()` and `downgrade()` of a revision file do, read from the text.
//!
//! [`read`] follows both functions in order, through constants, literal loops, helper functions of the file and of the
//! project's own modules, and `batch_alter_table`, and reads SQL text with PostgreSQL's grammar. Nothing is run and nothing is
//! guessed: what is not understood is listed in [`Body::not_analysed`].

mod column;
mod constraint;
mod context;
#[cfg(test)]
pub(crate) mod dump;
mod kind;
mod later;
mod locks;
mod name;
mod read;
mod sql;

pub use column::{Column, ColumnType, Computed, EnumType, ServerDefault, TypeKind};
pub use constraint::{Constraint, ConstraintKind};
pub use context::{Dialect, Dialects, OperationContext};
pub use kind::{AlterColumn, Change, CreateTable, Index, ObjectKind, OperationKind, Rewrite, TransactionControl};
pub use later::{Gap, Later, Routine, RoutineBody, RowChange, Trigger, TriggerAction};
pub use locks::{LockMode, LockedRelation, RelationLock, locks_of};
pub use name::{Name, TableName};
pub use read::read;
pub use sql::{InTransaction, SqlStatement, statements};

use std::ops::Range;

/// What a revision file does, in both directions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Operations {
    /// `upgrade()`
    pub upgrade: Body,
    /// `downgrade()`
    pub downgrade: Body,
}

/// What one of the two functions does. All ranges are bytes of the decoded text (`RevisionFile::text`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Body {
    /// From `def` to the colon's end; `None`: there is no such function.
    pub definition: Option<Range<usize>>,
    /// The statements of the function; `None` with `definition`.
    pub body: Option<Range<usize>>,
    /// In the order in which they run.
    pub operations: Vec<Operation>,
    /// Calls that matter to the schema or the data and that could not be understood, or not in full.
    pub not_analysed: Vec<NotAnalysed>,
    /// A `raise` that certainly runs: the function always fails.
    pub raises: Option<Range<usize>>,
    /// Nothing but docstring, `pass`, `...` and `return`.
    pub is_empty: bool,
}

impl Body {
    /// Calls that were looked at: understood or not.
    pub fn calls(&self) -> usize {
        self.operations.len() + self.not_analysed.iter().filter(|call| !call.is_partly_known).count()
    }
}

/// One step of a function, as Alembic would carry it out.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What is done.
    pub kind: OperationKind,
    /// The call (`op.add_column(…)`); for SQL text the statement inside of the literal where that can be told, else the call.
    pub range: Range<usize>,
    /// Start of the statement of `upgrade()` itself that leads here: differs from `range` where a helper function is called.
    pub statement: Range<usize>,
    /// The SQL text, where the operation was written in SQL: one statement.
    pub sql: Option<String>,
    /// Under which circumstances it runs.
    pub context: OperationContext,
    /// What it leaves for others to run, and what it makes run.
    pub later: Later,
}

/// A call that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAnalysed {
    /// The call.
    pub range: Range<usize>,
    /// What is called: `op.execute`, `helper()`.
    pub what: String,
    /// Why, in words: "the SQL is computed by a call".
    pub reason: String,
    /// There is an [`Operation`] for it all the same, with something missing (a computed table name).
    pub is_partly_known: bool,
    /// On which databases it runs.
    pub dialects: Dialects,
    /// It is not known in full, but as little of it as is known (`CREATE INDEX …`) says that no row or value is lost.
    pub keeps_data: bool,
}
