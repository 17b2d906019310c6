//! Files with both directions behind plain comments: `-- up`, `-- Up Migration` (node-pg-migrate), `-- migrate up` and the like.

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
    let cut = sections(file, &text, Repeated::Refused, &marker)?;
    let up = cut.up.ok_or_else(|| Problem::of(file, "there is no line `-- up`"))?;
    // `20230101_120000_name`: date and time are two numbers.
    let (version, description) = match date_and_time(name) {
        Some((digits, rest)) => (digits, super::single::words(rest)),
        None => (name.version(), name.description()),
    };
    Ok(OldMigration { version, description, up, down: cut.down, file: file.to_owned(), source, is_repeatable: false })
}

fn date_and_time<'a>(name: &NumberedName<'a>) -> Option<(String, &'a str)> {
    let (time, rest) = name.name.split_at_checked(6)?;
    let is_time = time.bytes().all(|byte| byte.is_ascii_digit()) && !rest.starts_with(|c: char| c.is_ascii_digit());
    (name.digits.len() == 8 && is_time).then(|| (format!("{}{time}", name.digits), rest))
}

/// `-- up`, in any case, with `migration`, `migrate` and punctuation around it; nothing else may be in the line.
pub(in crate::import) fn marker(line: &str) -> Option<Marker> {
    let comment = line.strip_prefix("--")?.to_lowercase();
    let words: Vec<&str> = comment.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).collect();
    let rest: Vec<&str> =
        words.iter().copied().filter(|word| !["migration", "migrate", "migrations"].contains(word)).collect();
    // A sentence that has `up` in it is a comment.
    let is_marker = words.len() <= 2 && comment.chars().all(|c| c.is_ascii_alphabetic() || " \t:=-+@_[]#".contains(c));
    match rest.as_slice() {
        ["up"] if is_marker => Some(Marker::Up { no_transaction: false }),
        ["down"] if is_marker => Some(Marker::Down { no_transaction: false }),
        _ => None,
    }
}
