//! The statements of a file that an earlier run has committed: what they have left in a session that has ended.

use std::io::BufRead;
use std::sync::LazyLock;

use regex::Regex;
use thiserror::Error;

use super::{Lexicon, SqlDialect, SqlFileError, StatementReader, TokenKind, Tokens, Variables};

/// `DO` whose body changes the session; `SET LOCAL` and `UPDATE … SET` do not.
static BODY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let verb = r"set\s+(?:session\s|[^l]|l[^o]|lo[^c])|reset\s|listen\s|load\s|discard\s|create\s+(?:or\s+replace\s+)?(?:global\s+|local\s+)?temp";
    Regex::new(&format!(r"(?i)(?:^|[;$'(]|\b(?:begin|then|else|loop|execute))\s*(?:{verb})|set_config|pg_temp\b")).ok()
});

/// `SELECT set_config('name', 'value', false)` and nothing else, as pg_dump writes it; its last argument.
static PLAIN_SET_CONFIG: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let name = r"(?:pg_catalog\s*\.\s*)?set_config";
    Regex::new(&format!(r"(?is)^select\s+{name}\s*\(\s*'[^']*'\s*,\s*'[^']*'\s*,\s*(true|false)\s*\)\s*;?\s*$")).ok()
});

/// Why a file cannot go on behind its first statements.
#[derive(Debug, Error)]
pub enum ContinuationError {
    /// One of them made something that ended with its session.
    #[error("line {line}: this made {made}, which has ended with the session that it was made in")]
    Ended {
        /// Where it begins.
        line: usize,
        /// `a temporary object`, say.
        made: &'static str,
    },
    /// It has fewer.
    #[error("the file has {statements} statements")]
    Short {
        /// How many it has.
        statements: u64,
    },
    /// It cannot be read so far.
    #[error("line {}: {}", .0.line, .0.problem)]
    File(SqlFileError),
}

/// Which of the first `behind` statements of a file have to be sent again, as a new session does not know them; counted from 1.
///
/// # Errors
/// The rest of the file cannot go on behind them.
pub fn statements_again(reader: impl BufRead, dialect: SqlDialect, behind: u64) -> Result<Vec<u64>, ContinuationError> {
    let statements = StatementReader::new(reader, dialect, &Variables::default()).leaving_variables();
    let (mut again, mut session, mut number) = (Vec::new(), SkippedStatements::new(dialect), 0);
    for statement in statements.take(usize::try_from(behind).unwrap_or(usize::MAX)) {
        let statement = statement.map_err(ContinuationError::File)?;
        number += 1;
        let is_again = session.next(&statement.text);
        if is_again.map_err(|made| ContinuationError::Ended { line: statement.line, made })? {
            again.push(number);
        }
    }
    if number < behind { Err(ContinuationError::Short { statements: number }) } else { Ok(again) }
}

/// Statements that are left out, one after another.
#[derive(Debug)]
pub struct SkippedStatements {
    dialect: SqlDialect,
    /// Within a transaction of the file's own; whether a setting was made in it.
    within: Option<bool>,
}

/// What a statement leaves behind in its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trace {
    Nothing,
    /// A setting: the statement can be sent again.
    Setting,
    /// Something that cannot be made again without looking.
    Object(&'static str),
}

impl SkippedStatements {
    /// None was read yet.
    pub fn new(dialect: SqlDialect) -> Self {
        Self { dialect, within: None }
    }

    /// Whether the next one has to be sent again.
    ///
    /// # Errors
    /// What it made, if that has ended with its session and is not made again by sending it.
    pub fn next(&mut self, sql: &str) -> Result<bool, &'static str> {
        let lexicon = match self.dialect {
            SqlDialect::Postgres => Lexicon::Postgres,
            SqlDialect::Sqlite => Lexicon::Sqlite,
        };
        let words: Vec<String> = Tokens::new(sql, lexicon).map(|token| word(sql, &token)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.control(&words)?;
        let trace = match self.dialect {
            SqlDialect::Postgres => postgres(sql, &words),
            SqlDialect::Sqlite => sqlite(&words, self.within.is_some()),
        };
        match trace {
            Trace::Nothing => Ok(false),
            Trace::Object(made) => Err(made),
            Trace::Setting => {
                self.within = self.within.map(|_| true);
                Ok(true)
            }
        }
    }

    /// Transactions of the file's own: PostgreSQL takes settings back with them.
    fn control(&mut self, words: &[&str]) -> Result<(), &'static str> {
        match words {
            ["begin" | "start", ..] => self.within = Some(false),
            ["rollback" | "abort", rest @ ..] if rest.first() != Some(&"prepared") => {
                if self.within == Some(true) && self.dialect == SqlDialect::Postgres {
                    return Err("settings, and took some of them back");
                }
                if !rest.contains(&"to") {
                    self.within = None;
                }
            }
            ["commit" | "end", "prepared", ..] => {}
            ["commit" | "end", ..] | ["prepare", "transaction", ..] => self.within = None,
            _ => {}
        }
        Ok(())
    }
}

/// In small letters, without the quotes of a name; a text is only that.
fn word(sql: &str, token: &super::Token) -> String {
    let text = sql.get(token.range.clone()).unwrap_or_default();
    match token.kind {
        TokenKind::Word | TokenKind::Symbol(_) => text.to_ascii_lowercase(),
        TokenKind::QuotedName => text.trim_matches(['"', '`', '[', ']']).to_ascii_lowercase(),
        TokenKind::Text | TokenKind::DollarQuoted { .. } | TokenKind::Number | TokenKind::Variable => "'".to_owned(),
    }
}

fn postgres(sql: &str, words: &[&str]) -> Trace {
    const TEMPORARY: Trace = Trace::Object("a temporary object");
    match words {
        ["set", "local" | "transaction" | "constraints", ..] => Trace::Nothing,
        ["set" | "reset" | "load" | "discard", ..] => Trace::Setting,
        ["listen", ..] => Trace::Object("a LISTEN"),
        ["prepare", "transaction", ..] => Trace::Nothing,
        ["prepare", ..] => Trace::Object("a prepared statement"),
        ["declare", ..] if has(words, &["with", "hold"]) => Trace::Object("a cursor"),
        ["create", rest @ ..] if is_temporary(rest) || words.contains(&"pg_temp") => TEMPORARY,
        ["do", ..] if BODY.as_ref().is_none_or(|body| body.is_match(sql)) => {
            Trace::Object("something in a DO block (settings, temporary objects)")
        }
        _ if has(words, &["into", "temp"]) || has(words, &["into", "temporary"]) => TEMPORARY,
        _ if words.contains(&"set_config") => {
            let plain = PLAIN_SET_CONFIG.as_ref().and_then(|plain| plain.captures(sql.trim()));
            match plain.and_then(|found| found.get(1)).map(|last| last.as_str().eq_ignore_ascii_case("true")) {
                Some(true) => Trace::Nothing,
                Some(false) => Trace::Setting,
                None => Trace::Object("settings by set_config()"),
            }
        }
        _ if words.iter().any(|word| is_lock(word)) => Trace::Object("an advisory lock"),
        _ => Trace::Nothing,
    }
}

/// Of a transaction they end with it.
fn is_lock(word: &str) -> bool {
    ["pg_advisory_lock", "pg_try_advisory_lock"].iter().any(|name| word.starts_with(name))
}

fn sqlite(words: &[&str], is_within: bool) -> Trace {
    match words {
        ["pragma", _, ".", name, rest @ ..] | ["pragma", name, rest @ ..] if !rest.is_empty() => match *name {
            // They are in the file, do something once, or end with their transaction.
            "user_version" | "application_id" | "schema_version" | "wal_checkpoint" | "optimize"
            | "incremental_vacuum" | "defer_foreign_keys" => Trace::Nothing,
            // It does nothing there.
            "foreign_keys" if is_within => Trace::Nothing,
            _ => Trace::Setting,
        },
        ["attach", ..] => Trace::Object("an attached database"),
        ["create", rest @ ..] if is_temporary(rest) || has(rest, &["temp", "."]) => Trace::Object("a temporary object"),
        _ => Trace::Nothing,
    }
}

/// What follows `CREATE`.
fn is_temporary(words: &[&str]) -> bool {
    let mut words = words.iter().skip_while(|word| matches!(**word, "or" | "replace" | "global" | "local"));
    matches!(words.next(), Some(&("temp" | "temporary")))
}

fn has(words: &[&str], wanted: &[&str]) -> bool {
    words.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dialect: SqlDialect, text: &str) -> Result<Vec<u64>, String> {
        let number = StatementReader::new(text.as_bytes(), dialect, &Variables::default()).count();
        statements_again(text.as_bytes(), dialect, number as u64).map_err(|error| error.to_string())
    }

    #[test]
    fn settings_are_sent_again() {
        let text = "SET search_path = app; CREATE TABLE a (temp int); SET LOCAL lock_timeout = 1; RESET ROLE; UPDATE a SET temp = 1;
            BEGIN; set role x; COMMIT; SELECT pg_catalog.set_config('search_path', '', false); SET TRANSACTION READ ONLY;
            SELECT set_config('a.b', 'c', true); DO $$ BEGIN UPDATE a SET temp = 2; SET LOCAL a.b = 1; END $$; SET lock_timeout = '1s'";
        assert_eq!(read(SqlDialect::Postgres, text), Ok(vec![1, 4, 7, 9, 13]));
        let text = "PRAGMA foreign_keys = ON; CREATE TABLE t (a); PRAGMA main.cache_size(10); PRAGMA user_version = 3; PRAGMA foreign_keys;
            BEGIN; PRAGMA foreign_keys = OFF; COMMIT";
        assert_eq!(read(SqlDialect::Sqlite, text), Ok(vec![1, 3]));
    }

    #[test]
    fn what_else_a_session_holds_is_named() {
        for text in [
            "CREATE TEMP TABLE x (a int)",
            "create local temporary view v as select 1",
            "CREATE TABLE pg_temp.x (a int)",
            "SELECT 1 INTO TEMP x",
            "PREPARE p AS SELECT 1",
            "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
            "LISTEN x",
            "SELECT set_config('a.b', current_user, false)",
            "DO $$ BEGIN SET search_path = app; END $$",
            "DO $$ BEGIN IF true THEN EXECUTE 'SET ROLE x'; END IF; END $$",
            "DO $$ BEGIN PERFORM set_config('a.b', 'x', false); END $$",
            "SELECT pg_advisory_lock(1)",
            "BEGIN; SET search_path = app; ROLLBACK",
        ] {
            assert!(read(SqlDialect::Postgres, text).is_err(), "{text}");
        }
        for text in ["CREATE TEMP TABLE x (a)", "CREATE TABLE temp.x (a)", "ATTACH 'x.db' AS x"] {
            assert!(read(SqlDialect::Sqlite, text).is_err(), "{text}");
        }
        insta::assert_snapshot!(
            read(SqlDialect::Postgres, "SELECT 1;\nLISTEN x").unwrap_err(),
            @"line 2: this made a LISTEN, which has ended with the session that it was made in"
        );
    }

    #[test]
    fn a_file_has_so_many_statements() {
        let read = |behind| statements_again("SELECT 1; SELECT 2".as_bytes(), SqlDialect::Postgres, behind);
        assert_eq!(read(2).unwrap(), Vec::<u64>::new());
        assert_eq!(read(99).unwrap_err().to_string(), "the file has 2 statements");
    }
}
