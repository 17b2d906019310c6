use super::names::Names;
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
    /// Whether values are changed, rather than all of them lost.
    pub fn is_change(&self) -> bool {
        matches!(self.loss, Loss::Values { .. })
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
    let mut foreseen = Foreseen::default();
    for source in steps {
        let body = match source.step.direction {
            Direction::Upgrade => &source.operations.upgrade,
            Direction::Downgrade => &source.operations.downgrade,
            Direction::Stamp => continue,
        };
        foreseen.unread.extend(unread(&source.step.revision, source.file, body, dialect));
        let course = Course { body, schema: source.schema, dialects: Dialects::only(dialect) };
        for operation in body.operations.iter().filter(|operation| operation.context.dialects.contains(dialect)) {
            for loss in Loss::of(course, operation) {
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
    }
    foreseen
}

/// `None`: the plan made it itself.
fn target(names: &Names, loss: &Loss) -> Option<Target> {
    Some(match loss {
        Loss::Table(table) | Loss::AllRows(table) | Loss::SomeRows(table) if names.made_table(table) => return None,
        Loss::Table(table) | Loss::AllRows(table) => Target::Table(names.table(table)),
        Loss::SomeRows(table) => Target::SomeRows(names.table(table)),
        Loss::Column { table, column } | Loss::Values { table, column, .. } => {
            if names.made_column(table, column) {
                return None;
            }
            Target::Column { table: names.table(table), column: names.column(table, column) }
        }
        Loss::Schema(name) if name.is_empty() => Target::Unmeasurable,
        Loss::Schema(name) => Target::Schema(name.clone()),
        Loss::EveryTable => Target::EveryTable,
        Loss::Database | Loss::AllValues { .. } | Loss::ColumnsOfType(_) => Target::Unmeasurable,
    })
}

fn if_exists(operation: &Operation) -> bool {
    matches!(
        operation.kind,
        OperationKind::DropTable { if_exists: true, .. }
            | OperationKind::DropColumn { if_exists: true, .. }
            | OperationKind::DropSchema { if_exists: true, .. }
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
        call.dialects.contains(dialect) && (!call.is_partly_known || drops_unnamed())
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
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use insta::assert_snapshot;

    use super::*;
    use crate::operation::read;
    use crate::script::Imports;

    /// What a plan of these steps destroys; the text of a step is the body of its function.
    fn foreseen(direction: Direction, steps: &[&str]) -> String {
        let name = if direction == Direction::Upgrade { "upgrade" } else { "downgrade" };
        let read: Vec<(RevisionFile, Operations, Step)> = steps
            .iter()
            .enumerate()
            .map(|(index, step)| {
                let body = step.replace('\n', "\n    ");
                let text = format!(
                    "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = 'a'\ndown_revision = None\n\n\
                     def {name}():\n    {body}\n"
                );
                let file = RevisionFile::parse(Path::new("/p/a.py"), text.into_bytes(), &Imports::new(&[]));
                let step = Step {
                    revision: index.to_string().as_str().into(),
                    direction,
                    from_heads: Vec::new(),
                    to_heads: Vec::new(),
                    changes: Vec::new(),
                    stamp: None,
                };
                (read(&file), file, step)
            })
            .map(|(operations, file, step)| (file, operations, step))
            .collect();
        let sources: Vec<StepSource<'_>> =
            read.iter().map(|(file, operations, step)| StepSource { step, file, operations, schema: None }).collect();
        let foreseen = foresee(&sources, Dialect::Postgresql);
        let lost =
            foreseen.destructions.iter().map(|lost| format!("{}: {}: {:?}", lost.revision, lost.loss, lost.target));
        let unread = foreseen
            .unread
            .iter()
            .map(|call| format!("{}: line {}: {} {}", call.revision, call.line, call.what, call.reason));
        lost.chain(unread).collect::<Vec<_>>().join("\n")
    }

    const CREATE: &str = "op.create_table('t', sa.Column('id', sa.Integer()), sa.Column('a', sa.Text()))";

    #[test]
    fn what_was_there_before_the_plan_is_lost() {
        assert_snapshot!(foreseen(Direction::Downgrade, &["op.drop_column('t', 'a')\nop.drop_table('t', schema='s')", "op.execute('DELETE FROM u WHERE id > 5; TRUNCATE v; DROP SCHEMA w CASCADE')"]), @r#"
        0: the column `t.a`: Column { table: TableName { schema: None, name: "t" }, column: "a" }
        0: the table `s.t`: Table(TableName { schema: Some("s"), name: "t" })
        1: rows of `u`: SomeRows(TableName { schema: None, name: "u" })
        1: all rows of `v`: Table(TableName { schema: None, name: "v" })
        1: the schema `w`: Schema("w")
        "#);
    }

    #[test]
    fn what_the_plan_made_is_no_loss() {
        assert_eq!(
            foreseen(
                Direction::Upgrade,
                &[CREATE, "op.drop_column('t', 'a')\nop.execute('DELETE FROM t')\nop.drop_table('t')"]
            ),
            ""
        );
        let added = "op.add_column('t', sa.Column('b', sa.Text()))";
        assert_eq!(foreseen(Direction::Upgrade, &[added, "op.drop_column('t', 'b')"]), "");
        assert_eq!(foreseen(Direction::Upgrade, &[CREATE, "op.rename_table('t', 'u')", "op.drop_table('u')"]), "");
        let renamed = "op.alter_column('t', 'b', new_column_name='c')";
        assert_eq!(foreseen(Direction::Upgrade, &[added, renamed, "op.drop_column('t', 'c')"]), "");
    }

    #[test]
    fn what_the_plan_may_have_made_is() {
        for made in ["op.execute('CREATE TABLE IF NOT EXISTS t (id integer)')", "if flag():\n    op.create_table('t')"]
        {
            assert_ne!(foreseen(Direction::Upgrade, &[made, "op.drop_table('t')"]), "", "{made}");
        }
        // Another table of the same name was there before.
        assert_ne!(foreseen(Direction::Upgrade, &["op.drop_table('t')", CREATE, "op.drop_table('t')"]), "");
    }

    #[test]
    fn what_the_plan_renamed_is_measured_by_its_old_name() {
        let steps = [
            "op.rename_table('t', 'u')",
            "op.alter_column('u', 'a', new_column_name='b')",
            "op.drop_column('u', 'b')",
            "op.drop_table('u')",
        ];
        assert_snapshot!(foreseen(Direction::Upgrade, &steps), @r#"
        2: the column `u.b`: Column { table: TableName { schema: None, name: "t" }, column: "a" }
        3: the table `u`: Table(TableName { schema: None, name: "t" })
        "#);
    }

    #[test]
    fn other_databases_do_not_count() {
        let guarded = "if op.get_bind().dialect.name == 'sqlite':\n    op.drop_table('t')";
        assert_eq!(foreseen(Direction::Upgrade, &[guarded]), "");
    }

    #[test]
    fn what_is_not_understood_is_told() {
        assert_snapshot!(foreseen(Direction::Upgrade, &["op.execute(build())", "op.drop_table(name())", "op.create_table('t', *columns())"]), @"
        0: line 8: op.execute the SQL is computed
        1: line 8: op.drop_table the table's name is computed
        ");
    }
}
