use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use crate::script::python::{Value, percent_format};

/// A `pyproject.toml` (or `limbec.toml`): `[tool.alembic]` as Alembic reads it and the tables beside it.
///
/// `%` is formatted when a key is read, so a bad one fails only then.
#[derive(Debug, Clone, Default)]
pub struct Toml {
    path: PathBuf,
    here: String,
    root: TomlTable,
}

/// A table in the order of the file.
pub(super) type TomlTable = indexmap::IndexMap<String, TomlNode>;

/// A value and where it is.
#[derive(Debug, Clone)]
pub(super) struct TomlNode {
    pub(super) value: TomlValue,
    /// Line of the value's key, or of the element of a list, from 1.
    pub(super) line: usize,
}

/// What a TOML value is to a reader of settings.
#[derive(Debug, Clone)]
pub(super) enum TomlValue {
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<TomlNode>),
    Table(TomlTable),
    /// A float, a date or an integer beyond 64 bits: no key has such a value.
    Other,
}

/// The value of a key of `[alembic]` or `[tool.alembic]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionValue {
    /// From the ini always, from TOML a string.
    Text(String),
    /// A list of strings.
    List(Vec<String>),
    /// A table of strings.
    Table(Vec<(String, String)>),
    /// A list of tables of strings.
    Tables(Vec<Vec<(String, String)>>),
    /// A whole number.
    Integer(i64),
    /// `true` or `false` in TOML.
    Boolean(bool),
}

impl Toml {
    /// Reads a TOML file; one that does not exist counts as empty, one that cannot be opened is an error.
    ///
    /// `here` is the value of `%(here)s`.
    pub fn read(path: &Path, here: &str) -> Result<Self, ConfigError> {
        if !path.exists() {
            return Ok(Self { path: path.to_owned(), here: here.to_owned(), root: TomlTable::new() });
        }
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, path, here)
    }

    /// Parses TOML; `path` is for messages.
    pub fn parse(text: &str, path: &Path, here: &str) -> Result<Self, ConfigError> {
        let lines = LineStarts::new(text);
        let table = DeTable::parse(text).map_err(|error| ConfigError::TomlSyntax {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| lines.line(span.start)),
            message: error.message().to_owned(),
        })?;
        Ok(Self { path: path.to_owned(), here: here.to_owned(), root: convert_table(table.get_ref(), &lines) })
    }

    /// Where the file is, or would be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All of the file.
    pub(super) fn root(&self) -> &TomlTable {
        &self.root
    }

    /// `[tool.NAME]`; `Err` holds the line where `tool` or the name itself is no table.
    pub(super) fn tool(&self, name: &str) -> Result<Option<&TomlTable>, ToolFault> {
        let Some(tool) = self.root.get("tool") else {
            return Ok(None);
        };
        let TomlValue::Table(tools) = &tool.value else {
            return Err(ToolFault::Tool { line: tool.line });
        };
        match tools.get(name).map(|node| (&node.value, node.line)) {
            None => Ok(None),
            Some((TomlValue::Table(table), _)) => Ok(Some(table)),
            Some((_, line)) => Err(ToolFault::Named { line }),
        }
    }

    /// Whether `[tool.alembic]` can be read at all.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.alembic().map(drop)
    }

    fn alembic(&self) -> Result<Option<&TomlTable>, ConfigError> {
        self.tool("alembic").map_err(|fault| match fault {
            ToolFault::Tool { line } => self.shape(line, "tool", "a table"),
            ToolFault::Named { .. } => ConfigError::TomlFormat,
        })
    }

    /// Alembic's `_get_toml_config_value`: a key of `[tool.alembic]` with `%(here)s` replaced.
    pub fn alembic_value(&self, key: &str) -> Result<Option<OptionValue>, ConfigError> {
        let Some(node) = self.alembic()?.and_then(|table| table.get(key)) else {
            return Ok(None);
        };
        let value = match &node.value {
            TomlValue::Text(text) => OptionValue::Text(self.percent(key, node.line, text)?),
            TomlValue::Integer(number) => OptionValue::Integer(*number),
            TomlValue::Boolean(flag) => OptionValue::Boolean(*flag),
            TomlValue::Table(table) => OptionValue::Table(self.strings(key, table)?),
            TomlValue::List(items) => self.list(key, node.line, items)?,
            TomlValue::Other => return Err(ConfigError::TomlType { key: key.to_owned() }),
        };
        Ok(Some(value))
    }

    /// A flag of `[tool.alembic]`; absent is false.
    pub fn alembic_flag(&self, key: &str) -> Result<bool, ConfigError> {
        match self.alembic()?.and_then(|table| table.get(key)).map(|node| &node.value) {
            None => Ok(false),
            Some(TomlValue::Boolean(flag)) => Ok(*flag),
            Some(_) => Err(ConfigError::TomlBoolean { key: key.to_owned() }),
        }
    }

    /// An error at a key of `[tool.alembic]`.
    pub(super) fn wrong_shape(&self, key: &str, expected: &'static str) -> ConfigError {
        let line = self.alembic().ok().flatten().and_then(|table| table.get(key)).map_or(0, |node| node.line);
        self.shape(line, key, expected)
    }

    fn list(&self, key: &str, line: usize, items: &[TomlNode]) -> Result<OptionValue, ConfigError> {
        if matches!(items.first(), Some(TomlNode { value: TomlValue::Table(_), .. })) {
            let tables = items.iter().map(|item| match &item.value {
                TomlValue::Table(table) => self.strings(key, table),
                _ => Err(self.shape(item.line, key, "a list of tables")),
            });
            return tables.collect::<Result<_, _>>().map(OptionValue::Tables);
        }
        let texts = items.iter().map(|item| match &item.value {
            TomlValue::Text(text) => self.percent(key, item.line, text),
            _ => Err(self.shape(line, key, "a list of strings")),
        });
        texts.collect::<Result<_, _>>().map(OptionValue::List)
    }

    fn strings(&self, key: &str, table: &TomlTable) -> Result<Vec<(String, String)>, ConfigError> {
        let pairs = table.iter().map(|(name, node)| match &node.value {
            TomlValue::Text(text) => {
                let path = format!("{key}.{name}");
                Ok((name.clone(), self.percent(&path, node.line, text)?))
            }
            _ => Err(self.shape(node.line, &format!("{key}.{name}"), "a string")),
        });
        pairs.collect()
    }

    fn percent(&self, key: &str, line: usize, text: &str) -> Result<String, ConfigError> {
        let names = |name: &str| (name == "here").then(|| Value::Str(self.here.clone()));
        percent_format(text, &names).map_err(|fault| ConfigError::TomlPercent {
            path: self.path.clone(),
            line,
            key: key.to_owned(),
            fault,
        })
    }

    fn shape(&self, line: usize, key: &str, expected: &'static str) -> ConfigError {
        ConfigError::TomlShape { path: self.path.clone(), line, key: key.to_owned(), expected }
    }
}

/// Why a `[tool.NAME]` is not to be had.
#[derive(Debug)]
pub(super) enum ToolFault {
    /// `tool` itself is no table.
    Tool { line: usize },
    /// `tool.NAME` is no table.
    Named { line: usize },
}

fn convert_table(table: &DeTable<'_>, lines: &LineStarts) -> TomlTable {
    let entries = table.iter().map(|(key, value)| {
        let line = lines.line(key.span().start);
        (key.get_ref().to_string(), TomlNode { value: convert(value, lines), line })
    });
    entries.collect()
}

fn convert(value: &Spanned<DeValue<'_>>, lines: &LineStarts) -> TomlValue {
    match value.get_ref() {
        DeValue::String(text) => TomlValue::Text(text.to_string()),
        DeValue::Boolean(flag) => TomlValue::Boolean(*flag),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(TomlValue::Other, TomlValue::Integer)
        }
        DeValue::Array(items) => {
            let nodes =
                items.iter().map(|item| TomlNode { value: convert(item, lines), line: lines.line(item.span().start) });
            TomlValue::List(nodes.collect())
        }
        DeValue::Table(table) => TomlValue::Table(convert_table(table, lines)),
        DeValue::Float(_) | DeValue::Datetime(_) => TomlValue::Other,
    }
}

/// Finds the line of a byte.
struct LineStarts(Vec<usize>);

impl LineStarts {
    fn new(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    fn line(&self, at: usize) -> usize {
        1 + self.0.partition_point(|newline| *newline < at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toml(text: &str) -> Toml {
        Toml::parse(text, Path::new("pyproject.toml"), "/h").unwrap()
    }

    #[test]
    fn values_are_formatted_with_here() {
        let toml = toml(
            "[tool.alembic]\nscript_location = \"%(here)s/m\"\nversion_locations = [\"%(here)s/a\", \"b\"]\n\
             truncate_slug_length = 9\n[[tool.alembic.post_write_hooks]]\nname = \"x\"\ncwd = \"%(here)s\"\n",
        );
        let text = |t: &str| t.to_owned();
        assert_eq!(toml.alembic_value("script_location").unwrap(), Some(OptionValue::Text(text("/h/m"))));
        let list = OptionValue::List(vec![text("/h/a"), text("b")]);
        assert_eq!(toml.alembic_value("version_locations").unwrap(), Some(list));
        assert_eq!(toml.alembic_value("truncate_slug_length").unwrap(), Some(OptionValue::Integer(9)));
        let hook = vec![(text("name"), text("x")), (text("cwd"), text("/h"))];
        assert_eq!(toml.alembic_value("post_write_hooks").unwrap(), Some(OptionValue::Tables(vec![hook])));
        assert_eq!(toml.alembic_value("timezone").unwrap(), None);
    }

    #[test]
    fn alembics_sentences() {
        let bad = toml("[tool]\nalembic = 3\n").alembic_value("x").unwrap_err();
        assert_eq!(bad.to_string(), "Incorrect TOML format");
        assert!(bad.is_command_error());
        let table = toml("[tool.alembic]\nfile_template = 1.5\nsourceless = \"true\"\n");
        let error = table.alembic_value("file_template").unwrap_err();
        assert_eq!(error.to_string(), "unsupported TOML value type for key: 'file_template'");
        let error = table.alembic_flag("sourceless").unwrap_err();
        assert_eq!(error.to_string(), "boolean value expected for TOML parameter 'sourceless'");
    }

    #[test]
    fn crashes_name_file_and_line() {
        let error = toml("[tool.alembic]\na = 1\ntimezone = \"5%\"\n").alembic_value("timezone").unwrap_err();
        assert_eq!(
            error.to_string(),
            "pyproject.toml, line 3: the value of 'timezone' is no % format: it has an incomplete % conversion (a percent sign is written '%%')"
        );
        assert!(!error.is_command_error());
        let error = Toml::parse("a = 1\nb = = 2\n", Path::new("p.toml"), "/h").unwrap_err();
        assert!(error.to_string().starts_with("p.toml, line 2: "), "{error}");
    }
}
