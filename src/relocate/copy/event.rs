/// What a copy is about to do, or has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The tables of the source are locked against writers.
    Locked {
        /// How many.
        tables: usize,
    },
    /// The structure is there.
    Structure {
        /// How many statements made it.
        statements: usize,
    },
    /// A table begins, or goes on.
    Table {
        /// Its name.
        name: String,
        /// Its number, from 1.
        number: usize,
        /// Of how many.
        of: usize,
    },
    /// A batch is committed.
    Rows {
        /// Of this table, until now.
        rows: u64,
        /// Of its pages of 8 KiB.
        pages: u64,
        /// Of how many.
        of: u64,
    },
    /// What was copied of a table before is thrown away, as the source has changed.
    Again {
        /// Its name.
        name: String,
    },
    /// A statement after the rows.
    Statement {
        /// What it makes.
        what: String,
        /// Its number, from 1.
        number: usize,
        /// Of how many.
        of: usize,
    },
    /// Both are compared.
    Comparing {
        /// A table.
        name: String,
    },
    /// The source is dropped.
    Dropping,
}
