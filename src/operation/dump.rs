//! Operations as short text, for tests.

use std::fmt::Write;

use super::{
    Body, Change, Column, ColumnType, Constraint, ConstraintKind, Dialect, Dialects, Index, Name, Operation,
    OperationContext, OperationKind, ServerDefault, TableName, TypeKind,
};

const DIALECTS: [Dialect; 6] =
    [Dialect::Postgresql, Dialect::Sqlite, Dialect::Mysql, Dialect::Mssql, Dialect::Oracle, Dialect::Other];

/// One line an operation, then one for each call that was not understood.
pub(crate) fn dump(body: &Body) -> String {
    let mut lines: Vec<String> = body.operations.iter().map(operation).collect();
    lines.extend(body.not_analysed.iter().map(|call| {
        let sign = if call.is_partly_known { '~' } else { '!' };
        format!("{sign} {}: {}", call.what, call.reason)
    }));
    lines.extend(body.raises.is_some().then(|| "raises".to_owned()));
    lines.join("\n")
}

fn operation(operation: &Operation) -> String {
    let mut line = kind(&operation.kind);
    line.push_str(&context(&operation.context));
    line
}

fn context(context: &OperationContext) -> String {
    let mut words = Vec::new();
    if context.dialects != Dialects::ALL {
        let only: Vec<String> =
            DIALECTS.iter().filter(|d| context.dialects.contains(**d)).map(Dialect::to_string).collect();
        words.push(if only.len() > 3 {
            let without: Vec<String> =
                DIALECTS.iter().filter(|d| !context.dialects.contains(**d)).map(Dialect::to_string).collect();
            format!("not {}", without.join(" "))
        } else {
            only.join(" ")
        });
    }
    words.extend(context.is_conditional.then(|| "perhaps".to_owned()));
    words.extend(context.autocommit.then(|| "autocommit".to_owned()));
    words.extend(context.is_online_only.then(|| "online".to_owned()));
    words.extend(context.batch.is_some().then(|| "batch".to_owned()));
    if words.is_empty() { String::new() } else { format!(" [{}]", words.join(", ")) }
}

fn table(table: Option<&TableName>) -> String {
    table.map_or("?".to_owned(), TableName::to_string)
}

fn text(text: Option<&String>) -> &str {
    text.map_or("?", String::as_str)
}

fn name(name: &Name) -> &str {
    match name {
        Name::Known(name) => name,
        Name::Unnamed => "-",
        Name::Unknown => "?",
    }
}

fn flags(flags: &[(bool, &str)]) -> String {
    flags.iter().filter(|(is_set, _)| *is_set).map(|(_, word)| format!(" {word}")).collect()
}

fn kind(kind: &OperationKind) -> String {
    use OperationKind as K;
    match kind {
        K::CreateTable(create) => {
            let mut parts: Vec<String> = create.columns.iter().map(column).collect();
            parts.extend(create.constraints.iter().map(constraint));
            parts.extend(create.indexes.iter().map(index));
            parts.extend((!create.is_complete).then(|| "…".to_owned()));
            let flags = flags(&[(create.if_not_exists, "if not exists")]);
            format!("create table {}{flags} ({})", table(create.table.as_ref()), parts.join(", "))
        }
        K::DropTable { table: of, if_exists, cascade } => {
            format!("drop table {}{}", table(of.as_ref()), flags(&[(*if_exists, "if exists"), (*cascade, "cascade")]))
        }
        K::RenameTable { table: of, new_name } => {
            format!("rename table {} to {}", table(of.as_ref()), text(new_name.as_ref()))
        }
        K::AddColumn { table: of, column: added, if_not_exists } => {
            format!(
                "add column {}: {}{}",
                table(of.as_ref()),
                column(added),
                flags(&[(*if_not_exists, "if not exists")])
            )
        }
        K::DropColumn { table: of, column, if_exists, .. } => {
            format!(
                "drop column {}.{}{}",
                table(of.as_ref()),
                text(column.as_ref()),
                flags(&[(*if_exists, "if exists")])
            )
        }
        K::AlterColumn(alter) => alter_column(alter),
        K::CreateIndex { table: of, index: created, concurrently, if_not_exists } => {
            let flags = flags(&[(*concurrently, "concurrently"), (*if_not_exists, "if not exists")]);
            format!("create {} on {}{flags}", index(created), table(of.as_ref()))
        }
        K::DropIndex { table: of, name: named, concurrently, if_exists } => {
            let flags = flags(&[(*concurrently, "concurrently"), (*if_exists, "if exists")]);
            format!("drop index {} on {}{flags}", name(named), table(of.as_ref()))
        }
        K::CreateConstraint { table: of, constraint: created } => {
            format!("create {} on {}", constraint(created), table(of.as_ref()))
        }
        K::DropConstraint { table: of, name: named, kind, if_exists } => {
            let flags = flags(&[(*if_exists, "if exists")]);
            let kind = kind.as_ref().map_or(String::new(), |kind| format!(" ({kind})"));
            format!("drop constraint {} on {}{kind}{flags}", name(named), table(of.as_ref()))
        }
        K::CreateEnum { enum_type, if_not_exists } => {
            let values = enum_type.values.as_ref().map_or("?".to_owned(), |values| values.join(" "));
            format!("create enum {} ({values}){}", name(&enum_type.name), flags(&[(*if_not_exists, "if not exists")]))
        }
        K::DropEnum { name: named, if_exists, .. } => {
            format!("drop enum {}{}", name(named), flags(&[(*if_exists, "if exists")]))
        }
        K::Insert { table: of } => format!("insert {}", table(of.as_ref())),
        K::Update { table: of, is_filtered, columns, .. } => {
            format!("update {} ({}){}", table(of.as_ref()), columns.join(", "), flags(&[(*is_filtered, "where")]))
        }
        K::Delete { table: of, is_filtered } => {
            format!("delete {}{}", table(of.as_ref()), flags(&[(*is_filtered, "where")]))
        }
        K::Read { what } => format!("read {what}"),
        K::Other { what } => format!("other {what}"),
        K::Transaction(control) => format!("{control:?}").to_lowercase(),
        other => format!("{other:?}"),
    }
}

fn alter_column(alter: &super::AlterColumn) -> String {
    let mut line = format!("alter column {}.{}", table(alter.table.as_ref()), text(alter.column.as_ref()));
    let mut part = |word: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = write!(line, " {word}={value}");
        }
    };
    part("name", alter.new_name.clone());
    part("type", alter.type_.as_ref().map(column_type));
    part("nullable", alter.nullable.map(|flag| flag.to_string()));
    part(
        "default",
        match &alter.server_default {
            Change::Keep => None,
            Change::Drop => Some("none".to_owned()),
            Change::Set(value) => Some(default(value)),
        },
    );
    part("existing_type", alter.existing_type.as_ref().map(column_type));
    part("existing_nullable", alter.existing_nullable.map(|flag| flag.to_string()));
    part("using", alter.using.clone());
    line
}

fn default(default: &ServerDefault) -> String {
    match default {
        ServerDefault::Constant(text) => format!("'{text}'"),
        ServerDefault::Expression(text) => text.clone(),
        ServerDefault::Identity => "identity".to_owned(),
        ServerDefault::Unknown => "?".to_owned(),
    }
}

fn column(column: &Column) -> String {
    let mut line = text(column.name.as_ref()).to_owned();
    if let Some(type_) = &column.type_ {
        line.push(' ');
        line.push_str(&column_type(type_));
    }
    line.push_str(&flags(&[
        (column.primary_key, "primary key"),
        (column.nullable == Some(false), "not null"),
        (column.nullable == Some(true), "null"),
        (column.unique, "unique"),
        (column.index, "index"),
        (column.has_python_default, "python default"),
        (column.computed.is_some(), "computed"),
    ]));
    if let Some(value) = &column.server_default {
        let _ = write!(line, " default {}", default(value));
    }
    for inner in &column.constraints {
        let _ = write!(line, " {}", constraint(inner));
    }
    line
}

fn column_type(found: &ColumnType) -> String {
    match &found.kind {
        TypeKind::Varchar { length: Some(length) } => format!("varchar({length})"),
        TypeKind::Varchar { length: None } => "varchar".to_owned(),
        TypeKind::Char { length: Some(length) } => format!("char({length})"),
        TypeKind::Numeric { precision: Some(precision), scale } => {
            format!("numeric({precision}, {})", scale.unwrap_or(0))
        }
        TypeKind::Timestamp { timezone: true } => "timestamptz".to_owned(),
        TypeKind::Timestamp { timezone: false } => "timestamp".to_owned(),
        TypeKind::Array(item) => format!("{}[]", column_type(item)),
        TypeKind::Other(name) => format!("other:{name}"),
        TypeKind::Enum(inner) => {
            let values = inner.values.as_ref().map_or("?".to_owned(), |values| values.join(" "));
            let flags = flags(&[
                (!inner.creates_type, "no type"),
                (!inner.is_native, "not native"),
                (inner.creates_constraint, "check"),
            ]);
            format!("enum {}({values}{flags})", name(&inner.name))
        }
        other => format!("{other:?}").split([' ', '{']).next().unwrap_or_default().to_lowercase(),
    }
}

fn names(names: Option<&Vec<String>>) -> String {
    names.map_or("?".to_owned(), |names| names.join(", "))
}

fn constraint(constraint: &Constraint) -> String {
    let what = match &constraint.kind {
        ConstraintKind::PrimaryKey { columns } => format!("primary key ({})", names(columns.as_ref())),
        ConstraintKind::Unique { columns } => format!("unique ({})", names(columns.as_ref())),
        ConstraintKind::ForeignKey { columns, referent, referent_columns, on_delete } => {
            let on_delete = on_delete.as_ref().map_or(String::new(), |action| format!(" on delete {action}"));
            let (columns, referents) = (names(columns.as_ref()), names(referent_columns.as_ref()));
            format!("foreign key ({columns}) to {} ({referents}){on_delete}", table(referent.as_ref()))
        }
        ConstraintKind::Check { condition } => format!("check ({})", text(condition.as_ref())),
        ConstraintKind::Exclude => "exclude".to_owned(),
    };
    format!("{} {what}{}", name(&constraint.name), flags(&[(constraint.not_valid, "not valid")]))
}

fn index(index: &Index) -> String {
    let columns: Vec<&str> = index.columns.iter().map(|column| text(column.as_ref())).collect();
    format!("{}index {} ({})", if index.unique { "unique " } else { "" }, name(&index.name), columns.join(", "))
}
