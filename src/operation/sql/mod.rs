//! SQL text as operations, read with PostgreSQL's grammar (squawk's parser).
//!
//! [`read_sql`] takes a text of one or more statements, with the bind parameters and escapes that SQLAlchemy and the drivers know.
//! A statement that PostgreSQL's grammar does not take is looked at once more as MySQL's, SQLite's or SQL Server's; what is
//! not understood then is listed with the parser's reason.

mod alter;
mod column_type;
mod computed;
mod data;
mod do_block;
mod foreign;
mod locks;
mod mask;
mod names;
mod objects;
mod parse;
mod reading;
mod routine;
mod split;
mod statement;
mod statements;
mod table;
#[cfg(test)]
mod tests;
mod variables;

pub(super) use column_type::column_type;
#[cfg(test)]
pub(super) use reading::SqlReading;
pub(super) use reading::{SqlOperation, last_statement, read_sql, read_statements};
pub use statements::{InTransaction, SqlStatement, statements};
pub(super) use variables::{UNKNOWN, mask_variables};
