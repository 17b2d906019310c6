use crate::operation::TableName;

/// A table in a message.
pub(super) fn table(table: Option<&TableName>) -> String {
    table.map_or_else(|| "the table".to_owned(), |table| format!("`{table}`"))
}

/// A column in a message.
pub(super) fn column(table: Option<&TableName>, column: Option<&str>) -> String {
    match (table, column) {
        (Some(table), Some(column)) => format!("`{table}.{column}`"),
        (None, Some(column)) => format!("`{column}`"),
        (Some(table), None) => format!("a column of `{table}`"),
        (None, None) => "the column".to_owned(),
    }
}

/// Names in a message: "`a`, `b` and `c`".
pub(super) fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
