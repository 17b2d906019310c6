//! The linter on labelled revisions: what the comments `# expect: rule` of the files beside this one ask for, and nothing else.
//!
//! A label counts for the statement that its line belongs to. `none` says that somebody thought about it; every
//! statement without a label expects nothing either. Judged are the rules that occur among the labels of a folder.
//! A single file follows `initial.py`; the files of a folder of their own are a history of their own. That Alembic and
//! PostgreSQL run them is the business of `test_labelled_set.py`.

mod labels;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use limbec::lint::{self, Level, LintInput, LintProject, LintSettings, NewFileNames, Selection, Severity};
use limbec::script::Locations;

use labels::Labelled;

/// Found, missed and false of some cases.
#[derive(Default)]
struct Tally {
    found: usize,
    missed: Vec<String>,
    false_: Vec<String>,
}

#[test]
fn destructive_revisions() {
    compare("destructive", &LintSettings::default());
}

#[test]
fn locks_and_compatibility() {
    compare("locks", &LintSettings::default());
}

#[test]
fn consent_where_reasons_are_demanded() {
    compare("reasons", &LintSettings { require_reason: true, ..LintSettings::default() });
}

#[test]
fn labels_are_rules() {
    for folder in ["destructive", "locks", "reasons"] {
        for name in judged_rules(&cases(&here().join(folder))) {
            assert!(lint::rule(&name).is_some(), "{folder}: there is no rule {name}");
        }
    }
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint")
}

/// The labelled files of every history of a folder, with the files that only precede them.
fn cases(folder: &Path) -> Vec<(Vec<PathBuf>, Vec<Labelled>)> {
    let initial = here().join("initial.py");
    let single = labels::files(folder).into_iter().map(|path| vec![initial.clone(), path]);
    let chains = labels::chains(folder).into_iter().map(|chain| labels::files(&chain));
    let histories = single.chain(chains);
    histories.map(|files| (files.clone(), files.iter().map(|path| Labelled::read(path)).collect())).collect()
}

fn judged_rules(cases: &[(Vec<PathBuf>, Vec<Labelled>)]) -> BTreeSet<String> {
    let labelled = cases.iter().flat_map(|(_, labelled)| labelled);
    labelled.flat_map(|file| file.expectations().into_iter().map(|(_, rule)| rule)).collect()
}

fn compare(folder: &str, settings: &LintSettings) {
    let cases = cases(&here().join(folder));
    let rules = judged_rules(&cases);
    let settings = &switched_on(settings, &rules);
    let mut tally = Tally::default();
    for (files, labelled) in &cases {
        compare_history(files, labelled, settings, &rules, &mut tally);
    }
    let Tally { found, missed, false_ } = &tally;
    assert!(*found > 0, "{folder}: nothing was found");
    assert!(
        missed.is_empty() && false_.is_empty(),
        "\nmissed:\n  {}\nfalse:\n  {}\n",
        missed.join("\n  "),
        false_.join("\n  ")
    );
}

/// Rules that are off unless configured are labelled, too.
fn switched_on(settings: &LintSettings, rules: &BTreeSet<String>) -> LintSettings {
    let off = rules.iter().filter(|name| lint::rule(name).is_some_and(|rule| rule.level == Level::Off));
    LintSettings { rules: off.map(|name| (name.clone(), Level::Warning)).collect(), ..settings.clone() }
}

fn compare_history(
    files: &[PathBuf],
    labelled: &[Labelled],
    settings: &LintSettings,
    rules: &BTreeSet<String>,
    tally: &mut Tally,
) {
    let mut findings = findings(files, settings);
    findings.retain(|(_, _, rule, _)| rules.contains(rule));
    for file in labelled {
        let name = file.path.file_name().unwrap().to_string_lossy().into_owned();
        let reported: BTreeSet<(usize, String)> = findings
            .iter()
            .filter(|(path, ..)| *path == name)
            .map(|(_, line, rule, _)| (file.statement_at(*line).unwrap_or(*line), rule.clone()))
            .collect();
        let expected = file.expectations();
        let shown = |(line, rule): &(usize, String)| format!("{}:{line}: {rule}", file.path.display());
        tally.found += expected.intersection(&reported).count();
        tally.missed.extend(expected.difference(&reported).map(shown));
        tally.false_.extend(reported.difference(&expected).map(shown));
    }
}

/// (file name, line, rule, message) of everything that is more than a note.
fn findings(files: &[PathBuf], settings: &LintSettings) -> Vec<(String, usize, String, String)> {
    let project = tempfile::tempdir().unwrap();
    let versions = project.path().join("versions");
    fs::create_dir(&versions).unwrap();
    for path in files {
        fs::copy(path, versions.join(path.file_name().unwrap())).unwrap();
    }
    let read = LintProject::read(LintInput {
        locations: Locations {
            script_location: project.path().to_owned(),
            versions: vec![versions],
            recursive: false,
            sourceless: false,
            import_roots: Vec::new(),
        },
        root: project.path().to_owned(),
        settings: settings.clone(),
        new_file_names: NewFileNames { file_template: None, truncate_slug_length: 40 },
        now: "2026-06-01T00:00:00".parse().unwrap(),
    });
    let report = lint::lint(&read, &Selection { files: None, judges_published: true });
    let findings = report.diagnostics.into_iter().filter(|found| found.severity > Severity::Note);
    findings
        .map(|found| {
            let name = found.location.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, found.location.line, found.rule.to_owned(), found.message)
        })
        .collect()
}
