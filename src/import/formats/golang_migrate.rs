//! golang-migrate (`source/parse.go`): `NUMBER_name.up.sql` with `NUMBER_name.down.sql`.

use super::{Found, pairs};
use crate::import::directory::Directory;
use crate::import::error::ImportError;
use crate::import::migration::OldText;

pub(super) fn read(directory: &Directory) -> Result<Found, ImportError> {
    pairs::read(directory, OldText::whole)
}
