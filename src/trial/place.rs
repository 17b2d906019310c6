use std::fs;
use std::path::{Path, PathBuf};

use super::TrialError;
use super::identity::{Owner, SNAPSHOT_PREFIX, TEST_PREFIX, is_leftover, new_name};
use super::key::Key;
use crate::database::{DatabaseUrl, PostgresServer};

/// More snapshots than these are dropped, those first that nobody has used for the longest time.
const SNAPSHOTS_KEPT: usize = 16;

/// Where ephemeral databases are made, and snapshots of them kept.
#[derive(Debug, Clone)]
pub enum Place {
    /// Databases of a PostgreSQL server.
    Server {
        /// The server.
        server: PostgresServer,
        /// Whether snapshots are kept there.
        keeps_snapshots: bool,
        /// The schema of the version table, where the settings name one: an empty database has it.
        schema: Option<String>,
        /// Another database of the server, which new ones are copies of; `None`: they are empty.
        template: Option<String>,
    },
    /// SQLite files.
    Files {
        /// A folder of this run, for the databases.
        folder: PathBuf,
        /// Where snapshots are kept; `None`: nowhere.
        snapshots: Option<PathBuf>,
    },
}

/// A database of this run; dropped with this value.
#[derive(Debug)]
pub struct Ephemeral {
    place: Place,
    name: String,
    is_dropped: bool,
}

impl Place {
    /// Drops what killed runs have left behind. How many databases there were.
    ///
    /// # Errors
    /// The server does not answer. What cannot be dropped is left to the next run.
    pub fn clear_leftovers(&self) -> Result<usize, TrialError> {
        let Self::Server { server, .. } = self else { return Ok(0) };
        let listed = server.databases(TEST_PREFIX)?;
        let leftovers = listed.iter().filter(|database| is_leftover(&database.name, &database.comment));
        Ok(leftovers.filter(|database| server.drop(&database.name).is_ok()).count())
    }

    /// An empty database, or a copy of the template.
    ///
    /// # Errors
    /// No permission, no room, no such template.
    pub fn create(&self) -> Result<Ephemeral, TrialError> {
        self.make(None)
    }

    /// The same place with new databases that are copies of another one of the server; `None`: files have none.
    #[must_use]
    pub fn from_template(self, name: &str) -> Option<Self> {
        match self {
            Self::Server { server, keeps_snapshots, schema, .. } => {
                Some(Self::Server { server, keeps_snapshots, schema, template: Some(name.to_owned()) })
            }
            Self::Files { .. } => None,
        }
    }

    /// A copy of a snapshot, if it is there.
    ///
    /// # Errors
    /// As `create`.
    pub fn restore(&self, key: &Key) -> Result<Ephemeral, TrialError> {
        let made = self.make(Some(key))?;
        match self {
            // Only the time of its last use; a failure costs nothing but a copy some day.
            Self::Server { server, .. } => drop(server.comment(&snapshot_name(key), &Owner::this().comment())),
            Self::Files { snapshots: Some(folder), .. } => {
                let file = fs::File::options().append(true).open(folder.join(snapshot_name(key)));
                drop(file.and_then(|file| file.set_modified(std::time::SystemTime::now())));
            }
            Self::Files { .. } => {}
        }
        Ok(made)
    }

    /// A copy of another database of this run, to which nobody is connected.
    ///
    /// # Errors
    /// As `create`.
    pub fn copy(&self, of: &Ephemeral) -> Result<Ephemeral, TrialError> {
        let name = new_name();
        match self {
            Self::Server { server, .. } => server.create(&name, Some(&of.name), &Owner::this().comment())?,
            Self::Files { folder, .. } => copy_file(&folder.join(&of.name), &folder.join(&name))?,
        }
        Ok(Ephemeral { place: self.clone(), name, is_dropped: false })
    }

    fn make(&self, key: Option<&Key>) -> Result<Ephemeral, TrialError> {
        let name = new_name();
        let made = |name| Ephemeral { place: self.clone(), name, is_dropped: false };
        match (self, key.map(snapshot_name)) {
            (Self::Server { server, schema, template, .. }, snapshot) => {
                let copied = snapshot.as_deref().or(template.as_deref());
                server.create(&name, copied, &Owner::this().comment())?;
                let database = made(name);
                if let (Some(schema), None) = (schema, copied) {
                    server.create_schema(&database.name, schema, None)?;
                }
                return Ok(database);
            }
            (Self::Files { folder, snapshots: Some(snapshots) }, Some(template)) => {
                copy_file(&snapshots.join(template), &folder.join(&name))?;
            }
            (Self::Files { .. }, _) => {}
        }
        Ok(made(name))
    }

    /// The last of these keys that there is a snapshot of, by its position.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn newest_snapshot<'a>(
        &self,
        keys: impl DoubleEndedIterator<Item = &'a Key>,
    ) -> Result<Option<&'a Key>, TrialError> {
        let names = self.snapshots()?;
        let mut newest_first = keys.rev();
        Ok(newest_first.find(|key| names.contains(&snapshot_name(key))))
    }

    /// Makes a snapshot of a database to which nobody is connected, in place of the database itself. An older one of the same
    /// key is left as it is.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn keep(&self, mut database: Ephemeral, key: &Key) -> Result<(), TrialError> {
        let name = snapshot_name(key);
        if self.snapshots()?.contains(&name) {
            return Ok(());
        }
        match self {
            Self::Server { server, keeps_snapshots: true, .. } => {
                match server.rename(&database.name, &name, &Owner::this().comment()) {
                    Ok(()) => database.is_dropped = true,
                    // Another run was faster.
                    Err(_) if self.snapshots()?.contains(&name) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Self::Files { folder, snapshots: Some(snapshots) } => {
                fs::create_dir_all(snapshots).map_err(TrialError::file("make the folder", snapshots))?;
                copy_file(&folder.join(&database.name), &snapshots.join(name))?;
            }
            _ => {}
        }
        self.drop_the_oldest_snapshots()
    }

    /// Whether snapshots are kept here.
    pub fn keeps_snapshots(&self) -> bool {
        matches!(self, Self::Server { keeps_snapshots: true, .. } | Self::Files { snapshots: Some(_), .. })
    }

    fn snapshots(&self) -> Result<Vec<String>, TrialError> {
        Ok(match self {
            Self::Server { server, keeps_snapshots: true, .. } => {
                server.databases(SNAPSHOT_PREFIX)?.into_iter().map(|listed| listed.name).collect()
            }
            Self::Files { snapshots: Some(snapshots), .. } => {
                files(snapshots).into_iter().map(|(name, _)| name).collect()
            }
            _ => Vec::new(),
        })
    }

    fn drop_the_oldest_snapshots(&self) -> Result<(), TrialError> {
        match self {
            Self::Server { server, .. } => {
                let mut listed = server.databases(SNAPSHOT_PREFIX)?;
                let used = |comment: &str| serde_json::from_str(comment).map_or(0, |owner: Owner| owner.used);
                listed.sort_by_key(|database| std::cmp::Reverse(used(&database.comment)));
                for database in listed.iter().skip(SNAPSHOTS_KEPT) {
                    // One that is being copied stays until the next time.
                    drop(server.drop(&database.name));
                }
            }
            Self::Files { snapshots: Some(folder), .. } => {
                let mut listed = files(folder);
                listed.sort_by_key(|(_, used)| std::cmp::Reverse(*used));
                for (name, _) in listed.iter().skip(SNAPSHOTS_KEPT) {
                    drop(fs::remove_file(folder.join(name)));
                }
            }
            Self::Files { .. } => {}
        }
        Ok(())
    }

    fn drop(&self, name: &str) -> Result<(), TrialError> {
        match self {
            Self::Server { server, .. } => Ok(server.drop(name)?),
            Self::Files { folder, .. } => {
                for suffix in ["", "-journal", "-wal", "-shm"] {
                    let path = folder.join(format!("{name}{suffix}"));
                    match fs::remove_file(&path) {
                        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                            return Err(TrialError::file("remove", path)(error));
                        }
                        _ => {}
                    }
                }
                Ok(())
            }
        }
    }
}

impl Ephemeral {
    /// Its name on the server or in the folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is connected to.
    ///
    /// # Errors
    /// A folder for SQLite files whose name is not Unicode.
    pub fn url(&self) -> Result<DatabaseUrl, TrialError> {
        match &self.place {
            Place::Server { server, .. } => Ok(server.url_of(&self.name)),
            Place::Files { folder, .. } => {
                let path = folder.join(&self.name);
                let unreadable = || std::io::Error::other("its name is not Unicode");
                let text = path.to_str().ok_or_else(unreadable).map_err(TrialError::file("use", &path))?;
                let memory = DatabaseUrl::parse("sqlite:///").map_err(crate::database::DatabaseError::from)?;
                Ok(memory.with_database(text))
            }
        }
    }

    /// Drops it and says so if that fails, which `drop` cannot.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn discard(mut self) -> Result<(), TrialError> {
        self.is_dropped = true;
        self.place.drop(&self.name)
    }
}

impl Drop for Ephemeral {
    fn drop(&mut self) {
        if !self.is_dropped {
            // On the way out of a failure, which is the one to tell; the next run looks for leftovers.
            let _ = self.place.drop(&self.name);
        }
    }
}

fn snapshot_name(key: &Key) -> String {
    format!("{SNAPSHOT_PREFIX}{}", key.short())
}

/// Names and times of the files of a folder.
fn files(folder: &Path) -> Vec<(String, std::time::SystemTime)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let listed = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok().filter(|name| name.starts_with(SNAPSHOT_PREFIX))?;
        Some((name, entry.metadata().ok()?.modified().ok()?))
    });
    listed.collect()
}

/// Under another name first: a copy that was cut short must not pass for a snapshot.
fn copy_file(from: &Path, to: &Path) -> Result<(), TrialError> {
    let partial = to.with_extension(format!("{}.partial", std::process::id()));
    if !from.exists() {
        return Ok(()); // a database into which nothing was ever written
    }
    fs::copy(from, &partial).and_then(|_| fs::rename(&partial, to)).map_err(|error| {
        let _ = fs::remove_file(&partial);
        TrialError::file("copy the database to", to)(error)
    })
}
