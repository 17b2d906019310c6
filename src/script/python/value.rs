use super::{CreateDate, repr_string};

/// A Python value as templates and formats see it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `None`
    None,
    /// Mako's `UNDEFINED`: a name that nobody passed. False; printing it is an error.
    Undefined,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `str`
    Str(String),
    /// `tuple`
    Tuple(Vec<Value>),
    /// `list`
    List(Vec<Value>),
    /// `datetime`
    Date(CreateDate),
    /// Alembic's `Config`
    Config,
    /// Alembic's `format_as_comma`
    Comma,
    /// The module `re`
    RegexModule,
}

impl Value {
    /// A `tuple` of strings.
    pub fn strings<S: AsRef<str>>(items: &[S]) -> Vec<Self> {
        items.iter().map(|item| Self::Str(item.as_ref().to_owned())).collect()
    }

    /// Alembic's `tuple_rev_as_scalar`: `None` for nothing, the item for one, else what `many` makes of them.
    pub fn scalar_or(items: Vec<Self>, many: impl FnOnce(Vec<Self>) -> Self) -> Self {
        match items.len() {
            0 => Self::None,
            1 => items.into_iter().next().unwrap_or(Self::None),
            _ => many(items),
        }
    }

    /// Python's `bool(value)`; `None` where it is not known here.
    pub fn truth(&self) -> Option<bool> {
        Some(match self {
            Self::None | Self::Undefined => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Str(text) => !text.is_empty(),
            Self::Tuple(items) | Self::List(items) => !items.is_empty(),
            Self::Date(_) | Self::Comma | Self::RegexModule => true,
            Self::Config => return None,
        })
    }

    /// Python's `str(value)`; `None` where it raises or is not known here.
    pub fn str(&self) -> Option<String> {
        match self {
            Self::Str(text) => Some(text.clone()),
            Self::Date(date) => Some(date.to_string()),
            other => other.repr(),
        }
    }

    /// Python's `repr(value)`; `None` where it is not known here.
    pub fn repr(&self) -> Option<String> {
        Some(match self {
            Self::None => "None".to_owned(),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Int(value) => value.to_string(),
            Self::Str(text) => repr_string(text),
            Self::Tuple(items) if items.len() == 1 => format!("({},)", joined(items)?),
            Self::Tuple(items) => format!("({})", joined(items)?),
            Self::List(items) => format!("[{}]", joined(items)?),
            Self::Undefined | Self::Date(_) | Self::Config | Self::Comma | Self::RegexModule => return None,
        })
    }

    /// Python's `a == b`; `None` where it is not known here.
    pub fn equals(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Config | Self::Comma | Self::RegexModule, _)
            | (_, Self::Config | Self::Comma | Self::RegexModule) => None,
            (Self::Bool(a), Self::Int(b)) | (Self::Int(b), Self::Bool(a)) => Some(i64::from(*a) == *b),
            (Self::Tuple(a), Self::Tuple(b)) | (Self::List(a), Self::List(b)) => {
                let mut equal = a.len() == b.len();
                for (a, b) in a.iter().zip(b) {
                    equal &= a.equals(b)?;
                }
                Some(equal)
            }
            (a, b) => Some(a == b),
        }
    }
}

fn joined(items: &[Value]) -> Option<String> {
    Some(items.iter().map(Value::repr).collect::<Option<Vec<_>>>()?.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repr_of_sequences() {
        let one = Value::Tuple(Value::strings(&["a"]));
        let two = Value::List(Value::strings(&["a", "b'"]));
        assert_eq!(one.repr().as_deref(), Some("('a',)"));
        assert_eq!(two.repr().as_deref(), Some("['a', \"b'\"]"));
        assert_eq!(Value::Tuple(vec![]).repr().as_deref(), Some("()"));
        assert_eq!(Value::scalar_or(vec![], Value::Tuple), Value::None);
        assert_eq!(Value::Undefined.str(), None);
    }
}
