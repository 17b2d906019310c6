use std::fmt;

use humansize::{BINARY, format_size};

use crate::database::{Count, TableFacts};

/// How much would be lost, as far as the database says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// A table, or all its rows.
    Table(TableFacts),
    /// At most all rows of a table.
    SomeRows(Count),
    /// The values of a column.
    Values(Count),
    /// At most these values of a column.
    SomeValues(Count),
    /// Several tables, by name.
    Tables(Vec<(String, TableFacts)>),
    /// There is no such object in the database, as far as its connection can see.
    Absent,
    /// The same, and the statement says that it need not be there.
    NeedNotExist,
    /// It was not measured; why, as a phrase.
    Unknown(String),
}

impl Extent {
    /// Whether certainly nothing would be lost.
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Table(facts) => facts.rows.is_zero(),
            Self::SomeRows(count) | Self::Values(count) | Self::SomeValues(count) => count.is_zero(),
            Self::Tables(tables) => tables.iter().all(|(_, facts)| facts.rows.is_zero()),
            Self::NeedNotExist => true,
            // The connection of the script may look elsewhere.
            Self::Absent | Self::Unknown(_) => false,
        }
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(facts) => f.write_str(&described(facts)),
            Self::SomeRows(count) => write!(f, "some of {}", counted(count, "row")),
            Self::Values(count) => f.write_str(&counted(count, "value")),
            Self::SomeValues(count) => write!(f, "some of {}", counted(count, "value")),
            Self::Tables(tables) => f.write_str(&together(tables)),
            Self::Absent => f.write_str("not found in the database"),
            Self::NeedNotExist => f.write_str("not there"),
            Self::Unknown(reason) => write!(f, "how much is not known: {reason}"),
        }
    }
}

fn described(facts: &TableFacts) -> String {
    let rows = counted(&facts.rows, "row");
    match facts.bytes {
        Some(bytes) if !facts.rows.is_zero() => format!("{rows}, {}", format_size(bytes, BINARY)),
        _ => rows,
    }
}

fn counted(count: &Count, what: &str) -> String {
    match count {
        Count::Exact(0) => format!("no {what}s"),
        Count::Exact(1) => format!("1 {what}"),
        Count::Unknown(reason) => format!("an unknown number of {what}s ({reason})"),
        count => format!("{count} {what}s"),
    }
}

/// `3 tables: a (5 rows, 8 KiB), b (no rows) and 1 more`
fn together(tables: &[(String, TableFacts)]) -> String {
    const SHOWN: usize = 5;
    if tables.is_empty() {
        return "no tables".to_owned();
    }
    let mut shown: Vec<String> =
        tables.iter().take(SHOWN).map(|(name, facts)| format!("`{name}` ({})", described(facts))).collect();
    if tables.len() > SHOWN {
        shown.push(format!("{} more", tables.len() - SHOWN));
    }
    let word = if tables.len() == 1 { "table" } else { "tables" };
    format!("{} {word}: {}", tables.len(), shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: Count, bytes: Option<u64>) -> TableFacts {
        TableFacts { rows, bytes }
    }

    #[test]
    fn extents_read_well() {
        let said = |extent: Extent| extent.to_string();
        assert_eq!(said(Extent::Table(table(Count::Exact(3), Some(16_384)))), "3 rows, 16 KiB");
        assert_eq!(said(Extent::Table(table(Count::Exact(0), Some(16_384)))), "no rows");
        assert_eq!(said(Extent::Table(table(Count::About(1_200_000), None))), "about 1200000 rows");
        assert_eq!(said(Extent::Values(Count::Exact(1))), "1 value");
        assert_eq!(said(Extent::SomeRows(Count::AtLeast(9))), "some of at least 9 rows");
        let denied = Count::Unknown("permission denied".into());
        assert_eq!(said(Extent::Table(table(denied, None))), "an unknown number of rows (permission denied)");
        let two = vec![("a".to_owned(), table(Count::Exact(2), None)), ("b".to_owned(), table(Count::Exact(0), None))];
        assert_eq!(said(Extent::Tables(two)), "2 tables: `a` (2 rows), `b` (no rows)");
    }

    #[test]
    fn only_what_was_counted_as_none_is_nothing() {
        assert!(Extent::Table(table(Count::Exact(0), None)).is_nothing());
        assert!(Extent::Tables(Vec::new()).is_nothing());
        assert!(!Extent::Table(table(Count::Unknown("no".into()), None)).is_nothing());
        assert!(!Extent::Absent.is_nothing());
    }
}
