use std::borrow::Cow;

use crate::operation::{
    Body, Dialect, Later, NotAnalysed, ObjectKind, Operation, OperationKind, Routine, RoutineBody, RowChange,
    TableName, Trigger, TriggerAction,
};

/// Calls within calls are followed no deeper.
const DEEPEST: usize = 8;

/// The functions, procedures and triggers that a plan makes, and what they do where the plan makes them run.
#[derive(Debug, Default)]
pub(super) struct Routines {
    routines: Vec<Routine>,
    triggers: Vec<Trigger>,
}

impl Routines {
    /// A function of a revision with what its calls do behind each of them.
    pub(super) fn unfold<'b>(&mut self, body: &'b Body, dialect: Dialect) -> Cow<'b, Body> {
        let makes = |operation: &Operation| operation.later.routine.is_some() || operation.later.trigger.is_some();
        if self.routines.is_empty() && self.triggers.is_empty() && !body.operations.iter().any(makes) {
            return Cow::Borrowed(body);
        }
        let mut unfolded = Body { operations: Vec::new(), ..body.clone() };
        for operation in &body.operations {
            unfolded.operations.push(operation.clone());
            if !operation.context.dialects.contains(dialect) {
                continue;
            }
            self.follow(operation);
            let mut run = Run { known: self, caller: operation, body: &mut unfolded, open: Vec::new() };
            run.calls(&operation.later.calls, false);
            run.triggers(&operation.kind);
        }
        Cow::Owned(unfolded)
    }

    /// Takes note of what is made and dropped.
    fn follow(&mut self, operation: &Operation) {
        if let Some(routine) = operation.later.routine.as_deref() {
            self.routines
                .retain(|known| !is_same(&known.name, &routine.name) || known.parameters != routine.parameters);
            self.routines.push(routine.clone());
        }
        if let Some(trigger) = operation.later.trigger.as_deref() {
            self.triggers.push(trigger.clone());
        }
        if let OperationKind::DropObject { object: ObjectKind::Trigger, name: Some(name), .. } = &operation.kind {
            self.triggers.retain(|known| known.name != *name);
        }
    }
}

/// What one operation makes run.
struct Run<'a> {
    known: &'a Routines,
    caller: &'a Operation,
    body: &'a mut Body,
    /// The routines that are being run, outermost first.
    open: Vec<TableName>,
}

impl Run<'_> {
    fn calls(&mut self, called: &[TableName], is_conditional: bool) {
        for name in called {
            if self.open.len() >= DEEPEST || self.open.contains(name) {
                continue;
            }
            let known = self.known;
            for routine in known.routines.iter().filter(|routine| is_called(&routine.name, name)) {
                self.open.push(name.clone());
                self.runs(&format!("{}()", routine.name), &routine.body, is_conditional);
                self.open.pop();
            }
        }
    }

    /// The triggers of a table whose rows are changed; which rows there are is not known.
    fn triggers(&mut self, kind: &OperationKind) {
        let Some((change, tables)) = RowChange::of(kind) else { return };
        let known = self.known;
        for trigger in &known.triggers {
            if !trigger.events.contains(&change) || !tables.iter().any(|table| is_called(&trigger.table, table)) {
                continue;
            }
            match &trigger.action {
                TriggerAction::Calls(function) => self.calls(std::slice::from_ref(function), true),
                TriggerAction::Runs(_) if self.open.len() >= DEEPEST => {}
                TriggerAction::Runs(body) => {
                    self.open.push(TableName::new(trigger.name.clone()));
                    self.runs(&format!("the trigger {}", trigger.name), body, true);
                    self.open.pop();
                }
            }
        }
    }

    fn runs(&mut self, what: &str, body: &RoutineBody, is_conditional: bool) {
        for (kind, on_condition) in &body.operations {
            let mut context = self.caller.context.clone();
            context.is_conditional |= is_conditional || *on_condition;
            self.body.operations.push(Operation {
                kind: kind.clone(),
                context,
                later: Later::default(),
                sql: None,
                ..self.caller.clone()
            });
            self.triggers(kind);
        }
        if let Some(gap) = &body.not_analysed {
            self.body.not_analysed.push(NotAnalysed {
                range: self.caller.range.clone(),
                what: what.to_owned(),
                reason: gap.reason.clone(),
                is_partly_known: false,
                dialects: self.caller.context.dialects,
                keeps_data: gap.keeps_data,
            });
        }
        self.calls(&body.calls, is_conditional);
    }
}

/// Without a schema a function is made in the first of the search path, which is `public` nearly always.
fn is_same(one: &TableName, other: &TableName) -> bool {
    let schema = |name: &TableName| name.schema.clone().unwrap_or_else(|| "public".to_owned());
    one.name == other.name && schema(one) == schema(other)
}

/// Without a schema a name is looked for on the search path, which may have that of the other.
fn is_called(known: &TableName, name: &TableName) -> bool {
    known.name == name.name && (known.schema == name.schema || known.schema.is_none() || name.schema.is_none())
}
