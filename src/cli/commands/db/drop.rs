use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::consent;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::render::path_text;
use crate::cli::server::{Place, ServerArgs};
use crate::config::DestructiveSetting;
use crate::database::{Access, Connection, Contents, DatabaseError, DatabaseFacts, DatabaseUrl, PostgresServer};
use crate::gate::is_production;
use crate::migrate::Consent;

/// Drop a database and all that is in it
///
/// Says what is lost, and asks; where nobody can be asked, `--yes` is needed, and for a database that the settings call production
/// `--allow-destructive` as well. A database that somebody is connected to is left alone unless `--force` ends their sessions.
#[derive(Debug, Clone, Args)]
pub struct DropArgs {
    /// Which database, on which server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Do it without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Agree to the loss, where the settings want to hear it
    #[arg(long)]
    pub allow_destructive: bool,
    /// End the sessions of everybody who is connected
    #[arg(long)]
    pub force: bool,
    /// Login role to drop with it
    #[arg(long, value_name = "ROLE")]
    pub role: Option<String>,
    /// Say what would be lost, and drop nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct DropJson {
    dry_run: bool,
    /// Password hidden.
    database: String,
    owner: Option<String>,
    bytes: Option<u64>,
    /// `null` where the role may not look into it.
    tables: Option<u64>,
    /// An estimate; `null` for SQLite, too.
    rows: Option<u64>,
    sessions: usize,
    role: Option<String>,
}

/// What is about to be lost.
struct Loss {
    url: DatabaseUrl,
    name: String,
    owner: Option<String>,
    bytes: Option<u64>,
    tables: Option<u64>,
    rows: Option<u64>,
    sessions: usize,
}

/// Databases that belong to the server itself.
const OF_THE_SERVER: [&str; 3] = ["postgres", "template0", "template1"];

/// More sessions are only counted.
const SESSIONS_SHOWN: usize = 5;

/// Runs the command.
///
/// # Errors
/// There is no such database, somebody uses it, nobody agrees, or the role that asks may not.
pub fn run(context: &mut CommandContext, args: &DropArgs) -> Result<ExitStatus, CommandError> {
    let place = context.place(&args.server)?;
    let loss = match &place {
        Place::File { path, url } => loss_of_file(context, args, path, url)?,
        Place::Server { server, database, url, maintenance } => {
            loss_on_server(args, server, (database, maintenance), url)?
        }
    };
    if !args.dry_run {
        agree(context, args, &loss)?;
        match &place {
            Place::File { path, .. } => remove_files(path)?,
            Place::Server { server, database, .. } => drop_on_server(args, server, database)?,
        }
    }
    tell(context, args, loss);
    Ok(ExitStatus::Success)
}

fn loss_on_server(
    args: &DropArgs,
    server: &PostgresServer,
    (database, maintenance): (&str, &str),
    url: &DatabaseUrl,
) -> Result<Loss, CommandError> {
    if OF_THE_SERVER.contains(&database) || database == maintenance {
        return Err(CommandError::usage(format!("{database} is what the server is reached by, and is not dropped"))
            .hint("`--server URL` names another database to connect to"));
    }
    let Some(facts) = server.facts(database)? else {
        return Err(CommandError::failed(format!("there is no database {database} on this server")));
    };
    if facts.is_template {
        return Err(CommandError::failed(format!("the database {database} is a template"))
            .hint("`ALTER DATABASE … IS_TEMPLATE false` makes it one as any other"));
    }
    if let Some(role) = &args.role
        && !server.has_role(role)?
    {
        return Err(CommandError::failed(format!("there is no role {role} on this server")));
    }
    if !args.force {
        check_sessions(database, &facts)?;
    }
    // Who may not connect may drop it all the same.
    let contents = match server.contents(database, None) {
        Ok(contents) => Some(contents),
        Err(DatabaseError::Refused { .. } | DatabaseError::Permission { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let DatabaseFacts { owner, bytes, sessions, .. } = facts;
    let name = format!("the database {database}");
    let (tables, rows) = contents.map(|Contents { tables, rows }| (tables, rows)).unzip();
    Ok(Loss { url: url.clone(), name, owner: Some(owner), bytes, tables, rows, sessions: sessions.len() })
}

fn check_sessions(database: &str, facts: &DatabaseFacts) -> Result<(), CommandError> {
    if facts.sessions.is_empty() {
        return Ok(());
    }
    let mut failure = CommandError::failed(format!("somebody is connected to the database {database}"));
    for session in facts.sessions.iter().take(SESSIONS_SHOWN) {
        failure = failure.caused_by(session.to_string());
    }
    if let Some(more) = facts.sessions.len().checked_sub(SESSIONS_SHOWN).filter(|more| *more > 0) {
        failure = failure.caused_by(format!("{more} more"));
    }
    Err(failure.hint("nothing was dropped; `--force` ends their sessions"))
}

fn loss_of_file(
    context: &CommandContext,
    args: &DropArgs,
    path: &Path,
    url: &DatabaseUrl,
) -> Result<Loss, CommandError> {
    if args.role.is_some() {
        return Err(CommandError::usage("SQLite has no roles: leave out --role"));
    }
    let Ok(metadata) = std::fs::metadata(path) else {
        return Err(CommandError::failed(format!("there is no file {}", path_text(path))));
    };
    // What is no database may be dropped by force alone.
    let tables = match count_tables(context, url) {
        Ok(tables) => Some(tables),
        Err(_) if args.force => None,
        Err(error) => return Err(CommandError::from(error).hint("nothing was dropped; `--force` does it all the same")),
    };
    let name = format!("the file {}", path_text(path));
    Ok(Loss { url: url.clone(), name, owner: None, bytes: Some(metadata.len()), tables, rows: None, sessions: 0 })
}

/// Whether somebody writes to it right now, and how many tables there are.
fn count_tables(context: &CommandContext, url: &DatabaseUrl) -> Result<u64, DatabaseError> {
    let mut connection = Connection::open(url, &context.database_environment(), Access::Write)?;
    drop(connection.begin()?);
    let sql =
        "SELECT count(*) || '' FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let counted = connection.first_column(sql, &[])?.pop();
    Ok(counted.and_then(|counted| counted.parse().ok()).unwrap_or_default())
}

fn agree(context: &mut CommandContext, args: &DropArgs, loss: &Loss) -> Result<(), CommandError> {
    let deploy = context.project()?.settings.deploy.clone();
    let is_production = is_production(deploy.production.as_ref(), Some(&loss.url));
    let by_environment =
        context.environment.variable("LIMBEC_YES").is_some_and(|value| !["0", "false"].contains(&value));
    let needs_flag = is_production || deploy.destructive == Some(DestructiveSetting::Flag);
    let needed =
        [(is_production && !args.yes, "--yes"), (needs_flag && !args.allow_destructive, "--allow-destructive")];
    let missing: Vec<&str> = needed.iter().filter(|(is_missing, _)| *is_missing).map(|(_, option)| *option).collect();
    let refusal = |options: &str| {
        let why = if is_production { ": the settings call this database production" } else { "" };
        CommandError::failed(loss.sentence()).hint(format!("nothing was dropped; `{options}` agrees to it{why}"))
    };
    if !missing.is_empty() {
        return Err(refusal(&missing.join(" ")));
    }
    if args.yes || by_environment {
        return Ok(());
    }
    if !context.environment.can_ask() {
        return Err(refusal("--yes"));
    }
    match consent::ask_about(&mut context.ui, &loss.sentence()) {
        Consent::Given => Ok(()),
        Consent::Interrupted => Err(CommandError::interrupted()),
        Consent::Declined | Consent::NobodyToAsk => Err(CommandError::failed("declined; nothing was dropped")),
    }
}

fn drop_on_server(args: &DropArgs, server: &PostgresServer, database: &str) -> Result<(), CommandError> {
    if args.force { server.drop(database) } else { server.drop_unused(database) }?;
    let Some(role) = &args.role else { return Ok(()) };
    server.drop_role(role).map_err(|error| {
        CommandError::from(error).hint(format!("the database {database} is dropped, the role {role} is not"))
    })
}

/// The file and what SQLite and limbec keep beside it.
fn remove_files(path: &Path) -> Result<(), CommandError> {
    let fault = |path: &Path, error: &std::io::Error| {
        CommandError::failed(format!("cannot remove {}", path_text(path))).caused_by(error.to_string())
    };
    std::fs::remove_file(path).map_err(|error| fault(path, &error))?;
    for suffix in ["-wal", "-shm", "-journal", ".limbec-lock"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let beside = PathBuf::from(name);
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fault(&beside, &error)),
            _ => {}
        }
    }
    Ok(())
}

impl Loss {
    /// `this drops the database shop (owner app, 12 MiB): 14 tables with about 1200 rows`
    fn sentence(&self) -> String {
        let owner = self.owner.as_ref().map(|owner| format!("owner {owner}"));
        let size = self.bytes.map(|bytes| humansize::format_size(bytes, humansize::BINARY));
        let facts: Vec<String> = owner.into_iter().chain(size).collect();
        let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
        let tables = match self.tables {
            None => "what is in it cannot be seen".to_owned(),
            Some(0) => "no tables".to_owned(),
            Some(1) => "1 table".to_owned(),
            Some(tables) => format!("{tables} tables"),
        };
        let rows = self.rows.filter(|_| self.tables.is_some_and(|tables| tables > 0));
        let rows =
            rows.map(|rows| format!(" with about {rows} row{}", if rows == 1 { "" } else { "s" })).unwrap_or_default();
        format!("this drops {}{facts}: {tables}{rows}", self.name)
    }
}

fn tell(context: &mut CommandContext, args: &DropArgs, loss: Loss) {
    if args.format == Format::Json {
        context.ui.json(&DropJson {
            dry_run: args.dry_run,
            database: loss.url.accepted_by_sqlalchemy().obfuscated(),
            owner: loss.owner,
            bytes: loss.bytes,
            tables: loss.tables,
            rows: loss.rows,
            sessions: loss.sessions,
            role: args.role.clone(),
        });
        return;
    }
    if args.dry_run {
        context.ui.result(&format!("{}.", loss.sentence().replacen("this drops", "Would drop", 1)));
        return;
    }
    context.ui.result(&format!("Dropped {}.", loss.name));
    if let Some(role) = &args.role {
        context.ui.result(&format!("Dropped the role {role}."));
    }
}
