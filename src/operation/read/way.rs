use crate::operation::{Dialect, Dialects};

/// Under which circumstances a piece of code runs, seen from the beginning of `upgrade()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    /// None: it never runs.
    pub(super) dialects: Dialects,
    pub(super) is_conditional: bool,
    pub(super) is_online_only: bool,
}

impl Way {
    pub(super) const ALWAYS: Self = Self { dialects: Dialects::ALL, is_conditional: false, is_online_only: false };
    pub(super) const NEVER: Self = Self { dialects: Dialects::NONE, is_conditional: false, is_online_only: false };
    const PERHAPS: Self = Self { is_conditional: true, ..Self::ALWAYS };

    pub(super) fn is_dead(self) -> bool {
        self.dialects.is_empty()
    }

    /// Both circumstances hold.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            dialects: self.dialects.intersection(other.dialects),
            is_conditional: self.is_conditional || other.is_conditional,
            is_online_only: self.is_online_only || other.is_online_only,
        }
    }

    /// One of the circumstances holds.
    pub(super) fn or(self, other: Self) -> Self {
        if self.is_dead() {
            return other;
        }
        if other.is_dead() {
            return self;
        }
        Self {
            dialects: self.dialects.union(other.dialects),
            is_conditional: self.is_conditional || other.is_conditional,
            is_online_only: self.is_online_only && other.is_online_only,
        }
    }

    pub(super) fn perhaps(self) -> Self {
        Self { is_conditional: true, ..self }
    }
}

/// What is known of a condition: when it holds, and when it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Test {
    pub(super) yes: Way,
    pub(super) no: Way,
}

impl Test {
    pub(super) const UNKNOWN: Self = Self { yes: Way::PERHAPS, no: Way::PERHAPS };
    /// Whether SQL is written to a file instead of being run.
    pub(super) const OFFLINE: Self = Self { yes: Way::PERHAPS, no: Way { is_online_only: true, ..Way::ALWAYS } };

    pub(super) fn known(holds: bool) -> Self {
        let yes = Self { yes: Way::ALWAYS, no: Way::NEVER };
        if holds { yes } else { yes.not() }
    }

    /// The dialect's name is one of these.
    pub(super) fn dialect_named<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let (mut dialects, mut is_exact) = (Dialects::NONE, true);
        for name in names {
            let dialect = Dialect::named(name);
            dialects = dialects.union(Dialects::only(dialect));
            // Several databases share one of limbec's dialects: the name of the lesser one does not settle which it is.
            is_exact &=
                dialect != Dialect::Other && matches!(name, "postgresql" | "sqlite" | "mysql" | "mssql" | "oracle");
        }
        let within = Way { dialects, is_conditional: !is_exact, is_online_only: false };
        let rest = if is_exact { dialects.complement() } else { Dialects::ALL };
        Self { yes: within, no: Way { dialects: rest, is_conditional: !is_exact, is_online_only: false } }
    }

    #[must_use]
    pub(super) fn not(self) -> Self {
        Self { yes: self.no, no: self.yes }
    }

    #[must_use]
    pub(super) fn and(self, other: Self) -> Self {
        Self { yes: self.yes.and(other.yes), no: self.no.or(self.yes.and(other.no)) }
    }

    #[must_use]
    pub(super) fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    /// The outcome, where it is the same everywhere.
    pub(super) fn certain(self) -> Option<bool> {
        match (self.yes.is_dead(), self.no.is_dead()) {
            (false, true) => Some(true),
            (true, false) => Some(false),
            _ => None,
        }
    }
}
