//! The inverse of simple operations, as Python source for `downgrade()`.

use super::LintContext;
use super::edits::CallSource;
use crate::operation::{
    AlterColumn, Change, Column, ColumnType, ConstraintKind, Dialects, EnumType, Name, Operation, OperationKind,
    TableName, TypeKind,
};
use crate::script::python::repr_string;

/// The statements that undo the whole upgrade, last operation first, without indentation. `None` where an operation has no certain
/// inverse, or where something was not understood.
pub(super) fn inverse(ctx: &LintContext<'_>) -> Option<Vec<String>> {
    let upgrade = ctx.upgrade();
    if !upgrade.not_analysed.is_empty() || upgrade.operations.is_empty() {
        return None;
    }
    let mut calls = Vec::new();
    let mut enums = Vec::new();
    for operation in upgrade.operations.iter().rev().filter(|operation| !goes_with_table(ctx, operation)) {
        match &operation.kind {
            // A type is dropped when nothing uses it any more.
            OperationKind::CreateEnum { enum_type, if_not_exists: false } if operation.sql.is_none() => {
                enums.push(drop_enum(ctx, enum_type)?);
            }
            _ => calls.push(of_operation(operation, ctx)?),
        }
    }
    let mut statements = statements(calls, ctx)?;
    statements.extend(enums);
    statements.extend(enum_drops(ctx)?);
    Some(statements)
}

/// The statements that undo one operation of the upgrade; enum types that came with it stay.
pub(super) fn of_one(ctx: &LintContext<'_>, operation: &Operation) -> Option<Vec<String>> {
    statements(vec![of_operation(operation, ctx)?], ctx)
}

/// `DROP TYPE`, which other databases than PostgreSQL take for nothing to do.
pub(super) fn drop_enum(ctx: &LintContext<'_>, enum_type: &EnumType) -> Option<String> {
    let (name, op) = (quoted(enum_type.name.known()?), ctx.op_name()?);
    let schema = enum_type.schema.as_ref().map(|schema| format!(", schema={}", quoted(schema))).unwrap_or_default();
    ctx.has_sa().then(|| format!("sa.Enum(name={name}{schema}).drop({op}.get_bind(), checkfirst=True)"))
}

/// A call that undoes something.
struct Undoing {
    /// The table, where the call is made inside of `batch_alter_table`.
    batch: Option<TableName>,
    /// Without its receiver.
    call: String,
}

/// Calls in one batch on one table become one block.
fn statements(calls: Vec<Undoing>, ctx: &LintContext<'_>) -> Option<Vec<String>> {
    let op = ctx.op_name()?;
    let mut statements: Vec<String> = Vec::new();
    let mut batch_of_last = None;
    for Undoing { batch, call } in calls {
        match (&batch, statements.last_mut()) {
            (Some(_), Some(last)) if batch == batch_of_last => *last += &format!("\n    batch_op.{call}"),
            (Some(table), _) => {
                let (name, schema) = (quoted(&table.name), schema(table));
                let header = format!("with {op}.batch_alter_table({name}{schema}) as batch_op:");
                statements.push(format!("{header}\n    batch_op.{call}"));
            }
            (None, _) => statements.push(format!("{op}.{call}")),
        }
        batch_of_last = batch;
    }
    Some(statements)
}

/// Whatever is done to a table that this revision makes goes with it, but for what ties it to other new tables.
fn goes_with_table(ctx: &LintContext<'_>, operation: &Operation) -> bool {
    use OperationKind as K;
    match &operation.kind {
        K::CreateTable(_) | K::RenameTable { .. } | K::DropTable { .. } => false,
        K::CreateConstraint { table: Some(table), constraint } => {
            let is_tied = matches!(&constraint.kind, ConstraintKind::ForeignKey { referent, .. }
                if referent.as_ref().is_none_or(|referent| referent != table && ctx.creates_table(referent)));
            !is_tied && ctx.creates_table(table)
        }
        kind => kind.table().is_some_and(|table| ctx.creates_table(table)),
    }
}

/// Drops of the native enum types that creating tables brought along.
fn enum_drops(ctx: &LintContext<'_>) -> Option<Vec<String>> {
    let mut drops = Vec::new();
    for operation in &ctx.upgrade().operations {
        let OperationKind::CreateTable(create) = &operation.kind else { continue };
        for enum_type in create.columns.iter().filter_map(|column| enum_of(column.type_.as_ref()?)) {
            let name = enum_type.name.known()?;
            let was_there = ctx.schema_before().is_some_and(|schema| schema.enum_type(name).is_some());
            let statement = drop_enum(ctx, enum_type)?;
            if !was_there && !ctx.creates_enum(name) && !drops.contains(&statement) {
                drops.push(statement);
            }
        }
    }
    Some(drops)
}

fn enum_of(type_: &ColumnType) -> Option<&EnumType> {
    match &type_.kind {
        TypeKind::Enum(own) if own.is_native && own.creates_type => Some(own),
        TypeKind::Array(element) => enum_of(element),
        _ => None,
    }
}

fn of_operation(operation: &Operation, ctx: &LintContext<'_>) -> Option<Undoing> {
    let context = &operation.context;
    let is_plain = operation.sql.is_none()
        && !context.is_conditional
        && !context.is_online_only
        && !context.autocommit
        && context.dialects == Dialects::ALL;
    if !is_plain {
        return None;
    }
    let is_batch = context.batch.is_some();
    let bare = |call: String| Some(Undoing { batch: None, call });
    match &operation.kind {
        OperationKind::CreateTable(create) if !create.if_not_exists => {
            let table = create.table.as_ref()?;
            bare(format!("drop_table({}{})", quoted(&table.name), schema(table)))
        }
        OperationKind::RenameTable { table: Some(table), new_name: Some(new_name) } => {
            bare(format!("rename_table({}, {}{})", quoted(new_name), quoted(&table.name), schema(table)))
        }
        OperationKind::AddColumn { table: Some(table), column, if_not_exists: false } => {
            Some(call(table, is_batch, "drop_column", &[quoted(dropped_column(ctx, column)?)]))
        }
        OperationKind::CreateIndex { table: Some(table), index, concurrently: false, if_not_exists: false } => {
            let name = quoted(index.name.known()?);
            if is_batch {
                return Some(call(table, true, "drop_index", &[name]));
            }
            bare(format!("drop_index({name}, table_name={}{})", quoted(&table.name), schema(table)))
        }
        OperationKind::CreateConstraint { table: Some(table), constraint } => {
            let Name::Known(name) = &constraint.name else { return None };
            let kind = format!("type_={}", quoted(constraint_type(&constraint.kind)?));
            let name = quoted(name);
            if is_batch {
                return Some(call(table, true, "drop_constraint", &[name, kind]));
            }
            // The name comes before the table here.
            bare(format!("drop_constraint({name}, {}, {kind}{})", quoted(&table.name), schema(table)))
        }
        OperationKind::CreateEnum { .. } => None,
        OperationKind::AlterColumn(alter) => altered_back(alter, operation, ctx),
        _ => None,
    }
}

/// What hangs on a column goes with it on PostgreSQL only.
fn dropped_column<'c>(ctx: &LintContext<'_>, column: &'c Column) -> Option<&'c str> {
    let is_plain = column.constraints.is_empty() && !column.unique && !column.index;
    let is_postgresql = ctx.settings().dialects == [crate::operation::Dialect::Postgresql];
    column.name.as_deref().filter(|_| is_plain || is_postgresql)
}

/// `existing_*` of the upgrade, or the history, says what to go back to; a default that was there before is not told by either.
fn altered_back(alter: &AlterColumn, operation: &Operation, ctx: &LintContext<'_>) -> Option<Undoing> {
    let (table, column) = (alter.table.as_ref()?, alter.column.as_ref()?);
    let changes_nothing = alter.new_name.is_none() && alter.nullable.is_none() && alter.type_.is_none();
    if alter.server_default != Change::Keep || alter.using.is_some() || changes_nothing {
        return None;
    }
    let mut arguments = vec![quoted(alter.new_name.as_ref().unwrap_or(column))];
    if alter.new_name.is_some() {
        arguments.push(format!("new_column_name={}", quoted(column)));
    }
    let call_source = CallSource::new(ctx, &operation.range)?;
    match (&alter.type_, &alter.existing_type) {
        (Some(new), Some(old)) if casts_back(&new.kind, &old.kind) => {
            arguments.push(format!("type_={}", call_source.argument("existing_type")?));
            arguments.push(format!("existing_type={}", call_source.argument("type_")?));
        }
        (None, Some(_)) => arguments.push(format!("existing_type={}", call_source.argument("existing_type")?)),
        (Some(_), _) => return None,
        (None, None) => {}
    }
    let was_nullable = || {
        let known = ctx.upgrade_course().table(table).and_then(|table| table.column(column));
        alter.existing_nullable.or_else(|| known.and_then(|column| column.nullable))
    };
    let python = |value: bool| if value { "True" } else { "False" };
    match (alter.nullable, alter.existing_nullable) {
        (Some(_), _) => arguments.push(format!("nullable={}", python(was_nullable()?))),
        (None, Some(existing)) => arguments.push(format!("existing_nullable={}", python(existing))),
        (None, None) => {}
    }
    Some(call(table, operation.context.batch.is_some(), "alter_column", &arguments))
}

/// Whether every database turns values of one type into the other unasked.
fn casts_back(new: &TypeKind, old: &TypeKind) -> bool {
    use TypeKind as T;
    let is_text = |kind: &T| matches!(kind, T::Varchar { .. } | T::Char { .. } | T::Text);
    let is_number =
        |kind: &T| matches!(kind, T::SmallInteger | T::Integer | T::BigInteger | T::Float { .. } | T::Numeric { .. });
    let is_time = |kind: &T| matches!(kind, T::Date | T::Timestamp { .. });
    [is_text as fn(&T) -> bool, is_number, is_time].iter().any(|family| family(new) && family(old))
}

fn call(table: &TableName, is_batch: bool, method: &str, arguments: &[String]) -> Undoing {
    if is_batch {
        return Undoing { batch: Some(table.clone()), call: format!("{method}({})", arguments.join(", ")) };
    }
    let (name, schema) = (quoted(&table.name), schema(table));
    Undoing { batch: None, call: format!("{method}({name}, {}{schema})", arguments.join(", ")) }
}

fn constraint_type(kind: &ConstraintKind) -> Option<&'static str> {
    Some(match kind {
        ConstraintKind::PrimaryKey { .. } => "primary",
        ConstraintKind::Unique { .. } => "unique",
        ConstraintKind::ForeignKey { .. } => "foreignkey",
        ConstraintKind::Check { .. } => "check",
        ConstraintKind::Exclude => return None,
    })
}

fn schema(table: &TableName) -> String {
    table.schema.as_ref().map(|schema| format!(", schema={}", quoted(schema))).unwrap_or_default()
}

/// A Python string with double quotes, as formatters want it.
fn quoted(text: &str) -> String {
    if text.chars().all(|c| c == '_' || c == '.' || c == ' ' || c.is_ascii_alphanumeric()) {
        format!("\"{text}\"")
    } else {
        repr_string(text)
    }
}
