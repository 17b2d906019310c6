//! Statements of MySQL, SQLite and SQL Server, as far as migrations commonly have them.

mod alter_table;
mod keywords;
mod rewrite;

pub(super) use alter_table::index_as_column;

use super::reading::Statement;
use super::{parse, routine, statement};

/// Reads a statement that is not PostgreSQL's; false: not understood.
pub(super) fn read(text: &str, out: &mut Statement) -> bool {
    let rewritten = rewrite::rewrite(text);
    if rewritten != text
        && let Ok(parsed) = parse::parse(&rewritten)
    {
        statement::read(&parsed, out);
        out.forget_values();
        return true;
    }
    let is_read = alter_table::read(&rewritten, out) || keywords::read(&rewritten, out);
    let trigger = is_read.then(|| routine::trigger_of_sqlite(text)).flatten();
    out.leaves(|later| later.trigger = trigger.map(Box::new));
    is_read
}
