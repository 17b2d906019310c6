use super::read::{blank, missing};
use super::{OperationKind, TableName};

/// What a statement leaves for later statements to run, and what it makes run itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Later {
    /// Functions and procedures that are called, those of the database itself among them.
    pub calls: Vec<TableName>,
    /// The function or procedure that is made.
    pub routine: Option<Box<Routine>>,
    /// The trigger that is made.
    pub trigger: Option<Box<Trigger>>,
}

impl Later {
    /// Takes names that are computed for unknown.
    pub(super) fn blank(&mut self) {
        let of_trigger = self.trigger.as_mut().and_then(|trigger| match &mut trigger.action {
            TriggerAction::Runs(body) => Some(body),
            TriggerAction::Calls(_) => None,
        });
        for body in self.routine.as_mut().map(|routine| &mut routine.body).into_iter().chain(of_trigger) {
            for (kind, _) in &mut body.operations {
                blank(kind);
                if let Some(reason) = missing(kind) {
                    body.not_analysed = Some(reason.into());
                }
            }
        }
    }
}

/// A function or procedure as it is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Routine {
    /// Its name.
    pub name: TableName,
    /// As they are written: they tell routines of one name apart.
    pub parameters: String,
    /// What it does when it is called.
    pub body: RoutineBody,
}

/// What a routine or a trigger does when it runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RoutineBody {
    /// In order; whether they run on a condition.
    pub operations: Vec<(OperationKind, bool)>,
    /// What it calls.
    pub calls: Vec<TableName>,
    /// Why not all of it was understood.
    pub not_analysed: Option<Gap>,
}

/// Why a part of SQL was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// In words.
    pub reason: String,
    /// How the part begins says that no row or value is lost.
    pub keeps_data: bool,
}

impl<T: Into<String>> From<T> for Gap {
    fn from(reason: T) -> Self {
        Self { reason: reason.into(), keeps_data: false }
    }
}

/// A trigger as it is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// The table whose changes make it run.
    pub table: TableName,
    /// Which changes do.
    pub events: Vec<RowChange>,
    /// What it does.
    pub action: TriggerAction,
}

/// What a trigger does.
#[derive(Debug, Clone, PartialEq)]
pub enum TriggerAction {
    /// PostgreSQL: calls a function.
    Calls(TableName),
    /// SQLite: runs statements of its own.
    Runs(RoutineBody),
}

/// A change of a table's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowChange {
    /// INSERT, COPY FROM
    Insert,
    /// UPDATE
    Update,
    /// DELETE
    Delete,
    /// TRUNCATE
    Truncate,
}

impl RowChange {
    /// What an operation does to the rows of which tables.
    pub fn of(kind: &OperationKind) -> Option<(Self, &[TableName])> {
        let one = |table| std::slice::from_ref(table);
        Some(match kind {
            OperationKind::Insert { table: Some(table) } => (Self::Insert, one(table)),
            OperationKind::Update { table: Some(table), .. } => (Self::Update, one(table)),
            OperationKind::Delete { table: Some(table), .. } => (Self::Delete, one(table)),
            OperationKind::Truncate { tables, .. } => (Self::Truncate, tables),
            _ => return None,
        })
    }
}
