//! Which SQL texts limbec sends itself: those that stay in their transaction and leave nothing behind in the session.

use std::sync::LazyLock;

use regex::Regex;

use crate::operation::{InTransaction, statements};

/// A statement that begins otherwise goes to Python. SELECT calls functions, which may set up the session; SET does so by itself.
const BEGINNINGS: [&str; 14] = [
    "CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE", "COMMENT", "GRANT", "REVOKE", "TRUNCATE", "WITH", "LOCK",
    "DO", "REINDEX",
];

/// Objects that belong to the session, or to more than one database.
const OBJECTS: [&str; 10] =
    ["TEMP", "TEMPORARY", "LOCAL", "GLOBAL", "DATABASE", "SYSTEM", "TABLESPACE", "SUBSCRIPTION", "ROLE", "USER"];

static SESSION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(set_config|pg_notify|dblink\w*|pg_advisory_(?:un)?lock\w*|pg_temp\w*|concurrently|currval|lastval|pg_backend_pid|application_name|inet_client_\w+)\b").ok()
});

/// In a DO block.
static CONTROL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(commit|rollback|execute|notify|listen)\b|(?:;|\bbegin|\bthen|\belse|\bloop)\s+(?:set|reset)\b")
        .ok()
});

/// Why a text is not sent by limbec; `None`: it is.
pub(crate) fn refusal(sql: &str) -> Option<String> {
    if sql.contains('\0') {
        return Some("it has a NUL in it".to_owned());
    }
    if let Some(found) = SESSION.as_ref().and_then(|pattern| pattern.find(sql)) {
        return Some(format!("{} works on the session, or outside of the transaction", found.as_str()));
    }
    statements(sql).iter().find_map(|statement| {
        if statement.transaction != InTransaction::Part {
            return Some("it ends its transaction, or cannot run inside of one".to_owned());
        }
        let mut words =
            statement.sql.split(|letter: char| !letter.is_ascii_alphabetic()).filter(|word| !word.is_empty());
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (first, second) = (first.to_ascii_uppercase(), second.to_ascii_uppercase());
        let begins = statement.sql.get(..first.len()).is_some_and(|start| start.eq_ignore_ascii_case(&first));
        if !begins || !BEGINNINGS.contains(&first.as_str()) {
            return Some(format!("{first} may read, or change the session"));
        }
        if ["CREATE", "ALTER", "DROP"].contains(&first.as_str()) && OBJECTS.contains(&second.as_str()) {
            return Some(format!("{first} {second} is about more than the tenant"));
        }
        let controls = || CONTROL.as_ref().is_some_and(|pattern| pattern.is_match(&statement.sql));
        (first == "DO" && controls()).then(|| "a DO block may end the transaction, or change the session".to_owned())
    })
}

/// Why a text does not stay in the transaction that it is sent in; `None`: it does.
pub(crate) fn leaves_transaction(sql: &str) -> Option<String> {
    if sql.contains('\0') {
        return Some("it has a NUL in it".to_owned());
    }
    let leaves = statements(sql).iter().any(|statement| statement.transaction != InTransaction::Part);
    leaves.then(|| "it ends its transaction, or cannot run inside of one".to_owned())
}

/// Statements that run nothing but the server's own code: no trigger, and no default, check or conversion of rows that there are.
static QUIET: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^\s*(?:create\s+(?:table|type|sequence|(?:unique\s+)?index)|drop\s+(?:table|type|sequence|index)|comment\s+on|alter\s+table)\s",
    )
    .ok()
});

/// What evaluates something for the rows of a table that there is, or reads another one.
static EVALUATED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?is)\bas\s+(?:select|table|values|with|execute)\b|\(\s*select\b|^\s*(?:alter|create\s+(?:unique\s+)?index)\b.*(?:\b(?:check|using|generated|where)\b|\bdefault\b.*\(|[,(]\s*(?:[\w."]+\s*)?\()"#,
    )
    .ok()
});

/// Whether a statement is known to leave nothing in its session, besides what [`refusal`] tells: what it makes is the tenant's, and nothing of the
/// application runs meanwhile but an event trigger.
pub(crate) fn is_quiet(sql: &str) -> bool {
    let matches = |pattern: &LazyLock<Option<Regex>>, sql: &str| pattern.as_ref().map(|found| found.is_match(sql));
    statements(sql).iter().all(|statement| {
        let text = statement.sql.replace("now()", "now");
        matches(&QUIET, &text) == Some(true) && matches(&EVALUATED, &text) == Some(false)
    })
}

/// Functions whose results are the same in every SQLite, and that each has.
const STABLE: [&str; 22] = [
    "abs", "avg", "char", "coalesce", "count", "hex", "ifnull", "instr", "length", "like", "lower", "ltrim", "max",
    "min", "nullif", "replace", "rtrim", "substr", "sum", "total", "trim", "upper",
];

static CALL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(\w+)\s*\(").ok());

/// Why limbec's own SQLite may make something else of a text than Python's, which has these functions.
pub(crate) fn unsure_function(sql: &str, functions: &[String]) -> Option<String> {
    let is_unsure = |name: &str| {
        let name = name.to_ascii_lowercase();
        functions.iter().any(|function| function.eq_ignore_ascii_case(&name)) && !STABLE.contains(&name.as_str())
    };
    let mut calls = CALL.as_ref()?.captures_iter(sql).filter_map(|found| found.get(1));
    calls
        .find(|name| is_unsure(name.as_str()))
        .map(|name| format!("limbec's SQLite is another one than Python's, and may have another {}()", name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_the_schema_and_the_data_are_sent() {
        for sql in [
            "\nCREATE TABLE t (\n\tid SERIAL NOT NULL, \n\tPRIMARY KEY (id)\n)\n\n",
            "INSERT INTO t (a) VALUES ('SET x; COMMIT')",
            "-- why\nUPDATE t SET a = 1; DELETE FROM t",
            "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN RETURN NEW; END $$ LANGUAGE plpgsql",
            "DO $$ BEGIN CREATE TYPE k AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END $$",
            "COMMENT ON TABLE t IS 'x'",
        ] {
            assert_eq!(refusal(sql), None, "{sql}");
        }
    }

    #[test]
    fn plain_changes_of_the_schema_leave_nothing_in_the_session() {
        for sql in [
            "\nCREATE TABLE t (id SERIAL, at TIMESTAMP DEFAULT now(), n INTEGER CHECK (n > 0))",
            "ALTER TABLE t ADD COLUMN a VARCHAR(50) DEFAULT 'x' NOT NULL",
            "ALTER TABLE t ADD FOREIGN KEY(a) REFERENCES u (id)",
            "CREATE UNIQUE INDEX i ON t (a, b)",
            "CREATE TYPE kind AS ENUM ('x', 'y')",
            "COMMENT ON TABLE t IS 'x'; DROP TABLE t",
        ] {
            assert!(is_quiet(sql), "{sql}");
        }
        for sql in [
            "INSERT INTO t VALUES (1)",
            "UPDATE t SET a = 1",
            "CREATE TABLE t AS SELECT f()",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "ALTER TABLE t ADD COLUMN a INTEGER DEFAULT f(1)",
            "ALTER TABLE t ADD COLUMN a INTEGER DEFAULT s.f (1)",
            "ALTER TABLE t ADD COLUMN a INTEGER DEFAULT 1 + f(1)",
            "CREATE INDEX i ON t (a, f(b))",
            "ALTER TABLE t ADD CHECK (f(a))",
            "ALTER TABLE t ALTER COLUMN a TYPE INTEGER USING f(a)",
            "CREATE INDEX i ON t (lower(a))",
            "CREATE INDEX i ON t ((f(a)))",
            "CREATE TABLE t (a INTEGER); GRANT SELECT ON t TO u",
        ] {
            assert!(!is_quiet(sql), "{sql}");
        }
    }

    #[test]
    fn functions_that_two_libraries_may_have_otherwise() {
        let functions = ["sqrt".to_owned(), "lower".to_owned(), "count".to_owned()];
        assert!(unsure_function("UPDATE t SET a = SQRT (a)", &functions).is_some());
        assert_eq!(unsure_function("CREATE TABLE t (a VARCHAR(5), CHECK (lower(a) = a))", &functions), None);
        assert_eq!(unsure_function("UPDATE t SET a = sqrt(a)", &[]), None);
    }

    /// Each would have reached another tenant by the kept connection, or made a half of a step permanent.
    #[test]
    fn what_leaves_the_transaction_is_not() {
        for sql in [
            "COMMIT",
            "UPDATE t SET a = 1; COMMIT; UPDATE t SET a = 2",
            "SET search_path TO other",
            "SELECT set_config('search_path', 'other', false)",
            "SELECT 1",
            "CREATE TEMP TABLE t (id int)",
            "CREATE TABLE IF NOT EXISTS pg_temp.stage (v text)",
            "CREATE INDEX CONCURRENTLY i ON t (a)",
            "VACUUM t",
            "CREATE DATABASE x",
            "ALTER ROLE me SET search_path = x",
            "DO $$ BEGIN COMMIT; END $$",
            "DO $$ BEGIN SET search_path TO x; END $$",
            "PRAGMA foreign_keys = ON",
            "LISTEN x",
            "INSERT INTO t SELECT set_config('role', 'x', false)",
            "INSERT INTO t VALUES (currval('s'))",
            "PREPARE TRANSACTION 'x'",
            "ATTACH DATABASE 'x' AS y",
        ] {
            assert!(refusal(sql).is_some(), "{sql}");
        }
    }
}
