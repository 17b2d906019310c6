use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::render::path_text;
use crate::cli::server::{Place, ServerArgs};
use crate::database::{DatabaseError, Password, PostgresServer};

/// Create a database, and a role that uses it
///
/// On PostgreSQL by a role that may (CREATEDB, and CREATEROLE for `--role`); on SQLite the file. A role that is made gets a generated
/// password, which goes to the secret file and nowhere else: the server is sent its verifier. With `--role` alone the role owns the
/// database; with `--owner` as well it may connect, and read and write what the owner makes in the schema public from then on.
#[derive(Debug, Clone, Args)]
pub struct CreateArgs {
    /// Which database, on which server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Role that owns the database; it exists already
    #[arg(long, value_name = "ROLE")]
    pub owner: Option<String>,
    /// Login role to make for the application
    #[arg(long, value_name = "ROLE", requires = "secret_file")]
    pub role: Option<String>,
    /// New file for the password of `--role`, readable for its owner alone
    #[arg(long, value_name = "FILE", requires = "role")]
    pub secret_file: Option<PathBuf>,
    /// Let nobody else connect: PostgreSQL lets every role
    #[arg(long)]
    pub private: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct CreateJson {
    /// Password hidden.
    database: String,
    owner: Option<String>,
    role: Option<String>,
    secret_file: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// There is such a database, role or file already; the role that asks may not.
pub fn run(context: &mut CommandContext, args: &CreateArgs) -> Result<ExitStatus, CommandError> {
    let (url, name) = match context.place(&args.server)? {
        Place::File { path, url } => {
            if args.owner.is_some() || args.role.is_some() || args.private {
                return Err(CommandError::usage("SQLite has no roles: leave out --owner, --role and --private"));
            }
            create_file(&path)?;
            (url, path_text(&path))
        }
        Place::Server { server, database, url, .. } => {
            create_on(&server, &database, args)?;
            (url, database)
        }
    };
    match args.format {
        Format::Json => context.ui.json(&CreateJson {
            database: url.accepted_by_sqlalchemy().obfuscated(),
            owner: args.owner.clone().or_else(|| args.role.clone()),
            role: args.role.clone(),
            secret_file: args.secret_file.clone(),
        }),
        Format::Text => {
            if let (Some(role), Some(path)) = (&args.role, &args.secret_file) {
                context.ui.result(&format!("Created the role {role}; its password is in {}.", path_text(path)));
            }
            context.ui.result(&format!("Created the database {name}."));
        }
    }
    Ok(ExitStatus::Success)
}

fn create_on(server: &PostgresServer, database: &str, args: &CreateArgs) -> Result<(), CommandError> {
    if server.facts(database)?.is_some() {
        return Err(CommandError::failed(format!("there is a database {database} already")));
    }
    let Some(role) = &args.role else {
        return create_database(server, database, args.owner.as_deref(), args.private);
    };
    if server.has_role(role)? {
        return Err(CommandError::failed(format!("there is a role {role} already"))
            .hint(format!("`--owner {role}` gives it the database; its password stays as it is")));
    }
    let path = args.secret_file.as_deref().unwrap_or(Path::new(""));
    let password = Password::generate();
    // First of all: a role whose password nobody knows would be worth nothing.
    write_secret(path, &password)?;
    let made = create_for_role(server, database, (role, &password), args);
    if made.is_err() && matches!(server.has_role(role), Ok(false)) {
        // What was made here is nobody else's. The failure is the thing to tell.
        let _ = std::fs::remove_file(path);
    }
    made
}

fn create_for_role(
    server: &PostgresServer,
    database: &str,
    (role, password): (&str, &Password),
    args: &CreateArgs,
) -> Result<(), CommandError> {
    server.create_role(role, password)?;
    let grant = |owner: &str| -> Result<(), DatabaseError> {
        server.grant_connect(database, role)?;
        server.grant_use(database, "public", (owner, role))
    };
    let made = match &args.owner {
        None => server
            .join_role(role)
            .map_err(CommandError::from)
            .and_then(|()| create_database(server, database, Some(role), args.private)),
        Some(owner) => create_database(server, database, Some(owner), args.private).and_then(|()| {
            grant(owner).map_err(|error| {
                let _ = server.drop_owned(database, role);
                let _ = server.drop_unused(database);
                error.into()
            })
        }),
    };
    made.inspect_err(|_| {
        let _ = server.drop_role(role);
    })
}

fn create_database(
    server: &PostgresServer,
    database: &str,
    owner: Option<&str>,
    is_private: bool,
) -> Result<(), CommandError> {
    server.create_for(database, owner)?;
    if is_private {
        server.revoke_public(database).inspect_err(|_| {
            // Open to everybody is what it must not be.
            let _ = server.drop_unused(database);
        })?;
    }
    Ok(())
}

/// A new file with mode 0600, on disk before anything else happens.
fn write_secret(path: &Path, password: &Password) -> Result<(), CommandError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || {
        let mut file = tempfile::Builder::new().prefix(".limbec-secret-").tempfile_in(folder)?;
        writeln!(file, "{}", password.expose())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map(drop).map_err(|error| error.error)
    };
    write().map_err(|error: std::io::Error| {
        CommandError::failed(format!("cannot write the secret file {}", path_text(path))).caused_by(error.to_string())
    })
}

/// An empty file is an SQLite database without tables.
fn create_file(path: &Path) -> Result<(), CommandError> {
    match std::fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(CommandError::failed(format!("there is a file {} already", path_text(path))))
        }
        Err(error) => {
            Err(CommandError::failed(format!("cannot make {}", path_text(path))).caused_by(error.to_string()))
        }
    }
}
