use crate::operation::sql::reading::Statement;
use crate::operation::{CreateTable, Name, ObjectKind, OperationKind, TableName};
use crate::sqlfile::{Lexicon, TokenKind, Tokens};

/// Statements without an effect on schema or rows, by their first word.
const HARMLESS: &[&str] = &[
    "ANALYZE",
    "ATTACH",
    "CHECK",
    "CHECKPOINT",
    "COMMENT",
    "DESCRIBE",
    "DETACH",
    "EXPLAIN",
    "FLUSH",
    "GRANT",
    "LOCK",
    "NOTIFY",
    "OPTIMIZE",
    "PRAGMA",
    "REINDEX",
    "REPAIR",
    "REVOKE",
    "SET",
    "SHOW",
    "UNLOCK",
    "USE",
    "VACUUM",
];

/// Words between CREATE or DROP and what is created.
const FILLERS: &[&str] =
    &["OR", "REPLACE", "TEMP", "TEMPORARY", "IF", "NOT", "EXISTS", "VIRTUAL", "CONSTRAINT", "AGGREGATE"];

/// What a statement does by its leading keywords; false: not understood.
pub(super) fn read(text: &str, out: &mut Statement) -> bool {
    let words = Words::of(text);
    let first = words.upper(0);
    match first.as_str() {
        "SELECT" | "WITH" | "VALUES" => {
            // A WITH may change rows as well, which only a parser could tell.
            if first == "WITH" && ["INSERT", "UPDATE", "DELETE", "MERGE"].iter().any(|word| words.contains(word)) {
                return false;
            }
            out.push(OperationKind::Read { what: "SELECT".to_owned() });
        }
        "INSERT" => out.push(OperationKind::Insert { table: words.name_at(2) }),
        "UPDATE" => out.push(OperationKind::Update {
            table: words.name_at(1),
            is_filtered: words.contains("WHERE"),
            columns: Vec::new(),
            overwritten: Vec::new(),
        }),
        "DELETE" => out.push(OperationKind::Delete {
            table: words.position("FROM").and_then(|from| words.name_at(from + 1)),
            is_filtered: words.contains("WHERE"),
        }),
        "RENAME" if words.upper(1) == "TABLE" => return rename_tables(&words, out),
        "DROP" if words.upper(1) == "INDEX" => {
            let Some(on) = words.position("ON") else { return false };
            let name = words.name_at(if words.upper(2) == "IF" { 4 } else { 2 });
            out.push(OperationKind::DropIndex {
                table: words.name_at(on + 1),
                name: name.map_or(Name::Unknown, |name| Name::Known(name.name)),
                concurrently: false,
                if_exists: words.upper(2) == "IF",
            });
        }
        "CREATE" | "DROP" => return object(&words, first == "CREATE", out),
        harmless if HARMLESS.contains(&harmless) => out.push(OperationKind::Other { what: first }),
        _ => return false,
    }
    true
}

/// `RENAME TABLE a TO b, c TO d`
fn rename_tables(words: &Words<'_>, out: &mut Statement) -> bool {
    let mut found = false;
    for (at, _) in words.tokens.iter().enumerate().filter(|(at, _)| words.upper(*at) == "TO") {
        let start =
            words.tokens.iter().take(at).rposition(|(_, text)| *text == "," || text.eq_ignore_ascii_case("table"));
        let new_name = words.name_at(at + 1).map(|name| name.name);
        out.push(OperationKind::RenameTable { table: start.and_then(|start| words.name_at(start + 1)), new_name });
        found = true;
    }
    found
}

/// CREATE and DROP of what this grammar writes in another way.
fn object(words: &Words<'_>, creates: bool, out: &mut Statement) -> bool {
    let Some((at, object)) = (1..words.tokens.len().min(12)).find_map(|at| Some((at, object_kind(&words.upper(at))?)))
    else {
        return false;
    };
    let conditional = words.upper(at + 1) == "IF";
    let name_at = (at + 1..words.tokens.len()).find(|at| !FILLERS.contains(&words.upper(*at).as_str()));
    let name = name_at.and_then(|at| words.name_at(at));
    out.push(match (object, creates) {
        (ObjectKind::Table, true) => OperationKind::CreateTable(CreateTable {
            table: name,
            if_not_exists: conditional,
            ..CreateTable::default()
        }),
        (ObjectKind::Table, false) => {
            OperationKind::DropTable { table: name, if_exists: conditional, cascade: words.contains("CASCADE") }
        }
        (object, true) => OperationKind::CreateObject {
            object,
            name: name.map(|name| name.to_string()),
            if_not_exists: conditional || words.upper(1) == "OR",
        },
        (object, false) => OperationKind::DropObject {
            object,
            name: name.map(|name| name.to_string()),
            if_exists: conditional,
            cascade: words.contains("CASCADE"),
        },
    });
    true
}

fn object_kind(word: &str) -> Option<ObjectKind> {
    Some(match word {
        "TABLE" => ObjectKind::Table,
        "VIEW" => ObjectKind::View,
        "FUNCTION" => ObjectKind::Function,
        "PROCEDURE" | "PROC" => ObjectKind::Procedure,
        "TRIGGER" => ObjectKind::Trigger,
        "EVENT" => ObjectKind::Other,
        _ => return None,
    })
}

/// The tokens of a statement, brackets and what is in them left out.
pub(super) struct Words<'t> {
    tokens: Vec<(TokenKind, &'t str)>,
}

impl<'t> Words<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let mut depth = 0usize;
        let tokens = Tokens::new(text, Lexicon::Any)
            .filter(|token| match token.kind {
                TokenKind::Symbol(b'(') => {
                    depth += 1;
                    false
                }
                TokenKind::Symbol(b')') => {
                    depth = depth.saturating_sub(1);
                    false
                }
                _ => depth == 0,
            })
            .map(|token| (token.kind, text.get(token.range).unwrap_or_default()))
            .collect();
        Self { tokens }
    }

    /// The word at a place, upper case; empty where there is none.
    pub(super) fn upper(&self, at: usize) -> String {
        match self.tokens.get(at) {
            Some((TokenKind::Word, word)) => word.to_uppercase(),
            _ => String::new(),
        }
    }

    pub(super) fn position(&self, word: &str) -> Option<usize> {
        self.tokens.iter().position(|(kind, text)| *kind == TokenKind::Word && text.eq_ignore_ascii_case(word))
    }

    pub(super) fn contains(&self, word: &str) -> bool {
        self.position(word).is_some()
    }

    /// The name that begins at a place, with its schema.
    pub(super) fn name_at(&self, at: usize) -> Option<TableName> {
        let name = self.plain_name(at)?;
        if self.tokens.get(at + 1).is_some_and(|(_, dot)| *dot == ".") {
            return Some(TableName { schema: Some(name), name: self.plain_name(at + 2)? });
        }
        Some(TableName::new(name))
    }

    fn plain_name(&self, at: usize) -> Option<String> {
        match self.tokens.get(at)? {
            (TokenKind::Word, word) => Some(word.to_lowercase()),
            (TokenKind::QuotedName, quoted) => Some(quoted.get(1..quoted.len().checked_sub(1)?)?.to_owned()),
            _ => None,
        }
    }
}
