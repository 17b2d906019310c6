use squawk_syntax::ast::{AddColumn, AstNode, Stmt};

use super::keywords::Words;
use crate::operation::sql::parse::parse;
use crate::operation::sql::reading::Statement;
use crate::operation::sql::{names, statement};
use crate::operation::{AlterColumn, Change, Column, Name, ObjectKind, OperationKind, TableName};
use crate::sqlfile::{Lexicon, TokenKind, Tokens};

/// `ALTER TABLE` with actions of MySQL or SQL Server among them; false: it is none, or no action was understood.
pub(super) fn read(text: &str, out: &mut Statement) -> bool {
    let Some((head, actions)) = actions(text) else { return false };
    let words = Words::of(head);
    let Some(table) = words.name_at(if words.upper(2) == "IF" { 4 } else { 2 }) else { return false };
    let before = out.count();
    let mut unknown = Vec::new();
    for written in actions {
        if let Ok(parsed) = parse(&format!("{head} {written}")) {
            statement::read(&parsed, out);
        } else if let Some(kind) = action(head, &table, written) {
            out.push(kind);
        } else {
            unknown.push(written.split_whitespace().take(3).collect::<Vec<_>>().join(" "));
        }
    }
    if out.count() == before {
        return false;
    }
    for written in unknown {
        out.not_parsed(format!("`ALTER TABLE … {written}` is not understood"));
    }
    true
}

/// `ALTER TABLE name` and the actions behind it.
fn actions(text: &str) -> Option<(&str, Vec<&str>)> {
    let tokens: Vec<_> = Tokens::new(text, Lexicon::Any).collect();
    let word = |at: usize| tokens.get(at).and_then(|token| text.get(token.range.clone())).unwrap_or_default();
    if !word(0).eq_ignore_ascii_case("alter") || !word(1).eq_ignore_ascii_case("table") {
        return None;
    }
    let mut name = if word(2).eq_ignore_ascii_case("if") { 4 } else { 2 };
    while word(name + 1) == "." {
        name += 2;
    }
    let mut start = tokens.get(name)?.range.end;
    let head = text.get(..start)?;
    let mut parts = Vec::new();
    let mut depth = 0usize;
    for token in tokens.iter().skip(name + 1) {
        match token.kind {
            TokenKind::Symbol(b'(') => depth += 1,
            TokenKind::Symbol(b')') => depth = depth.saturating_sub(1),
            TokenKind::Symbol(b',') if depth == 0 => {
                parts.push(text.get(start..token.range.start)?.trim());
                start = token.range.end;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..)?.trim());
    Some((head, parts))
}

/// One action that PostgreSQL does not have.
fn action(head: &str, table: &TableName, written: &str) -> Option<OperationKind> {
    let words = Words::of(written);
    let name = |at: usize| words.name_at(at).map_or(Name::Unknown, |name| Name::Known(name.name));
    let drop_constraint = |name: Name, kind: &str| OperationKind::DropConstraint {
        table: Some(table.clone()),
        name,
        kind: Some(kind.to_owned()),
        if_exists: false,
    };
    let column_at = |at: usize| if words.upper(at) == "COLUMN" { at + 1 } else { at };
    let kind = match (words.upper(0).as_str(), words.upper(1).as_str()) {
        ("MODIFY", _) => redefined(head, table, written, column_at(1), false)?,
        ("CHANGE", _) => redefined(head, table, written, column_at(1), true)?,
        ("ALTER", "COLUMN") => redefined(head, table, written, 2, false)?,
        ("DROP", "FOREIGN") => drop_constraint(name(3), "foreignkey"),
        ("DROP", "CHECK") => drop_constraint(name(2), "check"),
        ("DROP", "PRIMARY") => drop_constraint(Name::Unnamed, "primary"),
        ("DROP", "INDEX" | "KEY") => OperationKind::DropIndex {
            table: Some(table.clone()),
            name: name(2),
            concurrently: false,
            if_exists: false,
        },
        ("ADD", "INDEX" | "KEY" | "UNIQUE" | "FULLTEXT" | "SPATIAL") => added_index(table, written)?,
        ("RENAME", "INDEX" | "KEY") => OperationKind::RenameObject {
            object: ObjectKind::Index,
            name: name(2).known().map(str::to_owned),
            new_name: name(4).known().map(str::to_owned),
        },
        ("RENAME", _) => {
            let at = if matches!(words.upper(1).as_str(), "TO" | "AS") { 2 } else { 1 };
            OperationKind::RenameTable { table: Some(table.clone()), new_name: Some(words.name_at(at)?.name) }
        }
        (
            "CONVERT" | "ENGINE" | "ALGORITHM" | "LOCK" | "COMMENT" | "CHARSET" | "ROW_FORMAT" | "NOCHECK" | "CHECK",
            _,
        )
        | ("DEFAULT", "CHARSET" | "CHARACTER" | "COLLATE" | "") => {
            OperationKind::Other { what: "ALTER TABLE".to_owned() }
        }
        _ => return None,
    };
    Some(kind)
}

/// `MODIFY name definition`, `CHANGE name new_name definition`; `at`: which word the name is.
fn redefined(head: &str, table: &TableName, written: &str, at: usize, renames: bool) -> Option<OperationKind> {
    let tokens: Vec<_> = Tokens::new(written, Lexicon::Any).collect();
    let old = Words::of(written).name_at(at)?.name;
    let definition = written.get(tokens.get(if renames { at + 1 } else { at })?.range.start..)?;
    let column = parsed_column(head, definition)?;
    let new_name = column.name.filter(|name| renames && *name != old);
    Some(OperationKind::AlterColumn(Box::new(AlterColumn {
        table: Some(table.clone()),
        column: Some(old),
        new_name,
        // What is not repeated is lost there: a definition without NOT NULL makes the column nullable.
        nullable: Some(column.nullable.unwrap_or(true)),
        type_: column.type_,
        server_default: column.server_default.map_or(Change::Keep, Change::Set),
        ..AlterColumn::default()
    })))
}

/// The definition of a column, read as that of one that is added.
fn parsed_column(head: &str, definition: &str) -> Option<Column> {
    let Stmt::AlterTable(alter) = parse(&format!("{head} ADD COLUMN {definition}")).ok()? else { return None };
    alter.actions().find_map(|action| match action {
        squawk_syntax::ast::AlterTableAction::AddColumn(add) => {
            Some(crate::operation::sql::table::added_column(&add, 0..0))
        }
        _ => None,
    })
}

/// MySQL's `ADD INDEX name (columns)`, which PostgreSQL takes for a column `index` of the type `name`.
pub(in crate::operation::sql) fn index_as_column(add: &AddColumn, table: Option<&TableName>) -> Option<OperationKind> {
    let name = names::last(add.column_name())?;
    let has_arguments = add.ty()?.arg_list().is_some();
    if add.column_token().is_some() || !has_arguments || !matches!(name.as_str(), "index" | "key") {
        return None;
    }
    added_index(table?, &add.syntax().text().to_string())
}

/// `ADD [UNIQUE] INDEX name (columns)`
fn added_index(table: &TableName, written: &str) -> Option<OperationKind> {
    let words = Words::of(written);
    let unique = words.upper(1) == "UNIQUE";
    let at = if matches!(words.upper(2).as_str(), "INDEX" | "KEY") { 3 } else { 2 };
    let columns = written.get(written.find('(')?..)?;
    let name = words.name_at(at)?.name.replace('"', "\"\"");
    let unique = if unique { "UNIQUE " } else { "" };
    let parsed = parse(&format!("CREATE {unique}INDEX \"{name}\" ON {} {columns}", quoted(table))).ok()?;
    let Stmt::CreateIndex(create) = parsed else { return None };
    Some(crate::operation::sql::table::create_index(&create, &Statement::new(0..0)))
}

fn quoted(table: &TableName) -> String {
    let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    match &table.schema {
        Some(schema) => format!("{}.{}", quote(schema), quote(&table.name)),
        None => quote(&table.name),
    }
}
