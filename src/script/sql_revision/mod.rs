//! Revisions whose work is SQL: `NAME.py`, which Alembic runs, beside `NAME.up.sql` and `NAME.down.sql`, which it reads.
//!
//! What the Python file does is always the same ([`template`]), and while it is so ([`SqlRevision::of`]) limbec runs the SQL without Python.
//! A file that somebody has changed is a revision like any other.

mod attached;

pub use attached::{AttachedSql, SqlContent, SqlFile, SqlState};

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ruff_python_ast::comparable::ComparableStmt;
use ruff_python_ast::{Expr, Stmt};
use ruff_python_parser::parse_module;

use super::{Imports, RevisionFile};

/// The imports of the body and what identifies the revision.
const HEADER: &str = include_str!("header.py.mako");

/// What all such files do.
const BODY: &str = include_str!("body.py");

/// What every file has that [`BODY`] is the end of.
const MARK: &[u8] = b"run_sql";

/// What a file may begin with besides what [`HEADER`] has: annotations of the identifiers need them.
const HARMLESS_IMPORTS: [&str; 4] = ["__future__", "typing", "collections.abc", "alembic"];

/// The template of the Python file, for the variables of Alembic's own.
pub(super) fn template() -> String {
    // Mako takes `##` and `%` at the beginning of a line for its own, and a backslash before its end.
    format!("{HEADER}<%text>{BODY}</%text>")
}

/// The Python file of such a revision: a docstring, and literal assignments that identify it, before what all of them do.
pub fn sql_revision(docstring: &str, identifiers: &str) -> String {
    format!(
        "{docstring}\n\nimport re\nfrom pathlib import Path\n\nfrom alembic import context, op\n\n{identifiers}\n{BODY}"
    )
}

/// The SQL files of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlRevision {
    /// What `upgrade()` runs.
    pub up: PathBuf,
    /// What `downgrade()` runs; where there is no such file, the revision cannot be taken back.
    pub down: PathBuf,
}

impl SqlRevision {
    /// What the Python file of every such revision ends with.
    #[cfg(test)]
    pub(crate) const BODY: &str = BODY;

    /// The files of a revision that does nothing but run them; `None`: it is an ordinary one.
    pub fn of(file: &RevisionFile) -> Option<Self> {
        // Nearly all files are ordinary ones, and looking at their bytes is quicker than at their trees.
        if !Self::may_be(file.bytes()) {
            return None;
        }
        let statements = file.body()?;
        let tail = BODY_TREE.as_deref()?;
        let (header, body) = statements.split_at_checked(statements.len().checked_sub(tail.len())?)?;
        let same = body.iter().zip(tail).all(|(is, should)| ComparableStmt::from(is) == ComparableStmt::from(should));
        (same && header.iter().all(is_header)).then(|| Self::beside(&file.path))
    }

    /// The same of a file that is read for this; `None` also where it cannot be.
    pub fn at(path: &Path) -> Option<Self> {
        Self::of(&RevisionFile::read(path, &Imports::new(&[])))
    }

    /// The SQL files that there are.
    pub fn existing(&self) -> Vec<&Path> {
        [&self.up, &self.down].into_iter().map(PathBuf::as_path).filter(|path| path.exists()).collect()
    }

    /// Whether the bytes of a Python file may be those of such a revision.
    pub fn may_be(bytes: &[u8]) -> bool {
        memchr::memmem::find(bytes, MARK).is_some()
    }

    /// The Python file that an SQL file of this name belongs to, whether it is there or not.
    pub fn python_of(path: &Path) -> Option<PathBuf> {
        let name = path.file_name()?.to_str()?;
        let stem = name.strip_suffix(".up.sql").or_else(|| name.strip_suffix(".down.sql"))?;
        Some(path.with_file_name(format!("{stem}.py")))
    }

    /// The files that belong to a Python file, whether they are there or not.
    pub fn beside(path: &Path) -> Self {
        Self { up: path.with_extension("up.sql"), down: path.with_extension("down.sql") }
    }
}

/// The syntax tree of [`BODY`].
static BODY_TREE: LazyLock<Option<Vec<Stmt>>> =
    LazyLock::new(|| Some(parse_module(BODY).ok()?.into_syntax().body.to_vec()));

/// Documentation, imports and literal assignments: nothing that runs.
fn is_header(statement: &Stmt) -> bool {
    match statement {
        Stmt::Expr(expression) => expression.value.is_string_literal_expr(),
        Stmt::Import(import) => import.names.iter().all(|name| &*name.name == "re" && name.asname.is_none()),
        Stmt::ImportFrom(import) => {
            let module = import.module.as_deref().unwrap_or_default();
            let is_known = HARMLESS_IMPORTS.contains(&module) || module == "pathlib";
            is_known && import.level == 0 && import.names.iter().all(|name| name.asname.is_none())
        }
        Stmt::Assign(assign) => is_literal(&assign.value) && assign.targets.iter().all(Expr::is_name_expr),
        Stmt::AnnAssign(assign) => assign.target.is_name_expr() && assign.value.as_deref().is_none_or(is_literal),
        _ => false,
    }
}

fn is_literal(value: &Expr) -> bool {
    match value {
        Expr::Tuple(tuple) => tuple.elts.iter().all(is_literal),
        Expr::List(list) => list.elts.iter().all(is_literal),
        value => value.is_literal_expr(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<SqlRevision> {
        SqlRevision::of(&RevisionFile::parse(Path::new("/v/20260101_000000_a.py"), text.into(), &Imports::new(&[])))
    }

    fn written() -> String {
        let identifiers = "revision = 'a1'\ndown_revision = None\nbranch_labels = ('x',)\ndepends_on = []\n";
        format!(
            "\"\"\"a\"\"\"\nimport re\nfrom pathlib import Path\nfrom alembic import context, op\n{identifiers}{BODY}"
        )
    }

    #[test]
    fn a_file_is_known_by_what_it_does() {
        let files = of(&written()).unwrap();
        assert_eq!(files.up, Path::new("/v/20260101_000000_a.up.sql"));
        assert_eq!(files.down, Path::new("/v/20260101_000000_a.down.sql"));
        let other_looks = written().replace("# The SQL is", "# Its SQL is").replace("\n\n\ndef", "\n\ndef");
        assert!(of(&other_looks).is_some());
        let annotated = written().replace("revision = 'a1'", "from typing import Union\nrevision: str = 'a1'");
        assert!(of(&annotated).is_some());
    }

    #[test]
    fn a_file_that_does_something_else_is_an_ordinary_one() {
        for (is, other) in [
            ("run_sql(\"up\")", "run_sql(\"down\")"),
            ("revision = 'a1'", "revision = 'a1'\nprint(1)"),
            ("revision = 'a1'", "revision = identifier()"),
            ("import re\n", "import re\nimport app\n"),
            ("from alembic import", "from .alembic import"),
        ] {
            let edited = written().replacen(is, other, 1);
            assert_ne!(edited, written());
            assert!(of(&edited).is_none(), "{other}");
        }
        assert!(of(&format!("{}\nprint(1)\n", written())).is_none());
        assert!(of("revision = 'a1'\n").is_none());
    }
}
