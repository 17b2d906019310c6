use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;

use super::super::record::Records;
use super::super::{AppliedSchema, Code, Standing, Subject};
use super::action::Action;
use super::{Repair, Word};
use crate::database::{CommittedPart, Dialect, HistoryDirection, HistoryEntry, Outcome, Settlement};
use crate::plan::HeadChange;
use crate::revision::RevisionId;
use crate::script::SqlRevision;
use crate::sqlfile::{ContinuationError, Directives, SqlDialect, statements_again};

/// Settles the rows of killed runs, and of steps that failed after a part of them was committed. Where the schema does not tell, the second list says why.
pub(super) fn plan(
    (subject, words): (&Subject<'_>, &BTreeMap<RevisionId, Word>),
    applied: Option<&AppliedSchema>,
    rows: &[RevisionId],
    records: &Records,
) -> (Vec<Repair>, Vec<String>) {
    let (mut repairs, mut left) = (Vec::new(), Vec::new());
    // Who has said that a step goes on may say something else.
    let said_again = records.continued.iter().filter(|entry| words.contains_key(&entry.revision));
    for entry in records.torn.iter().chain(said_again) {
        let verdict = judge_torn(entry, words, rows).and_then(|verdict| continuable(subject, entry, verdict));
        let HistoryEntry { revision, direction, .. } = entry;
        match verdict {
            Ok((what, settlement, heads)) => {
                let sentence = format!("settle the {direction} of {revision}: {what}");
                repairs.push(settle(entry, sentence, settlement, heads));
            }
            Err(why) => left.push(format!("the {direction} of {revision} failed, {why}")),
        }
    }
    for entry in &records.open {
        let HistoryEntry { revision, direction, .. } = entry;
        if entry.outcome == Outcome::Planned {
            let sentence = format!("forget the {direction} of {revision}, which had not begun when its run was killed");
            repairs.push(settle(entry, sentence, Settlement::Removed, Vec::new()));
            continue;
        }
        if words.get(revision) == Some(&Word::Continue(None)) && entry.committed().is_none() {
            left.push(format!(
                "the {direction} of {revision} was interrupted, and how many statements of its file are committed is not known: look, then \
                 `limbec repair --continue {revision}:NUMBER`"
            ));
            continue;
        }
        let verdict = match words.get(revision).and_then(|word| said(*word, rows, entry)) {
            Some(verdict) => continuable(subject, entry, verdict),
            None => judge(subject, applied, rows, entry),
        };
        match verdict {
            Ok((what, settlement, heads)) => {
                let sentence = format!("settle the {direction} of {revision}: {what}");
                repairs.push(settle(entry, sentence, settlement, heads));
            }
            Err(why) => left.push(format!("the {direction} of {revision} was interrupted, {why}")),
        }
    }
    (repairs, left)
}

fn settle(entry: &HistoryEntry, sentence: String, settlement: Settlement, heads: Vec<HeadChange>) -> Repair {
    let action = Action::Settle { entry: Box::new(entry.clone()), settlement, heads };
    Repair { code: Code::InterruptedRun, sentence, hint: None, action }
}

type Verdict = (String, Settlement, Vec<HeadChange>);

/// What becomes of a step of which a part is committed: nobody but a person knows.
fn judge_torn(
    entry: &HistoryEntry,
    words: &BTreeMap<RevisionId, Word>,
    rows: &[RevisionId],
) -> Result<Verdict, String> {
    let revision = &entry.revision;
    let number = entry.committed_statements.unwrap_or_default();
    match words.get(revision) {
        Some(Word::Done) => said(Word::Done, rows, entry).ok_or_else(|| {
            format!(
                "and the version table has moved on since; if all of it is there, `limbec stamp` says so ({revision})"
            )
        }),
        Some(Word::Undone) => Ok((NOTHING_THERE.to_owned(), Settlement::Interrupted(None), Vec::new())),
        Some(Word::Continue(statements)) => Ok(continued(entry, *statements)),
        None => Err(format!(
            "and {} committed. `limbec repair --continue {revision}` has the next run go on behind {}; or {}",
            if number == 1 {
                "its first statement is".to_owned()
            } else {
                format!("its first {number} statements are")
            },
            if number == 1 { "it" } else { "them" },
            when_known(revision)
        )),
    }
}

const NOTHING_THERE: &str = "you say that nothing of it is there";

/// Whether the file can go on there.
fn continuable(subject: &Subject<'_>, entry: &HistoryEntry, verdict: Verdict) -> Result<Verdict, String> {
    let Settlement::Interrupted(Some(part)) = &verdict.1 else { return Ok(verdict) };
    let no = |why: String| Err(format!("and cannot go on behind statement {}: {why}", part.statements));
    let position = subject.scripts.map.position(entry.revision.as_str());
    let files = position.and_then(|index| subject.files.get(index)).and_then(|read| SqlRevision::of(&read.file));
    let path = match (files, entry.direction) {
        (Some(files), HistoryDirection::Downgrade) => files.down,
        (Some(files), _) => files.up,
        (None, _) => return no("its work is in no SQL file".to_owned()),
    };
    let shown = path.display();
    let open = || File::open(&path).map(BufReader::new).map_err(|error| format!("{shown}: {error}"));
    match open().map(Directives::read) {
        Ok(Ok(directives)) if !directives.no_transaction => {
            return no(format!("{shown} does not say `-- limbec: no-transaction`"));
        }
        Err(error) => return no(error),
        // What cannot be read is said below.
        Ok(_) => {}
    }
    let dialect = if subject.url.dialect() == Dialect::Sqlite { SqlDialect::Sqlite } else { SqlDialect::Postgres };
    match open().map(|reader| statements_again(reader, dialect, part.statements)) {
        Ok(Ok(_)) => Ok(verdict),
        Ok(Err(error @ ContinuationError::Ended { .. })) => no(format!(
            "{shown}: {error}; make what is missing a revision of its own, or say {}",
            when_known(&entry.revision)
        )),
        Ok(Err(error)) => no(format!("{shown}: {error}")),
        Err(error) => no(error),
    }
}

/// The next run goes on behind so many statements, else behind those that the history knows.
fn continued(entry: &HistoryEntry, statements: Option<u64>) -> Verdict {
    let part = match statements {
        Some(statements) => Some(CommittedPart { statements, sha256: None }).filter(|part| part.statements > 0),
        None => entry.committed(),
    };
    let sentence = match part.as_ref().map(|part| part.statements) {
        None => "the next run begins with its first statement".to_owned(),
        Some(number) => format!("the next run goes on behind statement {number}"),
    };
    (sentence, Settlement::Interrupted(part), Vec::new())
}

/// What somebody says, where the version table is as it was when the step began.
fn said(word: Word, rows: &[RevisionId], entry: &HistoryEntry) -> Option<Verdict> {
    let mut heads = rows.to_vec();
    heads.sort();
    (heads == entry.from_heads).then(|| match word {
        Word::Done => (
            "you say that all of it is there, so the version table is set".to_owned(),
            Settlement::Done,
            changes(&entry.from_heads, &entry.to_heads),
        ),
        Word::Undone => (NOTHING_THERE.to_owned(), Settlement::Interrupted(None), Vec::new()),
        Word::Continue(statements) => continued(entry, statements),
    })
}

/// How to go on once somebody knows.
fn when_known(revision: &RevisionId) -> String {
    format!(
        "`limbec repair --done {revision}` if all of it is there then, `limbec repair --undone {revision}` if nothing of it is"
    )
}

fn judge(
    subject: &Subject<'_>,
    applied: Option<&AppliedSchema>,
    rows: &[RevisionId],
    entry: &HistoryEntry,
) -> Result<Verdict, String> {
    let mut heads = rows.to_vec();
    heads.sort();
    if heads == entry.to_heads {
        return Ok(("the version table says that it is done".to_owned(), Settlement::Done, Vec::new()));
    }
    if heads != entry.from_heads {
        return Ok(("the version table has moved on since".to_owned(), Settlement::Interrupted(None), Vec::new()));
    }
    if entry.transactional {
        return Ok(("its transaction was rolled back".to_owned(), Settlement::Interrupted(None), Vec::new()));
    }
    let steps = (entry.from_heads.as_slice(), entry.to_heads.as_slice());
    let standing = applied.map_or(Standing::Unknown, |applied| Standing::of(subject, applied, &entry.revision, steps));
    match standing {
        Standing::Wholly => Ok((
            "all of it is there, so the version table is set".to_owned(),
            Settlement::Done,
            changes(&entry.from_heads, &entry.to_heads),
        )),
        Standing::NotAtAll => Ok(("nothing of it is there".to_owned(), Settlement::Interrupted(None), Vec::new())),
        Standing::Partly { done, missing } => Err(format!(
            "and a part of it happened: {}; not: {}. Complete or undo it by hand, then {}",
            done.join(", "),
            missing.join(", "),
            when_known(&entry.revision)
        )),
        Standing::Unknown => Err(format!(
            "and the schema does not tell how far it came (it changes rows, or something that limbec cannot read). Look at it, \
             then {}",
            when_known(&entry.revision)
        )),
    }
}

/// From some rows to others.
pub(super) fn changes(from: &[RevisionId], to: &[RevisionId]) -> Vec<HeadChange> {
    let gone: Vec<&RevisionId> = from.iter().filter(|id| !to.contains(id)).collect();
    let new: Vec<&RevisionId> = to.iter().filter(|id| !from.contains(id)).collect();
    if let ([from], [to]) = (gone.as_slice(), new.as_slice()) {
        return vec![HeadChange::Update { from: (*from).clone(), to: (*to).clone() }];
    }
    let deletions = gone.into_iter().map(|id| HeadChange::Delete(id.clone()));
    deletions.chain(new.into_iter().map(|id| HeadChange::Insert(id.clone()))).collect()
}
