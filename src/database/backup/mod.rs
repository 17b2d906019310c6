//! A copy of a whole database, made before something in it is destroyed.

mod error;
mod postgres;
mod sqlite;

use std::path::{Path, PathBuf};

use tempfile::TempPath;

pub use error::BackupError;
pub use postgres::dump_sql;

use super::{DatabaseUrl, Dialect, Environment};

/// Writes a backup into `folder` (default: that of the SQLite file, else the current one), which is made where it is missing, and
/// says where it is. `name` tells this backup from others. A file of that name is there only when it is complete; nobody else can read it.
///
/// PostgreSQL: `pg_dump --format=custom`, for `pg_restore`; a plain SQLite file by SQLite's online backup.
///
/// # Errors
/// There is no `pg_dump`, it fails, or the file cannot be written.
pub fn back_up(
    url: &DatabaseUrl,
    environment: &Environment,
    folder: Option<&Path>,
    name: &str,
) -> Result<PathBuf, BackupError> {
    match url.dialect() {
        Dialect::Postgres => back_up_on_server(url, environment, None, folder, name),
        Dialect::Sqlite => {
            let file = url.sqlite_file().map_err(super::DatabaseError::from)?.ok_or(BackupError::InMemory)?;
            let beside = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let place = Target::new(folder.unwrap_or(beside), &stem, name, "db")?;
            sqlite::copy(&file, &place.unfinished)?;
            place.finish()
        }
        Dialect::Other(dialect) => Err(BackupError::Dialect { dialect }),
    }
}

/// The same for one schema of a PostgreSQL database.
///
/// # Errors
/// As [`back_up`].
pub fn back_up_schema(
    url: &DatabaseUrl,
    environment: &Environment,
    schema: &str,
    folder: Option<&Path>,
    name: &str,
) -> Result<PathBuf, BackupError> {
    back_up_on_server(url, environment, Some(schema), folder, name)
}

fn back_up_on_server(
    url: &DatabaseUrl,
    environment: &Environment,
    schema: Option<&str>,
    folder: Option<&Path>,
    name: &str,
) -> Result<PathBuf, BackupError> {
    let stem = schema.or(url.database()).unwrap_or("database");
    let place = Target::new(folder.unwrap_or(Path::new(".")), stem, name, "dump")?;
    postgres::dump(url, environment, schema, &place.unfinished)?;
    place.finish()
}

/// A file that gets its name when it is complete.
struct Target {
    unfinished: TempPath,
    path: PathBuf,
}

impl Target {
    fn new(folder: &Path, database: &str, name: &str, extension: &str) -> Result<Self, BackupError> {
        let fault = |error: std::io::Error| BackupError::write(folder, &error);
        std::fs::create_dir_all(folder).map_err(fault)?;
        let folder = folder.canonicalize().map_err(fault)?;
        // Made with mode 0600: a backup holds what the database protects.
        let unfinished =
            tempfile::Builder::new().prefix(".limbec-backup-").tempfile_in(&folder).map_err(fault)?.into_temp_path();
        let is_plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        let database: String = database.chars().map(|c| if is_plain(c) { c } else { '_' }).take(60).collect();
        let database = database.trim_start_matches('.');
        Ok(Self { unfinished, path: folder.join(format!("{database}-{name}.{extension}")) })
    }

    fn finish(self) -> Result<PathBuf, BackupError> {
        let Self { unfinished, path } = self;
        let written = std::fs::File::open(&unfinished).and_then(|file| file.sync_all());
        written.map_err(|error| BackupError::write(&path, &error))?;
        unfinished.persist_noclobber(&path).map_err(|error| BackupError::write(&path, &error.error))?;
        Ok(path)
    }
}
