use std::rc::Rc;

use ruff_text_size::{Ranged, TextRange};

use super::arguments::Arguments;
use super::call::Call;
use super::collection::{assignments, is_enum, members};
use super::directives::{name_of, text_of};
use super::reader::Reader;
use super::value::{Class, Value};
use crate::operation::{ColumnType, EnumType, Name, OperationKind, TypeKind};

impl<'a> Reader<'a> {
    /// A value as a column's type; `None` where none is given.
    pub(super) fn column_type(&mut self, value: &Value<'a>, at: TextRange) -> Option<ColumnType> {
        let kind = match value {
            Value::None => return None,
            Value::Type(found) => return Some((**found).clone()),
            Value::Sqlalchemy(name) => self.type_kind(name, &Arguments::default()).unwrap_or_else(|| other(name)),
            Value::Imported(path) => match path.rsplit('.').next() {
                Some("AutoString") => TypeKind::Varchar { length: None },
                name => other(name.unwrap_or_default()),
            },
            Value::Made(path) => {
                let name = path.rsplit('.').next().unwrap_or_default();
                if name.starts_with(char::is_uppercase) { other(name) } else { TypeKind::Unknown }
            }
            Value::Class(class) => self.class_type(*class),
            Value::Instance(object) => self.class_type(object.class),
            Value::Choice(choice) => {
                // limbec's rules are about PostgreSQL first.
                let is_postgresql = choice.0.contains(crate::operation::Dialect::Postgresql);
                return self.column_type(if is_postgresql { &choice.1 } else { &choice.2 }, at);
            }
            _ => TypeKind::Unknown,
        };
        Some(ColumnType { kind, text: self.source(at), range: self.place(at) })
    }

    /// A type decorator of the file: the type that it is made of.
    fn class_type(&mut self, class: Class<'a>) -> TypeKind {
        let implementation = assignments(class.node).find(|(name, _)| *name == "impl");
        match implementation {
            Some((_, expr)) if self.may_go_on(class.node.range()) => {
                self.depth += 10;
                let value = self.silently(class.module, expr);
                let found = self.column_type(&value, expr.range());
                self.depth -= 10;
                found.map_or(TypeKind::Unknown, |found| found.kind)
            }
            _ => other(class.node.name.as_str()),
        }
    }

    /// `sa.String(50)`; `None` if the name is no type's.
    pub(super) fn type_call(&mut self, call: Call<'_, 'a>, name: &str) -> Option<Value<'a>> {
        let kind = self.type_kind(name, call.arguments)?;
        let at = call.node.range();
        Some(Value::Type(Rc::new(ColumnType { kind, text: self.source(at), range: self.place(at) })))
    }

    fn type_kind(&mut self, name: &str, arguments: &Arguments<'a>) -> Option<TypeKind> {
        let number = |at, name| arguments.get(at, name).and_then(Value::number);
        let given = |at, name| arguments.get(at, name).is_some_and(|value| !matches!(value, Value::None));
        let sized = |make: fn(Option<u64>) -> TypeKind| {
            // A length that is there and not known is not no length.
            if given(0, "length") && number(0, "length").is_none() {
                TypeKind::Unknown
            } else {
                make(number(0, "length"))
            }
        };
        let timezone = || arguments.get(0, "timezone").and_then(Value::flag).unwrap_or(false);
        Some(match name {
            "SmallInteger" | "SMALLINT" | "TINYINT" => TypeKind::SmallInteger,
            "Integer" | "INTEGER" | "INT" | "MEDIUMINT" => TypeKind::Integer,
            "BigInteger" | "BIGINT" => TypeKind::BigInteger,
            "Boolean" | "BOOLEAN" | "BOOL" | "BIT" => TypeKind::Boolean,
            "Float" | "FLOAT" => TypeKind::Float { precision: number(0, "precision") },
            "REAL" => TypeKind::Float { precision: Some(24) },
            "Double" | "DOUBLE" | "DOUBLE_PRECISION" => TypeKind::Float { precision: Some(53) },
            "Numeric" | "NUMERIC" | "DECIMAL" | "Decimal" => {
                TypeKind::Numeric { precision: number(0, "precision"), scale: number(1, "scale") }
            }
            "String" | "Unicode" | "VARCHAR" | "NVARCHAR" | "VARCHAR2" | "AutoString" => {
                sized(|length| TypeKind::Varchar { length })
            }
            "CHAR" | "NCHAR" => sized(|length| TypeKind::Char { length }),
            "Text" | "TEXT" | "UnicodeText" | "CLOB" | "MEDIUMTEXT" | "LONGTEXT" | "TINYTEXT" => TypeKind::Text,
            "Date" | "DATE" => TypeKind::Date,
            "Time" | "TIME" => TypeKind::Time { timezone: timezone() },
            "DateTime" | "DATETIME" | "TIMESTAMP" | "DATETIME2" => TypeKind::Timestamp { timezone: timezone() },
            "DATETIMEOFFSET" => TypeKind::Timestamp { timezone: true },
            "Interval" | "INTERVAL" => TypeKind::Interval,
            "JSON" => TypeKind::Json,
            "JSONB" => TypeKind::Jsonb,
            "Uuid" | "UUID" | "UNIQUEIDENTIFIER" => TypeKind::Uuid,
            "LargeBinary" | "BYTEA" | "BLOB" | "BINARY" | "VARBINARY" | "LONGBLOB" | "MEDIUMBLOB" | "Binary"
            | "PickleType" => TypeKind::Binary,
            "Enum" | "ENUM" => TypeKind::Enum(self.enum_type(name, arguments)),
            "ARRAY" => {
                let at = arguments.ranges.first().copied().unwrap_or_default();
                let item = arguments.get(0, "item_type").cloned().and_then(|item| self.column_type(&item, at));
                match item {
                    Some(item) if dimensions(&item) < 8 => TypeKind::Array(Box::new(item)),
                    _ => TypeKind::Unknown,
                }
            }
            "NullType" => TypeKind::Unknown,
            "TSVECTOR" | "TSQUERY" | "INET" | "CIDR" | "MACADDR" | "MACADDR8" | "MONEY" | "OID" | "REGCLASS"
            | "HSTORE" | "CITEXT" | "INT4RANGE" | "INT8RANGE" | "NUMRANGE" | "DATERANGE" | "TSRANGE" | "TSTZRANGE"
            | "INT4MULTIRANGE" | "INT8MULTIRANGE" | "NUMMULTIRANGE" | "DATEMULTIRANGE" | "TSMULTIRANGE"
            | "TSTZMULTIRANGE" | "JSONPATH" | "DOMAIN" | "YEAR" | "SET" | "XML" | "ROWVERSION" | "RAW" | "NUMBER"
            | "TupleType" | "MatchType" => other(name),
            _ => return None,
        })
    }

    fn enum_type(&mut self, constructor: &str, arguments: &Arguments<'a>) -> EnumType {
        let class = match arguments.positional.as_slice() {
            [Value::Class(class)] if is_enum(class.node) => Some(*class),
            _ => None,
        };
        let has_callable = arguments.keyword("values_callable").is_some();
        let values = match (class, arguments.has_unknown_positional || arguments.has_unknown_keywords) {
            (Some(class), _) if has_callable => self.member_values(class),
            (Some(class), _) => Some(members(class.node).map(str::to_owned).collect()),
            (None, true) => None,
            (None, false) => {
                let values: Option<Vec<String>> =
                    arguments.positional.iter().map(|value| text_of(Some(value))).collect();
                values.filter(|values| !values.is_empty())
            }
        };
        let name = match (arguments.keyword("name"), class, arguments.positional.first()) {
            (None, Some(class), _) => Name::Known(class.node.name.as_str().to_lowercase()),
            // SQLAlchemy takes the name of a Python enum in lower case.
            (None, None, Some(Value::Imported(path))) => {
                Name::Known(path.rsplit('.').next().unwrap_or_default().to_lowercase())
            }
            (None, ..) if arguments.has_unknown_keywords => Name::Unknown,
            (given, ..) => name_of(given),
        };
        let unless_false = |name| arguments.keyword(name).and_then(Value::flag).unwrap_or(true);
        EnumType {
            name,
            schema: text_of(arguments.keyword("schema")),
            values,
            creates_type: constructor != "ENUM" || unless_false("create_type"),
            is_native: unless_false("native_enum"),
            creates_constraint: arguments.is_set("create_constraint"),
        }
    }

    /// `.with_variant(type, "postgresql")`: what PostgreSQL gets. Variants for other databases are left out.
    fn variant(&mut self, call: Call<'_, 'a>, of: &Value<'a>) -> Value<'a> {
        let is_postgresql = call.arguments.rest(1).any(|name| text_of(Some(name)).as_deref() == Some("postgresql"));
        let Some(variant) = call.arguments.at(0).filter(|_| is_postgresql).cloned() else { return of.clone() };
        self.column_type(&variant, call.node.range()).map_or_else(|| of.clone(), |found| Value::Type(Rc::new(found)))
    }

    fn member_values(&mut self, class: Class<'a>) -> Option<Vec<String>> {
        let assigned: Vec<_> = assignments(class.node).filter(|(name, _)| !name.starts_with('_')).collect();
        assigned.into_iter().map(|(_, expr)| text_of(Some(&self.silently(class.module, expr)))).collect()
    }

    /// A method of a type: `.create(bind)`, `.drop(bind)`, `.with_variant(…)`.
    pub(super) fn type_method(&mut self, call: Call<'_, 'a>, of: &Value<'a>, name: &str) -> Value<'a> {
        let Value::Type(found) = of else {
            return Value::Unknown;
        };
        if name == "with_variant" {
            return self.variant(call, of);
        }
        let TypeKind::Enum(enum_type) = &found.kind else {
            if matches!(name, "create" | "drop") && call.arguments.has_handle() {
                self.not_understood(
                    call.node,
                    self.source(call.node.func.range()),
                    "is no method of a type that limbec knows",
                );
            }
            return of.clone();
        };
        // PostgreSQL's own ENUM looks first unless it is told not to, sa.Enum only when it is told to.
        let is_own = found.text.split('(').next().is_some_and(|name| name.ends_with("ENUM"));
        let checks = call.arguments.get(1, "checkfirst").map_or(is_own, |value| value.flag() != Some(false));
        match name {
            "create" => {
                let enum_type = enum_type.clone();
                self.emit(call.node, OperationKind::CreateEnum { enum_type, if_not_exists: checks });
                Value::None
            }
            "drop" => {
                let (name, schema) = (enum_type.name.clone(), enum_type.schema.clone());
                self.emit(call.node, OperationKind::DropEnum { name, schema, if_exists: checks });
                Value::None
            }
            _ => of.clone(),
        }
    }
}

/// How deep arrays of arrays nest.
fn dimensions(found: &ColumnType) -> usize {
    match &found.kind {
        TypeKind::Array(item) => 1 + dimensions(item),
        _ => 0,
    }
}

/// A type that limbec has no name for.
fn other(name: &str) -> TypeKind {
    TypeKind::Other(name.to_uppercase())
}
