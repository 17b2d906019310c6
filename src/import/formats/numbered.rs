//! `001_name.sql`, with `rollbacks/001_name.sql` to take it back; in the order of the numbers.

use super::Found;
use super::single::NumberedName;
use crate::import::directory::{Directory, text_of};
use crate::import::error::{ImportError, Problem};
use crate::import::migration::{OldMigration, OldText};

/// Folders with the files that take migrations back.
pub(in crate::import) const FOLDERS: [&str; 4] = ["rollbacks", "rollback", "down", "undo"];

pub(super) fn read(directory: &Directory) -> Result<Found, ImportError> {
    let mut found = Found::default();
    let mut files: Vec<(&str, NumberedName<'_>)> =
        directory.own_files().filter_map(|file| Some((file, NumberedName::parse(file)?))).collect();
    files.sort_by_key(|(_, name)| name.order());
    let mut backs: Vec<&str> = directory.files().filter(|file| is_rollback(file)).collect();
    for (file, name) in files {
        let back = backs.iter().position(|back| takes_back(back, file, &name)).map(|at| backs.remove(at));
        let source = directory.bytes(file)?;
        let down = back.map(|back| Ok::<_, ImportError>((back, directory.bytes(back)?))).transpose()?;
        found.take(migration(file, &name, source, down));
    }
    for back in backs {
        found.problems.push(Problem::of(back, "there is no file that it takes back"));
    }
    Ok(found)
}

pub(in crate::import) fn is_rollback(file: &str) -> bool {
    let folder = file.split_once('/').filter(|(_, name)| !name.contains('/') && NumberedName::parse(name).is_some());
    folder.is_some_and(|(folder, _)| FOLDERS.contains(&folder))
}

/// By the whole name, or by the number.
fn takes_back(back: &str, file: &str, name: &NumberedName<'_>) -> bool {
    let back = back.rsplit('/').next().unwrap_or(back);
    back == file || NumberedName::parse(back).is_some_and(|other| other.version() == name.version())
}

fn migration(
    file: &str,
    name: &NumberedName<'_>,
    source: Vec<u8>,
    down: Option<(&str, Vec<u8>)>,
) -> Result<OldMigration, Problem> {
    let down = down.map(|(back, bytes)| Ok::<_, Problem>(OldText::whole(back, text_of(back, &bytes)?))).transpose()?;
    Ok(OldMigration {
        version: name.version(),
        description: name.description(),
        up: OldText::whole(file, text_of(file, &source)?),
        down,
        file: file.to_owned(),
        source,
        is_repeatable: false,
    })
}
