use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use elsa::sync::FrozenMap;
use ruff_python_ast::Stmt;

use super::module::evaluate;
use super::tree::Tree;
use super::value::Value;
use crate::script::source::Source;

/// Constants of the project's own modules, found by text: nothing is imported.
///
/// Only the folders that the project puts in front of `sys.path` are searched. Modules are read once and shared by all threads.
#[derive(Debug, Clone)]
pub struct Imports {
    shared: Arc<Shared>,
    /// How many modules import each other on the way here.
    depth: usize,
}

#[derive(Debug, Default)]
struct Shared {
    roots: Vec<PathBuf>,
    modules: Mutex<HashMap<String, Option<Arc<Exports>>>>,
    /// Modules with their trees, for those who follow calls into them.
    sources: FrozenMap<String, Box<Option<ModuleSource>>>,
}

/// A module of the project with its text and its tree.
#[derive(Debug)]
pub(crate) struct ModuleSource {
    text: String,
    tree: Tree,
    package: Option<String>,
}

impl ModuleSource {
    /// The decoded text; all ranges of the tree count in it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Its statements.
    pub(crate) fn body(&self) -> &[Stmt] {
        self.tree.body()
    }

    /// What relative imports in it are relative to.
    pub(crate) fn package(&self) -> Option<&str> {
        self.package.as_deref()
    }
}

/// The names of a module, `from … import` not looked up.
#[derive(Debug)]
struct Exports {
    names: HashMap<String, Value>,
    /// There may be more names.
    open: bool,
}

/// Modules that are loaded before any folder of the project is searched.
const ALWAYS_LOADED: [&str; 3] = ["alembic", "mako", "sqlalchemy"];

const MAX_DEPTH: usize = 8;

impl Imports {
    /// Searches `roots` in order.
    pub fn new(roots: &[PathBuf]) -> Self {
        let shared = Shared { roots: roots.to_vec(), ..Shared::default() };
        Self { shared: Arc::new(shared), depth: 0 }
    }

    /// The value of `module.name`.
    pub(super) fn member(&self, module: &str, name: &str) -> Value {
        if self.depth >= MAX_DEPTH {
            return Value::unknown(format!("is imported from {module} through too many modules"));
        }
        let submodule = format!("{module}.{name}");
        let Some(exports) = self.exports(module) else {
            return if self.file(&submodule).is_some() {
                Value::Module(submodule)
            } else {
                Value::unknown(format!("is imported from {module}"))
            };
        };
        match exports.names.get(name) {
            Some(Value::Imported { module, name }) => self.deeper().member(module, name),
            Some(Value::Unknown(unknown)) => {
                Value::unknown(format!("is imported from {module}, where it {}", unknown.reason))
            }
            Some(value) => value.clone(),
            None if exports.open => Value::unknown(format!("is imported from {module}")),
            None if self.file(&submodule).is_some() => Value::Module(submodule),
            None => Value::unknown(format!("is imported from {module}, which does not set it")),
        }
    }

    fn deeper(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), depth: self.depth + 1 }
    }

    fn exports(&self, module: &str) -> Option<Arc<Exports>> {
        let lock = || self.shared.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(module) {
            return known.clone();
        }
        let exports = self.file(module).and_then(|file| self.read(module, &file)).map(Arc::new);
        lock().insert(module.to_owned(), exports.clone());
        exports
    }

    /// The text and tree of a module of the project; `None` if it is none of the project's, cannot be read, is not Python, or nests
    /// too deeply to be walked.
    pub(crate) fn source(&self, module: &str) -> Option<&ModuleSource> {
        if let Some(known) = self.shared.sources.get(module) {
            return known.as_ref();
        }
        let source = self.file(module).and_then(|file| ModuleSource::read(module, &file));
        self.shared.sources.insert(module.to_owned(), Box::new(source)).as_ref()
    }

    /// Follows the text of a module; `None` if it cannot be read or is not Python.
    fn read(&self, module: &str, file: &Path) -> Option<Exports> {
        let bytes = std::fs::read(file).ok()?;
        let source = Source::decode(file, &bytes).ok().filter(Source::is_clean)?;
        let tree = Tree::parse(&source.text).ok()?;
        let package = package_of(module, file);
        let imports = self.deeper();
        let followed = evaluate(&tree, &source.text, &imports, package);
        let names = followed.names().map(|(name, binding)| (name.to_owned(), binding.value.clone()));
        Some(Exports { names: names.collect(), open: followed.star.is_some() || followed.raises.is_some() })
    }

    /// The file of a dotted module.
    fn file(&self, module: &str) -> Option<PathBuf> {
        let top = module.split('.').next()?;
        if ALWAYS_LOADED.contains(&top) || module.split('.').any(str::is_empty) {
            return None;
        }
        let relative: PathBuf = module.split('.').collect();
        let candidates = self.shared.roots.iter().flat_map(|root| {
            let base = root.join(&relative);
            [base.join("__init__.py"), base.with_added_extension("py")]
        });
        candidates.into_iter().find(|path| path.is_file())
    }
}

impl ModuleSource {
    fn read(module: &str, file: &Path) -> Option<Self> {
        let bytes = std::fs::read(file).ok()?;
        let source = Source::decode(file, &bytes).ok().filter(Source::is_clean)?;
        let tree = Tree::parse(&source.text).ok().filter(|tree| !tree.may_be_deep())?;
        let package = package_of(module, file).map(str::to_owned);
        Some(Self { text: source.text.into_owned(), tree, package })
    }
}

/// The package that a module is in; a package is in itself.
fn package_of<'m>(module: &'m str, file: &Path) -> Option<&'m str> {
    let is_package = file.file_name().is_some_and(|name| name == "__init__.py");
    if is_package { Some(module) } else { module.rsplit_once('.').map(|(package, _)| package) }
}
