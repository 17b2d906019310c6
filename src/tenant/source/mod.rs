//! Where tenants are listed: in the settings, a file, by a command, by a query, or by the schemas of a database. One file a source.

mod all;
mod command;
mod csv;
mod entry;
mod file;
mod query;
mod schemas;

pub use all::{SourceRequest, tenants};
