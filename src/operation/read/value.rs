use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;

use ruff_python_ast::{StmtClassDef, StmtFunctionDef};
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use super::reader::Frame;
use super::way::Test;
use crate::operation::sql::UNKNOWN;
use crate::operation::{
    Column, ColumnType, Computed, Constraint, Dialects, Index, OperationKind, ServerDefault, TableName,
};

/// A value of Python, as far as revisions need them.
#[derive(Debug, Clone, Default)]
pub(super) enum Value<'a> {
    /// Computed when the revision runs.
    #[default]
    Unknown,
    None,
    Bool(bool),
    Number(i64),
    Text(Text<'a>),
    /// A list, tuple, set or generator.
    Sequence(Rc<Sequence<'a>>),
    Dict(Rc<Dict<'a>>),
    Function(Function<'a>),
    Class(Class<'a>),
    /// Made by calling the class.
    Instance(Rc<Object<'a>>),
    /// `super()`: the class whose bases are meant, and the object.
    Super(Class<'a>, Rc<Object<'a>>),
    /// A call of a function with `@contextmanager`, not entered yet.
    Manager(Rc<ManagerCall<'a>>),
    /// One value on some dialects, another on the rest.
    Choice(Rc<(Dialects, Self, Self)>),
    Test(Test),
    /// A method that was looked up and not yet called, or an attribute of something that is only known from outside.
    Member(Rc<Self>, &'a str),
    /// `alembic.op`
    Op,
    /// `alembic.context`
    Environment,
    /// Something of SQLAlchemy, by its last name; empty for the package.
    Sqlalchemy(&'a str),
    /// Something imported from elsewhere, by its dotted name.
    Imported(Rc<str>),
    /// What a call of something imported made.
    Made(Rc<str>),
    /// `op.get_context()`
    MigrationContext,
    /// A connection, an engine.
    Bind,
    Dialect,
    DialectName,
    /// An ORM session.
    Session,
    /// What makes sessions when it is called.
    SessionMaker,
    Inspector,
    Metadata,
    /// `metadata.tables`
    Tables,
    /// `session.query(…)`
    Query(Option<TableName>),
    /// A row or an object of the ORM.
    Row(Option<TableName>),
    Batch(Rc<Batch>),
    /// `with op.get_context().autocommit_block():`
    Autocommit,
    Column(Rc<Column>),
    Type(Rc<ColumnType>),
    Constraint(Rc<Constraint>),
    Index(Rc<TableIndex>),
    Default(ServerDefault),
    Computed(Computed),
    Identity,
    /// `sa.text(…)`, or an expression of SQL.
    Sql(Text<'a>),
    Table(Rc<Table>),
    Statement(Rc<Statement>),
}

/// A string.
#[derive(Debug, Clone)]
pub(super) struct Text<'a> {
    /// Unknown pieces are replaced by [`PLACEHOLDER`].
    pub(super) text: Cow<'a, str>,
    /// There are no unknown pieces.
    pub(super) is_exact: bool,
    /// Where its characters stand in the file, all of them as they are.
    pub(super) at: Option<usize>,
}

/// Stands for what is not known inside of a string: an identifier of SQL that nobody uses.
pub(super) const PLACEHOLDER: &str = "limbec_unknown_piece";

/// Whether something in a text is not known: a piece of a string, or a variable of an SQL file.
pub(super) fn is_unknown(text: &str) -> bool {
    text.contains(PLACEHOLDER) || text.contains(UNKNOWN)
}

impl<'a> Text<'a> {
    pub(super) fn made(text: String, is_exact: bool) -> Self {
        Self { text: Cow::Owned(text), is_exact, at: None }
    }

    /// The text, if all of it is known.
    pub(super) fn exact(&self) -> Option<&str> {
        self.is_exact.then_some(&*self.text)
    }

    pub(super) fn placeholder() -> Self {
        Self { text: Cow::Borrowed(PLACEHOLDER), is_exact: false, at: None }
    }
}

/// A collection, shared by all names that stand for it.
#[derive(Debug)]
pub(super) struct Sequence<'a> {
    /// `None`: it was changed in a way that could not be followed.
    pub(super) items: RefCell<Option<Vec<Value<'a>>>>,
    pub(super) is_tuple: bool,
    /// Each of the items may be missing.
    pub(super) is_perhaps: Cell<bool>,
    /// How deep collections nest in it.
    pub(super) nesting: Cell<usize>,
    /// How many branches deep it was made: changes deeper down may or may not happen.
    pub(super) made_at: usize,
}

/// A dictionary, in the order of its keys.
#[derive(Debug)]
pub(super) struct Dict<'a> {
    pub(super) entries: RefCell<Option<Entries<'a>>>,
    /// How deep collections nest in it.
    pub(super) nesting: Cell<usize>,
    pub(super) made_at: usize,
}

pub(super) type Entries<'a> = Vec<(Value<'a>, Value<'a>)>;

/// A function of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Function<'a> {
    pub(super) node: &'a StmtFunctionDef,
    /// The call of the function that it was defined in.
    pub(super) inside: Option<usize>,
    /// The module whose names it sees, by number.
    pub(super) module: usize,
}

/// A class of the file, or of a module that it imports.
#[derive(Debug, Clone, Copy)]
pub(super) struct Class<'a> {
    pub(super) node: &'a StmtClassDef,
    pub(super) module: usize,
}

/// An object of a class.
#[derive(Debug)]
pub(super) struct Object<'a> {
    pub(super) class: Class<'a>,
    pub(super) attributes: RefCell<FxHashMap<&'a str, Value<'a>>>,
    pub(super) made_at: usize,
}

/// A function that runs a `with` block where it yields.
#[derive(Debug)]
pub(super) struct ManagerCall<'a> {
    pub(super) function: Function<'a>,
    pub(super) frame: RefCell<Option<Frame<'a>>>,
    pub(super) call: TextRange,
}

/// `with op.batch_alter_table(…) as batch_op`
#[derive(Debug, PartialEq)]
pub(super) struct Batch {
    pub(super) table: Option<TableName>,
    pub(super) header: Range<usize>,
}

/// `sa.table(…)`, `sa.Table(…)`, a class with `__tablename__`.
#[derive(Debug, PartialEq)]
pub(super) struct Table {
    pub(super) name: Option<TableName>,
    pub(super) columns: Vec<Column>,
}

/// `sa.Index(…)`
#[derive(Debug, PartialEq)]
pub(super) struct TableIndex {
    pub(super) index: Index,
    pub(super) table: Option<TableName>,
    pub(super) concurrently: bool,
}

/// A statement that was built and not yet executed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    pub(super) kind: OperationKind,
}

impl<'a> Value<'a> {
    /// How deep collections nest in it.
    pub(super) fn nesting(&self) -> usize {
        match self {
            Self::Sequence(sequence) => sequence.nesting.get(),
            Self::Dict(dict) => dict.nesting.get(),
            Self::Choice(choice) => choice.1.nesting().max(choice.2.nesting()),
            Self::Member(of, _) => of.nesting(),
            _ => 0,
        }
    }

    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(Text { text: text.into(), is_exact: true, at: None })
    }

    pub(super) fn known(&self) -> Option<&str> {
        match self {
            Self::Text(text) => text.exact(),
            _ => None,
        }
    }

    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            Self::None => Some(false),
            Self::Number(number) => Some(*number != 0),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    /// Python's `bool(value)`, as far as it is known.
    pub(super) fn test(&self) -> Test {
        match self {
            Self::None => Test::known(false),
            Self::Bool(flag) => Test::known(*flag),
            Self::Number(number) => Test::known(*number != 0),
            Self::Text(text) if text.is_exact => Test::known(!text.text.is_empty()),
            Self::Sequence(sequence) => match &*sequence.items.borrow() {
                Some(items) if items.is_empty() || !sequence.is_perhaps.get() => Test::known(!items.is_empty()),
                _ => Test::UNKNOWN,
            },
            Self::Dict(dict) => match &*dict.entries.borrow() {
                Some(entries) => Test::known(!entries.is_empty()),
                None => Test::UNKNOWN,
            },
            Self::Test(test) => *test,
            Self::Choice(choice) => {
                let (dialects, then, otherwise) = &**choice;
                let within = Test {
                    yes: super::way::Way { dialects: *dialects, ..super::way::Way::ALWAYS },
                    no: super::way::Way { dialects: dialects.complement(), ..super::way::Way::ALWAYS },
                };
                within.and(then.test()).or(within.not().and(otherwise.test()))
            }
            Self::Function(_) | Self::Class(_) | Self::Op | Self::Bind | Self::Session | Self::Batch(_) => {
                Test::known(true)
            }
            _ => Test::UNKNOWN,
        }
    }

    /// Whether whoever is given this value can change the database with it.
    pub(super) fn is_handle(&self) -> bool {
        match self {
            Self::Op
            | Self::Environment
            | Self::MigrationContext
            | Self::Bind
            | Self::Session
            | Self::SessionMaker
            | Self::Batch(_)
            | Self::Metadata => true,
            Self::Member(of, _) => of.is_handle(),
            Self::Choice(choice) => choice.1.is_handle() || choice.2.is_handle(),
            Self::Sequence(sequence) => sequence.items.try_borrow().is_ok_and(|items| {
                items
                    .iter()
                    .flatten()
                    .take(50)
                    .any(|item| !matches!(item, Self::Sequence(_) | Self::Dict(_)) && item.is_handle())
            }),
            _ => false,
        }
    }

    /// Whether two ways of the program left the same value.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown, Self::Unknown)
            | (Self::None, Self::None)
            | (Self::Op, Self::Op)
            | (Self::Environment, Self::Environment)
            | (Self::MigrationContext, Self::MigrationContext)
            | (Self::Bind, Self::Bind)
            | (Self::Dialect, Self::Dialect)
            | (Self::DialectName, Self::DialectName)
            | (Self::Session, Self::Session)
            | (Self::SessionMaker, Self::SessionMaker)
            | (Self::Inspector, Self::Inspector)
            | (Self::Metadata, Self::Metadata)
            | (Self::Tables, Self::Tables)
            | (Self::Autocommit, Self::Autocommit)
            | (Self::Identity, Self::Identity) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Text(a), Self::Text(b)) | (Self::Sql(a), Self::Sql(b)) => {
                a.is_exact && b.is_exact && a.text == b.text
            }
            (Self::Sequence(a), Self::Sequence(b)) => Rc::ptr_eq(a, b),
            (Self::Dict(a), Self::Dict(b)) => Rc::ptr_eq(a, b),
            (Self::Function(a), Self::Function(b)) => std::ptr::eq(a.node, b.node) && a.inside == b.inside,
            (Self::Class(a), Self::Class(b)) => std::ptr::eq(a.node, b.node),
            (Self::Instance(a), Self::Instance(b)) => Rc::ptr_eq(a, b),
            (Self::Choice(a), Self::Choice(b)) => Rc::ptr_eq(a, b),
            (Self::Test(a), Self::Test(b)) => a == b && *a != Test::UNKNOWN,
            (Self::Member(a, name), Self::Member(b, other)) => name == other && a.is_same(b),
            (Self::Sqlalchemy(a), Self::Sqlalchemy(b)) => a == b,
            (Self::Imported(a), Self::Imported(b)) | (Self::Made(a), Self::Made(b)) => a == b,
            (Self::Query(a), Self::Query(b)) | (Self::Row(a), Self::Row(b)) => a == b,
            (Self::Batch(a), Self::Batch(b)) => a == b,
            (Self::Column(a), Self::Column(b)) => a == b,
            (Self::Type(a), Self::Type(b)) => a == b,
            (Self::Constraint(a), Self::Constraint(b)) => a == b,
            (Self::Index(a), Self::Index(b)) => a == b,
            (Self::Default(a), Self::Default(b)) => a == b,
            (Self::Computed(a), Self::Computed(b)) => a == b,
            (Self::Table(a), Self::Table(b)) => a == b,
            (Self::Statement(a), Self::Statement(b)) => a == b,
            _ => false,
        }
    }
}
