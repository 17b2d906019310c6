//! A statement of the settings whose parameters have names.

use crate::database::Dialect;

/// The names that there are.
pub(super) const NAMES: [&str; 4] = ["name", "url", "schema", "tags"];

/// A statement as the database takes it, and the names of its parameters in their order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) names: Vec<&'static str>,
}

/// Puts the database's own parameters for `:name`; what stands in quotes or comments stays as it is, and so does `::type`.
pub(super) fn prepared(text: &str, dialect: &Dialect) -> Result<Statement, String> {
    let mark = if *dialect == Dialect::Sqlite { '?' } else { '$' };
    let (mut sql, mut names) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text.trim().trim_end_matches(';');
    while let Some(first) = rest.chars().next() {
        let length = opaque(rest);
        if length > 0 {
            sql.push_str(rest.get(..length).unwrap_or(rest));
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
        let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if first != ':' || word.is_empty() || word.starts_with(|c: char| c.is_ascii_digit()) {
            sql.push(first);
            continue;
        }
        let Some(name) = NAMES.into_iter().find(|name| *name == word) else {
            return Err(format!("there is no parameter :{word}, only :name, :url, :schema and :tags"));
        };
        rest = rest.get(word.len()..).unwrap_or_default();
        let position = names.iter().position(|known| *known == name).unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        sql.push_str(&format!("{mark}{}", position + 1));
    }
    Ok(Statement { sql, names })
}

/// How long the text is that has no parameters in it and begins here: quotes, comments, `$$…$$`, `::`; 0 where nothing of these does.
fn opaque(text: &str) -> usize {
    let until = |start: usize, end: &str| {
        let found = text.get(start..).and_then(|rest| rest.find(end));
        found.map_or(text.len(), |length| start + length + end.len())
    };
    match text.as_bytes() {
        [b':', b':', ..] => 2,
        [b'\'', ..] => until(1, "'"),
        [b'"', ..] => until(1, "\""),
        [b'e' | b'E', b'\'', ..] => escape_string(text),
        [b'-', b'-', ..] => until(2, "\n"),
        [b'/', b'*', ..] => until(2, "*/"),
        [b'$', ..] => {
            let tag: String = text.chars().skip(1).take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let mark = format!("${tag}$");
            let is_quote = text.starts_with(&mark) && !tag.starts_with(|c: char| c.is_ascii_digit());
            if is_quote { until(mark.len(), &mark) } else { 0 }
        }
        // A word is copied whole: its last letter could look like the beginning of an escape string.
        [first, ..] if first.is_ascii_alphabetic() || *first == b'_' => {
            text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(text.len())
        }
        _ => 0,
    }
}

/// `E'…'`, where a backslash takes the next character's meaning.
fn escape_string(text: &str) -> usize {
    let mut characters = text.char_indices().skip(2);
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '\'' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(text: &str) -> String {
        prepared(text, &Dialect::Postgres).unwrap().sql
    }

    #[test]
    fn names_become_parameters() {
        let insert = "INSERT INTO t (n, u, s) VALUES (:name, :url, :schema) ON CONFLICT (n) DO UPDATE SET n = :name;";
        let statement = prepared(insert, &Dialect::Postgres).unwrap();
        assert_eq!(statement.sql, "INSERT INTO t (n, u, s) VALUES ($1, $2, $3) ON CONFLICT (n) DO UPDATE SET n = $1");
        assert_eq!(statement.names, ["name", "url", "schema"]);
        assert_eq!(prepared("SELECT :tags, :name", &Dialect::Sqlite).unwrap().sql, "SELECT ?1, ?2");
        assert_eq!(sql("SELECT register(:name::text, (:tags)::jsonb)"), "SELECT register($1::text, ($2)::jsonb)");
    }

    #[test]
    fn quotes_and_comments_have_none() {
        for text in [
            "SELECT ':name', \":name\", E'\\':name', $$:name$$, $a$ :name $a$, x::name, '''' || ':name'",
            "SELECT 1 -- :name",
            "SELECT /* :name */ 1",
            "SELECT a[1:2], 'ünïcödé :name'",
            "SELECT time':name'",
            "SELECT 'open :name",
        ] {
            assert_eq!(sql(text), text);
            assert!(prepared(text, &Dialect::Postgres).unwrap().names.is_empty());
        }
        assert_eq!(sql("SELECT type':name', :name -- :name"), "SELECT type':name', $1 -- :name");
    }

    #[test]
    fn unknown_parameters_are_refused() {
        let error = prepared("SELECT :nam", &Dialect::Postgres).unwrap_err();
        assert_eq!(error, "there is no parameter :nam, only :name, :url, :schema and :tags");
    }
}
