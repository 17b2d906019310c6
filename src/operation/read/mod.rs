//! Follows `upgrade()` and `downgrade()` through the syntax tree, as Python would run them.
//!
//! Values that cannot be told are [`value::Value::Unknown`]; circumstances that cannot be told make what depends on them
//! conditional. Work and depth are bounded, whatever a file holds.

mod arguments;
mod batch;
mod block;
mod builtin;
mod call;
mod collection;
mod column;
mod compare;
mod connection;
mod directives;
mod emit;
mod expression;
mod function;
mod import;
mod joining;
mod loops;
mod managers;
mod modules;
mod objects;
mod orm;
mod reader;
mod revision;
mod sql;
mod sql_file;
mod sqlalchemy;
mod statement;
mod strings;
mod types;
mod value;
mod way;

#[cfg(test)]
mod tests;

pub(super) use emit::missing;
pub use revision::read;
pub(super) use sql::blank;
