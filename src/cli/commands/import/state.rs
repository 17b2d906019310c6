//! The database: where it is, what the old tool's table and the version table say, and the stamp.

use std::collections::HashSet;
use std::path::PathBuf;

use super::ImportArgs;
use super::chain::Chain;
use super::reading::Reading;
use crate::cli::change_args::ChangeArgs;
use crate::cli::context::CommandContext;
use crate::cli::databases::Direct;
use crate::cli::deploy::Change;
use crate::cli::error::CommandError;
use crate::config::ConfigError;
use crate::database::{Access, Connection, DatabaseUrl, Dialect, VersionTableName};
use crate::import::{OtherTables, TrackingTable, applied_prefix, other_tables, tracking_tables};
use crate::migrate::{Operation, Purge};
use crate::revision::{RevisionId, RevisionIndex};

/// What the import is into.
pub(super) struct Place {
    /// Whether there is a project; otherwise `--init` makes it.
    pub(super) has_project: bool,
    /// What was read of the database, where one is asked.
    pub(super) database: Option<DatabaseReading>,
}

/// What a database says.
pub(super) struct DatabaseReading {
    /// Password hidden.
    pub(super) url: String,
    pub(super) dialect: Dialect,
    /// Tables of other tools.
    pub(super) tables: Vec<TrackingTable>,
    /// Of the version table.
    pub(super) rows: Vec<RevisionId>,
    /// All others.
    pub(super) others: OtherTables,
}

/// What becomes of the version table.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// Whether a database was asked.
    pub(super) is_known: bool,
    /// How many of the chain have run.
    pub(super) applied: usize,
    /// The revision to stamp.
    pub(super) stamp: Option<RevisionId>,
}

impl Place {
    pub(super) fn find(context: &mut CommandContext, args: &ImportArgs) -> Result<Self, CommandError> {
        let has_project = has_project(context, args)?;
        if args.no_database {
            return Ok(Self { has_project, database: None });
        }
        let database = if has_project { of_project(context, args)? } else { of_nobody(context, args)? };
        Ok(Self { has_project, database: Some(database) })
    }
}

/// Whether there is a project; that there is none is only an error where none is to be made.
fn has_project(context: &mut CommandContext, args: &ImportArgs) -> Result<bool, CommandError> {
    let project = context.project()?;
    let is_missing = !project.ini_path().exists() && !project.toml_path().exists();
    let error = match context.script_settings_without_python() {
        Ok(_) => return Ok(true),
        Err(error) => error,
    };
    let names_none = error.sentence == CommandError::from(ConfigError::NoScriptLocation).sentence;
    if !names_none || !(is_missing || args.init.is_some()) {
        return Err(error);
    }
    if args.init.is_some() {
        return Ok(false);
    }
    let directory = args.directory.display();
    Err(CommandError::usage("there is no Alembic project here to import into")
        .hint(format!("`limbec import {directory} --init` makes one: alembic.ini, limbec.toml and the directory alembic"))
        .hint("an env.py of your own: `limbec init alembic` first, then this command again; in another directory: `-c FILE`"))
}

fn of_project(context: &mut CommandContext, args: &ImportArgs) -> Result<DatabaseReading, CommandError> {
    let Some(Direct { connection, table, url }) = context.direct(Access::Read)? else {
        let target = context.database_target()?;
        let why = target.why_python().unwrap_or("its dialect is not PostgreSQL or SQLite").to_owned();
        return Err(CommandError::usage("what has run is read by limbec itself, and it does not know the database")
            .caused_by(why)
            .hint("name it by `--url URL`, or once and for all by `limbec adopt`")
            .hint("`--no-database` writes the files alone"));
    };
    let schema = table.schema.clone();
    read(connection, args, (&table, schema.as_deref()), url)
}

/// The database of a project that is still to be made: as its env.py will find it.
fn of_nobody(context: &mut CommandContext, args: &ImportArgs) -> Result<DatabaseReading, CommandError> {
    let url = context.url_override().or_else(|| context.environment.variable("DATABASE_URL"));
    let Some(url) = url.map(str::to_owned) else {
        return Err(CommandError::usage("no database is named")
            .hint("`--url URL` or the variable DATABASE_URL names it; the new env.py reads DATABASE_URL")
            .hint("`--no-database` writes the files alone"));
    };
    let url = DatabaseUrl::parse(&url).map_err(|error| {
        CommandError::usage(error.to_string()).hint(
            "env.py hands it to SQLAlchemy: postgresql://USER@HOST/NAME, sqlite:///FILE, sqlite:////ABSOLUTE/FILE",
        )
    })?;
    context.ui.hide(&url);
    if url.is_refused_by_sqlalchemy() {
        context.ui.warning("SQLAlchemy, and so Alembic, takes postgresql:// and not postgres://: change the variable before env.py is run");
    }
    let connection = Connection::open(&url, &context.database_environment(), Access::Read)?;
    let schema = context.configured_schema()?;
    let table = VersionTableName::default().in_schema(schema.clone());
    let shown = url.accepted_by_sqlalchemy().obfuscated();
    read(connection, args, (&table, schema.as_deref()), shown)
}

fn read(
    mut connection: Connection,
    args: &ImportArgs,
    (table, schema): (&VersionTableName, Option<&str>),
    url: String,
) -> Result<DatabaseReading, CommandError> {
    let tables = tracking_tables(&mut connection, args.table.as_deref(), schema)?;
    if let Some(name) = args.table.as_ref().filter(|_| tables.is_empty()) {
        return Err(CommandError::usage(format!("{url} has no table {name}"))
            .hint("a table in another schema is named SCHEMA.NAME"));
    }
    let rows = connection.version_rows(table)?.unwrap_or_default();
    let others = other_tables(&mut connection, table)?;
    Ok(DatabaseReading { url, dialect: connection.dialect(), tables, rows, others })
}

/// What the version table needs so that it says what the old table says. What limbec has run itself, it says already.
pub(super) fn compare(chain: &Chain, place: &Place, reading: &Reading) -> Result<Carried, CommandError> {
    let Some(database) = &place.database else { return Ok(Carried::default()) };
    let map = &chain.map;
    let present: HashSet<RevisionIndex> = map.applied(&database.rows).into_iter().collect();
    let is_present = |id: &RevisionId| map.position(id.as_str()).is_some_and(|at| present.contains(&at));
    let mut versions = reading.applied.versions.clone();
    versions.extend(chain.migrations.iter().filter(|one| is_present(&one.id)).map(|one| one.old.version.clone()));
    let in_order: Vec<_> = chain.migrations.iter().map(|mapped| &mapped.old).collect();
    let applied = applied_prefix(&in_order, &versions)?;
    let none = Carried { is_known: true, applied, stamp: None };
    let Some(last) = applied.checked_sub(1).and_then(|at| chain.migrations.get(at)) else { return Ok(none) };
    if is_present(&last.id) {
        return Ok(none);
    }
    let done: HashSet<&RevisionId> = chain.migrations.iter().take(applied).map(|mapped| &mapped.id).collect();
    let needed = map.applied(std::slice::from_ref(&last.id)).into_iter().filter(|at| !present.contains(at));
    let foreign: Vec<String> =
        needed.map(|at| &map.revision(at).id).filter(|id| !done.contains(id)).map(ToString::to_string).collect();
    if !foreign.is_empty() {
        return Err(CommandError::crashed(format!(
            "{} has run on {}, but not what comes before it in the project: {}",
            last.old.file,
            database.url,
            foreign.join(", ")
        ))
        .hint("nothing was changed; upgrade the database to these first, or choose another parent by `--head`"));
    }
    Ok(Carried { stamp: Some(last.id.clone()), ..none })
}

/// Stamps, as `limbec stamp` does: under the lock, with a row in the history.
pub(super) fn stamp(context: &mut CommandContext, carried: &Carried) -> Result<(), CommandError> {
    let Some(revision) = &carried.stamp else { return Ok(()) };
    let operation = Operation::Stamp { targets: vec![revision.to_string()] };
    let args = ChangeArgs::default();
    context.deploy(&Change { operation, purge: Purge::Nothing, offline: false, args: &args })
}

/// The directory as it was typed, from the current one.
pub(super) fn directory(context: &CommandContext, args: &ImportArgs) -> PathBuf {
    context.environment.current_dir.join(&args.directory)
}
