//! goose (`internal/sqlparser/parser.go`, `migration.go`): files `NUMBER_name.sql`, in the order of the numbers.

use super::Found;
use super::single::NumberedName;
use crate::import::directory::{Directory, text_of};
use crate::import::error::{ImportError, Problem};
use crate::import::migration::OldMigration;
use crate::import::sections::{Marker, Repeated, sections};

pub(super) fn read(directory: &Directory) -> Result<Found, ImportError> {
    let mut found = Found::default();
    let mut files: Vec<(&str, NumberedName<'_>)> =
        directory.own_files().filter_map(|file| Some((file, NumberedName::parse(file)?))).collect();
    files.sort_by_key(|(_, name)| name.order());
    for (file, name) in files {
        let source = directory.bytes(file)?;
        found.take(migration(file, &name, source));
    }
    Ok(found)
}

fn migration(file: &str, name: &NumberedName<'_>, source: Vec<u8>) -> Result<OldMigration, Problem> {
    let text = text_of(file, &source)?;
    check_substitution(file, &text)?;
    let cut = sections(file, &text, Repeated::Refused, &marker)?;
    let up = cut.up.ok_or_else(|| Problem::of(file, "there is no line `-- +goose Up`"))?;
    Ok(OldMigration {
        version: name.version(),
        description: name.description(),
        up,
        down: cut.down,
        file: file.to_owned(),
        source,
        is_repeatable: false,
    })
}

/// The words after `+goose`; what else begins so is a comment to goose, too.
pub(in crate::import) fn marker(line: &str) -> Option<Marker> {
    let command = line.strip_prefix("--")?.trim().strip_prefix("+goose")?;
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        ["Up"] => Some(Marker::Up { no_transaction: false }),
        ["Down"] => Some(Marker::Down { no_transaction: false }),
        ["StatementBegin"] => Some(Marker::Begin),
        ["StatementEnd"] => Some(Marker::End),
        ["NO", "TRANSACTION"] => Some(Marker::NoTransaction),
        ["ENVSUB" | "ENVSUBST", "ON" | "OFF"] => Some(Marker::Dropped),
        ["ENVSUB" | "ENVSUBST", ..] => Some(Marker::Refused("ENVSUB is ON or OFF".to_owned())),
        _ => None,
    }
}

/// With ENVSUB ON goose pastes variables of the environment into the text; what they were is not in the file.
fn check_substitution(file: &str, text: &str) -> Result<(), Problem> {
    let mut is_on = false;
    for (index, line) in text.lines().enumerate() {
        let command = line.strip_prefix("--").and_then(|rest| rest.trim().strip_prefix("+goose ENVSUB"));
        if let Some(command) = command {
            is_on = command.trim_end().ends_with(" ON");
        } else if is_on && let Some(variable) = variable_in(line) {
            let reason = format!(
                "goose puts the environment's {variable} here (ENVSUB ON); write its value into the file, or make it a variable of limbec's after the import"
            );
            return Err(Problem::at(file, index + 1, reason));
        }
    }
    Ok(())
}

/// `$NAME` or `${NAME…`, but neither `$1` nor `$$`.
fn variable_in(line: &str) -> Option<String> {
    let mut rest = line;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        let name = rest.strip_prefix('{').unwrap_or(rest);
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
        let name = &name[..end];
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        // A tag of dollar quotes ends with a dollar.
        if is_name && !rest.get(end..).is_some_and(|after| after.starts_with('$')) {
            return Some(name.to_owned());
        }
    }
    None
}
