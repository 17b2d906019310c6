use std::path::{Path, PathBuf};

use super::estate::{Estate, Home, ServerHome, TenantRole};
use super::{LifecycleError, secret};
use crate::database::{
    Access, BackupError, Connection, DatabaseError, DatabaseUrl, Environment, Session, back_up, back_up_schema,
};

/// What happens to those who are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// They are in the way.
    Refused,
    /// Their sessions are ended.
    Given,
}

/// Something that was a tenant's, and whether it was there to be dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// `database`, `schema`, `role`, `file` or `secret file`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Whether it was there.
    pub was_there: bool,
}

/// What SQLite leaves beside a file, and the lock file of limbec.
const BESIDE: [&str; 4] = ["-wal", "-shm", "-journal", ".limbec-lock"];

impl Estate {
    /// Whether there is something to drop: a database, a schema, a file.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn exists(&self) -> Result<bool, LifecycleError> {
        match &self.home {
            Home::File(path) => Ok(path.exists()),
            Home::Server(home) if home.server.facts(&home.database)?.is_none() => Ok(false),
            Home::Server(home) => match &home.schema {
                Some(schema) if !home.owns_database => Ok(home.server.has_schema(&home.database, schema)?),
                _ => Ok(true),
            },
        }
    }

    /// Refuses what is in use. Sessions in a database with other tenants count where they are those of the tenant's role.
    ///
    /// # Errors
    /// Somebody is connected, who is named.
    pub fn check_unused(&self) -> Result<(), LifecycleError> {
        match &self.home {
            Home::File(path) => check_file(path, &self.url),
            Home::Server(home) => {
                let Some(facts) = home.server.facts(&home.database)? else { return Ok(()) };
                let role = home.role.as_ref().filter(|role| !role.is_shared).map(|role| role.name.as_str());
                let is_theirs =
                    |session: &Session| home.owns_database || (role.is_some() && session.user.as_deref() == role);
                let sessions: Vec<Session> = facts.sessions.into_iter().filter(is_theirs).collect();
                if sessions.is_empty() {
                    return Ok(());
                }
                Err(LifecycleError::InUse { tenant: self.tenant.name.clone(), sessions })
            }
        }
    }

    /// Writes a backup of the database, or of the schema; where it is.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn back_up(
        &self,
        environment: &Environment,
        folder: Option<&Path>,
        name: &str,
    ) -> Result<PathBuf, BackupError> {
        match &self.home {
            Home::File(_) => back_up(&self.url, environment, folder, name),
            Home::Server(home) => {
                let url = home.admin.with_database(&home.database);
                match &home.schema {
                    Some(schema) if !home.owns_database => back_up_schema(&url, environment, schema, folder, name),
                    _ => back_up(&url, environment, folder, name),
                }
            }
        }
    }

    /// Drops the database or the schema, and the role if it is this tenant's alone.
    ///
    /// # Errors
    /// Somebody is connected, or the role that asks may not.
    pub fn remove(&self, force: Force) -> Result<Vec<Dropped>, LifecycleError> {
        match &self.home {
            Home::File(path) => Ok(vec![remove_file(path)?]),
            Home::Server(home) => home.remove(&self.tenant.name, force),
        }
    }

    /// Removes the file with the password.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove_secret(&self) -> Result<Option<Dropped>, LifecycleError> {
        let Some(path) = self.secret_file() else { return Ok(None) };
        let was_there = secret::remove(path)?;
        Ok(Some(Dropped { kind: "secret file", name: path.display().to_string(), was_there }))
    }
}

impl ServerHome {
    fn remove(&self, tenant: &str, force: Force) -> Result<Vec<Dropped>, LifecycleError> {
        let mut dropped = Vec::new();
        let facts = self.server.facts(&self.database)?;
        let mut owner = facts.as_ref().map(|facts| facts.owner.clone());
        if let (Some(schema), false) = (&self.schema, self.owns_database) {
            owner = match facts {
                Some(_) => self.server.schema_owner(&self.database, schema)?,
                None => None,
            };
            self.check_schema(tenant, schema)?;
            self.check_owned("schema", schema, owner.as_deref())?;
            if owner.is_some() {
                self.server.drop_schema(&self.database, schema)?;
            }
            dropped.push(Dropped { kind: "schema", name: schema.clone(), was_there: owner.is_some() });
        } else {
            self.check_owned("database", &self.database, owner.as_deref())?;
            match (facts.is_some(), force) {
                (false, _) => {}
                (true, Force::Given) => self.server.drop(&self.database)?,
                (true, Force::Refused) => self.server.drop_unused(&self.database)?,
            }
            dropped.push(Dropped { kind: "database", name: self.database.clone(), was_there: owner.is_some() });
        }
        if let Some(role) = self.role.as_ref().filter(|role| !role.is_shared) {
            dropped.extend(self.remove_role(role, owner.as_deref())?);
        }
        Ok(dropped)
    }

    /// A role that has nothing to do with the tenant may have the name that its role would have: it is dropped where it owned what was
    /// dropped, or its password is in the secret file.
    fn remove_role(&self, role: &TenantRole, owner: Option<&str>) -> Result<Option<Dropped>, LifecycleError> {
        let dropped = |was_there| Dropped { kind: "role", name: role.name.clone(), was_there };
        let Some(facts) = self.server.role_facts(&role.name)? else { return Ok(Some(dropped(false))) };
        let has_secret = role.secret_file.as_ref().is_some_and(|path| path.exists());
        if facts.is_superuser || facts.is_me || !(owner == Some(role.name.as_str()) || has_secret) {
            return Ok(None);
        }
        if !self.owns_database && self.server.facts(&self.database)?.is_some() {
            self.server.join_role(&role.name)?;
            self.server.drop_owned(&self.database, &role.name)?;
        }
        self.server.drop_role(&role.name)?;
        Ok(Some(dropped(true)))
    }

    fn check_schema(&self, tenant: &str, schema: &str) -> Result<(), LifecycleError> {
        let is_everybodys = schema == "public" || schema == "information_schema" || schema.starts_with("pg_");
        if !is_everybodys {
            return Ok(());
        }
        Err(LifecycleError::Settings {
            tenant: tenant.to_owned(),
            reason: format!("the schema {schema} is no tenant's alone"),
            hint: "drop what is in it by hand, if it has to be dropped",
        })
    }

    /// What belongs to somebody else is not dropped.
    fn check_owned(&self, kind: &'static str, name: &str, owner: Option<&str>) -> Result<(), LifecycleError> {
        match (&self.role, owner) {
            (Some(role), Some(owner)) if role.name != owner => Err(LifecycleError::Foreign {
                kind,
                name: name.to_owned(),
                owner: owner.to_owned(),
                role: role.name.clone(),
            }),
            _ => Ok(()),
        }
    }
}

/// Whether somebody reads or writes the file this moment. A connection that does neither cannot be seen.
fn check_file(path: &Path, url: &DatabaseUrl) -> Result<(), LifecycleError> {
    if !path.exists() {
        return Ok(());
    }
    let mut connection = Connection::open(url, &Environment::default(), Access::Write)?;
    let Err(error) = connection.run_exclusively() else { return Ok(()) };
    match error {
        DatabaseError::Busy { .. } => Err(LifecycleError::FileInUse { path: path.to_owned() }),
        error => Err(error.into()),
    }
}

/// Removes the database last: without it the others are nobody's.
fn remove_file(path: &Path) -> Result<Dropped, LifecycleError> {
    let was_there = path.exists();
    for ending in BESIDE {
        let mut beside = path.as_os_str().to_owned();
        beside.push(ending);
        secret::remove(Path::new(&beside))?;
    }
    secret::remove(path)?;
    Ok(Dropped { kind: "file", name: path.display().to_string(), was_there })
}
