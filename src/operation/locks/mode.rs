use std::fmt;

/// PostgreSQL's modes of locking a table, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockMode {
    AccessShare,
    RowShare,
    RowExclusive,
    ShareUpdateExclusive,
    Share,
    ShareRowExclusive,
    Exclusive,
    AccessExclusive,
}

impl LockMode {
    /// Every mode, the weakest first.
    pub const ALL: [Self; 8] = [
        Self::AccessShare,
        Self::RowShare,
        Self::RowExclusive,
        Self::ShareUpdateExclusive,
        Self::Share,
        Self::ShareRowExclusive,
        Self::Exclusive,
        Self::AccessExclusive,
    ];

    /// As in `LOCK TABLE … IN … MODE`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessShare => "ACCESS SHARE",
            Self::RowShare => "ROW SHARE",
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }

    /// By its name in `LOCK TABLE`, or in `pg_locks.mode` (`AccessExclusiveLock`).
    pub fn named(name: &str) -> Option<Self> {
        let letters = |text: &str| text.replace(' ', "").to_ascii_lowercase();
        let wanted = letters(name);
        let wanted = wanted.strip_suffix("lock").unwrap_or(&wanted);
        Self::ALL.into_iter().find(|mode| letters(mode.name()) == wanted)
    }

    /// Whether two transactions cannot hold these on one table: the table of conflicts in "Explicit Locking".
    pub fn conflicts_with(self, other: Self) -> bool {
        use LockMode::{Exclusive, RowExclusive, RowShare, Share, ShareUpdateExclusive};
        let (weaker, stronger) = if self <= other { (self, other) } else { (other, self) };
        match weaker {
            Self::AccessShare => stronger == Self::AccessExclusive,
            RowShare => stronger >= Exclusive,
            RowExclusive => stronger >= Share,
            ShareUpdateExclusive => true,
            Share => stronger != Share,
            _ => true,
        }
    }

    /// What others cannot do meanwhile, after "blocks".
    pub fn blocks(self) -> &'static str {
        match self {
            Self::AccessShare => "only what needs ACCESS EXCLUSIVE",
            Self::RowShare => "only EXCLUSIVE and ACCESS EXCLUSIVE",
            Self::RowExclusive => "only schema changes and index builds",
            Self::ShareUpdateExclusive => "only schema changes and VACUUM",
            Self::Share => "writes",
            Self::ShareRowExclusive => "writes and schema changes",
            Self::Exclusive => "writes and SELECT … FOR UPDATE",
            Self::AccessExclusive => "reads and writes",
        }
    }
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Conflicting Lock Modes", row by row.
    #[test]
    fn conflicts_are_those_of_the_manual() {
        let table = LockMode::ALL.map(|mode| {
            LockMode::ALL.map(|other| if mode.conflicts_with(other) { 'X' } else { '.' }).iter().collect::<String>()
        });
        assert_eq!(
            table,
            [".......X", "......XX", "....XXXX", "...XXXXX", "..XX.XXX", "..XXXXXX", ".XXXXXXX", "XXXXXXXX"]
        );
    }

    #[test]
    fn names_are_found_in_both_spellings() {
        for mode in LockMode::ALL {
            assert_eq!(LockMode::named(mode.name()), Some(mode));
        }
        assert_eq!(LockMode::named("ShareUpdateExclusiveLock"), Some(LockMode::ShareUpdateExclusive));
        assert_eq!(LockMode::named("SIReadLock"), None);
    }
}
