use clap::{Args, ValueEnum};

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::copying::CopyProgress;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::progress::tell_wait;
use crate::cli::relocation::{MovedJson, Outcome, tell, tell_warnings};
use crate::cli::subjects::KnownDatabase;
use crate::database::{Access, Connection, DatabaseLock, Gauge, HistoryTable, MeasureLimits, OWN_SCHEMA};
use crate::migrate;
use crate::relocate::copy::{self, CopyOptions, CopyPlan, Site, Verify};
use crate::relocate::{Move, RelocateError, Request};

/// Move tables, and everything else, from one schema of a PostgreSQL database to another
///
/// One transaction of `ALTER … SET SCHEMA`: no row is copied, and whatever refers to a table goes on doing so. With --copy a second schema
/// is built beside the first, and compared with it. The version table and the history go with the rest. No migration runs meanwhile.
/// docs/move-schema.md has what has to be looked at afterwards.
#[derive(Debug, Clone, Args)]
pub struct MoveSchemaArgs {
    /// The schema that the tables are in
    #[arg(long, value_name = "SCHEMA")]
    pub from: String,
    /// The schema that they shall be in; it is created where it is absent
    #[arg(long, value_name = "SCHEMA")]
    pub to: String,
    /// Only these tables, with what belongs to them [comma-separated; can be repeated]
    #[arg(long, value_name = "TABLE", value_delimiter = ',')]
    pub tables: Vec<String>,
    /// Copy structure and rows, and leave the source as it is
    #[arg(long)]
    pub copy: bool,
    /// How the rows of the copy are compared with those of the source
    #[arg(long, value_name = "HOW", default_value = "count", requires = "copy")]
    pub verify: VerifyArg,
    /// Drop what was copied from the source once the copy has been found to be alike
    #[arg(long, requires = "copy")]
    pub drop_source: bool,
    /// Go on with a copy that was interrupted
    #[arg(long, requires = "copy")]
    pub resume: bool,
    /// Drop the source without asking
    #[arg(short, long)]
    pub yes: bool,
    /// How long a table that somebody uses is waited for, such as 5s [default: `lock-timeout` of the settings, else the server's]
    #[arg(long, value_name = "TIME", value_parser = crate::cli::change_args::time)]
    pub lock_timeout: Option<std::time::Duration>,
    /// Say what would be done, with rows, sizes and statements, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// How rows are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VerifyArg {
    /// Their number.
    Count,
    /// Their number and a checksum over all values, computed by the server.
    Hash,
}

/// Runs the command.
///
/// # Errors
/// Above all: names that are taken in the target, rights that are missing, the lock is not to be had.
pub fn run(context: &mut CommandContext, args: &MoveSchemaArgs) -> Result<ExitStatus, CommandError> {
    let databases = context.known_databases("move the schema of")?;
    let databases = one_database(databases)?;
    let Some(database) = databases.first() else { return Ok(ExitStatus::Success) };
    let request = request(context, args, database)?;
    request.check()?;
    let _lock = if args.dry_run { None } else { lock(context, &request, &databases)? };
    let mut result =
        if args.copy { copied(context, args, &request, database)? } else { moved(args, &request, database)? };
    result.version_tables(databases.iter().map(|database| database.table().name.as_str()));
    match args.format {
        Format::Json => context.ui.json(&result),
        Format::Text => tell(&mut context.ui, &result),
    }
    tell_warnings(&mut context.ui, &result, &request);
    Ok(ExitStatus::Success)
}

fn moved(args: &MoveSchemaArgs, request: &Request, database: &KnownDatabase) -> Result<MovedJson, CommandError> {
    // Nothing is changed by a plan; but names are looked up by a search path that ends with a transaction.
    let mut connection = Connection::open(&database.url, database.environment(), Access::Write)?;
    let planned = Move::plan(&mut connection, request)?;
    let mut result = MovedJson::of(database.shown_url(), request, &planned.inventory);
    result.says(&planned.statements, &planned.warnings);
    if args.dry_run {
        result.measure(&mut Gauge::new(&mut connection, MeasureLimits::default()));
    } else {
        result.history_rows = planned.run(&mut connection, request)?;
        result.outcome = Outcome::Done;
    }
    Ok(result)
}

fn copied(
    context: &mut CommandContext,
    args: &MoveSchemaArgs,
    request: &Request,
    database: &KnownDatabase,
) -> Result<MovedJson, CommandError> {
    let options = CopyOptions {
        verify: if args.verify == VerifyArg::Hash { Verify::Hash } else { Verify::Count },
        resume: args.resume,
        drop_source: args.drop_source,
    };
    let mut connection = Connection::open(&database.url, database.environment(), Access::Write)?;
    let planned = CopyPlan::plan(&mut connection, request, args.resume)?;
    let mut result = MovedJson::of(database.shown_url(), request, &planned.inventory);
    result.says(&planned.statements(), &planned.warnings);
    result.measure(&mut Gauge::new(&mut connection, MeasureLimits::default()));
    result.mode = "copy";
    drop(connection);
    if args.dry_run {
        return Ok(result);
    }
    if args.drop_source {
        consent(context, args, request)?;
    }
    let site = Site { url: &database.url, environment: database.environment() };
    let mut progress = CopyProgress::new(&mut context.ui, &result);
    let report = copy::run(site, request, options, &mut |event| {
        progress.show(event);
        Ok(())
    });
    progress.end();
    result.came_to(&report?, options);
    Ok(result)
}

/// Asks before the source is dropped, and before hours of copying.
fn consent(context: &mut CommandContext, args: &MoveSchemaArgs, request: &Request) -> Result<(), CommandError> {
    if args.yes {
        return Ok(());
    }
    let can_ask = context.environment.can_ask();
    if !can_ask || args.format == Format::Json {
        return Err(CommandError::failed(format!("what is copied from {} would be dropped there", request.from))
            .hint("nothing was changed; `--yes` agrees to it"));
    }
    context.ui.flush();
    let prompt = format!("Drop what was copied from {}, once the copy is alike?", request.from);
    match dialoguer::Confirm::new().with_prompt(prompt).default(false).interact() {
        Ok(true) => Ok(()),
        Ok(false) => Err(CommandError::failed("nothing was done")),
        Err(_) => Err(CommandError::interrupted()),
    }
}

/// Every version table of the one database that env.py works on.
fn one_database(databases: Vec<KnownDatabase>) -> Result<Vec<KnownDatabase>, CommandError> {
    match databases.split_first() {
        Some((first, rest)) if rest.iter().any(|other| !other.url.is_same_database(&first.url)) => {
            Err(CommandError::usage("env.py works on several databases").hint("name the one that is meant by --url"))
        }
        _ => Ok(databases),
    }
}

fn request(
    context: &mut CommandContext,
    args: &MoveSchemaArgs,
    database: &KnownDatabase,
) -> Result<Request, CommandError> {
    let dialect = database.url.dialect();
    if dialect != crate::database::Dialect::Postgres {
        return Err(RelocateError::NoSchemas.into());
    }
    let options = context.project()?.settings.deploy.clone();
    let setting = options.history;
    let (schema, table) = setting.map(|setting| (setting.schema, setting.table)).unwrap_or_default();
    Ok(Request {
        from: args.from.clone(),
        to: args.to.clone(),
        tables: args.tables.clone(),
        history: HistoryTable::new(&dialect, schema.as_deref(), table.as_deref()),
        lock_timeout: args.lock_timeout.or(options.lock_timeout),
        own_schema: schema.unwrap_or_else(|| OWN_SCHEMA.to_owned()),
    })
}

/// Keeps migrations of the version tables away, under their old names and their new ones.
fn lock(
    context: &mut CommandContext,
    request: &Request,
    databases: &[KnownDatabase],
) -> Result<Option<DatabaseLock>, CommandError> {
    let options = context.project()?.settings.deploy.clone();
    let ui = &mut context.ui;
    let mut held: Option<DatabaseLock> = None;
    for database in databases {
        for schema in [&request.from, &request.to] {
            let table = database.table().clone().in_schema(Some(schema.clone()));
            match &mut held {
                Some(lock) => {
                    let wait = options.lock_wait.unwrap_or(migrate::LOCK_WAIT);
                    lock.add(&table, wait, &mut |wait| tell_wait(ui, wait))?;
                }
                None => {
                    let place = (&database.url, &table);
                    held = migrate::lock(&options, database.environment(), place, &mut |wait| tell_wait(ui, wait))?;
                }
            }
        }
    }
    Ok(held)
}
