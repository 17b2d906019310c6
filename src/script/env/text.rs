use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;

/// A text that env.py computes, as far as it can be told without running it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// Python's `None`.
    None,
    /// Written in env.py.
    Literal(String),
    /// An option of the ini's section (`get_main_option`), with its default.
    Ini(String, Box<Text>),
    /// `os.environ[…]`: absent is an error.
    Environment(String),
    /// One or the other.
    Choice(Box<Condition>, Box<Text>, Box<Text>),
    /// An f-string, `+`.
    Concat(Vec<Text>),
    /// `.replace(from, to)`, at most so many times.
    Replace(Box<Text>, [String; 2], usize),
    /// `.strip()`
    Strip(Box<Text>),
    /// `urllib.parse.quote_plus(…)`
    QuotePlus(Box<Text>),
    /// Written by `set_main_option` and read back: `%%` becomes `%`.
    Interpolated(Box<Text>),
}

/// A condition that can be told without running env.py.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Neither `None` nor empty.
    Truthy(Text),
    /// `is not None`
    IsNotNone(Text),
    /// `==`
    Equals(Text, Text),
    /// `.startswith(…)`
    StartsWith(Text, String),
    /// `in`
    Contains(Text, String),
    /// Digits with a sign at most: what `int()` and `float()` certainly take.
    IsNumber(Text),
    /// In `os.environ`.
    IsSet(String),
    /// The opposite.
    Not(Box<Condition>),
    /// All of them; stops at the first that is false.
    All(Vec<Condition>),
}

/// Where the values of a [`Text`] come from.
pub struct Sources<'a> {
    /// An environment variable, exactly as it is set.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// An option of the ini's section, interpolated, as `config.get_main_option` returns it.
    pub ini: &'a dyn Fn(&str) -> Option<String>,
    /// A module of the application that env.py imports (it may set variables that are absent before), if any.
    pub imported: Option<&'a str>,
}

/// Why a value that env.py names cannot be told here and now.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Undecidable {
    /// `os.environ["X"]` without X.
    #[error("env.py needs the environment variable {0}, which is not set")]
    NotSet(String),
    /// The absent variable has a default, but the application may load a `.env` file.
    #[error("the environment variable {name} is not set, and {module}, which env.py imports, may set it")]
    MayBeSet {
        /// The variable.
        name: String,
        /// The imported module.
        module: String,
    },
    /// `None` inside an f-string.
    #[error("env.py would use a value that is None")]
    IsNone,
    /// A `%` that Alembic's ini parser refuses or replaces.
    #[error("the value that env.py gives to set_main_option has a '%' that is not doubled")]
    Percent,
}

impl Text {
    /// The literal `None`-default of [`Text::Ini`].
    pub(super) fn ini(option: &str) -> Self {
        Self::Ini(option.to_owned(), Box::new(Self::None))
    }

    /// `os.environ.get(name, default)`
    pub(super) fn environment(name: &str, default: Text) -> Self {
        let found = Self::Environment(name.to_owned());
        Self::Choice(Box::new(Condition::IsSet(name.to_owned())), Box::new(found), Box::new(default))
    }

    /// Whether it can be Python's `None`.
    pub(super) fn may_be_none(&self) -> bool {
        match self {
            Self::None => true,
            Self::Ini(_, inner) | Self::Interpolated(inner) => inner.may_be_none(),
            Self::Choice(_, then, otherwise) => then.may_be_none() || otherwise.may_be_none(),
            Self::Literal(_) | Self::Environment(_) | Self::Concat(_) => false,
            Self::Replace(..) | Self::Strip(_) | Self::QuotePlus(_) => false,
        }
    }

    /// Whether it has grown beyond what a file written by people holds: doubling a text in every line would never end.
    pub(super) fn is_huge(&self) -> bool {
        self.nodes(2_000) == 0
    }

    /// What is left of a number of parts after taking those of this text; 0 when they do not suffice.
    fn nodes(&self, left: usize) -> usize {
        let left = left.saturating_sub(1);
        match self {
            _ if left == 0 => 0,
            Self::None | Self::Literal(_) | Self::Environment(_) => left,
            Self::Ini(_, inner)
            | Self::Replace(inner, ..)
            | Self::Strip(inner)
            | Self::QuotePlus(inner)
            | Self::Interpolated(inner) => inner.nodes(left),
            Self::Choice(condition, then, otherwise) => otherwise.nodes(then.nodes(condition.nodes(left))),
            Self::Concat(parts) => parts.iter().fold(left, |left, part| part.nodes(left)),
        }
    }

    /// The value; `None` for Python's `None`.
    pub fn resolve(&self, sources: &Sources<'_>) -> Result<Option<String>, Undecidable> {
        let some = |text: &Text| present(text, sources);
        Ok(Some(match self {
            Self::None => return Ok(None),
            Self::Literal(text) => text.clone(),
            Self::Ini(option, default) => match (sources.ini)(option) {
                Some(value) => value,
                None => return default.resolve(sources),
            },
            Self::Environment(name) => {
                (sources.environment)(name).ok_or_else(|| missing(name, sources, Undecidable::NotSet(name.clone())))?
            }
            Self::Choice(condition, then, otherwise) => {
                return if condition.holds(sources)? { then.resolve(sources) } else { otherwise.resolve(sources) };
            }
            Self::Concat(parts) => parts.iter().map(some).collect::<Result<String, _>>()?,
            Self::Replace(text, [from, to], count) => some(text)?.replacen(from.as_str(), to, *count),
            Self::Strip(text) => some(text)?.trim().to_owned(),
            Self::QuotePlus(text) => quote_plus(&some(text)?),
            Self::Interpolated(text) => match text.resolve(sources)? {
                Some(text) => interpolated(&text)?,
                None => return Ok(None),
            },
        }))
    }

    /// The names of the environment variables that can have a part in it.
    pub fn variables(&self) -> Vec<&str> {
        match self {
            Self::Environment(name) => vec![name],
            Self::None | Self::Literal(_) => vec![],
            Self::Ini(_, inner)
            | Self::Replace(inner, ..)
            | Self::Strip(inner)
            | Self::QuotePlus(inner)
            | Self::Interpolated(inner) => inner.variables(),
            Self::Choice(_, then, otherwise) => [then.variables(), otherwise.variables()].concat(),
            Self::Concat(parts) => parts.iter().flat_map(Self::variables).collect(),
        }
    }
}

impl Condition {
    fn nodes(&self, left: usize) -> usize {
        match self {
            Self::Truthy(text)
            | Self::IsNotNone(text)
            | Self::IsNumber(text)
            | Self::StartsWith(text, _)
            | Self::Contains(text, _) => text.nodes(left),
            Self::Equals(a, b) => b.nodes(a.nodes(left)),
            Self::IsSet(_) => left.saturating_sub(1),
            Self::Not(inner) => inner.nodes(left),
            Self::All(parts) => parts.iter().fold(left, |left, part| part.nodes(left)),
        }
    }

    /// This condition on a way that is taken under another. Where both would be more than people write, this one alone.
    pub(super) fn under(self, outer: &Self) -> Self {
        let both = Self::All(vec![outer.clone(), self]);
        match (both.nodes(2_000), both) {
            (0, Self::All(mut parts)) => parts.swap_remove(1),
            (_, both) => both,
        }
    }

    /// Whether it is true.
    pub fn holds(&self, sources: &Sources<'_>) -> Result<bool, Undecidable> {
        Ok(match self {
            Self::Truthy(text) => text.resolve(sources)?.is_some_and(|text| !text.is_empty()),
            Self::IsNotNone(text) => text.resolve(sources)?.is_some(),
            Self::IsSet(name) => {
                let set = (sources.environment)(name).is_some();
                if let (false, Some(module)) = (set, sources.imported) {
                    return Err(Undecidable::MayBeSet { name: name.clone(), module: module.to_owned() });
                }
                set
            }
            Self::Equals(a, b) => a.resolve(sources)? == b.resolve(sources)?,
            Self::StartsWith(text, start) => present(text, sources)?.starts_with(start.as_str()),
            Self::IsNumber(text) => {
                let text = present(text, sources)?;
                let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
                !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
            }
            Self::Contains(text, part) => present(text, sources)?.contains(part.as_str()),
            Self::Not(inner) => !inner.holds(sources)?,
            Self::All(parts) => {
                for part in parts {
                    if !part.holds(sources)? {
                        return Ok(false);
                    }
                }
                true
            }
        })
    }
}

/// The text, where Python would fail on `None`.
fn present(text: &Text, sources: &Sources<'_>) -> Result<String, Undecidable> {
    text.resolve(sources)?.ok_or(Undecidable::IsNone)
}

fn missing(name: &str, sources: &Sources<'_>, otherwise: Undecidable) -> Undecidable {
    match sources.imported {
        Some(module) => Undecidable::MayBeSet { name: name.to_owned(), module: module.to_owned() },
        None => otherwise,
    }
}

/// Python's `ConfigParser`: what `set` accepts and `get` then returns.
fn interpolated(text: &str) -> Result<String, Undecidable> {
    if text.replace("%%", "").contains('%') {
        return Err(Undecidable::Percent);
    }
    Ok(text.replace("%%", "%"))
}

const NOT_PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b' ');

/// Python's `urllib.parse.quote_plus`.
fn quote_plus(text: &str) -> String {
    utf8_percent_encode(text, NOT_PLAIN).to_string().replace(' ', "+")
}
