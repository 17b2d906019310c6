use std::path::Path;

use super::estate::{Estate, EstateRequest, Home, ServerHome, TenantRole};
use super::{LifecycleError, secret};
use crate::database::{Access, Connection, Password};

/// Something that a tenant needs, and whether it had to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// `secret file`, `role`, `database`, `schema` or `file`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Whether it was absent.
    pub was_absent: bool,
}

const PASSWORD_HINT: &str =
    "put its password where `password` or `secret-file` in [tenants] says, or give it a new one by --new-password";

impl Estate {
    /// Makes what is absent, and keeps what is there. The password is on disk before the role has it: whatever ends this, the next attempt
    /// goes on with the same one.
    ///
    /// # Errors
    /// Something of that name belongs to somebody else, the role that asks may not, or the tenant's own URL does not lead to what was made.
    pub fn create(&self, request: &EstateRequest<'_>, new_password: bool) -> Result<Vec<Made>, LifecycleError> {
        match &self.home {
            Home::File(path) => Ok(vec![make_file(path)?]),
            Home::Server(home) => {
                let made = self.create_on(home, request, new_password)?;
                self.try_url(request)?;
                Ok(made)
            }
        }
    }

    fn create_on(
        &self,
        home: &ServerHome,
        request: &EstateRequest<'_>,
        new_password: bool,
    ) -> Result<Vec<Made>, LifecycleError> {
        let mut made = Vec::new();
        if let Some(role) = &home.role {
            self.make_role(home, role, request, new_password, &mut made)?;
            home.server.join_role(&role.name)?;
        }
        if home.owns_database {
            home.make_database(&mut made)?;
        } else if home.server.facts(&home.database)?.is_none() {
            return Err(LifecycleError::Settings {
                tenant: self.tenant.name.clone(),
                reason: format!("there is no database {} for its schema", home.database),
                hint: "`limbec db create` makes it",
            });
        }
        home.grant(self.url.username())?;
        if let Some(schema) = &home.schema {
            home.make_schema(schema, self.url.username(), &mut made)?;
        }
        Ok(made)
    }

    /// The role with a password that is known: that of the secret file, else one that the settings have, else a new one.
    fn make_role(
        &self,
        home: &ServerHome,
        role: &TenantRole,
        request: &EstateRequest<'_>,
        new_password: bool,
        made: &mut Vec<Made>,
    ) -> Result<(), LifecycleError> {
        let name = &role.name;
        let foreign =
            |reason: &str, hint| LifecycleError::ForeignRole { role: name.clone(), reason: reason.to_owned(), hint };
        let facts = home.server.role_facts(name)?;
        if facts.as_ref().is_some_and(|facts| facts.is_superuser || facts.is_me) {
            return Err(foreign(
                "is the server's administrator",
                "`role` in [tenants] should be a name of the tenants' own",
            ));
        }
        let stored = role.secret_file.as_deref().map(secret::read).transpose()?.flatten();
        let known = match stored {
            Some(password) => Some(password),
            None => self.configured_password(request),
        };
        let (password, is_new) = match known {
            Some(password) if !new_password => (password, false),
            _ => (Password::generate(), true),
        };
        if is_new {
            if facts.is_some() && !new_password {
                return Err(foreign("its password is not known", PASSWORD_HINT));
            }
            let path = role.secret_file.as_deref().ok_or_else(|| LifecycleError::Settings {
                tenant: self.tenant.name.clone(),
                reason: "nothing says where the password of its role is written".to_owned(),
                hint: "write `secret-file = \"secrets/{name}\"` and `password = \"file:secrets/{name}\"` into [tenants]",
            })?;
            if new_password {
                secret::replace(path, &password)?
            } else {
                secret::write_new(path, &password)?
            }
            made.push(Made { kind: "secret file", name: path.display().to_string(), was_absent: true });
        } else if let Some(path) = role.secret_file.as_deref().filter(|path| path.exists()) {
            made.push(Made { kind: "secret file", name: path.display().to_string(), was_absent: false });
        }
        match facts {
            None => home.server.create_role(name, &password)?,
            Some(_) if new_password => home.server.set_password(name, &password)?,
            Some(_) => {}
        }
        made.push(Made { kind: "role", name: name.clone(), was_absent: facts.is_none() });
        Ok(())
    }

    fn configured_password(&self, request: &EstateRequest<'_>) -> Option<Password> {
        let source = self.tenant.password.as_ref()?;
        source.resolve(request.variable).ok().map(Password::new)
    }

    /// Whether the tenant's own URL leads to what was made.
    fn try_url(&self, request: &EstateRequest<'_>) -> Result<(), LifecycleError> {
        let url = self.tenant.database_url(request.variable)?;
        Connection::open(&url, request.environment, Access::Read)
            .map(drop)
            .map_err(|error| LifecycleError::NotThere { tenant: self.tenant.name.clone(), reason: Box::new(error) })
    }
}

impl ServerHome {
    fn make_database(&self, made: &mut Vec<Made>) -> Result<(), LifecycleError> {
        let owner = self.role.as_ref().map(|role| role.name.as_str());
        let facts = self.server.facts(&self.database)?;
        self.check_owner("database", &self.database, facts.as_ref().map(|facts| facts.owner.as_str()))?;
        if facts.is_none() {
            self.server.create_for(&self.database, owner)?;
        }
        made.push(Made { kind: "database", name: self.database.clone(), was_absent: facts.is_none() });
        Ok(())
    }

    /// Nobody but the tenant may connect to its database; and whoever it connects as may.
    fn grant(&self, user: Option<&str>) -> Result<(), LifecycleError> {
        let Some(role) = &self.role else { return Ok(()) };
        if self.owns_database {
            self.server.revoke_public(&self.database)?;
        }
        for role in [Some(role.name.as_str()), user].into_iter().flatten() {
            if !self.server.may_connect(&self.database, role)? {
                self.server.grant_connect(&self.database, role)?;
            }
        }
        Ok(())
    }

    fn make_schema(&self, schema: &str, user: Option<&str>, made: &mut Vec<Made>) -> Result<(), LifecycleError> {
        let owner = self.role.as_ref().map(|role| role.name.as_str());
        let present = self.server.schema_owner(&self.database, schema)?;
        self.check_owner("schema", schema, present.as_deref())?;
        let was_absent = self.server.create_schema(&self.database, schema, owner)?;
        made.push(Made { kind: "schema", name: schema.to_owned(), was_absent });
        // Who migrates may be another role than the one that works there.
        if let (Some(owner), Some(user)) = (owner, user.filter(|user| Some(*user) != owner)) {
            self.server.grant_create(&self.database, schema, user)?;
            self.server.grant_use(&self.database, schema, (user, owner))?;
        }
        Ok(())
    }

    fn check_owner(&self, kind: &'static str, name: &str, owner: Option<&str>) -> Result<(), LifecycleError> {
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

/// An empty file is an SQLite database without tables.
fn make_file(path: &Path) -> Result<Made, LifecycleError> {
    let made = |was_absent| Made { kind: "file", name: path.display().to_string(), was_absent };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| secret::fault("make the folder", folder, error))?;
    }
    match std::fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(_) => Ok(made(true)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && path.is_file() => Ok(made(false)),
        Err(error) => Err(secret::fault("make", path, error)),
    }
}
