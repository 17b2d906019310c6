//! Where databases are made and dropped: a PostgreSQL server, or a folder with SQLite files.

use std::path::PathBuf;

use clap::Args;

use super::context::CommandContext;
use super::error::CommandError;
use crate::database::{DatabaseError, DatabaseUrl, Dialect, PostgresServer};

/// Which database is meant, and by whom the server is asked.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// The database [default: the one of `--url`, or of the project]
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Server, as the URL of a role that may; its database is connected to, and never changed [default: $LIMBEC_SERVER_URL, else the
    /// project's URL with the database postgres]
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
}

/// A database that need not exist.
pub(super) enum Place {
    /// On a server.
    Server {
        /// Connected to the maintenance database.
        server: Box<PostgresServer>,
        /// The database's name.
        database: String,
        /// Its URL.
        url: DatabaseUrl,
        /// The maintenance database.
        maintenance: String,
    },
    /// A file.
    File {
        /// Where.
        path: PathBuf,
        /// Its URL.
        url: DatabaseUrl,
    },
}

/// Databases of the server itself: the first that lets itself be connected to is the way in.
const MAINTENANCE: [&str; 2] = ["postgres", "template1"];

impl CommandContext {
    /// Finds the database that is meant. Only the server is connected to.
    ///
    /// # Errors
    /// Nothing says which, or where; or the server does not answer.
    pub(super) fn place(&mut self, args: &ServerArgs) -> Result<Place, CommandError> {
        let variable = self.environment.variable("LIMBEC_SERVER_URL").map(str::to_owned);
        let (text, origin) = match (&args.server, variable) {
            (Some(text), _) => (Some(text.clone()), "--server"),
            (None, variable) => (variable, "the environment variable LIMBEC_SERVER_URL"),
        };
        // SQLite has no server, whatever the environment says.
        let own = if text.is_some() && args.name.is_some() { None } else { Some(self.own_database()?) };
        let text = text.filter(|_| own.as_ref().is_none_or(|own| own.dialect() != Dialect::Sqlite));
        let name = args.name.clone().filter(|name| !name.is_empty());
        let (given, own) = match (text, own) {
            (Some(text), own) => (Some(server_url(&text, origin)?), own),
            (None, Some(own)) => (None, Some(own)),
            (None, None) => return Err(unknown(None)),
        };
        if let Some(own) = own.as_ref().filter(|own| own.dialect() == Dialect::Sqlite) {
            return file(args, own);
        }
        let base = given.as_ref().or(own.as_ref()).ok_or_else(|| unknown(None))?;
        self.ui.hide(base);
        if let Dialect::Other(dialect) = base.dialect() {
            return Err(CommandError::failed(format!("limbec makes and drops no {dialect} database"))
                .hint("PostgreSQL and SQLite are spoken natively"));
        }
        let database = name.or_else(|| own.as_ref()?.database().map(str::to_owned)).filter(|name| !name.is_empty());
        let database = database.ok_or_else(|| {
            CommandError::usage("nothing says which database is meant").hint("name it, or give its URL by `--url`")
        })?;
        let url = base.with_database(&database);
        let (server, maintenance) = match &given {
            Some(given) => (given.clone(), given.database().unwrap_or_default().to_owned()),
            None => self.way_in(base)?,
        };
        let server = Box::new(PostgresServer::new(server, self.database_environment()));
        Ok(Place::Server { server, database, url, maintenance })
    }

    /// The first maintenance database that can be connected to.
    fn way_in(&self, base: &DatabaseUrl) -> Result<(DatabaseUrl, String), CommandError> {
        let mut failure = None;
        for name in MAINTENANCE {
            let url = base.with_database(name);
            match PostgresServer::new(url.clone(), self.database_environment()).version() {
                Ok(_) => return Ok((url, name.to_owned())),
                Err(error @ (DatabaseError::NoDatabase { .. } | DatabaseError::Refused { .. })) => {
                    failure.get_or_insert(error);
                }
                Err(error) => return Err(error.into()),
            }
        }
        let failure = failure.map_or_else(|| unknown(None), CommandError::from);
        Err(failure.hint("name a database that can be connected to by `--server URL`"))
    }

    /// The project's database, as far as that is known without running env.py: it need not exist, and env.py would connect to it.
    fn own_database(&mut self) -> Result<DatabaseUrl, CommandError> {
        if let Some(given) = self.url_override().map(str::to_owned) {
            let origin = if self.globals.url.is_some() { "--url" } else { "the environment variable LIMBEC_URL" };
            return DatabaseUrl::parse(&given).map_err(|error| CommandError::usage(format!("{origin}: {error}")));
        }
        let target = self.database_target()?;
        target.url().cloned().ok_or_else(|| unknown(target.why_python()))
    }
}

fn unknown(reason: Option<&str>) -> CommandError {
    let failure =
        CommandError::usage("where the database is cannot be known without running env.py, which would connect to it")
            .hint("name it by `--url URL`, or by its name and `--server URL`");
    match reason {
        Some(reason) => failure.caused_by(reason),
        None => failure,
    }
}

fn server_url(text: &str, origin: &str) -> Result<DatabaseUrl, CommandError> {
    let url = DatabaseUrl::parse(text).map_err(|error| CommandError::usage(format!("{origin}: {error}")))?;
    if url.dialect() == Dialect::Postgres {
        return Ok(url);
    }
    Err(CommandError::usage(format!("{origin} is no PostgreSQL server: {url}")))
}

fn file(args: &ServerArgs, url: &DatabaseUrl) -> Result<Place, CommandError> {
    if args.name.is_some() {
        return Err(CommandError::usage("an SQLite database is its file, and has no name")
            .hint("leave the name out, or name the file by `--url sqlite:///FILE`"));
    }
    let path = url.sqlite_file().map_err(DatabaseError::from)?;
    let path = path.ok_or_else(|| CommandError::usage("the SQLite database is in memory: there is no file"))?;
    Ok(Place::File { path, url: url.clone() })
}
