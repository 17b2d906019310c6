//! sql-migrate (`migrate.go`, `sqlparse/sqlparse.go`): every `.sql` file, known by its whole name; those with a number in the order of the numbers.

use super::Found;
use super::single::{NumberedName, words};
use crate::import::directory::{Directory, text_of};
use crate::import::error::{ImportError, Problem};
use crate::import::migration::OldMigration;
use crate::import::sections::{Marker, Repeated, sections};

pub(super) fn read(directory: &Directory) -> Result<Found, ImportError> {
    let mut found = Found::default();
    let mut files: Vec<&str> = directory.own_files().filter(|file| file.ends_with(".sql")).collect();
    // Numbers are compared where both have one, else the names; those without come last (`Migration.Less`).
    files.sort_by(|a, b| match (NumberedName::parse(a), NumberedName::parse(b)) {
        (Some(one), Some(other)) => one.order().cmp(&other.order()).then_with(|| a.cmp(b)),
        (one, other) => other.is_some().cmp(&one.is_some()).then_with(|| a.cmp(b)),
    });
    for file in files {
        let source = directory.bytes(file)?;
        found.take(migration(file, source));
    }
    Ok(found)
}

fn migration(file: &str, source: Vec<u8>) -> Result<OldMigration, Problem> {
    let text = text_of(file, &source)?;
    let cut = sections(file, &text, Repeated::InOrder, &marker)?;
    let up = cut.up.ok_or_else(|| Problem::of(file, "there is no line `-- +migrate Up`"))?;
    let stem = file.strip_suffix(".sql").unwrap_or(file);
    Ok(OldMigration {
        version: stem.to_owned(),
        description: NumberedName::parse(file).map_or_else(|| words(stem), |name| name.description()),
        up,
        down: cut.down,
        file: file.to_owned(),
        source,
        is_repeatable: false,
    })
}

pub(in crate::import) fn marker(line: &str) -> Option<Marker> {
    let command = line.strip_prefix("-- +migrate ")?;
    let words: Vec<&str> = command.split_whitespace().collect();
    let no_transaction = words.contains(&"notransaction");
    match words.first().copied()? {
        "Up" => Some(Marker::Up { no_transaction }),
        "Down" => Some(Marker::Down { no_transaction }),
        "StatementBegin" => Some(Marker::Begin),
        "StatementEnd" => Some(Marker::End),
        _ => Some(Marker::Dropped),
    }
}
