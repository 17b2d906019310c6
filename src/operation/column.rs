use std::ops::Range;

use super::{Constraint, Name};

/// `sa.Column(…)`, or a column definition in SQL.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Column {
    /// `None`: computed when the revision runs.
    pub name: Option<String>,
    /// Its type; `None`: not given (a foreign key decides) or not known.
    pub type_: Option<ColumnType>,
    /// `nullable=`; `None`: not given (true unless it is part of the primary key).
    pub nullable: Option<bool>,
    /// `primary_key=True`
    pub primary_key: bool,
    /// `unique=True`
    pub unique: bool,
    /// `index=True`
    pub index: bool,
    /// `server_default=`, a default in SQL, `sa.Identity()`.
    pub server_default: Option<ServerDefault>,
    /// `default=`: filled by Python, unknown to the database.
    pub has_python_default: bool,
    /// `sa.Computed(…)`
    pub computed: Option<Computed>,
    /// `sa.ForeignKey(…)`, `sa.CheckConstraint(…)` among its arguments; their `columns` hold this column.
    pub constraints: Vec<Constraint>,
    /// In the text.
    pub range: Range<usize>,
}

impl Column {
    /// Whether rows may hold NULL there.
    pub fn is_nullable(&self) -> bool {
        self.nullable.unwrap_or(!self.primary_key)
    }
}

/// `sa.Computed(…)`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Computed {
    /// `persisted=`; PostgreSQL knows only stored ones before version 18 and takes `None` for stored.
    pub persisted: Option<bool>,
}

/// What the database fills in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerDefault {
    /// A string literal: a constant of the column's type.
    Constant(String),
    /// An expression in SQL: `sa.text("now()")`, `sa.func.now()` as `now()`, `sa.true()` as `true`.
    Expression(String),
    /// `sa.Identity()`, `GENERATED … AS IDENTITY`, `SERIAL`.
    Identity,
    /// There is one, not known which.
    Unknown,
}

/// A column's type.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnType {
    /// On PostgreSQL where `with_variant` names it, else on databases in general.
    pub kind: TypeKind,
    /// As written, shortened for messages: `sa.String(length=50)`, `varchar(50)`.
    pub text: String,
    /// In the text, where it was written in Python.
    pub range: Range<usize>,
}

impl ColumnType {
    /// A type as SQL writes it: `character varying(20)[]`.
    pub fn in_sql(written: &str) -> Self {
        super::sql::column_type(written)
    }
}

/// Types that limbec tells apart.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeKind {
    SmallInteger,
    Integer,
    BigInteger,
    Boolean,
    /// `real`, `double precision`, `float(p)`; the precision in binary digits.
    Float {
        precision: Option<u64>,
    },
    Numeric {
        precision: Option<u64>,
        scale: Option<u64>,
    },
    /// `varchar(n)`; without a length it is unlimited on PostgreSQL.
    Varchar {
        length: Option<u64>,
    },
    Char {
        length: Option<u64>,
    },
    Text,
    Date,
    Time {
        timezone: bool,
    },
    Timestamp {
        timezone: bool,
    },
    Interval,
    Json,
    Jsonb,
    Uuid,
    /// `bytea`, `blob`
    Binary,
    Enum(EnumType),
    Array(Box<ColumnType>),
    /// Another type, by its upper-case name without a module: `TSVECTOR`, `GEOMETRY`.
    Other(String),
    /// Computed when the revision runs.
    Unknown,
}

/// `sa.Enum`, `postgresql.ENUM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumType {
    /// `name=`
    pub name: Name,
    /// `schema=`
    pub schema: Option<String>,
    /// `None`: not known (a Python enum class).
    pub values: Option<Vec<String>>,
    /// `create_type=False` (PostgreSQL's ENUM) makes this false: `create_table` leaves the type alone.
    pub creates_type: bool,
    /// `native_enum=False` makes this false: a varchar, perhaps with a check constraint.
    pub is_native: bool,
    /// `create_constraint=True`
    pub creates_constraint: bool,
}
