use std::ops::Range;

use squawk_syntax::SyntaxKind;
use squawk_syntax::ast::{self, AstNode};

use super::column_type::{column_type, is_serial};
use super::names;
use super::reading::Statement;
use crate::operation::{
    Column, Computed, Constraint, ConstraintKind, CreateTable, Index, Name, OperationKind, ServerDefault, TableName,
};

/// `CREATE TABLE`
pub(super) fn create(create: &ast::CreateTable, out: &Statement) -> OperationKind {
    let mut table = CreateTable {
        table: create.table_name().and_then(|name| created(name.syntax(), create.persistence().as_ref())),
        if_not_exists: create.if_not_exists().is_some(),
        is_complete: create.partition_of().is_none() && create.inherits().is_none() && create.of_type().is_none(),
        ..CreateTable::default()
    };
    for argument in create.table_arg_list().into_iter().flat_map(|list| list.args()) {
        match argument {
            ast::TableArg::Column(defined) => table.columns.push(column(&defined, out.range())),
            ast::TableArg::LikeClause(_) => table.is_complete = false,
            ast::TableArg::TableConstraint(written) => match cast(&written) {
                Some(ast::Constraint::NotNullConstraint(not_null)) => {
                    let column = not_null.syntax().children().find_map(ast::ColumnNameRef::cast);
                    let name = names::last(column);
                    if let Some(column) = table.columns.iter_mut().find(|column| column.name == name) {
                        column.nullable = Some(false);
                    }
                }
                Some(written) => table.constraints.extend(constraint(&written, None, out.range())),
                None => {}
            },
        }
    }
    OperationKind::CreateTable(table)
}

fn cast<C: AstNode>(node: &impl AstNode) -> Option<C> {
    C::cast(node.syntax().clone())
}

fn created(name: &squawk_syntax::SyntaxNode, persistence: Option<&ast::Persistence>) -> Option<TableName> {
    let mut table = names::qualified(name)?;
    if matches!(persistence, Some(ast::Persistence::Temp(_))) {
        table = TableName::temporary(&table.name);
    }
    Some(table)
}

/// `CREATE TABLE … AS`
pub(super) fn create_as(create: &ast::CreateTableAs) -> OperationKind {
    OperationKind::CreateTable(CreateTable {
        table: create.table_name().and_then(|name| created(name.syntax(), create.persistence().as_ref())),
        if_not_exists: create.if_not_exists().is_some(),
        ..CreateTable::default()
    })
}

/// `SELECT … INTO table`
pub(super) fn select_into(into: &ast::IntoClause) -> OperationKind {
    let persistence = into.syntax().children().find_map(ast::Persistence::cast);
    OperationKind::CreateTable(CreateTable {
        table: into.table_name().and_then(|name| created(name.syntax(), persistence.as_ref())),
        ..CreateTable::default()
    })
}

/// `DROP TABLE`
pub(super) fn drop(drop: &ast::DropTable, out: &mut Statement) {
    for table in drop.table_name_refs() {
        out.push(OperationKind::DropTable {
            table: names::table(Some(table)),
            if_exists: drop.if_exists().is_some(),
            cascade: names::has(drop.syntax(), SyntaxKind::CASCADE),
        });
    }
}

/// A column of CREATE TABLE.
fn column(defined: &ast::Column, range: Range<usize>) -> Column {
    let constraints = defined.clauses().filter_map(|clause| cast::<ast::Constraint>(&clause)).collect();
    column_of(names::last(defined.name()), defined.ty(), constraints, range)
}

/// A column of ADD COLUMN.
pub(super) fn added_column(added: &ast::AddColumn, range: Range<usize>) -> Column {
    column_of(names::last(added.column_name()), added.ty(), added.constraints().collect(), range)
}

fn column_of(
    name: Option<String>,
    type_: Option<ast::Type>,
    constraints: Vec<ast::Constraint>,
    range: Range<usize>,
) -> Column {
    let written = type_.map(|type_| names::text(type_.syntax()));
    let mut column =
        Column { name, type_: written.as_deref().map(column_type), range: range.clone(), ..Column::default() };
    if written.as_deref().is_some_and(is_serial) {
        column.server_default = Some(ServerDefault::Identity);
        column.nullable = Some(false);
    }
    for written in constraints {
        take_constraint(&mut column, &written, range.clone());
    }
    column
}

/// What a constraint of a column says about it.
fn take_constraint(column: &mut Column, written: &ast::Constraint, range: Range<usize>) {
    let is_named = written.constraint_name().is_some();
    match written {
        ast::Constraint::NotNullConstraint(_) => column.nullable = Some(false),
        ast::Constraint::NullConstraint(_) => column.nullable = Some(true),
        ast::Constraint::DefaultConstraint(default) => column.server_default = server_default(default.expr()),
        ast::Constraint::GeneratedConstraint(generated) => match generated.generated_as() {
            Some(ast::GeneratedAs::GeneratedIdentity(_)) => column.server_default = Some(ServerDefault::Identity),
            Some(ast::GeneratedAs::GeneratedStored(stored)) => {
                let is_virtual = matches!(stored.generated_kind(), Some(ast::GeneratedKind::Virtual(_)));
                column.computed = Some(Computed { persisted: Some(!is_virtual) });
            }
            None => {}
        },
        ast::Constraint::PrimaryKeyConstraint(_) => {
            column.primary_key = true;
            if is_named {
                column.constraints.extend(constraint(written, column.name.as_deref(), range));
            }
        }
        ast::Constraint::UniqueConstraint(_) if !is_named => column.unique = true,
        _ => column.constraints.extend(constraint(written, column.name.as_deref(), range)),
    }
}

/// A default as it is modelled; `NULL` is none.
pub(super) fn server_default(expression: Option<ast::Expr>) -> Option<ServerDefault> {
    let expression = expression?;
    let literal = match &expression {
        ast::Expr::Literal(literal) => Some(literal.clone()),
        ast::Expr::CastExpr(cast) => match cast.expr() {
            Some(ast::Expr::Literal(literal)) => Some(literal),
            _ => cast.literal(),
        },
        _ => None,
    };
    if let Some(literal) = literal {
        if matches!(literal.kind(), Some(ast::LitKind::Null(_))) {
            return None;
        }
        let is_text = matches!(
            literal.kind(),
            Some(
                ast::LitKind::String(_)
                    | ast::LitKind::EscString(_)
                    | ast::LitKind::DollarQuotedString(_)
                    | ast::LitKind::UnicodeEscString(_)
                    | ast::LitKind::NationalString(_)
            )
        );
        if let Some(value) = literal.string_value().filter(|_| is_text) {
            return Some(ServerDefault::Constant(value));
        }
    }
    Some(ServerDefault::Expression(names::text(expression.syntax())))
}

/// A constraint, of a table or of the one `column`; `None` for what is none here (NOT NULL, DEFAULT).
pub(super) fn constraint(written: &ast::Constraint, column: Option<&str>, range: Range<usize>) -> Option<Constraint> {
    let own = || column.map(|column| vec![column.to_owned()]);
    let mut uses_index = None;
    let kind = match written {
        ast::Constraint::PrimaryKeyConstraint(key) => {
            uses_index = key.using_index();
            let columns = key.index_parameters().and_then(|list| names::columns(list.column_list()));
            ConstraintKind::PrimaryKey { columns: columns.or_else(own) }
        }
        ast::Constraint::UniqueConstraint(unique) => {
            uses_index = unique.using_index();
            let columns = unique.index_parameters().and_then(|list| names::columns(list.column_list()));
            ConstraintKind::Unique { columns: columns.or_else(own) }
        }
        ast::Constraint::ForeignKeyConstraint(key) => ConstraintKind::ForeignKey {
            columns: names::columns(key.from_columns()),
            referent: names::table(key.table_name_ref()),
            referent_columns: names::columns(key.to_columns()),
            on_delete: on_delete(key.referential_actions()),
        },
        ast::Constraint::ReferencesConstraint(references) => ConstraintKind::ForeignKey {
            columns: own(),
            referent: names::table(references.table()),
            referent_columns: names::last(references.column()).map(|column| vec![column]),
            on_delete: on_delete(references.referential_actions()),
        },
        ast::Constraint::CheckConstraint(check) => {
            ConstraintKind::Check { condition: check.expr().map(|condition| names::text(condition.syntax())) }
        }
        ast::Constraint::ExcludeConstraint(_) => ConstraintKind::Exclude,
        _ => return None,
    };
    Some(Constraint {
        name: names::last(written.constraint_name()).map_or(Name::Unnamed, Name::Known),
        kind,
        not_valid: written.is_not_valid(),
        uses_index: uses_index.and_then(|using| names::last(using.index_ref())),
        range,
    })
}

fn on_delete(mut actions: ast::AstChildren<ast::ReferentialAction>) -> Option<String> {
    let action = actions.find_map(|action| match action {
        ast::ReferentialAction::OnDeleteAction(on_delete) => on_delete.ref_action(),
        ast::ReferentialAction::OnUpdateAction(_) => None,
    })?;
    Some(names::text(action.syntax()).to_uppercase())
}

/// `CREATE INDEX`
pub(super) fn create_index(create: &ast::CreateIndex, out: &Statement) -> OperationKind {
    let items = create.partition_item_list().into_iter().flat_map(|list| list.partition_items());
    let columns = items
        .map(|item| match item.expr()? {
            ast::Expr::NameRef(name) => Some(name.text()),
            _ => None,
        })
        .collect();
    OperationKind::CreateIndex {
        table: names::relation(create.table_relation_name()),
        index: Index {
            name: names::last(create.index()).map_or(Name::Unnamed, Name::Known),
            columns,
            unique: create.unique_token().is_some(),
            range: out.range(),
        },
        concurrently: create.concurrently_token().is_some(),
        if_not_exists: create.if_not_exists().is_some(),
    }
}

/// `DROP INDEX`
pub(super) fn drop_index(drop: &ast::DropIndex, out: &mut Statement) {
    for index in drop.index_refs() {
        out.push(OperationKind::DropIndex {
            table: None,
            name: names::last(Some(index)).map_or(Name::Unknown, Name::Known),
            concurrently: drop.concurrently_token().is_some(),
            if_exists: drop.if_exists().is_some(),
        });
    }
}
