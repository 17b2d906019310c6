//! Statements of MySQL, SQLite and SQL Server, as far as migrations commonly have them.

mod alter_table;
mod keywords;
mod rewrite;

pub(super) use alter_table::index_as_column;

use super::reading::Statement;
use super::{parse, statement};

/// Reads a statement that is not PostgreSQL's; false: not understood.
pub(super) fn read(text: &str, out: &mut Statement) -> bool {
    let rewritten = rewrite::rewrite(text);
    if rewritten != text
        && let Ok(parsed) = parse::parse(&rewritten)
    {
        statement::read(&parsed, out);
        return true;
    }
    alter_table::read(&rewritten, out) || keywords::read(&rewritten, out)
}
