//! The gates of a whole fleet: one question, or one refusal, before the first tenant is touched.

use super::consent;
use super::context::CommandContext;
use super::error::CommandError;
use crate::config::DeployOptions;
use crate::gate::{GateError, Permissions, Policy, Review, Unasked, Verdict, is_production};
use crate::migrate::{Consent, DeploymentRequest, Operation, Purge, Readings};
use crate::tenant::{FleetReview, Surveyed, foresee_fleet};

/// More tenants than this are only counted.
const TENANTS_SHOWN: usize = 20;

/// More lines of one tenant than this are only counted.
const LINES_SHOWN: usize = 3;

/// Databases that are measured at a time.
const CONNECTIONS: usize = 8;

impl CommandContext {
    /// Lets a fleet run pass, with what was agreed to, or says why not: nothing is changed then.
    ///
    /// # Errors
    /// Somebody has to agree and has not, or revision files cannot be read.
    pub(super) fn pass_fleet_gate(
        &mut self,
        operation: &Operation,
        (deploy, permissions): (&DeployOptions, Permissions),
        surveyed: &[Surveyed],
    ) -> Result<Permissions, CommandError> {
        let scripts = self.scripts()?;
        let settings = self.script_settings()?;
        let environment = self.database_environment();
        let runner = self.runner()?;
        let request = DeploymentRequest {
            operation,
            purge: Purge::Nothing,
            scripts: &scripts,
            locations: &settings.locations,
            options: deploy,
            permissions,
            environment: &environment,
            sets_transactions: false,
            runner: &runner,
            readings: &Readings::default(),
        };
        let reviews = foresee_fleet(&request, surveyed, CONNECTIONS);
        let judged: Vec<(&FleetReview, Verdict, bool)> = reviews
            .iter()
            .map(|review| {
                let url = surveyed.get(review.0).and_then(|found| found.url.as_ref());
                let is_production = is_production(deploy.production.as_ref(), url);
                let policy = Policy { is_production, destructive: deploy.destructive, permissions };
                (review, policy.verdict(&review.1), is_production)
            })
            .collect();
        let refused: Vec<_> = judged.iter().filter(|(_, verdict, _)| matches!(verdict, Verdict::Refuse(_))).collect();
        if let Some((_, Verdict::Refuse(options), is_production)) = refused.first() {
            let reviews: Vec<&FleetReview> = refused.iter().map(|(review, ..)| *review).collect();
            return Err(refusal(&reviews, surveyed, (options.clone(), *is_production)).into());
        }
        let asked = judged.iter().filter(|(_, verdict, _)| matches!(verdict, Verdict::Ask(_)));
        let asked: Vec<(&FleetReview, &Verdict)> = asked.map(|(review, verdict, _)| (*review, verdict)).collect();
        if asked.is_empty() {
            return Ok(permissions);
        }
        self.ask_for_fleet(&asked, surveyed, permissions)
    }

    fn ask_for_fleet(
        &mut self,
        asked: &[(&FleetReview, &Verdict)],
        surveyed: &[Surveyed],
        permissions: Permissions,
    ) -> Result<Permissions, CommandError> {
        let agreed = Permissions { yes: true, ..permissions };
        if self.environment.can_ask() {
            let reviews: Vec<&FleetReview> = asked.iter().map(|(review, _)| *review).collect();
            return match consent::ask_about(&mut self.ui, &text(&reviews, surveyed)) {
                Consent::Given => Ok(agreed),
                Consent::Interrupted => Err(GateError::Interrupted.into()),
                Consent::Declined | Consent::NobodyToAsk => Err(GateError::Declined.into()),
            };
        }
        let needs = |verdict: &Verdict| match verdict {
            Verdict::Ask(Unasked::Refuse(option)) => Some(*option),
            _ => None,
        };
        let refused: Vec<&FleetReview> =
            asked.iter().filter(|(_, verdict)| needs(verdict).is_some()).map(|(review, _)| *review).collect();
        match asked.iter().find_map(|(_, verdict)| needs(verdict)) {
            Some(option) => Err(refusal(&refused, surveyed, (vec![option], false)).into()),
            None => Ok(agreed),
        }
    }
}

fn refusal(
    reviews: &[&FleetReview],
    surveyed: &[Surveyed],
    (options, is_production): (Vec<&'static str>, bool),
) -> GateError {
    GateError::NeedsConsent { heading: heading(reviews), lines: lines(reviews, surveyed), options, is_production }
}

fn text(reviews: &[&FleetReview], surveyed: &[Surveyed]) -> String {
    let lines: Vec<String> = lines(reviews, surveyed).iter().map(|line| format!("\n  {line}")).collect();
    format!("{}{}", heading(reviews), lines.concat())
}

fn heading(reviews: &[&FleetReview]) -> String {
    let losing = reviews.iter().filter(|(_, review)| review.destroys()).count();
    let what = match reviews.first().map(|(_, review)| review) {
        Some(Review { direction: crate::plan::Direction::Downgrade, reaches_base: true, .. }) => "downgrade to base",
        Some(Review { direction: crate::plan::Direction::Downgrade, .. }) => "downgrade",
        _ => "upgrade",
    };
    let tenants = if reviews.len() == 1 { "1 tenant".to_owned() } else { format!("{} tenants", reviews.len()) };
    match losing {
        0 => format!("this {what} is of {tenants}; no data is lost"),
        losing => format!("this {what} is of {tenants}, and destroys data in {losing}"),
    }
}

fn lines(reviews: &[&FleetReview], surveyed: &[Surveyed]) -> Vec<String> {
    let losing: Vec<&&FleetReview> = reviews.iter().filter(|(_, review)| review.destroys()).collect();
    let mut lines = Vec::new();
    for (index, review) in losing.iter().take(TENANTS_SHOWN) {
        let name = surveyed.get(*index).map(|found| found.tenant.name.as_str()).unwrap_or_default();
        let of = review.lines();
        lines.extend(of.iter().take(LINES_SHOWN).map(|line| format!("tenant {name}: {line}")));
        if let Some(more) = of.len().checked_sub(LINES_SHOWN).filter(|more| *more > 0) {
            lines.push(format!("tenant {name}: and {more} more"));
        }
    }
    if let Some(more) = losing.len().checked_sub(TENANTS_SHOWN).filter(|more| *more > 0) {
        lines.push(format!("and {more} more tenants"));
    }
    lines
}
