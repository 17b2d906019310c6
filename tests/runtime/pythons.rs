//! The interpreters to test with.

use std::path::{Path, PathBuf};

use limbec::runtime::{Interpreter, Search};

/// Interpreters of `LIMBEC_TEST_PYTHONS`.
pub(crate) fn all() -> Vec<Interpreter> {
    let list = std::env::var_os("LIMBEC_TEST_PYTHONS").unwrap_or_default();
    let paths: Vec<PathBuf> = std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty()).collect();
    paths.iter().map(|path| inspect(path)).collect()
}

fn inspect(path: &Path) -> Interpreter {
    let search = Search {
        explicit: Some(path),
        virtual_env: None,
        path: None,
        home: None,
        directory: Path::new("/"),
        executable: None,
    };
    Interpreter::find(&search).unwrap_or_else(|error| panic!("LIMBEC_TEST_PYTHONS: {error}"))
}
