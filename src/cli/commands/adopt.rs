use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::engine::Mutation;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::render::path_text;
use crate::config::{Adopted, DEFAULT_INI_SECTION, SettingsEdit};
use crate::database::{Access, Connection, DatabaseUrl, Dialect, VersionTableName};
use crate::migrate::{AdoptedHistory, RunTarget, adopt_history};
use crate::revision::RevisionId;

/// Run env.py once, find out which database it uses and from where, and write that to limbec's settings
#[derive(Debug, Clone, Args)]
pub struct AdoptArgs {
    /// Write without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Begin the history table as well: what is applied today is recorded as adopted
    #[arg(long)]
    pub history: bool,
}

/// Runs the command.
///
/// # Errors
/// env.py fails, works on several databases, or sees another version table than limbec would.
pub fn run(context: &mut CommandContext, args: &AdoptArgs) -> Result<ExitStatus, CommandError> {
    let (rows, target) = observe(context)?;
    let url = DatabaseUrl::parse(target.url.as_deref().unwrap_or_default()).map_err(|error| {
        CommandError::crashed("env.py has a database URL that limbec cannot read").caused_by(error.to_string())
    })?;
    let table = VersionTableName {
        name: target.version_table.clone(),
        schema: target.version_table_schema.clone(),
        primary_key: target.version_table_pk,
    };
    compare(context, &url, &table, &rows)?;

    let environment_file = context.script_settings()?.locations.script_location.join("env.py");
    let source = fs::read(&environment_file).map_err(|error| unreadable(&environment_file, &error))?;
    let adopted = Adopted {
        env_sha256: Adopted::hash(&source),
        version_table: table.name,
        version_table_schema: table.schema,
        version_table_pk: table.primary_key,
        transaction_per_migration: target.transaction_per_migration,
        single_run: true,
        on_version_apply: target.on_version_apply,
    };
    let table = VersionTableName::new(adopted.version_table.clone()).in_schema(adopted.version_table_schema.clone());
    if args.history && context.database_target()?.is_known_without_python() {
        // Where the URL is told without env.py there is nothing to pin: it would go on counting when it changes there.
        return write(context, args, (None, None), (&url, &table));
    }
    let setting = url_setting(context, &url);
    let given = context.url_override().and_then(|given| DatabaseUrl::parse(given).ok());
    if setting.is_none() && !given.is_some_and(|given| given.is_same_but_driver(&url)) {
        context.ui.warning(&format!(
            "no environment variable and no file holds {}, and a password is never written down",
            url.obfuscated()
        ));
        context
            .ui
            .hint("put the URL into LIMBEC_URL, or into a file that `url = \"file:PATH\"` names, and adopt again");
    }
    if let Some(literal) = setting.as_ref().filter(|setting| setting.contains("://")) {
        context.ui.warning(&format!(
            "no environment variable and no file holds this URL, so {literal} itself is written, for every environment alike"
        ));
    }
    write(context, args, (setting.as_deref(), Some(&adopted)), (&url, &table))
}

/// Creates the history table and records what is applied, where that was asked for.
fn begin_history(
    context: &mut CommandContext,
    args: &AdoptArgs,
    (url, table): (&DatabaseUrl, &VersionTableName),
) -> Result<(), CommandError> {
    if !args.history {
        return Ok(());
    }
    let scripts = context.scripts()?;
    let runner = context.runner()?;
    let mut connection = Connection::open(url, &context.database_environment(), Access::Write)?;
    let history = context.history_table(&connection)?;
    let AdoptedHistory { is_created, adopted } = adopt_history(&mut connection, &history, table, &scripts, &runner)?;
    let table = if is_created { "Created" } else { "Kept" };
    context.ui.status(&format!("{table} the history table {history}; {adopted} revisions recorded as adopted."));
    if url.dialect() == Dialect::Sqlite {
        context.ui.hint(&format!(
            "plain Alembic's autogenerate sees {history} in an SQLite file, unless limbec is installed beside it (Alembic 1.18 or newer) \
             or env.py leaves it out: docs/history.md"
        ));
    }
    Ok(())
}

/// Runs env.py as `current` does: on its own connection, without a step, without creating a table.
fn observe(context: &mut CommandContext) -> Result<(Vec<RevisionId>, RunTarget), CommandError> {
    let mut runs = context.observe_env(Mutation::Forbidden)?;
    if runs.len() > 1 {
        return Err(CommandError::crashed(format!(
            "env.py runs migrations {} times, on several databases or schemas",
            runs.len()
        ))
        .hint("limbec goes on running env.py for this project, as Alembic does; there is nothing to adopt"));
    }
    runs.pop().ok_or_else(|| CommandError::crashed("env.py does not call context.run_migrations"))
}

/// The rows that limbec reads itself have to be those that env.py's connection sees: a `search_path` set there, say,
/// would lead to another table.
fn compare(
    context: &mut CommandContext,
    url: &DatabaseUrl,
    table: &VersionTableName,
    rows: &[RevisionId],
) -> Result<(), CommandError> {
    if let Dialect::Other(dialect) = url.dialect() {
        return Err(CommandError::crashed(format!(
            "limbec does not speak {dialect} itself, so every command runs env.py"
        ))
        .hint("nothing is lost: limbec works as Alembic does on this database"));
    }
    let mut connection = Connection::open(url, &context.database_environment(), Access::Read)?;
    let mut own = connection.version_rows(table)?.unwrap_or_default();
    let mut theirs = rows.to_vec();
    own.sort();
    theirs.sort();
    if own == theirs {
        return Ok(());
    }
    Err(CommandError::crashed(format!("limbec sees other rows in {table} than env.py's own connection"))
        .hint("env.py seems to set a search_path or a schema on its connection; give its version_table_schema instead"))
}

/// What `url` should say: a variable or a file that holds this URL, or the URL itself if there is no secret in it.
pub(super) fn url_setting(context: &CommandContext, url: &DatabaseUrl) -> Option<String> {
    let same = |text: &str| DatabaseUrl::parse(text.trim()).is_ok_and(|found| found.is_same_but_driver(url));
    let variables = &context.environment.variables;
    for (name, value) in variables.iter().filter(|(name, _)| *name != "LIMBEC_URL") {
        if value.to_str().is_some_and(same) {
            return Some(format!("env:{name}"));
        }
    }
    let named = variables.iter().filter(|(name, _)| name.ends_with("_FILE")).map(|(_, value)| PathBuf::from(value));
    let secrets = fs::read_dir("/run/secrets").into_iter().flatten().flatten().map(|entry| entry.path());
    for path in named.chain(secrets) {
        if fs::read_to_string(&path).is_ok_and(|text| same(&text)) {
            return Some(format!("file:{}", path_text(&path)));
        }
    }
    (!url.has_password()).then(|| url.obfuscated())
}

fn write(
    context: &mut CommandContext,
    args: &AdoptArgs,
    (url, adopted): (Option<&str>, Option<&Adopted>),
    place: (&DatabaseUrl, &VersionTableName),
) -> Result<ExitStatus, CommandError> {
    let project = context.project()?;
    let path = project.settings.origin.clone().unwrap_or_else(|| {
        let beside = project.ini_path().with_file_name("pyproject.toml");
        if !project.sources.is_toml_named && beside.exists() {
            beside
        } else if project.toml_path().exists() {
            project.toml_path()
        } else {
            project.ini_path().with_file_name("limbec.toml")
        }
    });
    let before = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unreadable(&path, &error)),
    };
    let section = Some(project.section.as_str()).filter(|section| *section != DEFAULT_INI_SECTION);
    let after =
        SettingsEdit { section, url, adopted, history: args.history }.apply(&before, &path).map_err(|error| {
            CommandError::crashed(format!("{} is not valid TOML", path_text(&path))).caused_by(error.to_string())
        })?;
    if after == before {
        begin_history(context, args, place)?;
        context.ui.result(&format!("{} says all this already.", path_text(&path)));
        return Ok(ExitStatus::Success);
    }
    context.ui.result(&format!("# {}", path_text(&path)));
    for line in after.lines().filter(|line| !before.lines().any(|old| old == *line)) {
        context.ui.result(line);
    }
    if !args.yes && !confirmed(context)? {
        let again = if args.history { "limbec adopt --history --yes" } else { "limbec adopt --yes" };
        context.ui.hint(&format!("nothing was written; `{again}` writes it"));
        return Ok(ExitStatus::Code(1));
    }
    // First, so that no setting asks for a table that cannot be made.
    begin_history(context, args, place)?;
    replace(&path, &after).map_err(|error| {
        CommandError::crashed(format!("cannot write {}", path_text(&path))).caused_by(error.to_string())
    })?;
    context.ui.status(&format!("Written to {}.", path_text(&path)));
    Ok(ExitStatus::Success)
}

fn confirmed(context: &mut CommandContext) -> Result<bool, CommandError> {
    if !context.environment.can_ask() {
        return Ok(false);
    }
    context.ui.flush();
    let asked = dialoguer::Confirm::new().with_prompt("Write this?").default(true).interact();
    asked.map_err(|_| CommandError::interrupted())
}

/// All or nothing: a file that was half written would lose somebody's pyproject.toml.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    let permissions = fs::metadata(path).map(|metadata| metadata.permissions());
    if let Ok(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    } else {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> CommandError {
    CommandError::crashed(format!("cannot read {}", path_text(path))).caused_by(error.to_string())
}
