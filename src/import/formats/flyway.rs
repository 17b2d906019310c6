//! Flyway: `V1_2__name.sql`, `U1_2__name.sql` to take it back, `R__name.sql` whenever it changes; in the order of the versions.

use std::cmp::Ordering;
use std::fmt;

use super::Found;
use super::single::{canonical, words};
use crate::import::directory::{Directory, text_of};
use crate::import::error::{ImportError, Problem};
use crate::import::migration::{OldMigration, OldText};

/// `1.2`: numbers between dots or underscores, of which zeros at the end mean nothing (`MigrationVersion`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::import) struct FlywayVersion(Vec<String>);

impl FlywayVersion {
    /// Of a file name or of the table.
    pub(in crate::import) fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        for part in text.split(['.', '_']) {
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            parts.push(canonical(part));
        }
        while parts.len() > 1 && parts.last().is_some_and(|part| part == "0") {
            parts.pop();
        }
        Some(Self(parts))
    }
}

impl Ord for FlywayVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |part: &String| (part.len(), part.clone());
        self.0.iter().map(key).cmp(other.0.iter().map(key))
    }
}

impl PartialOrd for FlywayVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for FlywayVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// What the name of a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Versioned(FlywayVersion),
    Undo(FlywayVersion),
    Baseline(FlywayVersion),
    Repeatable,
    Broken,
}

/// Whether Flyway would take a file for a migration.
pub(in crate::import) fn is_flyway_file(file: &str) -> bool {
    kind_of(file).is_some_and(|(kind, _)| kind != Kind::Broken)
}

/// The name without its prefix and version, and what it is.
fn kind_of(file: &str) -> Option<(Kind, String)> {
    let name = file.rsplit('/').next().unwrap_or(file).strip_suffix(".sql")?;
    let (prefix, rest) = (name.get(..1)?, name.get(1..)?);
    let (version, description) = rest.split_once("__").unwrap_or((rest, ""));
    let versioned = |make: fn(FlywayVersion) -> Kind| FlywayVersion::parse(version).map_or(Kind::Broken, make);
    let kind = match prefix {
        "R" if version.is_empty() && !description.is_empty() => Kind::Repeatable,
        "V" | "U" | "B" if !version.starts_with(|c: char| c.is_ascii_digit()) => return None,
        "V" => versioned(Kind::Versioned),
        "U" => versioned(Kind::Undo),
        "B" => versioned(Kind::Baseline),
        _ => return None,
    };
    Some((kind, words(description)))
}

pub(super) fn read(directory: &Directory) -> Result<Found, ImportError> {
    let mut found = Found::default();
    let mut versioned = Vec::new();
    let mut undone = Vec::new();
    let mut repeatable = Vec::new();
    let mut others = Vec::new();
    for file in directory.files().filter(|file| file.ends_with(".sql")) {
        match kind_of(file) {
            Some((Kind::Versioned(version), description)) => versioned.push((version, file, description)),
            Some((Kind::Undo(version), _)) => undone.push((version, file)),
            Some((Kind::Repeatable, description)) => repeatable.push((description, file)),
            Some((Kind::Broken, _)) => {
                found
                    .problems
                    .push(Problem::of(file, "no version of Flyway's is between the first letter and two underscores"));
            }
            Some((Kind::Baseline(_), _)) | None => others.push(file),
        }
    }
    versioned.sort_by(|one, other| one.0.cmp(&other.0));
    repeatable.sort();
    for (version, file, description) in versioned {
        let undo = undone.iter().position(|(undo, _)| *undo == version).map(|at| undone.remove(at).1);
        found.take(migration(directory, (version.to_string(), description), file, undo)?);
    }
    for (_, file) in undone {
        found.problems.push(Problem::of(file, "there is no file that it takes back"));
    }
    let is_any = !repeatable.is_empty();
    for (description, file) in repeatable {
        let made = migration(directory, (format!("R {description}"), description), file, None)?;
        found.take(made.map(|migration| OldMigration { is_repeatable: true, ..migration }));
    }
    found.notes.extend(notes(is_any, &others));
    Ok(found)
}

fn notes(has_repeatable: bool, others: &[&str]) -> Vec<String> {
    let mut notes = Vec::new();
    if has_repeatable {
        notes.push(
            "repeatable migrations become revisions that come last and run once; a later version of one is a revision of its own"
                .to_owned(),
        );
    }
    if !others.is_empty() {
        notes.push(format!(
            "left out, as they are neither V…, U… nor R…: {} (callbacks are hooks of limbec's: docs/hooks.md)",
            others.join(", ")
        ));
    }
    notes
}

fn migration(
    directory: &Directory,
    (version, description): (String, String),
    file: &str,
    undo: Option<&str>,
) -> Result<Result<OldMigration, Problem>, ImportError> {
    let source = directory.bytes(file)?;
    let back = undo.map(|undo| Ok::<_, ImportError>((undo, directory.bytes(undo)?))).transpose()?;
    let is_outside = |file: &str| runs_outside(directory, file);
    let made = || -> Result<OldMigration, Problem> {
        let text = |file: &str, bytes: &[u8]| -> Result<OldText, Problem> {
            Ok(OldText { no_transaction: is_outside(file), ..OldText::whole(file, text_of(file, bytes)?) })
        };
        Ok(OldMigration {
            version,
            description,
            up: text(file, &source)?,
            down: back.as_ref().map(|(undo, bytes)| text(undo, bytes)).transpose()?,
            file: file.to_owned(),
            source: source.clone(),
            is_repeatable: false,
        })
    };
    Ok(made())
}

/// `executeInTransaction=false` in `NAME.sql.conf` beside it.
fn runs_outside(directory: &Directory, file: &str) -> bool {
    let Ok(bytes) = directory.bytes(&format!("{file}.conf")) else { return false };
    String::from_utf8_lossy(&bytes)
        .lines()
        .filter_map(|line| line.split_once('='))
        .any(|(key, value)| key.trim() == "executeInTransaction" && value.trim() == "false")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let version = |text| FlywayVersion::parse(text).unwrap();
        assert!(
            version("1.9") < version("1_10") && version("2") > version("1.99.1") && version("1") < version("1.0.1")
        );
        assert_eq!(version("1.0_0"), version("001"));
        assert_eq!(version("1_2").to_string(), "1.2");
        assert_eq!(FlywayVersion::parse("1..2"), None);
    }

    #[test]
    fn names_are_told_apart() {
        for (file, expected) in [
            ("V1_2__add_x.sql", true),
            ("sub/V3__a.sql", true),
            ("U1__a.sql", true),
            ("R__views.sql", true),
            ("V1.sql", true),
            ("V1_x__a.sql", false),
            ("Views.sql", false),
            ("R.sql", false),
            ("beforeMigrate.sql", false),
        ] {
            assert_eq!(is_flyway_file(file), expected, "{file}");
        }
    }
}
