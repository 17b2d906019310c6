use std::ops::Range;

use super::emit::missing;
use super::sql::{blank, locate};
use super::value::is_unknown;
use crate::operation::sql::{SqlOperation, mask_variables, read_statements};
use crate::operation::{Body, Dialects, Gap, NotAnalysed, Operation, OperationContext, Operations};
use crate::script::{AttachedSql, RevisionFile, SqlFile, SqlState};
use crate::sqlfile::Directives;

/// The operations of a revision whose work is in SQL files; `python` is what its Python file has of the two functions.
pub(super) fn read(file: &RevisionFile, sql: &AttachedSql, python: Operations) -> Operations {
    let mut downgrade = body(file, &sql.down, python.downgrade);
    if sql.up.exists() && !sql.down.exists() {
        // The Python file is the same in all such revisions: whoever reads of this looks at the SQL.
        let start = sql.up.range.start;
        let top = Some(start..start);
        downgrade = Body { definition: top.clone(), body: top.clone(), raises: top, ..downgrade };
    }
    Operations { upgrade: body(file, &sql.up, python.upgrade), downgrade }
}

fn body(file: &RevisionFile, sql: &SqlFile, python: Body) -> Body {
    let definition = python.definition.clone();
    match &sql.state {
        // The function fails before it does anything.
        SqlState::Missing => Body { raises: python.body.clone(), definition, body: python.body, ..Body::default() },
        SqlState::Unreadable(reason) => {
            let not_analysed = vec![unread(sql, sql.range.clone(), format!("it cannot be read: {reason}"))];
            let start = sql.range.start;
            Body { definition: Some(start..start), body: Some(sql.range.clone()), not_analysed, ..Body::default() }
        }
        SqlState::Whole | SqlState::Cut => of_text(sql, sql.text(file)),
    }
}

fn of_text(sql: &SqlFile, text: &str) -> Body {
    let start = sql.range.start;
    let directives = Directives::read(text.as_bytes()).unwrap_or_default();
    let masked = mask_variables(text, &directives.variables);
    let (end, rest) = match sql.state {
        // The last statement is not complete, or cannot be told to be.
        SqlState::Cut => read_end(&masked),
        _ => (masked.len(), None),
    };
    let mut body = Body { definition: Some(start..start), body: Some(sql.range.clone()), ..Body::default() };
    let reading = read_statements(masked.get(..end).unwrap_or_default());
    let place = |range: &Range<usize>| start + range.start..start + range.end;
    for SqlOperation { mut kind, range, is_conditional, mut later } in reading.operations {
        let at = place(&range);
        if masked.get(range.clone()).is_some_and(is_unknown) {
            blank(&mut kind);
            later.blank();
        }
        locate(&mut kind, &at);
        if let Some(reason) = missing(&kind) {
            let what = "this statement".to_owned();
            body.not_analysed.push(NotAnalysed {
                range: at.clone(),
                what,
                reason: reason.replace("is computed", "is a variable"),
                is_partly_known: true,
                dialects: Dialects::ALL,
                keeps_data: false,
            });
        }
        let context =
            OperationContext { autocommit: directives.no_transaction, is_conditional, ..OperationContext::default() };
        let sql = text.get(range).map(str::to_owned);
        body.operations.push(Operation { kind, range: at.clone(), statement: at, sql, context, later });
    }
    let not_parsed = reading.not_parsed.into_iter();
    body.not_analysed.extend(not_parsed.map(|(range, gap)| unread(sql, place(&range), gap)));
    if let Some(rest) = rest {
        let reason = "the file is so long that only its beginning is read".to_owned();
        body.not_analysed.push(unread(sql, place(&rest), reason));
    }
    body.is_empty = body.operations.is_empty() && body.not_analysed.is_empty();
    body
}

/// The end of the last statement of a text that is cut off, and what is behind it.
fn read_end(text: &str) -> (usize, Option<Range<usize>>) {
    let last = crate::operation::sql::last_statement(text);
    let end = last.map_or(text.len(), |range| range.start);
    (end, Some(end..text.len()))
}

fn unread(sql: &SqlFile, range: Range<usize>, gap: impl Into<Gap>) -> NotAnalysed {
    let is_whole = range == sql.range;
    let what = if is_whole { "the file" } else { "this statement" }.to_owned();
    let Gap { reason, keeps_data } = gap.into();
    NotAnalysed { range, what, reason, is_partly_known: false, dialects: Dialects::ALL, keeps_data }
}
