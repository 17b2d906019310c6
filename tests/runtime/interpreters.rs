//! Finding an interpreter: the order of places, and what is refused.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use limbec::runtime::{Implementation, Interpreter, Origin, RuntimeError, Search};

use crate::pythons::{self, nowhere};

type Case = fn(&Path) -> Result<(), Failed>;

pub(crate) fn all() -> Vec<Trial> {
    let Some(python) = pythons::all().into_iter().find(|python| python.library.is_some()) else { return Vec::new() };
    let cases: [(&str, Case); 5] = [
        ("find_order_of_places", order_of_places),
        ("find_through_a_shim", through_a_shim),
        ("find_refuses_what_is_none", refuses_what_is_none),
        ("find_beside_limbec_needs_alembic", beside_limbec_needs_alembic),
        ("find_pypy_and_free_threaded", pypy_and_free_threaded),
    ];
    let real = python.path.canonicalize().unwrap_or(python.path);
    cases
        .into_iter()
        .map(|(name, case)| {
            let real = real.clone();
            Trial::test(name, move || case(&real))
        })
        .collect()
}

/// A folder that looks like a virtualenv of `python`.
fn venv(root: &Path, python: &Path, extra: &str) -> PathBuf {
    fs::create_dir_all(root.join("bin")).unwrap();
    let home = python.parent().unwrap().display();
    fs::write(root.join("pyvenv.cfg"), format!("home = {home}\ninclude-system-site-packages = false\n{extra}"))
        .unwrap();
    let link = root.join("bin/python3");
    symlink(python, &link).unwrap();
    link
}

fn order_of_places(python: &Path) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let root = folder.path().canonicalize()?;
    let [explicit, active, on_path] = ["explicit", "active", "path"].map(|name| venv(&root.join(name), python, ""));
    let project = root.join("project");
    let dot_venv = venv(&project.join(".venv"), python, "");
    let deep = project.join("a/b");
    fs::create_dir_all(&deep)?;
    let (explicit_root, active_root, path) = (root.join("explicit"), root.join("active"), on_path.parent().unwrap());
    let mut search = Search {
        explicit: Some(&explicit_root),
        virtual_env: Some(&active_root),
        path: Some(path.as_os_str()),
        directory: &deep,
        ..nowhere()
    };
    let expect = |search: &Search<'_>, origin, expected: &Path| {
        let found = Interpreter::find(search).unwrap();
        assert_eq!((found.origin, found.path.as_path()), (origin, expected));
    };
    expect(&search, Origin::Explicit, &explicit);
    search.explicit = Some(&explicit);
    expect(&search, Origin::Explicit, &explicit);
    search.explicit = None;
    expect(&search, Origin::VirtualEnv, &active);
    search.virtual_env = None;
    expect(&search, Origin::DotVenv, &dot_venv);
    search.directory = &root;
    expect(&search, Origin::Path, &on_path);
    search.path = None;
    assert!(matches!(Interpreter::find(&search), Err(RuntimeError::NoInterpreter(_))));
    Ok(())
}

fn through_a_shim(python: &Path) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let shim = folder.path().join("python3");
    fs::write(&shim, format!("#!/bin/sh\nexec '{}' \"$@\"\n", python.display()))?;
    fs::set_permissions(&shim, fs::Permissions::from_mode(0o755))?;
    let found = Interpreter::find(&Search { path: Some(folder.path().as_os_str()), ..nowhere() })?;
    assert_eq!(found.path.canonicalize()?, python.canonicalize()?);
    assert!(found.library.is_some());
    Ok(())
}

fn refuses_what_is_none(python: &Path) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let text = folder.path().join("python3");
    fs::write(&text, "not a program")?;
    let explicit = |path: &Path| Interpreter::find(&Search { explicit: Some(path), ..nowhere() });
    assert!(matches!(explicit(&text), Err(RuntimeError::NotAnInterpreter { .. })));
    assert!(matches!(explicit(Path::new("/nowhere/python3")), Err(RuntimeError::NotAnInterpreter { .. })));
    // A static executable's version stands in pyvenv.cfg.
    let old = folder.path().join("old");
    fs::create_dir_all(old.join("bin"))?;
    fs::write(old.join("pyvenv.cfg"), format!("home = {}\nversion = 3.8.18\n", python.display()))?;
    fs::copy("/bin/true", old.join("bin/python3"))?;
    let error = explicit(&old).unwrap_err().to_string();
    assert!(error.ends_with("is Python 3.8; limbec needs Python 3.9 or newer"), "{error}");
    Ok(())
}

fn beside_limbec_needs_alembic(python: &Path) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let root = folder.path().canonicalize()?;
    let (own, other) = (venv(&root.join("own"), python, ""), venv(&root.join("other"), python, ""));
    let executable = root.join("own/bin/limbec");
    let path = other.parent().unwrap().as_os_str();
    let search = Search { path: Some(path), executable: Some(&executable), ..nowhere() };
    assert_eq!(Interpreter::find(&search)?.path, other);
    let version = Interpreter::find(&search)?.version;
    fs::create_dir_all(root.join(format!("own/lib/python{version}/site-packages/alembic-1.13.3.dist-info")))?;
    let found = Interpreter::find(&search)?;
    assert_eq!((found.path.as_path(), found.origin), (own.as_path(), Origin::BesideLimbec));
    assert_eq!(found.packages().version_of("alembic").as_deref(), Some("1.13.3"));
    Ok(())
}

fn pypy_and_free_threaded(_: &Path) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    for (name, config, implementation, free_threaded) in [
        ("pypy", "implementation = PyPy\nversion_info = 3.10.13.final.0\n", Implementation::PyPy, false),
        ("threads", "version = 3.13t\n", Implementation::CPython, true),
    ] {
        let root = folder.path().join(name);
        fs::create_dir_all(root.join("bin"))?;
        fs::write(root.join("pyvenv.cfg"), format!("home = /nowhere/bin\n{config}"))?;
        fs::copy("/bin/true", root.join("bin/python3"))?;
        let found = Interpreter::find(&Search { virtual_env: Some(&root), ..nowhere() })?;
        assert_eq!((found.implementation, found.version.free_threaded), (implementation, free_threaded));
        assert_eq!(found.library, None);
    }
    Ok(())
}
