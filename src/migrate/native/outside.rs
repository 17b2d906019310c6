//! Statements outside of a transaction: each is committed by itself, so that what has run stays when a later one fails.

use sha2::{Digest, Sha256};
use thiserror::Error;

use super::StatementPlace;
use crate::database::CommittedPart;
use crate::revision::RevisionId;

/// Why a file is not run, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FileRefusal {
    /// It ends within a transaction that it has begun.
    #[error("{}the transaction that begins here is not ended; it was rolled back", before(place))]
    NotEnded {
        /// The statement that begins it.
        place: Option<StatementPlace>,
    },
    /// From here on the server would read strings otherwise than limbec has.
    #[error(
        "{}this sets standard_conforming_strings off, while limbec reads files as if it were on; remove it, and write E'…' where a backslash escapes",
        before(place)
    )]
    Backslashes {
        /// The statement that does it, as far as that is known.
        place: Option<StatementPlace>,
    },
    /// The search path would be that of whoever a pooler serves next.
    #[error(
        "{}a statement outside of a transaction would not find the schema {schema}: where a pooler is in between, `search-path` holds in \
         transactions only. Connect to the server itself for this revision",
        before(place)
    )]
    Pooled {
        /// The first statement of the file.
        place: Option<StatementPlace>,
        /// The schema that names without one should lead to.
        schema: String,
    },
    /// What an earlier run has committed is another text now.
    #[error(
        "{}the first {statements} statements of the file are not those any more that an earlier run has committed; put them back as they were, \
         or say how many statements of the file are done: `limbec repair --continue REVISION:NUMBER`",
        before(place)
    )]
    Changed {
        /// The last of them.
        place: Option<StatementPlace>,
        /// How many they were.
        statements: u64,
    },
    /// What is committed has made something that the rest cannot do without.
    #[error(
        "{}this made {made}, which has ended with its session, so that the file cannot go on behind its first {statements} statements; complete \
         it by hand and say `limbec repair --done {revision}`, or make what is missing a revision of its own; or take it back by hand, and \
         `limbec repair --undone {revision}`",
        before(place)
    )]
    Ended {
        /// The statement.
        place: Option<StatementPlace>,
        /// `a temporary object`, say.
        made: &'static str,
        /// The revision.
        revision: RevisionId,
        /// How many are committed.
        statements: u64,
    },
    /// What is committed would be run again with the rest.
    #[error(
        "the first {statements} statements of revision {revision} are committed, but it is no SQL file outside of a transaction any more, and would be \
         run from its beginning; put its files and `-- limbec: no-transaction` back, or take those statements back by hand and say \
         `limbec repair --undone {revision}`"
    )]
    NotOutside {
        /// The revision.
        revision: RevisionId,
        /// How many are committed.
        statements: u64,
    },
}

fn before(place: &Option<StatementPlace>) -> String {
    place.as_ref().map(|place| format!("{}:{}: ", place.path.display(), place.line)).unwrap_or_default()
}

/// How far the statements of a step have come.
#[derive(Debug, Default)]
pub(super) struct Progress {
    digest: Sha256,
    sent: u64,
    committed: u64,
    /// Of the committed ones.
    sha256: Option<String>,
    /// The statement that has begun the transaction which is open.
    begun: Option<Option<StatementPlace>>,
}

impl Progress {
    /// A statement is next; its number, from 1.
    pub(super) fn next(&mut self, sql: &str) -> u64 {
        self.digest.update(sql.as_bytes());
        self.digest.update([0]);
        self.sent += 1;
        self.sent
    }

    /// It has run; whether the connection is in a transaction now.
    pub(super) fn ran(&mut self, is_in_transaction: bool, place: Option<&StatementPlace>) {
        if is_in_transaction {
            self.begun.get_or_insert_with(|| place.cloned());
            return;
        }
        self.begun = None;
        self.committed = self.sent;
        self.sha256 = Some(self.now());
    }

    /// How many statements there were.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Whether a transaction is open.
    pub(super) fn is_within(&self) -> bool {
        self.begun.is_some()
    }

    /// Whether the statements so far are those of a part that is committed; to be asked behind its last one.
    pub(super) fn is(&self, part: &CommittedPart) -> bool {
        part.sha256.as_ref().is_none_or(|sha256| *sha256 == self.now())
    }

    fn now(&self) -> String {
        hex(&self.digest.clone().finalize())
    }

    /// What is committed; `None`: nothing.
    pub(super) fn part(&self) -> Option<CommittedPart> {
        (self.committed > 0).then(|| CommittedPart { statements: self.committed, sha256: self.sha256.clone() })
    }

    /// At the end of the file.
    pub(super) fn finish(&self) -> Result<(), FileRefusal> {
        self.begun.clone().map_or(Ok(()), |place| Err(FileRefusal::NotEnded { place }))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a statement of PostgreSQL may begin or end a transaction.
pub(super) fn may_control(sql: &str) -> bool {
    const WORDS: [&str; 7] = ["begin", "start", "commit", "end", "rollback", "abort", "prepare"];
    let word = sql.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default();
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_is_within_a_transaction_is_not_committed() {
        let mut progress = Progress::default();
        let line = |line| Some(StatementPlace::new(Path::new("a.up.sql"), line));
        assert_eq!(progress.part(), None);
        progress.next("SELECT 1");
        progress.ran(false, line(1).as_ref());
        let first = progress.part().unwrap();
        assert_eq!(first.statements, 1);
        progress.next("BEGIN");
        progress.ran(true, line(2).as_ref());
        progress.next("SELECT 2");
        progress.ran(true, line(3).as_ref());
        assert_eq!(progress.part(), Some(first));
        assert_eq!(progress.finish(), Err(FileRefusal::NotEnded { place: line(2) }));
        progress.next("COMMIT");
        progress.ran(false, line(4).as_ref());
        assert_eq!(progress.part().unwrap().statements, 4);
        assert_eq!(progress.finish(), Ok(()));
    }

    #[test]
    fn a_part_is_known_by_its_statements() {
        let part = |statements: &[&str]| {
            let mut progress = Progress::default();
            for sql in statements {
                progress.next(sql);
                progress.ran(false, None);
            }
            progress
        };
        let known = part(&["a", "b"]).part().unwrap();
        assert!(part(&["a", "b"]).is(&known));
        assert!(!part(&["a", "c"]).is(&known));
        assert!(!part(&["ab", ""]).is(&known));
        assert!(part(&["x"]).is(&CommittedPart { statements: 1, sha256: None }));
    }

    #[test]
    fn control_of_transactions_is_known_by_its_first_word() {
        assert!(["BEGIN", "commit;", "END", "start transaction", "Rollback"].into_iter().all(may_control));
        assert!(["beginning", "CREATE INDEX i ON begin (a)", "", "ENDS"].into_iter().all(|sql| !may_control(sql)));
    }
}
