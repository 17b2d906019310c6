use std::sync::LazyLock;

use regex::Regex;

use super::Diagnostic;

/// What rules say of Python files, and how that is said of SQL files; longer phrases first.
const PHRASES: &[(&str, &str)] = &[
    ("or raise, with", "or delete the `.down.sql`, with"),
    ("or raise; ", "or delete the `.down.sql`; "),
    ("# limbec:", "-- limbec:"),
    ("below the docstring", "at the top of the `.up.sql`"),
    ("in the header", "at the top of the `.up.sql`"),
    (
        "put it into `with op.get_context().autocommit_block():`",
        "give it a revision of its own, with `-- limbec: no-transaction` at the top of the file",
    ),
    ("inside of `with op.get_context().autocommit_block():`", "in a file with `-- limbec: no-transaction` at its top"),
    ("pass `postgresql_concurrently=True`", "write `CONCURRENTLY`"),
    ("`postgresql_concurrently=True`", "`CONCURRENTLY`"),
    ("pass `postgresql_not_valid=True`", "write `NOT VALID`"),
    ("give `server_default=`", "give a `DEFAULT`"),
    ("`postgresql_not_valid=True`", "`NOT VALID`"),
    ("in the revision by `op.execute`", "in the revision by `SET LOCAL lock_timeout`"),
    ("`downgrade()`", "the downgrade"),
    ("`upgrade()`", "the upgrade"),
];

static ENUM: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"sa\.Enum\(name="([^"]*)"\)\.drop\(op\.get_bind\(\)\)"#).expect("a valid pattern"));

/// Says of an SQL file what a rule says in the words of Python.
pub(super) fn translate(diagnostic: &mut Diagnostic) {
    let texts = std::iter::once(&mut diagnostic.message).chain(&mut diagnostic.help).chain(&mut diagnostic.notes);
    for text in texts {
        for (python, sql) in PHRASES {
            if text.contains(python) {
                *text = text.replace(python, sql);
            }
        }
        if text.contains("sa.Enum(") {
            *text = ENUM.replace_all(text, "DROP TYPE $1").into_owned();
        }
    }
}
