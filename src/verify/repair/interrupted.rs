use std::collections::BTreeMap;

use super::super::{AppliedSchema, Code, Standing, Subject};
use super::action::Action;
use super::{Repair, Word};
use crate::database::{HistoryEntry, Outcome, Settlement};
use crate::plan::HeadChange;
use crate::revision::RevisionId;

/// Settles the rows of killed runs. Where the schema does not tell, the second list says why.
pub(super) fn plan(
    (subject, words): (&Subject<'_>, &BTreeMap<RevisionId, Word>),
    applied: Option<&AppliedSchema>,
    rows: &[RevisionId],
    open: &[HistoryEntry],
) -> (Vec<Repair>, Vec<String>) {
    let (mut repairs, mut left) = (Vec::new(), Vec::new());
    for entry in open {
        let HistoryEntry { revision, direction, .. } = entry;
        if entry.outcome == Outcome::Planned {
            let sentence = format!("forget the {direction} of {revision}, which had not begun when its run was killed");
            repairs.push(settle(entry, sentence, Settlement::Removed, Vec::new()));
            continue;
        }
        let verdict = match words.get(revision).and_then(|word| said(*word, rows, entry)) {
            Some(verdict) => Ok(verdict),
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

type Verdict = (&'static str, Settlement, Vec<HeadChange>);

/// What somebody says, where the version table is as it was when the step began.
fn said(word: Word, rows: &[RevisionId], entry: &HistoryEntry) -> Option<Verdict> {
    let mut heads = rows.to_vec();
    heads.sort();
    (heads == entry.from_heads).then(|| match word {
        Word::Done => (
            "you say that all of it is there, so the version table is set",
            Settlement::Done,
            changes(&entry.from_heads, &entry.to_heads),
        ),
        Word::Undone => ("you say that nothing of it is there", Settlement::Interrupted, Vec::new()),
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
        return Ok(("the version table says that it is done", Settlement::Done, Vec::new()));
    }
    if heads != entry.from_heads {
        return Ok(("the version table has moved on since", Settlement::Interrupted, Vec::new()));
    }
    if entry.transactional {
        return Ok(("its transaction was rolled back", Settlement::Interrupted, Vec::new()));
    }
    let steps = (entry.from_heads.as_slice(), entry.to_heads.as_slice());
    let standing = applied.map_or(Standing::Unknown, |applied| Standing::of(subject, applied, &entry.revision, steps));
    match standing {
        Standing::Wholly => Ok((
            "all of it is there, so the version table is set",
            Settlement::Done,
            changes(&entry.from_heads, &entry.to_heads),
        )),
        Standing::NotAtAll => Ok(("nothing of it is there", Settlement::Interrupted, Vec::new())),
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
