//! dbmate (`pkg/dbmate/migration.go`, `db.go`): files whose names begin with digits, in the order of their names.

use super::Found;
use super::single::{NumberedName, words};
use crate::import::directory::{Directory, text_of};
use crate::import::error::{ImportError, Problem};
use crate::import::migration::OldMigration;
use crate::import::sections::{Marker, Repeated, sections};

pub(super) fn read(directory: &Directory) -> Result<Found, ImportError> {
    let mut found = Found::default();
    for file in directory.own_files() {
        let Some(name) = NumberedName::parse(file) else { continue };
        let source = directory.bytes(file)?;
        found.take(migration(file, &name, source));
    }
    Ok(found)
}

/// The digits are compared as text: its table has them as text.
fn migration(file: &str, name: &NumberedName<'_>, source: Vec<u8>) -> Result<OldMigration, Problem> {
    let text = text_of(file, &source)?;
    let cut = sections(file, &text, Repeated::DownReversed, &marker)?;
    let up = cut.up.ok_or_else(|| Problem::of(file, "there is no line `-- migrate:up`"))?;
    Ok(OldMigration {
        version: name.digits.to_owned(),
        description: words(name.name),
        up,
        down: cut.down,
        file: file.to_owned(),
        source,
        is_repeatable: false,
    })
}

/// `^--\s*migrate:up(\s*$|\s+\S+)`, with options as `transaction:false`.
pub(in crate::import) fn marker(line: &str) -> Option<Marker> {
    let directive = line.strip_prefix("--")?.trim_start().strip_prefix("migrate:")?;
    let (direction, options) = directive.split_at(directive.find(char::is_whitespace).unwrap_or(directive.len()));
    let no_transaction = options.split_whitespace().any(|option| option == "transaction:false");
    match direction {
        "up" => Some(Marker::Up { no_transaction }),
        "down" => Some(Marker::Down { no_transaction }),
        _ => None,
    }
}
