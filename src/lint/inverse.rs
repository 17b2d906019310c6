//! The inverse of simple operations, as Python source for `downgrade()`.

use super::LintContext;
use crate::operation::{
    AlterColumn, Change, ConstraintKind, Dialects, Name, Operation, OperationKind, TableName, TypeKind,
};
use crate::script::python::repr_string;

/// The statements that undo the whole upgrade, last operation first, without indentation. `None` where an operation has no certain
/// inverse, or where something was not understood.
pub(super) fn inverse(ctx: &LintContext<'_>) -> Option<Vec<String>> {
    let upgrade = ctx.upgrade();
    if !upgrade.not_analysed.is_empty() || upgrade.operations.is_empty() {
        return None;
    }
    let mut statements = Vec::new();
    for operation in upgrade.operations.iter().rev() {
        // Whatever lies on a table goes with it.
        let goes_with_table = matches!(&operation.kind, OperationKind::CreateIndex { table: Some(table), .. } | OperationKind::CreateConstraint { table: Some(table), .. } | OperationKind::AddColumn { table: Some(table), .. } if ctx.creates_table(table));
        if !goes_with_table {
            statements.extend(of_operation(operation, ctx)?);
        }
    }
    statements.extend(enum_drops(ctx)?);
    Some(statements)
}

/// Drops of the native enum types that creating tables brought along.
fn enum_drops(ctx: &LintContext<'_>) -> Option<Vec<String>> {
    let mut drops = Vec::new();
    for operation in &ctx.upgrade().operations {
        let OperationKind::CreateTable(create) = &operation.kind else { continue };
        for column in &create.columns {
            let Some(TypeKind::Enum(enum_type)) = column.type_.as_ref().map(|type_| &type_.kind) else { continue };
            if !enum_type.is_native || !enum_type.creates_type {
                continue;
            }
            let statement = drop_enum(enum_type.name.known()?);
            if !drops.contains(&statement) {
                drops.push(statement);
            }
        }
    }
    Some(drops)
}

/// `DROP TYPE`, which other databases than PostgreSQL take for nothing to do.
pub(super) fn drop_enum(name: &str) -> String {
    format!("sa.Enum(name={}).drop(op.get_bind(), checkfirst=True)", quoted(name))
}

fn of_operation(operation: &Operation, ctx: &LintContext<'_>) -> Option<Vec<String>> {
    let context = &operation.context;
    let is_plain = operation.sql.is_none()
        && !context.is_conditional
        && !context.is_online_only
        && !context.autocommit
        && context.dialects == Dialects::ALL;
    if !is_plain {
        return None;
    }
    let statement = |table: &TableName, method: &str, arguments: &[String]| {
        Some(vec![call(table, context.batch.is_some(), method, arguments)])
    };
    match &operation.kind {
        OperationKind::CreateTable(create) => {
            let table = create.table.as_ref()?;
            Some(vec![format!("op.drop_table({}{})", quoted(&table.name), schema(table))])
        }
        OperationKind::RenameTable { table: Some(table), new_name: Some(new_name) } => {
            Some(vec![format!("op.rename_table({}, {}{})", quoted(new_name), quoted(&table.name), schema(table))])
        }
        OperationKind::AddColumn { table: Some(table), column, .. } => {
            statement(table, "drop_column", &[quoted(column.name.as_ref()?)])
        }
        OperationKind::CreateIndex { table: Some(table), index, concurrently: false, .. } => {
            let name = quoted(index.name.known()?);
            if context.batch.is_some() {
                return statement(table, "drop_index", &[name]);
            }
            let table_name = quoted(&table.name);
            Some(vec![format!("op.drop_index({name}, table_name={table_name}{})", schema(table))])
        }
        OperationKind::CreateConstraint { table: Some(table), constraint } => {
            let Name::Known(name) = &constraint.name else { return None };
            let kind = format!("type_={}", quoted(constraint_type(&constraint.kind)?));
            statement(table, "drop_constraint", &[quoted(name), kind])
        }
        OperationKind::AlterColumn(alter) => altered_back(alter, ctx, context.batch.is_some()),
        _ => None,
    }
}

/// `existing_*` of the upgrade says what to go back to; a default that was there before is not told by it.
fn altered_back(alter: &AlterColumn, ctx: &LintContext<'_>, is_batch: bool) -> Option<Vec<String>> {
    let (table, column) = (alter.table.as_ref()?, alter.column.as_ref()?);
    if alter.server_default != Change::Keep || alter.using.is_some() {
        return None;
    }
    let source = |range: &std::ops::Range<usize>| ctx.text().get(range.clone()).map(str::to_owned);
    let mut arguments = vec![quoted(alter.new_name.as_ref().unwrap_or(column))];
    if alter.new_name.is_some() {
        arguments.push(format!("new_column_name={}", quoted(column)));
    }
    match (&alter.type_, &alter.existing_type) {
        (Some(new), Some(old)) => {
            arguments.push(format!("type_={}", source(&old.range)?));
            arguments.push(format!("existing_type={}", source(&new.range)?));
        }
        (None, Some(old)) => arguments.push(format!("existing_type={}", source(&old.range)?)),
        (Some(_), None) => return None,
        (None, None) => {}
    }
    match (alter.nullable, alter.existing_nullable) {
        (Some(nullable), _) => arguments.push(format!("nullable={}", if nullable { "False" } else { "True" })),
        (None, Some(existing)) => {
            arguments.push(format!("existing_nullable={}", if existing { "True" } else { "False" }));
        }
        (None, None) => {}
    }
    Some(vec![call(table, is_batch, "alter_column", &arguments)])
}

fn call(table: &TableName, is_batch: bool, method: &str, arguments: &[String]) -> String {
    let (name, schema) = (quoted(&table.name), schema(table));
    if is_batch {
        format!(
            "with op.batch_alter_table({name}{schema}) as batch_op:\n    batch_op.{method}({})",
            arguments.join(", ")
        )
    } else if method == "drop_constraint" {
        // The name comes before the table here.
        format!("op.{method}({}, {name}, {}{schema})", arguments[0], arguments[1..].join(", "))
    } else {
        format!("op.{method}({name}, {}{schema})", arguments.join(", "))
    }
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
