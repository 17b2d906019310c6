use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use crate::lint::{Diagnostic, LintProject, Report, Severity};

/// JUnit's XML: a suite a file. Errors are failed cases, warnings and notes skipped ones; without any finding there is one that passed.
pub fn junit(project: &LintProject, report: &Report) -> String {
    let mut junit = Junit::new("limbec validate");
    for group in report.diagnostics.chunk_by(|a, b| a.location.path == b.location.path) {
        let path = group.first().map(|first| project.shown_path(&first.location.path)).unwrap_or_default();
        let mut suite = TestSuite::new(&path);
        for diagnostic in group {
            suite.add_test_case(case(diagnostic, &path));
        }
        junit.add_test_suite(suite);
    }
    if report.diagnostics.is_empty() {
        let mut suite = TestSuite::new("limbec validate");
        suite.add_test_case(TestCase::new("no findings", TestCaseStatus::success()));
        junit.add_test_suite(suite);
    }
    // Writing to a string fails for text that XML cannot hold only, and that is removed where it is taken in.
    junit.to_string().unwrap_or_default()
}

fn case(diagnostic: &Diagnostic, path: &str) -> TestCase {
    let place = &diagnostic.location;
    let mut status = match diagnostic.severity {
        Severity::Error => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Severity::Warning | Severity::Note => TestCaseStatus::skipped(),
    };
    status.set_message(diagnostic.message.as_str());
    let help = diagnostic.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    status.set_description(format!("{path}:{}:{}: {}{help}", place.line, place.column, diagnostic.message));
    let mut case = TestCase::new(format!("{}:{}:{}", diagnostic.rule, place.line, place.column), status);
    case.set_classname(path);
    case
}
