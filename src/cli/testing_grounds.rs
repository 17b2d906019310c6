//! Where `limbec test` makes its databases, and how env.py is told of them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::context::CommandContext;
use super::error::CommandError;
use crate::config::{EnvPy, Place as KnownPlace};
use crate::database::{DatabaseUrl, Dialect, PostgresServer};
use crate::script::env::Sources;
use crate::trial::{Cluster, ClusterRequest, Place, TrialError, cluster_folder};

/// Where databases are made, and how env.py is told of them.
#[derive(Debug, Clone, Args)]
pub struct GroundsArgs {
    /// PostgreSQL server to make databases on; its user must be allowed to [default: $LIMBEC_TEST_URL, else a server is started from the programs installed here]
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Make databases on the server of the project's own database
    #[arg(long, conflicts_with = "server")]
    pub own_server: bool,
    /// Kind of database [default: that of the project's own]
    #[arg(long, value_name = "DIALECT")]
    pub dialect: Option<TestDialect>,
    /// Environment variable by which env.py is told its database [default: what env.py demonstrably reads; can be repeated]
    #[arg(long, value_name = "NAME")]
    pub url_variable: Vec<String>,
}

/// Databases that limbec can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TestDialect {
    /// A database of a server
    Postgresql,
    /// A file
    Sqlite,
}

/// The place where databases are made, and what has to outlive it.
pub(super) struct Grounds {
    /// Makes them.
    pub(super) place: Place,
    /// Where that is, for people.
    pub(super) words: String,
    /// Part of the keys of snapshots.
    pub(super) version: String,
    /// Of which kind they are.
    pub(super) dialect: TestDialect,
    _cluster: Option<Cluster>,
    /// Python's output, and SQLite's files.
    pub(super) folder: tempfile::TempDir,
}

impl Grounds {
    /// Finds the server, or starts one.
    ///
    /// # Errors
    /// None can be had.
    pub(super) fn find(
        context: &mut CommandContext,
        args: &GroundsArgs,
        dialect: TestDialect,
        own: Option<DatabaseUrl>,
        cache: Option<&PathBuf>,
    ) -> Result<Self, CommandError> {
        let folder = tempfile::Builder::new()
            .prefix("limbec-test-")
            .tempdir()
            .map_err(|error| CommandError::crashed("no temporary folder can be made").caused_by(error.to_string()))?;
        if dialect == TestDialect::Sqlite {
            let snapshots = cache.map(|cache| cache.join("sqlite"));
            let place = Place::Files { folder: folder.path().to_owned(), snapshots };
            let (words, version) = ("SQLite".to_owned(), String::new());
            return Ok(Self { place, words, version, dialect, _cluster: None, folder });
        }
        let (server, cluster) = match server_url(context, args, own)? {
            Some(url) => (PostgresServer::new(url, context.database_environment()), None),
            None => {
                let request = ClusterRequest {
                    search_path: context.environment.variables.get("PATH").cloned(),
                    cache: cache.map(|cache| cluster_folder(cache)).transpose()?,
                    temporary: std::env::temp_dir(),
                };
                if context.ui.shows_progress() {
                    context.ui.status("starting a PostgreSQL …");
                }
                let cluster = Cluster::start(&request)?;
                (cluster.server().clone(), Some(cluster))
            }
        };
        let version = server.version().map_err(TrialError::from)?;
        let number = version.parse::<u32>().map_or(0, |number| number / 10_000);
        let words = match &cluster {
            Some(_) => format!("a PostgreSQL {number} of its own"),
            None => format!("PostgreSQL {number} at {}", server.url_of("").obfuscated().trim_end_matches('/')),
        };
        let keeps_snapshots = cache.is_some() && cluster.as_ref().is_none_or(Cluster::keeps_snapshots);
        let place = Place::Server { server, keeps_snapshots, schema: context.configured_schema()?, template: None };
        let left = place.clear_leftovers()?;
        if left > 0 {
            context.ui.status(&format!("{left} databases of runs that were killed have been dropped."));
        }
        Ok(Self { place, words, version, dialect, _cluster: cluster, folder })
    }
}

/// `--server`, else LIMBEC_TEST_URL, else the project's own server where that was asked for.
fn server_url(
    context: &CommandContext,
    args: &GroundsArgs,
    own: Option<DatabaseUrl>,
) -> Result<Option<DatabaseUrl>, CommandError> {
    if args.own_server {
        let own = own.ok_or_else(|| {
            CommandError::usage("where the project's own server is cannot be known without running env.py")
                .hint("name it by `--server URL`, or by `--url URL --own-server`")
        })?;
        return Ok(Some(own));
    }
    let variable = context.environment.variable("LIMBEC_TEST_URL");
    let (text, origin) = match (&args.server, variable) {
        (Some(text), _) => (text.as_str(), "--server"),
        (None, Some(text)) => (text, "the environment variable LIMBEC_TEST_URL"),
        (None, None) => return Ok(None),
    };
    let url = DatabaseUrl::parse(text).map_err(|error| CommandError::usage(format!("{origin}: {error}")))?;
    if url.dialect() != Dialect::Postgres {
        return Err(CommandError::usage(format!("{origin} is no PostgreSQL server: {url}"))
            .hint("SQLite needs no server: `--dialect sqlite`"));
    }
    Ok(Some(url))
}

/// The project's own URL, for its dialect and driver: nothing is connected to.
pub(super) fn own_url(context: &mut CommandContext, args: &GroundsArgs) -> Result<Option<DatabaseUrl>, CommandError> {
    let target = match context.database_target() {
        Ok(target) => target,
        // A variable that is not set is no reason: that database is not used.
        Err(error) if args.own_server => return Err(error),
        Err(_) => return Ok(None),
    };
    if let KnownPlace::Known { url, .. } = &target.place {
        return Ok(Some(url.clone()));
    }
    let configured = context.project()?.main_option("sqlalchemy.url").ok().flatten();
    Ok(configured.and_then(|text| DatabaseUrl::parse(&text).ok()).filter(|_| !args.own_server))
}

/// The kind of database that is made.
///
/// # Errors
/// Nothing says it, or limbec makes none of that kind.
pub(super) fn dialect(
    context: &mut CommandContext,
    args: &GroundsArgs,
    own: Option<&DatabaseUrl>,
) -> Result<TestDialect, CommandError> {
    let has_server = args.server.is_some() || args.own_server;
    match args.dialect {
        Some(TestDialect::Sqlite) if has_server => {
            return Err(CommandError::usage("SQLite has no server").hint("leave out one of --dialect and --server"));
        }
        Some(dialect) => return Ok(dialect),
        None if has_server => return Ok(TestDialect::Postgresql),
        None => {}
    }
    let say = "say which kind of database to make: `--dialect postgresql` or `--dialect sqlite`";
    // The template's driver://user:pass@localhost/dbname is no dialect.
    match own.filter(|url| url.driver_name() != "driver").map(DatabaseUrl::dialect) {
        Some(Dialect::Postgres) => Ok(TestDialect::Postgresql),
        Some(Dialect::Sqlite) => Ok(TestDialect::Sqlite),
        Some(Dialect::Other(other)) => {
            Err(CommandError::usage(format!("limbec makes databases of PostgreSQL and SQLite, not of {other}"))
                .hint(format!("{say}, if the history runs there")))
        }
        None if context.environment.variable("LIMBEC_TEST_URL").is_some() => Ok(TestDialect::Postgresql),
        None => {
            Err(CommandError::usage("the kind of the project's database cannot be known without running env.py")
                .hint(say))
        }
    }
}

/// The driver of the project's own URL, else one that is installed.
pub(super) fn driver(
    context: &mut CommandContext,
    dialect: TestDialect,
    own: Option<&DatabaseUrl>,
) -> Option<DatabaseUrl> {
    let wanted = if dialect == TestDialect::Sqlite { Dialect::Sqlite } else { Dialect::Postgres };
    if let Some(own) = own.filter(|own| own.dialect() == wanted && own.driver().is_some()) {
        return Some(own.clone());
    }
    if dialect == TestDialect::Sqlite {
        return None;
    }
    let packages = context.interpreter().ok()?.packages();
    // In the order in which SQLAlchemy's documentation has them.
    let drivers =
        [("psycopg2", "psycopg2"), ("psycopg2_binary", "psycopg2"), ("psycopg", "psycopg"), ("pg8000", "pg8000")];
    let (_, driver) = drivers.iter().find(|(distribution, _)| packages.version_of(distribution).is_some())?;
    DatabaseUrl::parse(&format!("postgresql+{driver}://")).ok()
}

/// Variables that env.py takes its whole URL from: those named, and those that demonstrably decide on it.
pub(super) fn url_variables(context: &mut CommandContext, named: &[String]) -> Result<Vec<String>, CommandError> {
    let mut names = named.to_vec();
    if let Some(wrong) = names.iter().find(|name| name.is_empty() || name.contains(['=', '\0'])) {
        return Err(CommandError::usage(format!("'{wrong}' cannot be the name of an environment variable")));
    }
    let project = context.project()?;
    let Ok(target) = context.database_target() else { return Ok(names) };
    let EnvPy::Understood(summary) = &target.env else { return Ok(names) };
    const PROBE: &str = "sqlite:///limbec-probe";
    for variable in summary.url.variables() {
        let environment = |name: &str| match name == variable {
            true => Some(PROBE.to_owned()),
            false => context.environment.variables.get(name)?.to_str().map(str::to_owned),
        };
        let ini = |option: &str| project.main_option(option).ok().flatten();
        let sources = Sources { environment: &environment, ini: &ini, imported: None };
        if summary.resolve_url(&sources).is_ok_and(|url| url == PROBE) && !names.iter().any(|name| name == variable) {
            names.push(variable.to_owned());
        }
    }
    Ok(names)
}

/// The name of a kind of database in results.
pub(super) fn name_of(dialect: TestDialect) -> &'static str {
    match dialect {
        TestDialect::Postgresql => "postgresql",
        TestDialect::Sqlite => "sqlite",
    }
}
