use std::collections::{BTreeMap, BTreeSet};

use super::super::record::Records;
use super::super::{AppliedSchema, Code, Standing, Subject, VerifyError, VersionRows, read_applied, rows, schema};
use super::Repair;
use super::action::{self, Action};
use super::interrupted;
use crate::database::{Connection, Dialect, History, HistoryEntry};
use crate::published::Fingerprint;
use crate::revision::RevisionId;

/// What may be mended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consent {
    /// Of these kinds; none: of all.
    pub codes: BTreeSet<Code>,
    /// Changed files of these revisions are accepted.
    pub accepted: BTreeSet<RevisionId>,
    /// Those of all revisions are.
    pub accepts_all: bool,
    /// What somebody found out about the interrupted steps of these revisions.
    pub words: BTreeMap<RevisionId, Word>,
}

/// What somebody who has looked says of an interrupted step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// All that it does is there.
    Done,
    /// Nothing of it is there, so that it can be run again.
    Undone,
    /// Of its SQL file so many statements are committed, from the first; `None`: as many as the history says. The next run goes on there.
    Continue(Option<u64>),
}

impl Consent {
    fn includes(&self, code: Code) -> bool {
        self.codes.is_empty() || self.codes.contains(&code)
    }

    /// That a file was changed by mistake is as likely as not: nobody accepts it without having said so.
    fn accepts(&self, id: &RevisionId) -> bool {
        self.accepts_all || self.accepted.contains(id)
    }
}

/// What is to be done, in this order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Repairs {
    /// What can be mended.
    pub repairs: Vec<Repair>,
    /// What cannot, and why.
    pub left: Vec<String>,
}

impl Repairs {
    /// Finds out what can be mended. Nothing is changed.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn plan(subject: &Subject<'_>, connection: &mut Connection, consent: &Consent) -> Result<Self, VerifyError> {
        let mut planned = Self::default();
        let Some(rows) = VersionRows::read(connection, subject.table)? else { return Ok(planned) };
        planned.of_rows(subject, &rows);
        planned.of_width(subject, connection)?;
        let is_known = rows.ids.iter().all(|id| subject.scripts.map.position(id.as_str()).is_some());
        let applied = if is_known { Some(read_applied(subject, connection, &rows.ids)?) } else { None };
        let records = Records::read(subject, connection, &rows.ids)?;
        if let Some(records) = &records {
            planned.of_changed_files(subject, records, (&rows, consent));
            let (repairs, left) = interrupted::plan((subject, &consent.words), applied.as_ref(), &rows.ids, records);
            planned.repairs.extend(repairs);
            if consent.includes(Code::InterruptedRun) {
                planned.left.extend(left);
            }
        }
        if records.is_none_or(|records| records.open.is_empty() && records.torn.is_empty()) {
            planned.of_pending(subject, &rows, applied.as_ref());
        }
        planned.of_indexes(subject, connection)?;
        planned.repairs.retain(|repair| consent.includes(repair.code));
        Ok(planned)
    }

    /// Does it all, one after another, each recorded in the history where there is one. `template` has what a record says of
    /// who runs this. `on_done` is told of each.
    ///
    /// # Errors
    /// What the database says; what was done before stays done.
    pub fn apply(
        &self,
        subject: &Subject<'_>,
        connection: &mut Connection,
        template: &HistoryEntry,
        on_done: &mut dyn FnMut(&Repair),
    ) -> Result<(), VerifyError> {
        let history = History::open(connection, subject.history, subject.table)?;
        for repair in &self.repairs {
            let before = VersionRows::read(connection, subject.table)?.unwrap_or_default().ids;
            action::apply(subject, connection, (repair, history.as_ref()))?;
            if let Some(history) = &history {
                action::record(subject, connection, (history, template), (repair, &before))?;
            }
            on_done(repair);
        }
        Ok(())
    }

    fn push(&mut self, code: Code, sentence: String, action: Action) {
        self.repairs.push(Repair { code, sentence, hint: None, action });
    }

    fn of_rows(&mut self, subject: &Subject<'_>, rows: &VersionRows) {
        let table = subject.table;
        if rows.nulls > 0 {
            let sentence = format!(
                "remove {} NULL from {table}",
                if rows.nulls == 1 { "the row that is" } else { "the rows that are" }
            );
            self.push(Code::NullRow, sentence, Action::RemoveNulls);
        }
        for (id, _) in rows.duplicates() {
            let sentence = format!("leave one row {id} in {table}");
            self.push(Code::DuplicateRow, sentence, Action::KeepOne(id));
        }
        for (id, by) in rows.implied(subject) {
            let sentence = format!("remove the row {id} from {table}, which {by} implies");
            self.push(Code::ImpliedRow, sentence, Action::RemoveRow(id));
        }
    }

    fn of_width(&mut self, subject: &Subject<'_>, connection: &mut Connection) -> Result<(), VerifyError> {
        if let Some((_, longest)) = rows::narrow_column(subject, connection)? {
            // Room for more than today's longest, so that this is not to be done again next week.
            let width = (longest.chars().count() as u64).next_multiple_of(64).max(128);
            let sentence = format!("make {}.version_num VARCHAR({width})", subject.table);
            self.push(Code::NarrowVersionColumn, sentence, Action::Widen(width));
        }
        Ok(())
    }

    fn of_changed_files(
        &mut self,
        subject: &Subject<'_>,
        records: &Records,
        (rows, consent): (&VersionRows, &Consent),
    ) {
        for (id, record) in records.changed(subject, &rows.ids) {
            let index = subject.scripts.map.position(id.as_str());
            let Some(read) = index.and_then(|index| subject.files.get(index)) else { continue };
            let fingerprint = Fingerprint::of(&read.file);
            if consent.accepts(id) {
                let hashes = (fingerprint.file_sha256, fingerprint.meaning.to_string());
                let sentence = format!("accept the file of revision {id} as it is now");
                self.push(Code::ChangedRevision, sentence, Action::Accept(Box::new(record.entry.clone()), hashes));
            } else if consent.includes(Code::ChangedRevision) {
                self.left.push(format!(
                    "the file of revision {id} has changed since it was applied: put it back, or `limbec repair --accept {id}`"
                ));
            }
        }
    }

    fn of_pending(&mut self, subject: &Subject<'_>, rows: &VersionRows, applied: Option<&AppliedSchema>) {
        let Some(applied) = applied else { return };
        let mut pending = schema::pending_steps(subject, &rows.ids);
        pending.retain(|(id, after)| Standing::of(subject, applied, id, (&rows.ids, after)) == Standing::Wholly);
        // Of several the first alone: the heads after it are others than those that the next was judged by.
        if let Some((id, after)) = pending.into_iter().next() {
            let sentence = format!("say that revision {id} is applied, all of which is there");
            self.push(Code::UnrecordedStep, sentence, Action::Heads(interrupted::changes(&rows.ids, &after)));
        }
    }

    fn of_indexes(&mut self, subject: &Subject<'_>, connection: &mut Connection) -> Result<(), VerifyError> {
        if connection.dialect() != Dialect::Postgres {
            return Ok(());
        }
        for index in connection.invalid_indexes(subject.table)? {
            self.repairs.push(Repair {
                code: Code::InvalidIndex,
                sentence: format!("drop the invalid index {index}"),
                hint: Some(format!(
                    "build {} again: CREATE INDEX CONCURRENTLY, or the revision that makes it (`limbec downgrade`, `limbec upgrade`)",
                    index.name
                )),
                action: Action::DropIndex(index),
            });
        }
        Ok(())
    }
}
