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

    /// A temporary table, which belongs to a session.
    pub fn temporary(name: impl Into<String>) -> Self {
        Self { schema: Some(Self::TEMPORARY.to_owned()), name: name.into() }
    }

    /// Whether it is a temporary table.
    pub fn is_temporary(&self) -> bool {
        self.schema.as_deref() == Some(Self::TEMPORARY)
    }

    /// PostgreSQL's name of the schema of a session's temporary tables.
    const TEMPORARY: &str = "pg_temp";
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
