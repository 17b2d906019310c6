use std::ops::Range;
use std::rc::Rc;

use ruff_text_size::Ranged;

use super::call::Call;
use super::reader::Reader;
use super::value::{Batch, Table, Value};
use crate::operation::{
    AlterColumn, Change, Constraint, ConstraintKind, CreateTable, Index, Name, ObjectKind, OperationKind,
    ServerDefault, TableName,
};

/// A call of `op.…`, or of `batch_op.…`, whose arguments lack the table.
#[derive(Clone, Copy)]
pub(super) struct Directive<'c, 'a> {
    pub(super) call: Call<'c, 'a>,
    pub(super) batch: Option<&'c Batch>,
    /// Where `op`'s directive has the table.
    table_at: usize,
}

impl<'c, 'a> Directive<'c, 'a> {
    /// By its place in `op`'s directive, or by one of its names.
    fn get(&self, at: usize, names: &[&str]) -> Option<&'c Value<'a>> {
        let at = if self.batch.is_some() && at > self.table_at { at - 1 } else { at };
        let arguments = self.call.arguments;
        arguments.at(at).or_else(|| names.iter().find_map(|name| arguments.keyword(name)))
    }

    /// The table, at the place of its name or as `keyword`.
    fn table(&self, names: &[&str]) -> Option<TableName> {
        match self.batch {
            Some(batch) => batch.table.clone(),
            None => table_named(self.get(self.table_at, names), self.keyword("schema")),
        }
    }

    fn keyword(&self, name: &str) -> Option<&'c Value<'a>> {
        self.call.arguments.keyword(name)
    }

    fn is_set(&self, name: &str) -> bool {
        self.call.arguments.is_set(name)
    }

    fn constraint(&self, kind: ConstraintKind, range: Range<usize>) -> Constraint {
        Constraint {
            name: name_of(self.get(0, &["constraint_name", "name"])),
            kind,
            not_valid: self.is_set("postgresql_not_valid"),
            uses_index: None,
            range,
        }
    }
}

const TABLE: &[&str] = &["table_name", "tablename"];

impl<'a> Reader<'a> {
    /// `op.name(…)`
    pub(super) fn directive(&mut self, call: Call<'_, 'a>, name: &'a str) -> Value<'a> {
        let arguments = call.arguments;
        match name {
            "f" => arguments.get(0, "name").cloned().unwrap_or(Value::Unknown),
            "inline_literal" => arguments.get(0, "value").cloned().unwrap_or(Value::Unknown),
            "get_bind" => Value::Bind,
            "get_context" => Value::MigrationContext,
            "batch_alter_table" => Value::Batch(Rc::new(Batch {
                table: table_named(arguments.get(0, "table_name"), arguments.get(1, "schema")),
                header: self.place(call.node),
            })),
            "create_table" => self.create_table(call),
            "execute" => {
                let statement = arguments.get(0, "sqltext").cloned().unwrap_or(Value::Unknown);
                self.execute(call, &statement);
                Value::None
            }
            "bulk_insert" => {
                let table = arguments.get(0, "table").and_then(|table| self.table_value(table));
                self.emit(call.node, OperationKind::Insert { table });
                Value::None
            }
            "rename_table" => {
                let table = table_named(arguments.get(0, "old_table_name"), arguments.keyword("schema"));
                let new_name = text_of(arguments.get(1, "new_table_name"));
                self.emit(call.node, OperationKind::RenameTable { table, new_name });
                Value::None
            }
            "drop_table" => {
                let table = table_named(arguments.get(0, "table_name"), arguments.keyword("schema"));
                let if_exists = arguments.is_set("if_exists");
                self.emit(call.node, OperationKind::DropTable { table, if_exists, cascade: false });
                Value::None
            }
            "create_entity" | "replace_entity" | "drop_entity" => {
                self.entity(call, name);
                Value::None
            }
            "implementation_for" | "register_operation" => Value::Unknown,
            "invoke" => {
                self.not_understood(call.node, "op.invoke", "runs an operation that is built by hand");
                Value::Unknown
            }
            "run_async" => {
                self.not_understood(call.node, "op.run_async", "runs an asynchronous function");
                Value::Unknown
            }
            _ => self.table_directive(call, None, name),
        }
    }

    /// What `op` and `batch_op` have in common.
    pub(super) fn table_directive(&mut self, call: Call<'_, 'a>, batch: Option<&Batch>, name: &'a str) -> Value<'a> {
        let at = |table_at| Directive { call, batch, table_at };
        let kind = match name {
            "add_column" => self.add_column(at(0)),
            "alter_column" => self.alter_column(at(0)),
            "drop_column" => OperationKind::DropColumn {
                table: at(0).table(TABLE),
                column: at(0).get(1, &["column_name"]).and_then(|value| self.column_label(value)),
                if_exists: call.arguments.is_set("if_exists"),
                cascade: false,
            },
            "create_index" => self.create_index(at(1)),
            "drop_index" => OperationKind::DropIndex {
                table: at(1).table(TABLE),
                name: name_of(at(1).get(0, &["index_name", "name"])),
                concurrently: call.arguments.is_set("postgresql_concurrently"),
                if_exists: call.arguments.is_set("if_exists"),
            },
            "drop_constraint" => OperationKind::DropConstraint {
                table: at(1).table(TABLE),
                name: name_of(at(1).get(0, &["constraint_name", "name"])),
                kind: text_of(at(1).get(2, &["type_", "type"])),
                if_exists: call.arguments.is_set("if_exists"),
            },
            "create_unique_constraint" | "create_primary_key" => {
                let directive = at(1);
                let columns = self.column_names(directive.get(2, &["columns"]));
                let kind = if name == "create_primary_key" {
                    ConstraintKind::PrimaryKey { columns }
                } else {
                    ConstraintKind::Unique { columns }
                };
                let table = directive.table(&["table_name", "source", "tablename"]);
                OperationKind::CreateConstraint { table, constraint: directive.constraint(kind, self.place(call.node)) }
            }
            "create_check_constraint" => {
                let directive = at(1);
                let condition = sql_of(directive.get(2, &["condition"]));
                let constraint = directive.constraint(ConstraintKind::Check { condition }, self.place(call.node));
                OperationKind::CreateConstraint { table: directive.table(&["table_name", "source"]), constraint }
            }
            "create_exclude_constraint" => {
                let directive = at(1);
                let constraint = directive.constraint(ConstraintKind::Exclude, self.place(call.node));
                OperationKind::CreateConstraint { table: directive.table(TABLE), constraint }
            }
            "create_foreign_key" => self.create_foreign_key(at(1)),
            "create_table_comment" | "drop_table_comment" => OperationKind::Other { what: "COMMENT".to_owned() },
            _ => {
                let what = if batch.is_some() { "batch_op" } else { "op" };
                self.not_understood(call.node, format!("{what}.{name}"), "is no operation of Alembic's own");
                return Value::Unknown;
            }
        };
        self.emit(call.node, kind);
        Value::None
    }

    fn add_column(&mut self, directive: Directive<'_, 'a>) -> OperationKind {
        let node = directive.call.node;
        let mut column = match directive.get(1, &["column"]) {
            Some(Value::Column(column)) => (**column).clone(),
            _ => crate::operation::Column { range: self.place(node), ..Default::default() },
        };
        column.primary_key |= directive.is_set("inline_primary_key");
        OperationKind::AddColumn {
            table: directive.table(TABLE),
            column: Box::new(column),
            if_not_exists: directive.is_set("if_not_exists"),
        }
    }

    fn alter_column(&mut self, directive: Directive<'_, 'a>) -> OperationKind {
        let node = directive.call.node;
        let at = |name: &str| {
            let keyword = node.arguments.find_keyword(name);
            keyword.map_or(node.range(), |keyword| keyword.value.range())
        };
        let server_default = match directive.keyword("server_default") {
            None | Some(Value::Bool(false)) => Change::Keep,
            Some(Value::None) => Change::Drop,
            Some(value) => Change::Set(self.server_default(value)),
        };
        OperationKind::AlterColumn(Box::new(AlterColumn {
            table: directive.table(TABLE),
            column: text_of(directive.get(1, &["column_name"])),
            new_name: text_of(directive.keyword("new_column_name").or_else(|| directive.keyword("name"))),
            nullable: directive.keyword("nullable").and_then(|value| match value {
                Value::Bool(flag) => Some(*flag),
                _ => None,
            }),
            type_: directive.keyword("type_").and_then(|value| self.column_type(value, at("type_"))),
            server_default,
            existing_type: directive
                .keyword("existing_type")
                .and_then(|value| self.column_type(value, at("existing_type"))),
            existing_nullable: directive.keyword("existing_nullable").and_then(|value| match value {
                Value::Bool(flag) => Some(*flag),
                _ => None,
            }),
            using: sql_of(directive.keyword("postgresql_using")),
        }))
    }

    fn create_index(&mut self, directive: Directive<'_, 'a>) -> OperationKind {
        let columns = self.index_columns(directive.get(2, &["columns"]));
        let unique = match directive.get(3, &["unique"]) {
            Some(value) => value.flag() == Some(true),
            None => false,
        };
        OperationKind::CreateIndex {
            table: directive.table(TABLE),
            index: Index {
                name: name_of(directive.get(0, &["index_name", "name"])),
                columns,
                unique,
                range: self.place(directive.call.node),
            },
            concurrently: directive.is_set("postgresql_concurrently"),
            if_not_exists: directive.is_set("if_not_exists"),
        }
    }

    fn create_foreign_key(&mut self, directive: Directive<'_, 'a>) -> OperationKind {
        let columns = self.column_names(directive.get(3, &["local_cols"]));
        let referent_columns = self.column_names(directive.get(4, &["remote_cols"]));
        let referent =
            table_named(directive.get(2, &["referent_table", "referent"]), directive.keyword("referent_schema"));
        let on_delete = text_of(directive.keyword("ondelete")).map(|action| action.to_uppercase());
        let kind = ConstraintKind::ForeignKey { columns, referent, referent_columns, on_delete };
        let table = match directive.batch {
            Some(batch) => batch.table.clone(),
            None => table_named(directive.get(1, &["source_table", "source"]), directive.keyword("source_schema")),
        };
        OperationKind::CreateConstraint {
            table,
            constraint: directive.constraint(kind, self.place(directive.call.node)),
        }
    }

    fn create_table(&mut self, call: Call<'_, 'a>) -> Value<'a> {
        let arguments = call.arguments;
        let mut create = CreateTable {
            table: table_named(arguments.get(0, "table_name"), arguments.keyword("schema")),
            if_not_exists: arguments.is_set("if_not_exists"),
            is_complete: !arguments.has_unknown_positional,
            ..CreateTable::default()
        };
        for item in arguments.rest(1) {
            match item {
                Value::Column(column) => create.columns.push((**column).clone()),
                Value::Constraint(constraint) => create.constraints.push((**constraint).clone()),
                Value::Index(index) => create.indexes.push(index.index.clone()),
                Value::None | Value::Identity => {}
                _ => create.is_complete = false,
            }
        }
        let table = Table { name: create.table.clone(), columns: create.columns.clone() };
        self.emit(call.node, OperationKind::CreateTable(create));
        Value::Table(Rc::new(table))
    }

    /// alembic_utils: `op.create_entity(PGFunction(…))`
    fn entity(&mut self, call: Call<'_, 'a>, name: &str) {
        let object = match call.arguments.at(0) {
            Some(Value::Made(path)) => match path.rsplit('.').next().unwrap_or_default() {
                "PGFunction" => ObjectKind::Function,
                "PGView" => ObjectKind::View,
                "PGMaterializedView" => ObjectKind::MaterializedView,
                "PGTrigger" => ObjectKind::Trigger,
                "PGExtension" => ObjectKind::Extension,
                "PGPolicy" => ObjectKind::Policy,
                _ => ObjectKind::Other,
            },
            _ => ObjectKind::Other,
        };
        let kind = if name == "drop_entity" {
            OperationKind::DropObject { object, name: None, if_exists: false, cascade: false }
        } else {
            OperationKind::CreateObject { object, name: None, if_not_exists: false }
        };
        self.emit(call.node, kind);
    }

    /// Names of columns; `None` where one of them is not known.
    pub(super) fn column_names(&mut self, value: Option<&Value<'a>>) -> Option<Vec<String>> {
        match value? {
            Value::Text(text) => Some(vec![text.exact()?.to_owned()]),
            other => self.items(other)?.iter().map(|item| self.column_label(item)).collect(),
        }
    }

    /// What an index covers: names, `None` for expressions.
    pub(super) fn index_columns(&mut self, value: Option<&Value<'a>>) -> Vec<Option<String>> {
        match value {
            None => Vec::new(),
            Some(Value::Text(text)) => vec![text.exact().map(str::to_owned)],
            Some(other) => match self.items(other) {
                Some(items) => items.iter().map(|item| self.column_label(item)).collect(),
                None => vec![None],
            },
        }
    }

    fn column_label(&self, value: &Value<'a>) -> Option<String> {
        match value {
            Value::Text(text) => text.exact().map(str::to_owned),
            Value::Column(column) => column.name.clone(),
            // `sa.text("name")`, `sa.text("name DESC")`: the column alone.
            Value::Sql(text) => {
                let text = text.exact()?;
                let word = text.split_whitespace().next()?;
                let is_name = word.chars().all(|c| c.is_alphanumeric() || c == '_');
                let is_ordered = text.split_whitespace().skip(1).all(|word| {
                    ["asc", "desc", "nulls", "first", "last"].contains(&word.to_ascii_lowercase().as_str())
                });
                (is_name && is_ordered).then(|| word.to_owned())
            }
            _ => None,
        }
    }

    /// `server_default=`
    pub(super) fn server_default(&self, value: &Value<'a>) -> ServerDefault {
        match value {
            Value::Text(text) => {
                text.exact().map_or(ServerDefault::Unknown, |text| ServerDefault::Constant(text.to_owned()))
            }
            Value::Sql(text) => {
                text.exact().map_or(ServerDefault::Unknown, |text| ServerDefault::Expression(text.to_owned()))
            }
            Value::Default(default) => default.clone(),
            Value::Identity => ServerDefault::Identity,
            _ => ServerDefault::Unknown,
        }
    }
}

pub(super) fn text_of(value: Option<&Value<'_>>) -> Option<String> {
    value.and_then(Value::known).map(str::to_owned)
}

/// SQL text, however it was given.
pub(super) fn sql_of(value: Option<&Value<'_>>) -> Option<String> {
    match value {
        Some(Value::Text(text) | Value::Sql(text)) => text.exact().map(str::to_owned),
        _ => None,
    }
}

/// The name of an index or a constraint.
pub(super) fn name_of(value: Option<&Value<'_>>) -> Name {
    match value {
        None | Some(Value::None) => Name::Unnamed,
        Some(other) => other.known().map_or(Name::Unknown, |name| Name::Known(name.to_owned())),
    }
}

pub(super) fn table_named(name: Option<&Value<'_>>, schema: Option<&Value<'_>>) -> Option<TableName> {
    let name = match name? {
        Value::Table(table) => return table.name.clone(),
        other => other.known()?.to_owned(),
    };
    let schema = match schema {
        None | Some(Value::None) => None,
        Some(schema) => Some(schema.known()?.to_owned()),
    };
    Some(TableName { schema, name })
}
