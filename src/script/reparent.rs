use std::ops::Range;

use regex::bytes::Regex;
use thiserror::Error;

use super::python::CreateDate;
use super::{Parsed, Replacement, RevisionFile, Script};
use crate::revision::RevisionId;

/// What a revision file should say from now on.
#[derive(Debug, Clone, Copy)]
pub struct Reparenting<'a> {
    /// The down revisions, if they change.
    pub down: Option<&'a [RevisionId]>,
    /// The date in the docstring, if it changes.
    pub created: Option<&'a CreateDate>,
}

/// Why a file cannot say so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("down_revision of {0} is not written out in its file, so it cannot be replaced")]
pub struct ReparentError(pub RevisionId);

/// The bytes to replace in a revision file: the value of `down_revision`, and `Revises:` and `Create Date:` in the docstring.
/// Everything else stays as it is.
///
/// # Errors
/// A `down_revision` that the text does not spell out.
pub fn reparent(
    file: &RevisionFile,
    script: &Script,
    change: Reparenting<'_>,
) -> Result<Vec<Replacement>, ReparentError> {
    let docstring = script.spans.docstring.clone().and_then(|range| docstring_text(file.bytes(), range));
    let mut replacements = Vec::new();
    if let Some(down) = change.down {
        let span = script.spans.down_revision.clone().filter(|span| file.bytes().get(span.clone()).is_some());
        let span = span.ok_or_else(|| ReparentError(script.revision.id.clone()))?;
        replacements.extend(value(file.bytes(), span, script, down));
        let ids: Vec<&str> = down.iter().map(RevisionId::as_str).collect();
        let line = docstring.clone().and_then(|range| labelled(file.bytes(), range, "Revises"));
        replacements.extend(line.map(|line| line.with(&ids.join(", "))));
    }
    if let Some(created) = change.created {
        let line = docstring.and_then(|range| labelled(file.bytes(), range, "Create Date"));
        replacements.extend(line.map(|line| line.with(&line.date(created))));
    }
    let result = applied(file, &replacements);
    let expected = change.down.unwrap_or(&script.revision.down);
    match result.declared {
        Ok(Parsed::Script(new)) if new.revision.down == expected && new.revision.id == script.revision.id => {
            Ok(replacements)
        }
        // A date alone breaks nothing that was not undecided before.
        Ok(Parsed::Undecided(_)) if change.down.is_none() => Ok(replacements),
        _ => Err(ReparentError(script.revision.id.clone())),
    }
}

/// The file with the replacements.
fn applied(file: &RevisionFile, replacements: &[Replacement]) -> RevisionFile {
    let rewrite = super::Rewrite {
        path: file.path.clone(),
        original: file.bytes().to_vec(),
        replacements: replacements.to_vec(),
        rename_to: None,
    };
    let bytes = rewrite.rewritten().unwrap_or_default();
    RevisionFile::parse(&file.path, bytes, &super::Imports::new(&[]))
}

/// The new value: where each parent has one in its place, only the changed ids; else the whole.
fn value(bytes: &[u8], span: Range<usize>, script: &Script, down: &[RevisionId]) -> Vec<Replacement> {
    let old = &script.revision.down;
    let text = bytes.get(span.clone()).unwrap_or_default();
    if old.len() == down.len() {
        let changed = old.iter().zip(down).filter(|(old, new)| old != new);
        let places: Option<Vec<Replacement>> = changed
            .map(|(old, new)| {
                let inside = literal(text, old.as_str())?;
                let range = span.start + inside.start..span.start + inside.end;
                Some(Replacement { range, bytes: new.as_str().as_bytes().to_vec() })
            })
            .collect();
        if let Some(places) = places {
            return places;
        }
    }
    let is_quote = |byte: &&u8| matches!(byte, b'\'' | b'"');
    let own = script.spans.revision.clone().and_then(|range| bytes.get(range)).unwrap_or_default();
    let quote = text.iter().chain(own).find(is_quote).copied().map_or('"', char::from);
    let quoted: Vec<String> = down.iter().map(|id| format!("{quote}{id}{quote}")).collect();
    let text = match quoted.as_slice() {
        [] => "None".to_owned(),
        [one] => one.clone(),
        several => format!("({})", several.join(", ")),
    };
    vec![Replacement { range: span, bytes: text.into_bytes() }]
}

/// Where an id stands between quotes, if it does so once.
fn literal(text: &[u8], id: &str) -> Option<Range<usize>> {
    let mut found = None;
    for quote in ['\'', '"'] {
        let quoted = format!("{quote}{id}{quote}");
        for at in memchr::memmem::find_iter(text, quoted.as_bytes()) {
            if found.replace(at + 1..at + 1 + id.len()).is_some() {
                return None;
            }
        }
    }
    found
}

/// A docstring without its closing quotes.
fn docstring_text(bytes: &[u8], range: Range<usize>) -> Option<Range<usize>> {
    let text = bytes.get(range.clone())?;
    let closing = text.iter().rev().take_while(|byte| matches!(byte, b'\'' | b'"')).count().min(3);
    Some(range.start..range.end.saturating_sub(closing).max(range.start))
}

/// The value behind `Label:` in a docstring.
struct Labelled {
    range: Range<usize>,
    old: String,
}

fn labelled(bytes: &[u8], range: Range<usize>, label: &str) -> Option<Labelled> {
    let pattern = Regex::new(&format!(r"(?m-u)^[ \t]*{label}:([^\r\n]*)")).ok()?;
    let value = pattern.captures(bytes.get(range.clone())?)?.get(1)?;
    Some(Labelled {
        range: range.start + value.start()..range.start + value.end(),
        old: String::from_utf8_lossy(value.as_bytes()).into_owned(),
    })
}

impl Labelled {
    fn with(&self, value: &str) -> Replacement {
        let blanks: String = self.old.chars().take_while(|c| *c == ' ' || *c == '\t').collect();
        let blanks = if blanks.is_empty() || blanks.len() == self.old.len() { " " } else { &blanks };
        Replacement { range: self.range.clone(), bytes: format!("{blanks}{value}").into_bytes() }
    }

    /// A date written as exactly as the old one.
    fn date(&self, date: &CreateDate) -> String {
        let text = date.to_string();
        if self.old.contains('.') {
            return text;
        }
        let (before, after) = text.split_once('.').unwrap_or((&text, ""));
        format!("{before}{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::script::{Imports, Rewrite};

    fn reparented(bytes: &[u8], down: Option<&[&str]>, created: Option<&str>) -> Result<Vec<u8>, ReparentError> {
        let file = RevisionFile::parse(Path::new("/v/a.py"), bytes.to_vec(), &Imports::new(&[]));
        let Ok(Parsed::Script(script)) = &file.declared else { panic!("{file:?}") };
        let down: Option<Vec<RevisionId>> = down.map(|ids| ids.iter().map(|id| RevisionId::new(*id)).collect());
        let created = created.map(|text| CreateDate::at(text.parse().unwrap(), Some("UTC")).unwrap());
        let change = Reparenting { down: down.as_deref(), created: created.as_ref() };
        let replacements = reparent(&file, script, change)?;
        let path = file.path.clone();
        Ok(Rewrite { path, original: bytes.to_vec(), replacements, rename_to: None }.rewritten().unwrap())
    }

    #[test]
    fn value_and_docstring_change_and_nothing_else() {
        let text = "\u{feff}\"\"\"caf\u{e9}\r\n\r\nRevision ID: b\r\nRevises: a\r\nCreate Date: 2026-01-01 10:00:00.123456\r\n\r\n\"\"\"\r\n\
                    revision = 'b'  # mine\r\ndown_revision: str | None = 'a'  # theirs\r\ndepends_on = 'a'\r\n";
        let new = reparented(text.as_bytes(), Some(&["c"]), Some("2026-02-03T04:05:06.5Z")).unwrap();
        let expected = text
            .replace("Revises: a", "Revises: c")
            .replace("2026-01-01 10:00:00.123456", "2026-02-03 04:05:06.500000+00:00")
            .replace("None = 'a'", "None = 'c'");
        assert_eq!(String::from_utf8(new).unwrap(), expected);
        let latin = b"# coding: latin-1\n'''\xe9\nRevises: a'''\nrevision = \"b\"\ndown_revision = \"a\"\n";
        let new = reparented(latin, Some(&["c"]), None).unwrap();
        assert_eq!(new, b"# coding: latin-1\n'''\xe9\nRevises: c'''\nrevision = \"b\"\ndown_revision = \"c\"\n");
    }

    #[test]
    fn merges_bases_and_dates() {
        let new = |value: &str, down: &[&str]| {
            let text = format!("revision = 'z'\ndown_revision = {value}\n");
            let new = String::from_utf8(reparented(text.as_bytes(), Some(down), None).unwrap()).unwrap();
            new.split_once("down_revision = ").unwrap().1.trim_end().to_owned()
        };
        assert_eq!(new("(\n    \"a\",  # one\n    \"b\",\n)", &["a", "c"]), "(\n    \"a\",  # one\n    \"c\",\n)");
        assert_eq!(new("('a', 'b')", &["c"]), "'c'");
        assert_eq!(new("None", &["c"]), "'c'");
        assert_eq!(new("[\"a\"]", &["b", "c"]), "(\"b\", \"c\")");
        assert_eq!(new("'a'", &[]), "None");
        let text =
            "\"\"\"x\nRevises:\nCreate Date: 2026-01-01 10:00:00\n\"\"\"\nrevision = 'z'\ndown_revision = None\n";
        let new = reparented(text.as_bytes(), Some(&["c"]), Some("2026-02-03T04:05:06.5Z")).unwrap();
        let new = String::from_utf8(new).unwrap();
        assert!(new.starts_with("\"\"\"x\nRevises: c\nCreate Date: 2026-02-03 04:05:06+00:00\n\"\"\"\n"), "{new}");
    }

    #[test]
    fn what_would_not_be_read_back_is_refused() {
        let text = "revision, down_revision = 'b', 'a'\n";
        let new = reparented(text.as_bytes(), Some(&["c"]), None).unwrap();
        assert_eq!(new, b"revision, down_revision = 'b', 'c'\n");
        let text = "revision = 'b'\ndown_revision = 'a'\n";
        let error = reparented(text.as_bytes(), Some(&["c'd"]), None).unwrap_err();
        assert_eq!(error, ReparentError("b".into()));
    }
}
