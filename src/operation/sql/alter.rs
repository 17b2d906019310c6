use squawk_syntax::SyntaxKind;
use squawk_syntax::ast::{self, AstNode};

use super::column_type::column_type;
use super::reading::Statement;
use super::{foreign, names, table};
use crate::operation::{AlterColumn, Change, Name, ObjectKind, OperationKind, Rewrite, ServerDefault, TableName};

/// `ALTER TABLE`: one operation an action.
pub(super) fn table(alter: &ast::AlterTable, out: &mut Statement) {
    let table = names::relation(alter.table_relation_name());
    let was_conditional = out.is_conditional;
    out.is_conditional |= alter.if_exists().is_some();
    for written in alter.actions() {
        action(&written, table.as_ref(), out);
    }
    if alter.all_in_tablespace().is_some() {
        out.push(OperationKind::Rewrite { table: None, how: Rewrite::Storage });
    }
    out.is_conditional = was_conditional;
}

fn action(action: &ast::AlterTableAction, table: Option<&TableName>, out: &mut Statement) {
    let table = table.cloned();
    let kind = match action {
        ast::AlterTableAction::AddColumn(add) if let Some(index) = foreign::index_as_column(add, table.as_ref()) => {
            index
        }
        ast::AlterTableAction::AddColumn(add) => OperationKind::AddColumn {
            table,
            column: Box::new(table::added_column(add, out.range())),
            if_not_exists: add.if_not_exists().is_some(),
        },
        ast::AlterTableAction::DropColumn(drop) => OperationKind::DropColumn {
            table,
            column: names::last(drop.column_name_ref()),
            if_exists: drop.if_exists().is_some(),
            cascade: names::has(drop.syntax(), SyntaxKind::CASCADE),
        },
        ast::AlterTableAction::RenameColumn(rename) => OperationKind::AlterColumn(Box::new(AlterColumn {
            table,
            column: names::last(rename.column_name_ref()),
            new_name: names::last(rename.column_name()),
            ..AlterColumn::default()
        })),
        ast::AlterTableAction::AlterColumn(alter) => column(alter, table),
        ast::AlterTableAction::AddConstraint(add) => add_constraint(add, table, out),
        ast::AlterTableAction::DropConstraint(drop) => OperationKind::DropConstraint {
            table,
            name: names::last(drop.constraint_name_ref()).map_or(Name::Unknown, Name::Known),
            kind: None,
            if_exists: drop.if_exists().is_some(),
        },
        ast::AlterTableAction::ValidateConstraint(validate) => OperationKind::ValidateConstraint {
            table,
            name: names::last(validate.constraint_name_ref()).map_or(Name::Unknown, Name::Known),
        },
        ast::AlterTableAction::RenameConstraint(rename) => OperationKind::RenameObject {
            object: ObjectKind::Constraint,
            name: names::last(rename.constraint_name_ref()),
            new_name: names::last(rename.constraint_name()),
        },
        _ => whole_table(action, table),
    };
    out.push(kind);
}

/// Actions that are about the table as a whole.
fn whole_table(action: &ast::AlterTableAction, table: Option<TableName>) -> OperationKind {
    match action {
        ast::AlterTableAction::TableRenameTo(rename) => {
            OperationKind::RenameTable { table, new_name: names::last(rename.table_name()) }
        }
        ast::AlterTableAction::SetSchema(set) => OperationKind::MoveObject {
            object: ObjectKind::Table,
            name: table.map(|table| table.to_string()),
            schema: names::last(set.schema_ref()),
        },
        ast::AlterTableAction::SetLogged(_) | ast::AlterTableAction::SetUnlogged(_) => {
            OperationKind::Rewrite { table, how: Rewrite::Logging }
        }
        ast::AlterTableAction::SetAccessMethod(_) | ast::AlterTableAction::SetTablespace(_) => {
            OperationKind::Rewrite { table, how: Rewrite::Storage }
        }
        _ => OperationKind::Other { what: "ALTER TABLE".to_owned() },
    }
}

fn add_constraint(add: &ast::AddConstraint, table: Option<TableName>, out: &Statement) -> OperationKind {
    let written = add.constraint();
    if let Some(ast::Constraint::NotNullConstraint(not_null)) = &written {
        let column = names::last(not_null.syntax().children().find_map(ast::ColumnNameRef::cast));
        let nullable = (!written.as_ref().is_some_and(ast::Constraint::is_not_valid)).then_some(false);
        return OperationKind::AlterColumn(Box::new(AlterColumn { table, column, nullable, ..AlterColumn::default() }));
    }
    match written.and_then(|written| table::constraint(&written, None, out.range())) {
        Some(constraint) => OperationKind::CreateConstraint { table, constraint },
        None => OperationKind::Other { what: "ALTER TABLE".to_owned() },
    }
}

/// `ALTER COLUMN`
fn column(alter: &ast::AlterColumn, table: Option<TableName>) -> OperationKind {
    let mut change = AlterColumn { table, column: names::last(alter.column_name_ref()), ..AlterColumn::default() };
    match alter.option() {
        Some(ast::AlterColumnOption::SetNotNull(_)) => change.nullable = Some(false),
        Some(ast::AlterColumnOption::DropNotNull(_)) => change.nullable = Some(true),
        Some(ast::AlterColumnOption::SetDefault(set)) => {
            change.server_default = table::server_default(set.expr()).map_or(Change::Drop, Change::Set);
        }
        Some(ast::AlterColumnOption::DropDefault(_) | ast::AlterColumnOption::DropIdentity(_)) => {
            change.server_default = Change::Drop;
        }
        Some(ast::AlterColumnOption::AddGenerated(_)) => {
            change.server_default = Change::Set(ServerDefault::Identity);
        }
        Some(ast::AlterColumnOption::SetType(set)) => {
            change.type_ = set.ty().map(|type_| column_type(&names::text(type_.syntax())));
            change.using = set.using_expr().and_then(|using| Some(names::text(using.expr()?.syntax())));
        }
        _ => return OperationKind::Other { what: "ALTER TABLE".to_owned() },
    }
    OperationKind::AlterColumn(Box::new(change))
}

/// `ALTER TYPE`
pub(super) fn type_(alter: &ast::AlterType, out: &mut Statement) {
    let name = alter.type_name_ref().and_then(|name| names::dotted(name.syntax()));
    let kind = match (alter.action(), name) {
        (Some(ast::AlterTypeAction::AddValue(add)), Some(name)) => OperationKind::AddEnumValue {
            name,
            value: add.literal().and_then(|value| value.string_value()).unwrap_or_default(),
            is_positioned: add.value_position().is_some(),
            if_not_exists: add.if_not_exists().is_some(),
        },
        (Some(ast::AlterTypeAction::RenameValue(rename)), Some(name)) => OperationKind::RenameEnumValue {
            name,
            value: rename.from().and_then(|value| value.string_value()).unwrap_or_default(),
            new_value: rename.to().and_then(|value| value.string_value()).unwrap_or_default(),
        },
        (Some(ast::AlterTypeAction::TypeRenameTo(rename)), name) => {
            OperationKind::RenameObject { object: ObjectKind::Type, name, new_name: names::last(rename.type_name()) }
        }
        (Some(ast::AlterTypeAction::SetSchema(set)), name) => {
            OperationKind::MoveObject { object: ObjectKind::Type, name, schema: names::last(set.schema_ref()) }
        }
        _ => OperationKind::Other { what: "ALTER TYPE".to_owned() },
    };
    out.push(kind);
}
