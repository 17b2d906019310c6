//! sqlx (`sqlx-core/src/migrate/source.rs`): `NUMBER_name.sql`, or pairs as golang-migrate has them; in the order of the numbers.

use super::single::NumberedName;
use super::{Found, pairs};
use crate::import::directory::{Directory, text_of};
use crate::import::error::{ImportError, Problem};
use crate::import::migration::{OldMigration, OldText};

/// The first line of a file that runs outside a transaction (`Migration::new`).
const NO_TRANSACTION: &str = "-- no-transaction";

pub(super) fn read(directory: &Directory) -> Result<Found, ImportError> {
    let mut found = pairs::read(directory, text)?;
    for file in directory.own_files() {
        let Some(name) = NumberedName::parse(file).filter(|name| pairs::direction(name.name).is_none()) else {
            continue;
        };
        let source = directory.bytes(file)?;
        found.take(migration(file, &name, source));
    }
    found.migrations.sort_by_key(|migration| (migration.version.len(), migration.version.clone()));
    Ok(found)
}

fn migration(file: &str, name: &NumberedName<'_>, source: Vec<u8>) -> Result<OldMigration, Problem> {
    Ok(OldMigration {
        version: name.version(),
        description: name.description(),
        up: text(file, text_of(file, &source)?),
        down: None,
        file: file.to_owned(),
        source,
        is_repeatable: false,
    })
}

fn text(file: &str, text: String) -> OldText {
    let no_transaction = text.starts_with(NO_TRANSACTION);
    let mut whole = OldText::whole(file, text);
    if no_transaction {
        whole.no_transaction = true;
        // The line is the tool's own; limbec's takes its place.
        let end = whole.text.find('\n').map_or(whole.text.len(), |at| at + 1);
        whole.text.drain(..end);
        whole.lines.remove(0);
    }
    whole
}
