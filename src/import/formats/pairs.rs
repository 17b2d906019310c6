//! `NUMBER_name.up.sql` with `NUMBER_name.down.sql`.

use std::collections::BTreeMap;

use super::Found;
use super::single::{NumberedName, words};
use crate::import::directory::{Directory, text_of};
use crate::import::error::{ImportError, Problem};
use crate::import::migration::{OldMigration, OldText};

/// What is read of a whole file.
pub(super) type TextReader = fn(&str, String) -> OldText;

/// One version's files.
#[derive(Debug, Default)]
struct Pair<'a> {
    up: Option<&'a str>,
    down: Option<&'a str>,
    twin: Option<&'a str>,
}

/// Reads all pairs of a directory.
pub(super) fn read(directory: &Directory, reader: TextReader) -> Result<Found, ImportError> {
    let mut found = Found::default();
    let mut pairs: BTreeMap<(usize, String), Pair<'_>> = BTreeMap::new();
    for file in directory.own_files() {
        let Some(name) = NumberedName::parse(file) else { continue };
        let pair = pairs.entry(name.order()).or_default();
        let place = match direction(name.name) {
            Some(true) => &mut pair.up,
            Some(false) => &mut pair.down,
            None => continue,
        };
        if place.replace(file).is_some() {
            pair.twin = Some(file);
        }
    }
    for ((_, version), pair) in pairs {
        if let Some(twin) = pair.twin {
            found.problems.push(Problem::of(twin, format!("version {version} has another file of this direction")));
            continue;
        }
        match (pair.up, pair.down) {
            (Some(up), down) => {
                let migration = migration(directory, version, (up, down), reader)?;
                found.take(migration);
            }
            (None, Some(down)) => found.problems.push(Problem::of(down, "there is no file that it takes back")),
            (None, None) => {}
        }
    }
    Ok(found)
}

fn migration(
    directory: &Directory,
    version: String,
    (up, down): (&str, Option<&str>),
    reader: TextReader,
) -> Result<Result<OldMigration, Problem>, ImportError> {
    let source = directory.bytes(up)?;
    let back = down.map(|file| Ok::<_, ImportError>((file, directory.bytes(file)?))).transpose()?;
    let made = || -> Result<OldMigration, Problem> {
        let text = text_of(up, &source)?;
        let down = back.map(|(file, bytes)| Ok::<_, Problem>(reader(file, text_of(file, &bytes)?))).transpose()?;
        let name = NumberedName::parse(up).map(|name| name.name).unwrap_or_default();
        Ok(OldMigration {
            version,
            description: words(name.strip_suffix(".up").unwrap_or(name)),
            up: reader(up, text),
            down,
            file: up.to_owned(),
            source: source.clone(),
            is_repeatable: false,
        })
    };
    Ok(made())
}

/// Whether a name without `.sql` says that it goes up.
pub(super) fn direction(name: &str) -> Option<bool> {
    let is = |suffix: &str| name == suffix || name.ends_with(&format!(".{suffix}"));
    if is("up") { Some(true) } else { is("down").then_some(false) }
}
