//! The result of `limbec test` in its three forms.

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::context::CommandContext;
use super::environment::Environment;
use super::published::shown;
use super::testing::HeldTrial;
use crate::revision::RevisionId;
use crate::trial::{Check, CheckName, Outcome, TrialReport};

#[derive(Debug, Serialize)]
pub(super) struct TestJson<'a> {
    dialect: &'a str,
    checks: Vec<CheckJson<'a>>,
    summary: SummaryJson,
}

#[derive(Debug, Serialize)]
struct CheckJson<'a> {
    check: &'static str,
    tenant: Option<&'a str>,
    revision: Option<&'a str>,
    path: Option<String>,
    outcome: &'static str,
    findings: &'a [String],
    reason: Option<&'a str>,
    cached: bool,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct SummaryJson {
    revisions: usize,
    passed: usize,
    failed: usize,
    skipped: usize,
    steps: usize,
    env_runs: usize,
    restored: usize,
}

/// The document.
pub(super) fn json(held: &HeldTrial) -> TestJson<'_> {
    let report = &held.report;
    TestJson {
        dialect: held.dialect,
        checks: report
            .checks
            .iter()
            .map(|of| CheckJson {
                check: of.name.as_str(),
                tenant: of.tenant.as_deref(),
                revision: of.revision.as_ref().map(RevisionId::as_str),
                path: of.path.as_ref().map(|path| super::render::path_text(path)),
                outcome: word(&of.outcome),
                findings: if let Outcome::Failed(findings) = &of.outcome { findings } else { &[] },
                reason: if let Outcome::Skipped(reason) = &of.outcome { Some(reason) } else { None },
                cached: of.is_cached,
                seconds: (of.elapsed.as_secs_f64() * 1e6).round() / 1e6,
            })
            .collect(),
        summary: SummaryJson {
            revisions: held.revisions,
            passed: report.count(Outcome::is_passed),
            failed: report.count(Outcome::is_failed),
            skipped: report.count(Outcome::is_skipped),
            steps: report.steps,
            env_runs: report.env_runs,
            restored: report.restored,
        },
    }
}

/// For people: what is wrong, what was left out and why, and a line for each check.
pub(super) fn print(context: &mut CommandContext, held: &HeldTrial) {
    let report = &held.report;
    for check in report.checks.iter().filter(|check| check.outcome.is_failed()) {
        let Outcome::Failed(findings) = &check.outcome else { continue };
        context.ui.result(&format!("{}{}", check.name, place(check, &context.environment)));
        for finding in findings {
            context.ui.result(&format!("  {}", finding.replace('\n', "\n    ")));
        }
        context.ui.result("");
    }
    let mut skipped: Vec<(&str, Vec<&Check>)> = Vec::new();
    for check in &report.checks {
        let Outcome::Skipped(reason) = &check.outcome else { continue };
        match skipped.iter_mut().find(|(known, _)| known == reason) {
            Some((_, checks)) => checks.push(check),
            None => skipped.push((reason, vec![check])),
        }
    }
    for (reason, checks) in &skipped {
        let what = match checks.as_slice() {
            [only] => format!("{}{} was", only.name, place(only, &context.environment)),
            several => format!("{} checks were", several.len()),
        };
        context.ui.result(&format!("{what} skipped: {reason}"));
    }
    if !skipped.is_empty() {
        context.ui.result("");
    }
    for (name, checks) in by_name(report) {
        let count = |of: fn(&Outcome) -> bool| checks.iter().filter(|check| of(&check.outcome)).count();
        let counts = [
            (count(Outcome::is_passed), "passed"),
            (count(Outcome::is_failed), "failed"),
            (count(Outcome::is_skipped), "skipped"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let is_one = checks.len() == 1 && checks.iter().all(|check| check.revision.is_none() && check.tenant.is_none());
        let text: Vec<String> =
            counts.map(|(count, word)| if is_one { (*word).to_owned() } else { format!("{count} {word}") }).collect();
        let cached = checks.iter().filter(|check| check.is_cached && check.outcome.is_passed()).count();
        let known = match cached {
            0 => String::new(),
            _ if is_one => " (known from an earlier run)".to_owned(),
            cached => format!(" ({cached} known from an earlier run)"),
        };
        context.ui.result(&format!("{:<12}  {}{known}", name.as_str(), text.join(", ")));
    }
}

/// JUnit's XML: a suite a check, a case a revision.
pub(super) fn junit(report: &TrialReport, environment: &Environment) -> String {
    let mut junit = Junit::new("limbec test");
    for (name, checks) in by_name(report) {
        let mut suite = TestSuite::new(name.as_str());
        for check in checks {
            suite.add_test_case(case(check, environment));
        }
        junit.add_test_suite(suite);
    }
    // Writing to a string fails for text that XML cannot hold only, and that is removed where it is taken in.
    junit.to_string().unwrap_or_default()
}

fn case(check: &Check, environment: &Environment) -> TestCase {
    let mut status = match &check.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed(_) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Outcome::Skipped(_) => TestCaseStatus::skipped(),
    };
    match &check.outcome {
        Outcome::Passed => {}
        Outcome::Failed(findings) => {
            status.set_message(findings.first().map(String::as_str).unwrap_or_default());
            status.set_description(format!("{}\n{}", place(check, environment).trim(), findings.join("\n")));
        }
        Outcome::Skipped(reason) => drop(status.set_message(reason.as_str())),
    }
    let name = match (&check.tenant, &check.revision) {
        (Some(tenant), _) => tenant.as_str(),
        (None, Some(revision)) => revision.as_str(),
        (None, None) => check.name.as_str(),
    };
    let mut case = TestCase::new(name, status);
    let subject = if check.tenant.is_some() { "tenant" } else { "history" };
    case.set_classname(check.path.as_ref().map_or_else(|| subject.to_owned(), |path| shown(path, environment)));
    case.set_time(check.elapsed);
    case
}

/// The checks of one name after the other.
fn by_name(report: &TrialReport) -> Vec<(CheckName, Vec<&Check>)> {
    let mut groups: Vec<(CheckName, Vec<&Check>)> = Vec::new();
    for check in &report.checks {
        match groups.iter_mut().find(|(name, _)| *name == check.name) {
            Some((_, checks)) => checks.push(check),
            None => groups.push((check.name, vec![check])),
        }
    }
    groups
}

/// ` 8f3a61c027d4 (migrations/versions/…py)`
fn place(check: &Check, environment: &Environment) -> String {
    let revision = match (&check.revision, &check.path) {
        (Some(revision), Some(path)) => format!(" {revision} ({})", shown(path, environment)),
        (Some(revision), None) => format!(" {revision}"),
        _ => String::new(),
    };
    match &check.tenant {
        Some(tenant) => format!("{revision} of tenant {tenant}"),
        None => revision,
    }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed(_) => "failed",
        Outcome::Skipped(_) => "skipped",
    }
}
