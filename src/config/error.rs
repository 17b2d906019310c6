use std::path::PathBuf;

use thiserror::Error;

use crate::script::python::{FormatError, repr_string};

/// Why a project's configuration could not be read. `Display` is Alembic's own sentence where it has one.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// `-c pyproject.toml -c other/pyproject.toml`
    #[error("pyproject.toml indicated more than once")]
    TwoPyprojects,
    /// `-c a.ini -c b.ini`
    #[error("only one ini file may be indicated")]
    TwoInis,
    /// The ini file breaks the grammar of Python's `configparser`.
    #[error("{}, line {line}: {fault}", path.display())]
    IniSyntax {
        /// The file, as given.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong there.
        fault: IniFault,
    },
    /// A value has a bad `%`; found when the key is read.
    #[error("{}, line {line}: the value of '{option}' in section [{section}] {fault}", path.display())]
    Interpolation {
        /// The file, as given.
        path: PathBuf,
        /// Line of the key.
        line: usize,
        /// Section that was read.
        section: String,
        /// Key that was read.
        option: String,
        /// What is wrong with the value.
        fault: InterpolationFault,
    },
    /// A TOML file exists and cannot be opened.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A TOML file is not TOML.
    #[error("{}, line {line}: {message}", path.display())]
    TomlSyntax {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// The parser's words.
        message: String,
    },
    /// `[tool.alembic]` is not a table.
    #[error("Incorrect TOML format")]
    TomlFormat,
    /// A float or a date in `[tool.alembic]`.
    #[error("unsupported TOML value type for key: {}", repr_string(key))]
    TomlType {
        /// The key.
        key: String,
    },
    /// A flag in `[tool.alembic]` that is no boolean.
    #[error("boolean value expected for TOML parameter {}", repr_string(key))]
    TomlBoolean {
        /// The key.
        key: String,
    },
    /// A `%` in a TOML value that Python's `%` operator refuses.
    #[error("{}, line {line}: the value of '{key}' is no % format: {fault} (a percent sign is written '%%')", path.display())]
    TomlPercent {
        /// The file.
        path: PathBuf,
        /// Line of the key.
        line: usize,
        /// The key.
        key: String,
        /// What is wrong with it.
        fault: FormatError,
    },
    /// A TOML value of a type that Alembic chokes on.
    #[error("{}, line {line}: '{key}' should be {expected}", path.display())]
    TomlShape {
        /// The file.
        path: PathBuf,
        /// Line of the key.
        line: usize,
        /// The key.
        key: String,
        /// In words, with an article: "a list of strings".
        expected: &'static str,
    },
    /// A section option was asked for, and the section is not there.
    #[error("No config file {} found, or file has no '[{section}]' section", repr_string(file))]
    NoSection {
        /// The ini file as given.
        file: String,
        /// The section.
        section: String,
    },
    /// Neither file says where the scripts are.
    #[error("No 'script_location' key found in configuration.")]
    NoScriptLocation,
    /// The script directory is not there.
    #[error("Path doesn't exist: {0}.  Please use the 'init' command to create a new scripts folder.")]
    NoScriptDirectory(String),
    /// `package:directory` names no package that could be found.
    #[error("the package of '{0}' is not to be found")]
    NoPackage(String),
    /// `truncate_slug_length` is no whole number.
    #[error("'truncate_slug_length' should be a whole number, not '{0}'")]
    SlugLength(String),
    /// `path_separator` or its old name has none of the five values.
    #[error("'{value}' is not a valid value for {key}; expected 'space', 'newline', 'os', ':', ';'")]
    Separator {
        /// As read.
        value: String,
        /// Which of the two.
        key: &'static str,
    },
    /// `revision_environment` is no boolean word.
    #[error("'{key}' should be true or false, not '{value}'")]
    Boolean {
        /// The key.
        key: &'static str,
        /// As read.
        value: String,
    },
    /// A hook in `[[tool.alembic.post_write_hooks]]` has no `name`.
    #[error("{}: entry {number} of post_write_hooks has no 'name'", path.display())]
    HookName {
        /// The file.
        path: PathBuf,
        /// From 1.
        number: usize,
    },
    /// limbec's own settings are wrong.
    #[error(transparent)]
    Settings(#[from] super::settings::SettingsError),
}

impl ConfigError {
    /// Whether Alembic reports this by `FAILED:` (exit 255); otherwise it dies of a traceback (exit 1), or does not know it.
    pub fn is_command_error(&self) -> bool {
        matches!(
            self,
            Self::TomlFormat
                | Self::TomlType { .. }
                | Self::TomlBoolean { .. }
                | Self::NoSection { .. }
                | Self::NoScriptLocation
                | Self::NoScriptDirectory(_)
        )
    }
}

/// What breaks the grammar of an ini file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IniFault {
    /// Text before the first section.
    #[error("'{text}' stands before any section header such as [alembic]")]
    NoSection {
        /// The line.
        text: String,
    },
    /// `[a]` twice.
    #[error("section [{name}] appears twice")]
    DuplicateSection {
        /// Its name.
        name: String,
    },
    /// One key twice in a section.
    #[error("option '{option}' appears twice in section [{section}]")]
    DuplicateOption {
        /// The section.
        section: String,
        /// The key, folded.
        option: String,
    },
    /// No `=` and no `:`, or no key before it.
    #[error("'{text}' is neither 'key = value' nor a section header")]
    NoDelimiter {
        /// The line.
        text: String,
    },
    /// Bytes that are not UTF-8.
    #[error("the file is not UTF-8")]
    NotUtf8,
}

/// What is wrong with the `%` of an ini value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InterpolationFault {
    /// `%x`
    #[error("has a '%' that is followed by neither '%' nor '(': write '%%' for a percent sign")]
    LonePercent,
    /// `%(name)d`
    #[error("has a '%(' that does not go on as '%(name)s'")]
    BadReference,
    /// `%(nothing)s`
    #[error("refers to '{name}', which is not set")]
    Unknown {
        /// The option, folded.
        name: String,
    },
    /// A cycle, or very deep.
    #[error("refers to other options more than {limit} deep")]
    TooDeep {
        /// Python's limit.
        limit: usize,
    },
}
