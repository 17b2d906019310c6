//! A backup before a plan that destroys data, where the settings or the command line want one.

use super::{Deployment, Event};
use crate::config::BackupSetting;
use crate::database::{self, BackupError};
use crate::migrate::MigrateError;

impl Deployment<'_> {
    /// Makes the backup, once a database. To be called when the gates are passed and before anything is written.
    pub(super) fn back_up(&mut self, dialect: &str) -> Result<(), MigrateError> {
        let folder = match &self.request.options.backup {
            None | Some(BackupSetting::Off) => return Ok(()),
            Some(BackupSetting::Default) => None,
            Some(BackupSetting::Folder(folder)) => Some(folder.as_path()),
        };
        if !self.gates.destroys() {
            return Ok(());
        }
        let Some(held) = &self.held else { return Err(BackupError::Dialect { dialect: dialect.to_owned() }.into()) };
        if self.backup.as_ref().is_some_and(|(url, _)| url.is_same_database(&held.url)) {
            return Ok(());
        }
        let name = chrono::Utc::now().format("%Y%m%d-%H%M%S-%3f").to_string();
        let path = database::back_up(&held.url, self.request.environment, folder, &name)?;
        self.attendant.event(Event::BackedUp(&path));
        self.backup = Some((held.url.clone(), path));
        Ok(())
    }

    /// Where the backup for the database in hand is.
    pub(super) fn backup_path(&self) -> Option<String> {
        let held = self.held.as_ref()?;
        let (url, path) = self.backup.as_ref()?;
        url.is_same_database(&held.url).then(|| path.display().to_string())
    }
}
