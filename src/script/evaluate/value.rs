use std::borrow::Cow;
use std::ops::Range;

/// A Python value, as far as revision files need them.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::script) enum Value {
    None,
    Bool(bool),
    /// A whole number that fits.
    Number(i64),
    Text(String),
    Sequence(Kind, Vec<Value>),
    /// A module, by its dotted name.
    Module(String),
    /// `from module import name`, not looked up yet.
    Imported {
        module: String,
        name: String,
    },
    Unknown(Unknown),
}

/// Which of Python's collections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::script) enum Kind {
    Tuple,
    List,
    Set,
}

/// Why a value is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::script) struct Unknown {
    /// In words, after "the value": "is computed by a call".
    pub(in crate::script) reason: Cow<'static, str>,
}

/// A name's value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::script) struct Binding {
    pub(in crate::script) value: Value,
    /// Start of the statement or of the target.
    pub(in crate::script) at: usize,
    /// The expression that gave the value, if one alone did.
    pub(in crate::script) span: Option<Range<usize>>,
}

impl Value {
    pub(super) fn unknown(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Unknown(Unknown { reason: reason.into() })
    }

    /// Whether something in it can be changed in place, by whoever has got hold of it.
    pub(super) fn is_mutable(&self) -> bool {
        match self {
            Self::Sequence(Kind::Tuple, items) => items.iter().any(Self::is_mutable),
            Self::Sequence(Kind::List | Kind::Set, _) => true,
            _ => false,
        }
    }

    /// Python's `bool(value)`.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::None => Some(false),
            Self::Bool(flag) => Some(*flag),
            Self::Number(number) => Some(*number != 0),
            Self::Text(text) => Some(!text.is_empty()),
            Self::Sequence(_, items) => Some(!items.is_empty()),
            Self::Module(_) => Some(true),
            Self::Imported { .. } | Self::Unknown(_) => None,
        }
    }
}

impl Binding {
    pub(super) fn unknown(at: usize, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { value: Value::unknown(reason), at, span: None }
    }
}
