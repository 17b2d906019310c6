use std::fmt;

/// A table, as written: `None` as schema is whatever the connection's default is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    /// `schema=`, or the qualifier in SQL.
    pub schema: Option<String>,
    /// Without quotes. SQL's unquoted names are lower case here, as PostgreSQL stores them.
    pub name: String,
}

impl TableName {
    /// A table of the default schema.
    pub fn new(name: impl Into<String>) -> Self {
        Self { schema: None, name: name.into() }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// The name of an index or a constraint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Name {
    /// As written, `op.f()` taken off.
    Known(String),
    /// `None`: a naming convention or the database chooses.
    #[default]
    Unnamed,
    /// Computed when the revision runs.
    Unknown,
}

impl Name {
    /// The name, where it is known.
    pub fn known(&self) -> Option<&str> {
        match self {
            Self::Known(name) => Some(name),
            _ => None,
        }
    }
}
