use super::super::{Code, Subject, VerifyError, VersionRows};
use crate::database::{Connection, History, HistoryEntry, InvalidIndex, Settlement};
use crate::plan::HeadChange;
use crate::revision::RevisionId;

/// One thing to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Repair {
    /// What it mends.
    pub code: Code,
    /// What is done, as an order without a full stop: `remove the row aaaa from alembic_version`.
    pub sentence: String,
    /// What to do afterwards.
    pub hint: Option<String>,
    pub(super) action: Action,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    RemoveNulls,
    /// All but one of the rows that are alike.
    KeepOne(RevisionId),
    RemoveRow(RevisionId),
    /// To this many characters.
    Widen(u64),
    DropIndex(InvalidIndex),
    /// File and meaning.
    Accept(Box<HistoryEntry>, (String, String)),
    Settle {
        entry: Box<HistoryEntry>,
        settlement: Settlement,
        heads: Vec<HeadChange>,
    },
    /// A step that happened and was not recorded.
    Heads(Vec<HeadChange>),
}

/// Carries one out, in a transaction of its own.
pub(super) fn apply(
    subject: &Subject<'_>,
    connection: &mut Connection,
    (repair, history): (&Repair, Option<&History>),
) -> Result<(), VerifyError> {
    let table = subject.table;
    if let Action::DropIndex(index) = &repair.action {
        // CONCURRENTLY runs in no transaction.
        connection.drop_invalid_index(index)?;
        return Ok(());
    }
    let mut transaction = connection.begin()?;
    match &repair.action {
        Action::RemoveNulls => drop(transaction.remove_null_rows(table)?),
        Action::KeepOne(id) => transaction.keep_one_row(table, id)?,
        Action::RemoveRow(id) => transaction.apply(table, &[HeadChange::Delete(id.clone())])?,
        Action::Widen(characters) => transaction.widen(table, *characters)?,
        Action::DropIndex(_) => {}
        Action::Accept(entry, (sha256, meaning)) => {
            if let Some(history) = history {
                history.accept(&mut transaction, entry, (sha256, meaning))?;
            }
        }
        Action::Settle { entry, settlement, heads } => {
            transaction.apply(table, heads)?;
            if let Some(history) = history {
                history.settle(&mut transaction, entry, settlement)?;
            }
        }
        Action::Heads(heads) => transaction.apply(table, heads)?,
    }
    Ok(transaction.commit()?)
}

/// The row that says what was done.
pub(super) fn record(
    subject: &Subject<'_>,
    connection: &mut Connection,
    (history, template): (&History, &HistoryEntry),
    (repair, before): (&Repair, &[RevisionId]),
) -> Result<(), VerifyError> {
    let after = VersionRows::read(connection, subject.table)?.unwrap_or_default().ids;
    let sorted = |ids: &[RevisionId]| {
        let mut ids = ids.to_vec();
        ids.sort();
        ids.dedup();
        ids
    };
    let now = chrono::Utc::now();
    let entry = HistoryEntry {
        revision: after.first().or(before.first()).cloned().unwrap_or_else(|| RevisionId::from("")),
        description: format!("repair {}: {}", repair.code, repair.sentence),
        from_heads: sorted(before),
        to_heads: sorted(&after),
        started_at: now,
        finished_at: Some(now),
        ..template.clone()
    };
    let mut transaction = connection.begin()?;
    history.record(&mut transaction, &[entry])?;
    Ok(transaction.commit()?)
}
