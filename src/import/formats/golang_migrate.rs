//! golang-migrate (`source/parse.go`): `NUMBER_name.up.sql` with `NUMBER_name.down.sql`.

use super::{Found, pairs};
use crate::import::directory::Directory;
use crate::import::error::ImportError;
use crate::import::migration::OldText;

pub(super) fn read(directory: &Directory) -> Result<Found, ImportError> {
    let mut found = pairs::read(directory, OldText::whole)?;
    let others = directory.own_files().filter(|file| file.ends_with(".sql")).count();
    let taken: usize = found.migrations.iter().map(|migration| migration.texts().count()).sum();
    if found.problems.is_empty() && others > taken {
        found.notes.push(format!(
            "{} of the .sql files are no .up.sql or .down.sql, and left out as golang-migrate does",
            others - taken
        ));
    }
    Ok(found)
}
