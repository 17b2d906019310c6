use super::Review;
use crate::config::DestructiveSetting;
use crate::plan::Direction;

/// What the command line agrees to beforehand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Permissions {
    /// `--yes`: every question that could be asked is answered.
    pub yes: bool,
    /// The environment says the same for all commands (LIMBEC_YES); it does not count in production.
    pub yes_by_environment: bool,
    /// `--allow-destructive`
    pub allow_destructive: bool,
}

/// What has to be agreed to on this database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Prompts are required flags.
    pub is_production: bool,
    /// The `destructive` setting; `None`: there is none.
    pub destructive: Option<DestructiveSetting>,
    /// What was agreed to beforehand.
    pub permissions: Permissions,
}

/// What happens to a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It runs.
    Run,
    /// A person is asked; this is done where nobody can be.
    Ask(Unasked),
    /// It does not run without these options.
    Refuse(Vec<&'static str>),
}

/// What is done where nobody can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unasked {
    /// As Alembic does: it runs.
    Run,
    /// It does not run without this option.
    Refuse(&'static str),
}

const YES: &str = "--yes";
const ALLOW_DESTRUCTIVE: &str = "--allow-destructive";

impl Policy {
    /// What has to be agreed to before this plan runs.
    ///
    /// - Production: a downgrade needs `--yes`, destruction in either direction `--allow-destructive`; nobody is asked.
    /// - `destructive = "flag"`: destruction needs `--allow-destructive`.
    /// - A downgrade is asked for. Where nobody can be asked it runs as with Alembic, unless data would be lost or might be.
    /// - An upgrade that destroys data is asked for. Where nobody can be asked it runs as with Alembic, unless the setting
    ///   `destructive` says otherwise: it was reviewed as a file.
    pub fn verdict(&self, review: &Review) -> Verdict {
        let Permissions { yes, yes_by_environment, allow_destructive } = self.permissions;
        let is_downgrade = review.direction == Direction::Downgrade;
        let destroys = review.destroys();
        if self.is_production {
            let needed = [(is_downgrade && !yes, YES), (destroys && !allow_destructive, ALLOW_DESTRUCTIVE)];
            let missing: Vec<&str> =
                needed.iter().filter(|(is_missing, _)| *is_missing).map(|(_, flag)| *flag).collect();
            return if missing.is_empty() { Verdict::Run } else { Verdict::Refuse(missing) };
        }
        if self.destructive == Some(DestructiveSetting::Flag) && destroys && !allow_destructive {
            return Verdict::Refuse(vec![ALLOW_DESTRUCTIVE]);
        }
        if yes || yes_by_environment {
            return Verdict::Run;
        }
        let loses = destroys && !allow_destructive;
        let unasked = |is_needed: bool| if is_needed { Unasked::Refuse(YES) } else { Unasked::Run };
        if is_downgrade {
            let may_lose_all = review.reaches_base && (destroys || !review.unread.is_empty());
            return Verdict::Ask(unasked(loses || may_lose_all));
        }
        if loses {
            return Verdict::Ask(unasked(self.destructive == Some(DestructiveSetting::Confirm)));
        }
        Verdict::Run
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{Count, TableFacts};
    use crate::gate::{DestructiveStep, Extent, UnreadCall};

    fn review(direction: Direction, rows: Option<u64>) -> Review {
        let extent = |rows| Extent::Table(TableFacts { rows: Count::Exact(rows), bytes: None });
        let steps = rows.map(|rows| DestructiveStep {
            revision: "a".into(),
            what: "drops the table `t`".to_owned(),
            extent: extent(rows),
        });
        Review {
            direction,
            database: None,
            steps: 1,
            reaches_base: false,
            destructive: steps.into_iter().collect(),
            unread: Vec::new(),
        }
    }

    fn policy() -> Policy {
        Policy { is_production: false, destructive: None, permissions: Permissions::default() }
    }

    fn with(flags: &[&str], policy: Policy) -> Policy {
        let permissions = Permissions {
            yes: flags.contains(&YES),
            yes_by_environment: flags.contains(&"LIMBEC_YES"),
            allow_destructive: flags.contains(&ALLOW_DESTRUCTIVE),
        };
        Policy { permissions, ..policy }
    }

    #[test]
    fn an_upgrade_runs_as_with_alembic_where_nobody_can_be_asked() {
        assert_eq!(policy().verdict(&review(Direction::Upgrade, None)), Verdict::Run);
        assert_eq!(policy().verdict(&review(Direction::Upgrade, Some(0))), Verdict::Run);
        assert_eq!(policy().verdict(&review(Direction::Upgrade, Some(3))), Verdict::Ask(Unasked::Run));
        for flag in [YES, ALLOW_DESTRUCTIVE, "LIMBEC_YES"] {
            assert_eq!(with(&[flag], policy()).verdict(&review(Direction::Upgrade, Some(3))), Verdict::Run);
        }
        let confirm = Policy { destructive: Some(DestructiveSetting::Confirm), ..policy() };
        assert_eq!(confirm.verdict(&review(Direction::Upgrade, Some(3))), Verdict::Ask(Unasked::Refuse(YES)));
    }

    #[test]
    fn a_downgrade_is_asked_for_and_refused_where_rows_are_lost() {
        assert_eq!(policy().verdict(&review(Direction::Downgrade, None)), Verdict::Ask(Unasked::Run));
        assert_eq!(policy().verdict(&review(Direction::Downgrade, Some(0))), Verdict::Ask(Unasked::Run));
        assert_eq!(policy().verdict(&review(Direction::Downgrade, Some(1))), Verdict::Ask(Unasked::Refuse(YES)));
        assert_eq!(with(&[YES], policy()).verdict(&review(Direction::Downgrade, Some(1))), Verdict::Run);
    }

    #[test]
    fn a_downgrade_to_base_needs_certainty() {
        let call =
            UnreadCall { revision: "a".into(), line: 1, what: "op.execute".into(), reason: "it is computed".into() };
        let unread = Review { unread: vec![call], ..review(Direction::Downgrade, None) };
        assert_eq!(policy().verdict(&unread), Verdict::Ask(Unasked::Run));
        assert_eq!(with(&[YES], policy()).verdict(&unread), Verdict::Run);
        let to_base = Review { reaches_base: true, ..unread.clone() };
        assert_eq!(policy().verdict(&to_base), Verdict::Ask(Unasked::Refuse(YES)));
        let upgrade = Review { direction: Direction::Upgrade, ..unread };
        assert_eq!(policy().verdict(&upgrade), Verdict::Run);
        let empty = Review { reaches_base: true, ..review(Direction::Downgrade, Some(0)) };
        assert_eq!(policy().verdict(&empty), Verdict::Ask(Unasked::Run));
    }

    #[test]
    fn a_flag_is_a_flag() {
        let flag = Policy { destructive: Some(DestructiveSetting::Flag), ..policy() };
        for direction in [Direction::Upgrade, Direction::Downgrade] {
            let refused = Verdict::Refuse(vec![ALLOW_DESTRUCTIVE]);
            assert_eq!(flag.verdict(&review(direction, Some(1))), refused);
            assert_eq!(with(&[YES], flag).verdict(&review(direction, Some(1))), refused);
            assert_eq!(with(&[YES, ALLOW_DESTRUCTIVE], flag).verdict(&review(direction, Some(1))), Verdict::Run);
        }
        assert_eq!(flag.verdict(&review(Direction::Upgrade, Some(0))), Verdict::Run);
    }

    #[test]
    fn production_never_asks() {
        let production = Policy { is_production: true, ..policy() };
        let verdict = |flags: &[&str], direction, rows| with(flags, production).verdict(&review(direction, rows));
        assert_eq!(verdict(&[], Direction::Upgrade, None), Verdict::Run);
        assert_eq!(verdict(&[], Direction::Upgrade, Some(1)), Verdict::Refuse(vec![ALLOW_DESTRUCTIVE]));
        assert_eq!(verdict(&[YES], Direction::Upgrade, Some(1)), Verdict::Refuse(vec![ALLOW_DESTRUCTIVE]));
        assert_eq!(verdict(&[], Direction::Downgrade, None), Verdict::Refuse(vec![YES]));
        assert_eq!(verdict(&["LIMBEC_YES"], Direction::Downgrade, None), Verdict::Refuse(vec![YES]));
        assert_eq!(verdict(&[], Direction::Downgrade, Some(1)), Verdict::Refuse(vec![YES, ALLOW_DESTRUCTIVE]));
        assert_eq!(verdict(&[YES, ALLOW_DESTRUCTIVE], Direction::Downgrade, Some(1)), Verdict::Run);
    }
}
