//! The interpreters to test with.

use std::path::{Path, PathBuf};

use limbec::runtime::{Interpreter, Search, Wrappers};

/// Interpreters of `LIMBEC_TEST_PYTHONS`, and those of the virtualenvs that the other test suites use.
pub(crate) fn all() -> Vec<Interpreter> {
    let list = std::env::var_os("LIMBEC_TEST_PYTHONS").unwrap_or_default();
    let mut paths: Vec<PathBuf> = std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty()).collect();
    let venvs = ["LIMBEC_TEST_OLD", "LIMBEC_TEST_MIDDLE", "LIMBEC_TEST_ORACLE"];
    paths.extend(venvs.iter().filter_map(std::env::var_os).map(|folder| Path::new(&folder).join("bin/python3")));
    let mut found: Vec<Interpreter> = paths.iter().map(|path| inspect(path)).collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.dedup_by(|a, b| a.path == b.path);
    found
}

pub(crate) fn has_alembic(interpreter: &Interpreter) -> bool {
    interpreter.packages().version_of("alembic").is_some()
}

fn inspect(path: &Path) -> Interpreter {
    let found = Interpreter::find(&Search { explicit: Some(path), ..nowhere() });
    found.unwrap_or_else(|error| panic!("LIMBEC_TEST_PYTHONS: {error}"))
}

/// A search that finds nothing.
pub(crate) fn nowhere<'a>() -> Search<'a> {
    Search {
        explicit: None,
        virtual_env: None,
        path: None,
        home: None,
        directory: Path::new("/"),
        executable: None,
        wrappers: Wrappers::Ask,
    }
}
