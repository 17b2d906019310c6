//! Every rule is listed, named as its file, documented, and its documented examples do what they say.

use std::collections::BTreeSet;

use super::RULES;
use crate::lint::testing::History;
use crate::lint::{Applicability, Level, LintSettings, Report, Rule, Selection, Severity, fix};

#[test]
fn every_file_is_listed_once_and_in_order() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lint/rules");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|stem| {
            std::fs::read_to_string(format!("{}/src/lint/rules/{stem}.rs", env!("CARGO_MANIFEST_DIR")))
                .is_ok_and(|text| text.contains("declare_rule! {"))
        })
        .filter(|stem| stem != "tests")
        .collect();
    let names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    let listed: BTreeSet<String> = names.iter().map(|name| name.replace('-', "_")).collect();
    assert_eq!(files, listed);
    assert!(names.is_sorted(), "RULES is sorted by name");
    for rule in RULES {
        assert!(
            rule.file.ends_with(&format!("/{}.rs", rule.name.replace('-', "_"))),
            "{} is in {}",
            rule.name,
            rule.file
        );
    }
}

#[test]
fn every_rule_has_its_page() {
    for rule in RULES {
        let page = rule.documentation();
        assert!(rule.summary().ends_with('.') && rule.summary().len() < 110, "{}: {}", rule.name, rule.summary());
        let headings: Vec<&str> =
            page.lines().filter(|line| line.starts_with('#') && !line.starts_with("# ")).collect();
        assert_eq!(headings, ["## What it flags", "## Why", "## Example", "## Use instead"], "{}", rule.name);
    }
}

/// The blocks of a language under a heading.
fn code<'p>(page: &'p str, heading: &str, language: &str) -> Vec<(&'p str, &'p str)> {
    let section = page.split(heading).nth(1).unwrap_or_default().split("\n## ").next().unwrap_or_default();
    let parts = section.split(language).skip(1).map(|part| part.split_once('\n').unwrap());
    parts.map(|(info, rest)| (info, rest.split("```").next().unwrap())).collect()
}

/// The Python blocks under a heading; several are a history, oldest first.
fn blocks(rule: &Rule, heading: &str) -> Vec<(Option<String>, String)> {
    let page = rule.documentation();
    let named = |info: &str| info.split_whitespace().find_map(|word| word.strip_prefix("file=")).map(str::to_owned);
    code(&page, heading, "```python").into_iter().map(|(info, text)| (named(info), text.to_owned())).collect()
}

/// The SQL block under a heading, for a revision whose work is SQL.
fn sql_block(rule: &Rule, heading: &str) -> Option<String> {
    code(&rule.documentation(), heading, "```sql").first().map(|(_, text)| (*text).to_owned())
}

/// Rules that are off by default are on for their own examples.
fn history(rule: &Rule, blocks: &[(Option<String>, String)]) -> History {
    let rules = [(rule.name.to_owned(), rule.level.max(Level::Warning))].into();
    let history = History::with(LintSettings { rules, ..LintSettings::default() });
    blocks.iter().fold(history, |history, (name, text)| match name {
        Some(name) => history.named(name, text),
        None => history.revision(text),
    })
}

fn report(rule: &Rule, blocks: &[(Option<String>, String)]) -> Report {
    history(rule, blocks).report()
}

fn fired(report: &Report) -> BTreeSet<&'static str> {
    let grave = report.diagnostics.iter().filter(|diagnostic| diagnostic.severity > Severity::Note);
    grave.map(|diagnostic| diagnostic.rule).collect()
}

/// What cannot happen without another rule's case.
const COMPANIONS: &[(&str, &str)] =
    &[("colliding-heads", "several-heads"), ("drop-add-looks-like-rename", "column-dropped")];

#[test]
fn examples_fire_their_rule_and_cures_fire_nothing() {
    for rule in RULES {
        let (example, cure) = (blocks(rule, "## Example"), blocks(rule, "## Use instead"));
        // What was published before cannot be shown by files alone: it is drawn.
        if example.is_empty() && rule.documentation().contains("```text") {
            continue;
        }
        let of = |blocks: &[(Option<String>, String)], heading| match sql_block(rule, heading) {
            Some(sql) => history(rule, blocks).sql(Some(&sql), Some("DROP TABLE users;")).report(),
            None => report(rule, blocks),
        };
        let found = of(&example, "## Example");
        let companion = COMPANIONS.iter().find(|(name, _)| *name == rule.name).map(|(_, companion)| *companion);
        let expected: BTreeSet<&str> = companion.into_iter().chain([rule.name]).collect();
        assert_eq!(fired(&found), expected, "{}: {:#?}", rule.name, found.diagnostics);
        let found = of(&cure, "## Use instead");
        assert!(fired(&found).is_empty(), "{}: {:#?}", rule.name, found.diagnostics);
    }
}

#[test]
fn rules_with_fixes_say_so() {
    for rule in RULES {
        let path = format!("{}/{}", env!("CARGO_MANIFEST_DIR"), rule.file);
        let text = std::fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let has_fix = code.contains("Fix {") || code.contains(".fix(") || code.contains(".fix = ");
        assert_eq!(has_fix, rule.is_fixable, "{}: `fix: Sometimes` belongs to rules with fixes", rule.name);
    }
}

#[test]
fn fixes_of_examples_converge() {
    for rule in RULES.iter().filter(|rule| rule.is_fixable) {
        let project = history(rule, &blocks(rule, "## Example")).project();
        let selection = Selection { files: None, judges_published: false };
        let fixed = fix(project, &selection, Applicability::Unsafe);
        let left: Vec<_> = fixed.report.diagnostics.iter().filter(|left| left.is_fixable()).collect();
        assert!(left.is_empty(), "{}: {left:#?}", rule.name);
    }
}

#[test]
fn the_page_of_rules_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules.md");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == crate::lint::render::rules_markdown(),
        "docs/rules.md is stale: cargo run -- rule --all --format markdown > docs/rules.md"
    );
}
