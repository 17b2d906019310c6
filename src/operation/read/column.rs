use std::rc::Rc;

use ruff_text_size::Ranged;

use super::call::Call;
use super::directives::{name_of, sql_of, table_named, text_of};
use super::reader::Reader;
use super::value::{TableIndex, Value};
use crate::operation::{Column, Computed, Constraint, ConstraintKind, Index, Name, ServerDefault, TableName};

impl<'a> Reader<'a> {
    /// `sa.Column(…)`
    pub(super) fn column(&mut self, call: Call<'_, 'a>) -> Value<'a> {
        let arguments = call.arguments;
        let mut column = Column { range: self.place(call.node), ..Column::default() };
        let mut rest = 0;
        column.name = match arguments.at(0) {
            Some(Value::Text(text)) => {
                rest = 1;
                text.exact().map(str::to_owned)
            }
            Some(Value::Unknown | Value::Choice(_) | Value::Made(_)) if arguments.keyword("name").is_none() => {
                rest = 1;
                None
            }
            _ => text_of(arguments.keyword("name")),
        };
        for (value, at) in arguments.positional.iter().zip(&arguments.ranges).skip(rest) {
            match value {
                Value::Constraint(constraint) => column.constraints.push((**constraint).clone()),
                Value::Computed(computed) => column.computed = Some(*computed),
                Value::Identity => column.server_default = Some(ServerDefault::Identity),
                Value::Default(default) => column.server_default = Some(default.clone()),
                value if column.type_.is_none() => column.type_ = self.column_type(value, *at),
                _ => {}
            }
        }
        self.column_options(&mut column, call);
        for constraint in &mut column.constraints {
            constrain(constraint, column.name.as_deref());
        }
        Value::Column(Rc::new(column))
    }

    fn column_options(&mut self, column: &mut Column, call: Call<'_, 'a>) {
        let arguments = call.arguments;
        if let Some(type_) = arguments.keyword("type_") {
            let keyword = call.node.arguments.find_keyword("type_");
            let at = keyword.map_or(call.node.range(), |keyword| keyword.value.range());
            column.type_ = self.column_type(type_, at);
        }
        column.nullable = match arguments.keyword("nullable") {
            Some(Value::Bool(flag)) => Some(*flag),
            _ => None,
        };
        column.primary_key = arguments.is_set("primary_key");
        column.unique = arguments.is_set("unique");
        column.index = arguments.is_set("index");
        column.has_python_default = arguments.keyword("default").is_some_and(|value| !matches!(value, Value::None));
        match arguments.keyword("server_default") {
            None | Some(Value::None) => {}
            Some(Value::Computed(computed)) => column.computed = Some(*computed),
            Some(value) => column.server_default = Some(self.server_default(value)),
        }
    }

    /// `sa.ForeignKey("table.column")`
    pub(super) fn foreign_key(&mut self, call: Call<'_, 'a>) -> Value<'a> {
        let arguments = call.arguments;
        let target = text_of(arguments.get(0, "column"));
        let (referent, column) = target.as_deref().map_or((None, None), referent);
        let kind = ConstraintKind::ForeignKey {
            columns: None,
            referent,
            referent_columns: column.map(|column| vec![column]),
            on_delete: text_of(arguments.keyword("ondelete")).map(|action| action.to_uppercase()),
        };
        self.made_constraint(call, kind)
    }

    /// `sa.ForeignKeyConstraint([…], ["table.column"])`
    pub(super) fn foreign_key_constraint(&mut self, call: Call<'_, 'a>) -> Value<'a> {
        let arguments = call.arguments;
        let columns = self.column_names(arguments.get(0, "columns"));
        let targets = self.column_names(arguments.get(1, "refcolumns"));
        let targets: Option<Vec<_>> = targets.map(|targets| targets.iter().map(|target| referent(target)).collect());
        let table = targets.as_ref().and_then(|targets| targets.first()).and_then(|(table, _)| table.clone());
        let kind = ConstraintKind::ForeignKey {
            columns,
            referent: table,
            referent_columns: targets.and_then(|targets| targets.into_iter().map(|(_, column)| column).collect()),
            on_delete: text_of(arguments.keyword("ondelete")).map(|action| action.to_uppercase()),
        };
        self.made_constraint(call, kind)
    }

    /// `sa.PrimaryKeyConstraint("a", "b")`, `sa.UniqueConstraint(…)`
    pub(super) fn key_constraint(&mut self, call: Call<'_, 'a>, is_primary: bool) -> Value<'a> {
        let positional = call.arguments.positional.as_slice();
        let names: Option<Vec<String>> = positional
            .iter()
            .map(|value| match value {
                Value::Column(column) => column.name.clone(),
                other => text_of(Some(other)),
            })
            .collect();
        let columns = names.filter(|_| !call.arguments.has_unknown_positional);
        let kind = if is_primary { ConstraintKind::PrimaryKey { columns } } else { ConstraintKind::Unique { columns } };
        self.made_constraint(call, kind)
    }

    /// `sa.CheckConstraint("…")`
    pub(super) fn check_constraint(&mut self, call: Call<'_, 'a>) -> Value<'a> {
        let condition = sql_of(call.arguments.get(0, "sqltext"));
        self.made_constraint(call, ConstraintKind::Check { condition })
    }

    pub(super) fn made_constraint(&mut self, call: Call<'_, 'a>, kind: ConstraintKind) -> Value<'a> {
        let at = call.arguments.keyword("name");
        let name = if call.arguments.has_unknown_keywords && at.is_none() { Name::Unknown } else { name_of(at) };
        Value::Constraint(Rc::new(Constraint {
            name,
            kind,
            not_valid: call.arguments.is_set("postgresql_not_valid"),
            uses_index: None,
            range: self.place(call.node),
        }))
    }

    /// `sa.Index("name", "column", …)`
    pub(super) fn index(&mut self, call: Call<'_, 'a>) -> Value<'a> {
        let arguments = call.arguments;
        let items = arguments.rest(1).cloned().collect();
        let items = self.list(items);
        let columns = self.index_columns(Some(&items));
        let table = arguments.rest(1).find_map(|value| self.table_value(value));
        Value::Index(Rc::new(TableIndex {
            index: Index {
                name: name_of(arguments.get(0, "name")),
                columns,
                unique: arguments.is_set("unique"),
                range: self.place(call.node),
            },
            table,
            concurrently: arguments.is_set("postgresql_concurrently"),
        }))
    }

    /// `sa.Computed("…", persisted=…)`
    pub(super) fn computed(&mut self, call: Call<'_, 'a>) -> Value<'a> {
        let persisted = call.arguments.get(1, "persisted").and_then(|value| match value {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        });
        Value::Computed(Computed { persisted })
    }

    /// `sa.table("name", …)`, `sa.Table("name", metadata, …)`
    pub(super) fn table(&mut self, call: Call<'_, 'a>, is_reflected: bool) -> Value<'a> {
        let arguments = call.arguments;
        let name = table_named(arguments.get(0, "name"), arguments.keyword("schema"));
        if is_reflected {
            let what = "reflection".to_owned();
            self.emit(call.node, crate::operation::OperationKind::Read { what });
        }
        let columns = arguments.positional.iter().filter_map(|value| match value {
            Value::Column(column) => Some((**column).clone()),
            _ => None,
        });
        Value::Table(Rc::new(super::value::Table { name, columns: columns.collect() }))
    }
}

/// `schema.table.column`
fn referent(target: &str) -> (Option<TableName>, Option<String>) {
    let Some((table, column)) = target.rsplit_once('.') else {
        return (Some(TableName::new(target)), None);
    };
    let table = match table.rsplit_once('.') {
        Some((schema, name)) => TableName { schema: Some(schema.to_owned()), name: name.to_owned() },
        None => TableName::new(table),
    };
    (Some(table), Some(column.to_owned()))
}

/// A column's own constraint is about that column.
fn constrain(constraint: &mut Constraint, column: Option<&str>) {
    let Some(column) = column else { return };
    match &mut constraint.kind {
        ConstraintKind::PrimaryKey { columns }
        | ConstraintKind::Unique { columns }
        | ConstraintKind::ForeignKey { columns, .. } => {
            *columns = Some(vec![column.to_owned()]);
        }
        ConstraintKind::Check { .. } | ConstraintKind::Exclude => {}
    }
}
