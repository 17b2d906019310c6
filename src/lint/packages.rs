//! Which modules are the project's own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::LintInput;

/// The project's own modules, as far as they lie beside the revisions or where `prepend_sys_path` points.
#[derive(Debug, Default)]
pub struct OwnPackages {
    /// First parts of module names.
    names: BTreeSet<String>,
    /// Dotted names of the script directory: what lies there belongs to the revisions.
    scripts: BTreeSet<String>,
}

/// Folders of modules that are not the project's.
const FOREIGN: [&str; 6] = ["site-packages", "dist-packages", "stubs", "typings", "vendor", "node_modules"];

/// `alembic` is the usual name of the script directory, and always the library in an import.
const LIBRARIES: [&str; 3] = ["alembic", "sqlalchemy", "limbec"];

/// Packages of helpers that are made for revisions.
const FOR_REVISIONS: [&str; 3] = ["migrations", "migration", "alembic"];

impl OwnPackages {
    /// Looks for them in the file system.
    pub(super) fn find(input: &LintInput) -> Self {
        let scripts = &input.locations.script_location;
        let mut roots: BTreeSet<PathBuf> = input.locations.import_roots.iter().cloned().collect();
        roots.insert(input.root.clone());
        let mut found = Self::default();
        for folder in scripts.ancestors().skip(1) {
            let is_package = folder.join("__init__.py").is_file();
            if is_package {
                found.names.extend(name(folder));
            }
            if !is_package && !folder.starts_with(&input.root) {
                break;
            }
            roots.insert(folder.to_owned());
        }
        for root in &roots {
            let dotted = scripts.strip_prefix(root).ok().and_then(|path| {
                let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
                parts.filter(|parts| !parts.is_empty()).map(|parts| parts.join("."))
            });
            found.scripts.extend(dotted);
            if !name(root).is_some_and(|name| FOREIGN.contains(&name.as_str())) {
                found.names.extend(modules(root));
            }
        }
        found.names.retain(|name| !LIBRARIES.contains(&name.as_str()));
        found
    }

    /// Whether a module (`app.models`) is the project's, and none that belongs to the revisions.
    pub fn contains(&self, module: &str) -> bool {
        let first = module.split('.').next().unwrap_or(module);
        let is_for_revisions = module.split('.').any(|part| FOR_REVISIONS.contains(&part));
        self.names.contains(first)
            && !is_for_revisions
            && !self.scripts.iter().any(|scripts| is_within(module, scripts))
    }
}

/// Whether a module is another one or lies in it.
pub(super) fn is_within(module: &str, package: &str) -> bool {
    module.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_str()?.to_owned())
}

/// What can be imported from a folder.
fn modules(root: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(root) else { return Vec::new() };
    let modules = entries.flatten().filter_map(|entry| {
        let (name, path) = (entry.file_name().into_string().ok()?, entry.path());
        if let Some(module) = name.strip_suffix(".py") {
            return Some(module.to_owned());
        }
        let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_') && !FOREIGN.contains(&name.as_str());
        (is_name && path.join("__init__.py").is_file()).then_some(name)
    });
    modules.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::History;

    #[test]
    fn own_modules_are_found_and_those_of_the_revisions_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "src/app/__init__.py",
            "src/app/models.py",
            "src/app/migrations/env.py",
            "tool.py",
            "stubs/six/__init__.py",
        ] {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let mut input = History::new().project().input;
        input.root = folder.path().to_owned();
        input.locations.script_location = folder.path().join("src/app/migrations");
        input.locations.import_roots = vec![folder.path().join("stubs")];
        let own = OwnPackages::find(&input);
        for (module, expected) in [
            ("app", true),
            ("app.models", true),
            ("app.migrations.helpers", false),
            ("tool", true),
            ("app.db.migrations.helpers", false),
            ("six", false),
            ("os", false),
            ("alembic", false),
        ] {
            assert_eq!(own.contains(module), expected, "{module}");
        }
    }
}
