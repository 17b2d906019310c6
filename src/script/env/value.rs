use std::rc::Rc;

use ruff_python_ast::StmtFunctionDef;

use super::text::{Condition, Text};

/// A value of env.py while it is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    /// Something of the application or the libraries that only Python knows, and that cannot change the outcome.
    Opaque(Rc<Origin>),
    /// Something that may change the outcome and is not known: touching it ends the reading.
    Unsettled(Rc<Origin>),
    /// What the command line or a caller gave, by name: of `-x`, `config.attributes`. It may lack any name.
    Given(Rc<Origin>),
    /// An imported name, or an attribute of one: `alembic.context`, `os.environ`.
    Path(String),
    /// `context.config`
    Config,
    /// `config.config_ini_section`
    SectionName,
    Text(Text),
    Bool(bool),
    Number(u8),
    Condition(Condition),
    /// A dictionary of the state, by number.
    Dict(usize),
    Engine(EngineSource),
    Connection(EngineSource),
    /// What `begin_transaction()` returns.
    Transaction,
    Function(Function<'a>),
    /// An `async def` that was called and not yet awaited.
    Coroutine(Function<'a>, Vec<Value<'a>>, Vec<(String, Value<'a>)>),
}

/// Where a value comes from, for the reason that is given.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) line: usize,
    /// The expression, shortened.
    pub(super) text: String,
}

/// What an engine was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EngineSource {
    pub(super) url: Text,
}

/// A function of env.py.
#[derive(Debug, Clone, Copy)]
pub(super) struct Function<'a> {
    pub(super) node: &'a StmtFunctionDef,
    /// Not decorated, not nested, no generator.
    pub(super) plain: bool,
}

impl PartialEq for Function<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.node, other.node)
    }
}

impl<'a> Value<'a> {
    pub(super) fn none() -> Self {
        Self::Text(Text::None)
    }

    pub(super) fn opaque(line: usize, text: impl Into<String>) -> Self {
        Self::Opaque(Rc::new(Origin { line, text: text.into() }))
    }

    pub(super) fn unsettled(line: usize, text: impl Into<String>) -> Self {
        Self::Unsettled(Rc::new(Origin { line, text: text.into() }))
    }

    pub(super) fn given(line: usize, text: impl Into<String>) -> Self {
        Self::Given(Rc::new(Origin { line, text: text.into() }))
    }

    /// A name for people if handing this value to unknown code could change which database is used, or how.
    pub(super) fn critical(&self) -> Option<String> {
        Some(match self {
            Self::Path(path) if is_critical_path(path) => path.clone(),
            Self::Config => "config".to_owned(),
            Self::Engine(_) => "the engine".to_owned(),
            Self::Connection(_) => "the connection".to_owned(),
            Self::Transaction => "the transaction".to_owned(),
            Self::Function(function) => format!("the function {}", function.node.name),
            Self::Coroutine(function, ..) => format!("{}()", function.node.name),
            Self::Unsettled(origin) => origin.text.clone(),
            _ => return None,
        })
    }

    pub(super) fn truth(&self) -> Truth {
        match self {
            Self::Bool(known) => Truth::Known(*known),
            Self::Text(Text::None) => Truth::Known(false),
            Self::Text(Text::Literal(text)) => Truth::Known(!text.is_empty()),
            Self::Text(text) => Truth::Decidable(Condition::Truthy(text.clone())),
            Self::Condition(condition) => Truth::Decidable(condition.clone()),
            Self::Config | Self::Engine(_) | Self::Connection(_) | Self::Function(_) => Truth::Known(true),
            _ => Truth::Unknown,
        }
    }
}

/// What is known of a condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Truth {
    Known(bool),
    Decidable(Condition),
    Unknown,
}

/// Modules whose objects decide: Alembic's context and the environment.
fn is_critical_path(path: &str) -> bool {
    ["alembic", "alembic.context", "alembic.op", "os", "os.environ"].contains(&path)
        || path.starts_with("alembic.context.")
}

/// The module at the beginning of a dotted path.
pub(super) fn root(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}

/// Modules that neither set environment variables nor know of Alembic's configuration.
pub(super) fn is_library(path: &str) -> bool {
    const LIBRARIES: [&str; 46] = [
        "__future__",
        "abc",
        "alembic",
        "alembic_postgresql_enum",
        "alembic_utils",
        "asyncio",
        "builtins",
        "collections",
        "configparser",
        "contextlib",
        "copy",
        "dataclasses",
        "datetime",
        "enum",
        "functools",
        "geoalchemy2",
        "getpass",
        "glob",
        "hashlib",
        "importlib",
        "inspect",
        "io",
        "itertools",
        "json",
        "logging",
        "math",
        "operator",
        "os",
        "pathlib",
        "pgvector",
        "pkgutil",
        "platform",
        "re",
        "shutil",
        "socket",
        "sqlalchemy",
        "sqlmodel",
        "string",
        "sys",
        "textwrap",
        "time",
        "traceback",
        "types",
        "typing",
        "urllib",
        "warnings",
    ];
    LIBRARIES.contains(&root(path)) || root(path) == "uuid" || root(path) == "typing_extensions"
}
