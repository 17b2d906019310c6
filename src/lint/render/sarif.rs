use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use super::fingerprint::Fingerprints;
use super::json::document;
use crate::lint::{Diagnostic, Edit, Fix, Level, LintProject, Location, RULES, Report, Rule, Severity};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// SARIF 2.1.0, with every rule that a finding refers to.
pub fn sarif(project: &LintProject, report: &Report) -> String {
    let rules: Vec<&Rule> =
        RULES.iter().copied().filter(|rule| report.diagnostics.iter().any(|found| found.rule == rule.name)).collect();
    let mut fingerprints = Fingerprints::default();
    let results = report.diagnostics.iter().map(|diagnostic| {
        let fingerprint = fingerprints.next(project, diagnostic);
        result(project, diagnostic, &rules, &fingerprint)
    });
    let results: Vec<Value> = results.collect();
    document(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "limbec",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.into_iter().map(rule).collect::<Vec<Value>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn rule(rule: &Rule) -> Value {
    let page = rule.documentation();
    json!({
        "id": rule.name,
        "shortDescription": {"text": rule.summary()},
        "fullDescription": {"text": section(&page, "## What it flags")},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {
            "enabled": rule.level != Level::Off,
            "level": if rule.level == Level::Error { "error" } else { "warning" },
        },
        "properties": {"tags": [rule.group.name()]},
    })
}

/// The text under a heading.
fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    page.split(heading).nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or(page).trim()
}

fn result(project: &LintProject, diagnostic: &Diagnostic, rules: &[&Rule], fingerprint: &str) -> Value {
    let mut text = diagnostic.message.clone();
    for line in diagnostic.help.iter().chain(&diagnostic.notes) {
        text.push('\n');
        text.push_str(line);
    }
    let mut result = json!({
        "ruleId": diagnostic.rule,
        "level": match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        "message": {"text": text},
        "locations": [{"physicalLocation": physical(project, &diagnostic.location)}],
        "partialFingerprints": {"limbec/v1": fingerprint},
    });
    if let Some(index) = rules.iter().position(|rule| rule.name == diagnostic.rule) {
        result["ruleIndex"] = index.into();
    }
    if !diagnostic.annotations.is_empty() {
        let related = diagnostic.annotations.iter().enumerate().map(|(id, annotation)| {
            json!({
                "id": id,
                "physicalLocation": physical(project, &annotation.location),
                "message": {"text": annotation.message},
            })
        });
        result["relatedLocations"] = related.collect();
    }
    if let Some(fix) = diagnostic.fix.as_ref().and_then(|fix| fix_of(project, fix)) {
        result["fixes"] = json!([fix]);
    }
    result
}

fn physical(project: &LintProject, location: &Location) -> Value {
    let mut physical = json!({"artifactLocation": artifact(&project.shown_path(&location.path))});
    if !location.is_whole_file() {
        physical["region"] = region(location);
    }
    physical
}

fn region(location: &Location) -> Value {
    json!({
        "startLine": location.line,
        "startColumn": location.column,
        "endLine": location.end_line,
        "endColumn": location.end_column,
    })
}

/// What a path must not hold in a URI.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b':');

fn artifact(path: &str) -> Value {
    let uri = utf8_percent_encode(path, ENCODED).to_string();
    if path.starts_with('/') {
        json!({"uri": format!("file://{uri}")})
    } else {
        json!({"uri": uri, "uriBaseId": "%SRCROOT%"})
    }
}

/// A fix that only changes text: SARIF has no renames.
fn fix_of(project: &LintProject, fix: &Fix) -> Option<Value> {
    let mut changes: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for edit in &fix.edits {
        let Edit::Replace { file, range, text } = edit else { return None };
        let place = project.location(*file, range.clone());
        let replacement = json!({"deletedRegion": region(&place), "insertedContent": {"text": text}});
        changes.entry(project.shown_path(&place.path)).or_default().push(replacement);
    }
    let changes = changes
        .into_iter()
        .map(|(path, replacements)| json!({"artifactLocation": artifact(&path), "replacements": replacements}));
    let changes: Vec<Value> = changes.collect();
    (!changes.is_empty()).then(|| json!({"description": {"text": fix.title}, "artifactChanges": changes}))
}
