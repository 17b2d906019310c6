use super::names::Names;
use super::routines::Routines;
use crate::lint::{Course, Loss};
use crate::operation::{Body, Dialect, Dialects, Operation, OperationKind, Operations, TableName};
use crate::plan::{Direction, Step};
use crate::revision::RevisionId;
use crate::schema::Schema;
use crate::script::RevisionFile;

/// A planned step and what its file does.
#[derive(Debug, Clone, Copy)]
pub struct StepSource<'a> {
    /// The step.
    pub step: &'a Step,
    /// Its file.
    pub file: &'a RevisionFile,
    /// What the file does.
    pub operations: &'a Operations,
    /// What the function finds, where that was asked for.
    pub schema: Option<&'a Schema>,
}

/// Data that a step will destroy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destruction {
    /// Of the step.
    pub revision: RevisionId,
    /// What is lost, by its name at that step.
    pub loss: Loss,
    /// Where the database has it before the plan.
    pub target: Target,
    /// It runs under a condition.
    pub is_conditional: bool,
    /// `IF EXISTS`: it may not be there.
    pub if_exists: bool,
}

impl Destruction {
    /// Whether it is worth a word only where the database has something of it: whoever writes an UPDATE rarely means to lose anything.
    pub fn is_told_with_data_alone(&self) -> bool {
        matches!(self.loss, Loss::Overwritten { .. } | Loss::Referencing(_))
    }

    /// Whether values are changed, rather than all of them lost.
    pub fn is_change(&self) -> bool {
        matches!(self.loss, Loss::Values { .. } | Loss::Overwritten { is_filtered: true, .. })
    }
}

/// What is to be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// All rows of a table.
    Table(TableName),
    /// At most all rows of a table.
    SomeRows(TableName),
    /// The values of a column.
    Column {
        /// Its table.
        table: TableName,
        /// Its name.
        column: String,
    },
    /// All tables of a schema.
    Schema(String),
    /// All tables that refer to these, directly or not, but for these.
    Referencing(Vec<TableName>),
    /// All tables of the default schema.
    EveryTable,
    /// Nothing that could be counted.
    Unmeasurable,
}

/// A call of a planned step that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadCall {
    /// Of the step.
    pub revision: RevisionId,
    /// Its line in the file; 0: the file as a whole.
    pub line: usize,
    /// What is called.
    pub what: String,
    /// Why it was not understood, in words.
    pub reason: String,
}

/// What the files say about the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Foreseen {
    /// In the order of the steps; each object once.
    pub destructions: Vec<Destruction>,
    /// What the files do not tell.
    pub unread: Vec<UnreadCall>,
}

/// What the steps of a plan destroy of what is there before it, on a database of this dialect.
pub fn foresee(steps: &[StepSource<'_>], dialect: Dialect) -> Foreseen {
    let mut names = Names::default();
    let mut routines = Routines::default();
    let mut foreseen = Foreseen::default();
    for source in steps {
        let body = match source.step.direction {
            Direction::Upgrade => &source.operations.upgrade,
            Direction::Downgrade => &source.operations.downgrade,
            Direction::Stamp => continue,
        };
        let unfolded = routines.unfold(body, dialect);
        let body = &*unfolded;
        foreseen.unread.extend(unread(&source.step.revision, source.file, body, dialect));
        let course = Course { body, schema: source.schema, dialects: Dialects::only(dialect) };
        for operation in body.operations.iter().filter(|operation| operation.context.dialects.contains(dialect)) {
            for loss in Loss::of(course, operation).into_iter().chain(Loss::to_be_measured(operation)) {
                let Some(target) = target(&names, &loss) else { continue };
                let destruction = Destruction {
                    revision: source.step.revision.clone(),
                    loss,
                    target,
                    is_conditional: operation.context.is_conditional,
                    if_exists: if_exists(operation),
                };
                let is_known =
                    |known: &Destruction| known.loss == destruction.loss && known.target == destruction.target;
                if !foreseen.destructions.iter().any(is_known) {
                    foreseen.destructions.push(destruction);
                }
            }
            names.follow(operation);
        }
        names.forget_temporary_tables();
    }
    foreseen
}

/// `None`: the plan made it itself.
fn target(names: &Names, loss: &Loss) -> Option<Target> {
    Some(match loss {
        Loss::Table(table) | Loss::AllRows(table) | Loss::SomeRows(table) if names.made_table(table) => return None,
        Loss::Table(table) | Loss::AllRows(table) => Target::Table(names.table(table)),
        Loss::SomeRows(table) => Target::SomeRows(names.table(table)),
        Loss::Column { table, column }
        | Loss::Values { table, column, .. }
        | Loss::Overwritten { table, column, .. } => {
            if names.made_column(table, column) {
                return None;
            }
            Target::Column { table: names.table(table), column: names.column(table, column) }
        }
        Loss::Schema(name) if name.is_empty() => Target::Unmeasurable,
        Loss::Schema(name) => Target::Schema(name.clone()),
        Loss::EveryTable => Target::EveryTable,
        Loss::Referencing(tables) => Target::Referencing(tables.iter().map(|table| names.table(table)).collect()),
        Loss::Database | Loss::AllValues { .. } | Loss::ColumnsOfType(_) => Target::Unmeasurable,
    })
}

/// Where what would be lost is missing, that is no sign of anything odd.
fn if_exists(operation: &Operation) -> bool {
    matches!(
        operation.kind,
        OperationKind::DropTable { if_exists: true, .. }
            | OperationKind::DropColumn { if_exists: true, .. }
            | OperationKind::DropSchema { if_exists: true, .. }
            // A column that is not there yet is one that the plan adds.
            | OperationKind::Update { .. }
    )
}

fn unread<'a>(
    revision: &'a RevisionId,
    file: &'a RevisionFile,
    body: &'a Body,
    dialect: Dialect,
) -> impl Iterator<Item = UnreadCall> + 'a {
    let whole = (file.body().is_none()).then(|| UnreadCall {
        revision: revision.clone(),
        line: 0,
        what: "the file".to_owned(),
        reason: "is no Python that can be read".to_owned(),
    });
    let calls = body.not_analysed.iter().filter(move |call| {
        let drops_unnamed = || body.operations.iter().any(|op| op.range == call.range && drops_something_unnamed(op));
        call.dialects.contains(dialect) && !call.keeps_data && (!call.is_partly_known || drops_unnamed())
    });
    whole.into_iter().chain(calls.map(move |call| UnreadCall {
        revision: revision.clone(),
        line: file.position(call.range.start).0,
        what: call.what.clone(),
        reason: call.reason.clone(),
    }))
}

/// Destructive, but the name of what goes is computed.
fn drops_something_unnamed(operation: &Operation) -> bool {
    matches!(
        &operation.kind,
        OperationKind::DropTable { table: None, .. }
            | OperationKind::Delete { table: None, .. }
            | OperationKind::DropColumn { table: None, .. }
            | OperationKind::DropColumn { column: None, .. }
    ) || matches!(&operation.kind, OperationKind::Truncate { tables, .. } if tables.is_empty()    )
}
