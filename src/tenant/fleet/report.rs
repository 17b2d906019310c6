use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::TenantOutcome;
use crate::revision::RevisionId;
use crate::tenant::{Standing, Surveyed};

/// What became of a fleet run; the form of it is documented in docs/json.md.
#[derive(Debug, Clone, Serialize)]
pub struct FleetReport {
    /// `upgrade` or `downgrade`
    pub operation: &'static str,
    /// As typed.
    pub target: String,
    /// How it ended.
    pub outcome: RunOutcome,
    /// When it began, RFC 3339 in UTC.
    pub began: String,
    /// Wall time.
    pub seconds: f64,
    /// How many of what.
    pub totals: FleetTotals,
    /// Every tenant, in the order of the source.
    pub tenants: Vec<TenantReport>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Every tenant is where it should be.
    Done,
    /// Every tenant has had its turn, and some are not.
    Failed,
    /// Failures ended it before every tenant had its turn.
    Stopped,
    /// Somebody asked it to end.
    Interrupted,
}

/// How many tenants there are of which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FleetTotals {
    /// All.
    pub tenants: usize,
    /// With every step done.
    pub done: usize,
    /// Where nothing was to be done.
    pub current: usize,
    /// With a step that failed.
    pub failed: usize,
    /// Ended by Ctrl-C.
    pub interrupted: usize,
    /// That the run did not come to.
    pub not_begun: usize,
    /// Whose version table makes no sense.
    pub inconsistent: usize,
    /// Whose database or schema is not there.
    pub missing: usize,
    /// Whose version table could not be read.
    pub unreachable: usize,
    /// Steps of all.
    pub steps: usize,
}

/// What became of a tenant.
#[derive(Debug, Clone, Serialize)]
pub struct TenantReport {
    /// Its name.
    pub tenant: String,
    /// In one word.
    pub state: TenantState,
    /// How many steps were done.
    pub steps: usize,
    /// Wall time; 0 where nothing was done.
    pub seconds: f64,
    /// Rows of its version table before.
    pub from: Vec<RevisionId>,
    /// Rows afterwards: those of the plan, if it is done; `None` where nobody has looked since.
    pub to: Option<Vec<RevisionId>>,
    /// The revision that failed.
    pub revision: Option<RevisionId>,
    /// Why it is not where it should be.
    pub reason: Option<String>,
    /// The last lines that Python printed, of a failure.
    pub output: Vec<String>,
}

/// A tenant's state after a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TenantState {
    /// Every step is done.
    Done,
    /// Nothing was to be done.
    Current,
    /// A step failed, or could not begin.
    Failed,
    /// Ctrl-C ended it.
    Interrupted,
    /// The run did not come to it.
    NotBegun,
    /// Its version table makes no sense.
    Inconsistent,
    /// Its database or schema is not there.
    Missing,
    /// Its version table could not be read.
    Unreachable,
}

impl TenantState {
    /// As in JSON, with blanks.
    pub fn words(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Current => "current",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::NotBegun => "not begun",
            Self::Inconsistent => "inconsistent",
            Self::Missing => "missing",
            Self::Unreachable => "unreachable",
        }
    }
}

/// More lines of Python's output than this are not kept.
const OUTPUT_LINES: usize = 20;

impl TenantReport {
    /// Of a tenant that the run did not come to, or need not.
    pub fn of(surveyed: &Surveyed) -> Self {
        let (state, reason) = match &surveyed.standing {
            Standing::AtTarget { .. } => (TenantState::Current, None),
            Standing::Behind { .. } => (TenantState::NotBegun, None),
            Standing::Inconsistent { reason, .. } => (TenantState::Inconsistent, Some(reason.clone())),
            Standing::Missing { reason } => (TenantState::Missing, Some(reason.clone())),
            Standing::Unreachable { reason } => (TenantState::Unreachable, Some(reason.clone())),
        };
        let from = surveyed.standing.rows().to_vec();
        let to = (state == TenantState::Current).then(|| from.clone());
        let tenant = surveyed.tenant.name.clone();
        Self { tenant, state, steps: 0, seconds: 0.0, from, to, revision: None, reason, output: Vec::new() }
    }

    /// What the run came to; `reason` is why, in words, of a failure.
    pub fn finish(&mut self, surveyed: &Surveyed, outcome: &TenantOutcome, reason: Option<String>) {
        self.state = match &outcome.error {
            // Somebody else did it meanwhile.
            None if outcome.steps == 0 && has_steps(surveyed) => TenantState::Current,
            None => TenantState::Done,
            Some(_) if outcome.is_interrupted() => TenantState::Interrupted,
            Some(_) => TenantState::Failed,
        };
        self.steps = outcome.steps;
        self.seconds = rounded(outcome.elapsed);
        self.revision = outcome.revision.clone();
        self.reason = reason;
        self.to = match &surveyed.standing {
            Standing::Behind { plan, .. } if outcome.error.is_none() => {
                plan.steps.last().map(|step| step.to_heads.clone())
            }
            _ => None,
        };
        let lines: Vec<&str> = outcome.output.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        let kept = lines.iter().skip(lines.len().saturating_sub(OUTPUT_LINES));
        self.output = kept.map(|line| (*line).to_owned()).collect();
    }
}

impl FleetReport {
    /// The report of tenants in the order of their source.
    pub fn new(
        (operation, target): (&'static str, &str),
        (began, elapsed): (DateTime<Utc>, Duration),
        is_interrupted: bool,
        tenants: Vec<TenantReport>,
    ) -> Self {
        let totals = FleetTotals::of(&tenants);
        let outcome = match totals {
            totals if is_interrupted && !totals.is_clean() => RunOutcome::Interrupted,
            FleetTotals { not_begun: 1.., .. } => RunOutcome::Stopped,
            totals if totals.is_clean() => RunOutcome::Done,
            _ => RunOutcome::Failed,
        };
        let began = began.to_rfc3339_opts(SecondsFormat::Millis, true);
        Self { operation, target: target.to_owned(), outcome, began, seconds: rounded(elapsed), totals, tenants }
    }
}

impl FleetTotals {
    fn of(tenants: &[TenantReport]) -> Self {
        let mut totals = Self { tenants: tenants.len(), ..Self::default() };
        for tenant in tenants {
            totals.steps += tenant.steps;
            *match tenant.state {
                TenantState::Done => &mut totals.done,
                TenantState::Current => &mut totals.current,
                TenantState::Failed => &mut totals.failed,
                TenantState::Interrupted => &mut totals.interrupted,
                TenantState::NotBegun => &mut totals.not_begun,
                TenantState::Inconsistent => &mut totals.inconsistent,
                TenantState::Missing => &mut totals.missing,
                TenantState::Unreachable => &mut totals.unreachable,
            } += 1;
        }
        totals
    }

    /// Whether every tenant is where it should be.
    pub fn is_clean(&self) -> bool {
        self.done + self.current == self.tenants
    }
}

fn has_steps(surveyed: &Surveyed) -> bool {
    matches!(&surveyed.standing, Standing::Behind { plan, .. } if !plan.steps.is_empty())
}

/// Milliseconds are enough.
fn rounded(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 1e3).round() / 1e3
}
