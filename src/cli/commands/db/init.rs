use clap::Args;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::progress::tell_wait;
use crate::cli::subjects::KnownDatabase;
use crate::database::{Dialect, check_schema_name};
use crate::migrate::{Created, Creation, CreationRequest};

/// Create the schema, the version table and the history table, as far as they are absent
///
/// The schema is the one of the version table: `--schema`, LIMBEC_SCHEMA, `schema` in the settings, or what env.py says. Without one the
/// tables are made where the connection's search path leads. The history table is made where the settings have the history on.
#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// Say what is absent, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct InitJson {
    dry_run: bool,
    databases: Vec<DatabaseJson>,
}

#[derive(Debug, Serialize)]
struct DatabaseJson {
    /// Password hidden.
    database: String,
    schema: Option<ObjectJson>,
    version_table: ObjectJson,
    history_table: Option<ObjectJson>,
}

#[derive(Debug, Serialize)]
struct ObjectJson {
    name: String,
    was_absent: bool,
}

/// Runs the command.
///
/// # Errors
/// The role may not, the lock is not to be had, or a schema on a database that has none.
pub fn run(context: &mut CommandContext, args: &InitArgs) -> Result<ExitStatus, CommandError> {
    let databases = context.known_databases("create the tables of")?;
    let options = context.project()?.settings.deploy.clone();
    let mut results = Vec::new();
    for database in &databases {
        check_dialect(database)?;
        let request = CreationRequest {
            options: &options,
            environment: database.environment(),
            url: &database.url,
            table: database.table(),
        };
        let ui = &mut context.ui;
        let outcome = if args.dry_run { request.look() } else { request.create(&mut |wait| tell_wait(ui, wait)) };
        results.push((database.shown_url(), outcome?));
    }
    match args.format {
        Format::Json => {
            let databases = results.into_iter().map(DatabaseJson::of).collect();
            context.ui.json(&InitJson { dry_run: args.dry_run, databases });
        }
        Format::Text => results.iter().for_each(|result| tell(context, args, result, results.len() > 1)),
    }
    Ok(ExitStatus::Success)
}

fn check_dialect(database: &KnownDatabase) -> Result<(), CommandError> {
    let schema = database.table().schema.as_deref().filter(|schema| *schema != "main");
    match (database.url.dialect(), schema) {
        (Dialect::Sqlite, Some(schema)) => Err(CommandError::usage(format!(
            "SQLite has no schemas, and the schema {schema} is asked for the version table"
        ))
        .hint("leave out --schema, LIMBEC_SCHEMA and `schema` in the settings for this database; its file is a namespace of its own")),
        (Dialect::Postgres, Some(schema)) => check_schema_name(schema).map_err(|error| {
            CommandError::usage(format!("the schema {schema} {error}, and is none for the version table"))
        }),
        _ => Ok(()),
    }
}

fn tell(context: &mut CommandContext, args: &InitArgs, (url, found): &(String, Creation), is_one_of_several: bool) {
    if is_one_of_several {
        context.ui.result(&format!("{url}:"));
    }
    let objects = [
        found.schema.as_ref().map(|schema| ("schema", schema)),
        Some(("version table", &found.version_table)),
        found.history.as_ref().map(|history| ("history table", history)),
    ];
    for (kind, Created { name, was_absent }) in objects.into_iter().flatten() {
        let line = match (was_absent, args.dry_run) {
            (true, false) => format!("Created the {kind} {name}."),
            (true, true) => format!("Would create the {kind} {name}."),
            (false, _) => format!("The {kind} {name} is there."),
        };
        context.ui.result(&line);
    }
}

impl DatabaseJson {
    fn of((database, found): (String, Creation)) -> Self {
        let Creation { schema, version_table, history } = found;
        Self {
            database,
            schema: schema.map(ObjectJson::of),
            version_table: ObjectJson::of(version_table),
            history_table: history.map(ObjectJson::of),
        }
    }
}

impl ObjectJson {
    fn of(Created { name, was_absent }: Created) -> Self {
        Self { name, was_absent }
    }
}
