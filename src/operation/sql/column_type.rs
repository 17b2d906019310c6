use crate::operation::{ColumnType, TypeKind};

/// A type as SQL writes it (`character varying(20)[]`), and whether it fills itself (`serial`).
pub(in crate::operation) fn column_type(written: &str) -> ColumnType {
    ColumnType { kind: kind(written), text: written.to_owned(), range: 0..0 }
}

/// Whether a type is an integer with a sequence behind it.
pub(super) fn is_serial(written: &str) -> bool {
    matches!(
        written.trim().to_ascii_lowercase().as_str(),
        "serial" | "serial4" | "serial8" | "serial2" | "bigserial" | "smallserial"
    )
}

fn kind(written: &str) -> TypeKind {
    let lower = written.trim().to_ascii_lowercase();
    if let Some(element) = array_element(&lower) {
        let element = written.trim().get(..element).unwrap_or_default().trim();
        return TypeKind::Array(Box::new(column_type(element)));
    }
    let (name, arguments) = name_and_arguments(&lower);
    let argument = |at: usize| arguments.get(at).copied();
    let timezone = name.ends_with(" with time zone") || name.ends_with("tz");
    let words = name.strip_prefix("pg_catalog.").unwrap_or(&name);
    match words {
        "smallint" | "int2" | "smallserial" | "serial2" | "tinyint" => TypeKind::SmallInteger,
        "integer" | "int" | "int4" | "serial" | "serial4" | "mediumint" => TypeKind::Integer,
        "bigint" | "int8" | "bigserial" | "serial8" => TypeKind::BigInteger,
        "boolean" | "bool" => TypeKind::Boolean,
        "real" | "float4" => TypeKind::Float { precision: Some(24) },
        "double precision" | "float8" | "double" => TypeKind::Float { precision: Some(53) },
        "float" => TypeKind::Float { precision: argument(0).or(Some(53)) },
        "numeric" | "decimal" | "dec" => {
            TypeKind::Numeric { precision: argument(0), scale: argument(1).or(argument(0).map(|_| 0)) }
        }
        "varchar" | "character varying" | "char varying" | "national character varying" | "nvarchar" | "varchar2" => {
            TypeKind::Varchar { length: argument(0) }
        }
        "char" | "character" | "bpchar" | "nchar" | "national character" => {
            TypeKind::Char { length: argument(0).or(Some(1)) }
        }
        "text" | "longtext" | "mediumtext" | "tinytext" | "clob" => TypeKind::Text,
        "date" => TypeKind::Date,
        "interval" => TypeKind::Interval,
        "json" => TypeKind::Json,
        "jsonb" => TypeKind::Jsonb,
        "uuid" => TypeKind::Uuid,
        "bytea" | "blob" | "longblob" | "mediumblob" | "tinyblob" | "binary" | "varbinary" => TypeKind::Binary,
        "datetime" => TypeKind::Timestamp { timezone: false },
        other if other.starts_with("interval ") => TypeKind::Interval,
        other if other.starts_with("timestamp") => TypeKind::Timestamp { timezone },
        "time" | "timetz" | "time without time zone" | "time with time zone" => TypeKind::Time { timezone },
        other => TypeKind::Other(other.rsplit('.').next().unwrap_or(other).trim_matches('"').to_ascii_uppercase()),
    }
}

/// Where the element type of an array ends; `None`: not an array.
fn array_element(lower: &str) -> Option<usize> {
    if let Some(open) = lower.find('[')
        && !lower.get(..open)?.contains('"')
    {
        let element = lower.get(..open)?.trim_end();
        return Some(element.strip_suffix(" array").unwrap_or(element).len());
    }
    lower.strip_suffix(" array").map(str::len)
}

/// `timestamp(3) with time zone` as `timestamp with time zone` and `[3]`.
fn name_and_arguments(lower: &str) -> (String, Vec<u64>) {
    let (Some(open), Some(close)) = (lower.find('('), lower.find(')')) else {
        return (single_spaced(lower), Vec::new());
    };
    let before = lower.get(..open).unwrap_or_default();
    let within = lower.get(open + 1..close).unwrap_or_default();
    let after = lower.get(close + 1..).unwrap_or_default();
    let arguments = within.split(',').map_while(|argument| argument.trim().parse().ok()).collect();
    (single_spaced(&format!("{before} {after}")), arguments)
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
