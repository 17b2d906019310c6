use std::fs;
use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::Args;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::writing::{Files, OnlyErrors, ProjectState, PythonCommand, needs_python, warn};
use crate::script::{NewRevision, NewWork, SqlRevision, SqlTexts, description_slug, free_stamp, random_id};

/// Longest identifier that Alembic's version table has room for (VARCHAR(32)), in characters.
const ID_LENGTH: usize = 32;

/// Make a revision file that is named after the time
#[derive(Debug, Clone, Args)]
pub struct NewArgs {
    /// What the revision does, such as "add user preferences"
    #[arg(value_name = "DESCRIPTION")]
    pub description: String,
    /// Fill it with the difference between models and database (the default)
    #[arg(long, conflicts_with = "no_autogenerate")]
    pub autogenerate: bool,
    /// Leave upgrade() and downgrade() empty; needs neither Python nor a database
    #[arg(long)]
    pub no_autogenerate: bool,
    /// Make an SQL revision: NAME.up.sql and NAME.down.sql, to be filled by hand, beside the Python file that Alembic needs
    #[arg(long, conflicts_with = "autogenerate")]
    pub sql: bool,
    /// Revision, head or branch@head to base the new revision on [default: head]
    #[arg(long, value_name = "HEAD")]
    pub head: Option<String>,
    /// Allow a revision that is no head as the head
    #[arg(long)]
    pub splice: bool,
    /// Branch label for the new revision
    #[arg(long, value_name = "LABEL")]
    pub branch_label: Option<String>,
    /// Version location that the file goes to
    #[arg(long, value_name = "PATH")]
    pub version_path: Option<String>,
    /// Identifier of the new revision, instead of a generated one
    #[arg(long, value_name = "ID")]
    pub rev_id: Option<String>,
    /// Revision that this one depends on [can be repeated]
    #[arg(long, value_name = "REVISION")]
    pub depends_on: Vec<String>,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// The result for scripts.
#[derive(Serialize)]
struct NewJson {
    revision: String,
    path: String,
    /// Of an SQL revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    up: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    down: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// A description without letters and digits, an identifier that is taken or too long, and those of `revision`.
pub fn run(context: &mut CommandContext, args: &NewArgs) -> Result<ExitStatus, CommandError> {
    let Some(slug) = description_slug(&args.description) else {
        return Err(CommandError::usage("the description has no letter from a to z and no digit to name a file by"));
    };
    let mut files = Files::of(context)?;
    let scripts = context.scripts()?;
    let id = identifier(args, |id| scripts.map.position(id).is_some())?;
    let timezone = files.settings.timezone.get_or_insert_with(|| "UTC".to_owned()).clone();
    let names = file_names(&files.settings.locations.versions);
    let known = scripts.scripts.iter().filter_map(|script| script.path.file_name()?.to_str());
    let (created, stamp) = free_stamp(Utc::now(), &timezone, names.iter().map(String::as_str).chain(known))
        .map_err(|error| CommandError::from_error(&error, error.is_command_error()))?;
    let new = NewRevision {
        id,
        message: Some(args.description.clone()),
        parents: vec![args.head.clone().unwrap_or_else(|| "head".to_owned())],
        splice: args.splice,
        branch_label: args.branch_label.clone(),
        version_path: args.version_path.clone(),
        depends_on: args.depends_on.clone(),
        file_name: Some(format!("{stamp}_{slug}.py")),
        created,
        work: if args.sql { NewWork::Sql(empty_texts(&args.description)) } else { NewWork::Template },
    };
    if !args.no_autogenerate && !args.sql {
        return by_python(context, args, &files, &new, "a new revision is filled by autogenerate");
    }
    match files.write_announced(&scripts, &new, &mut OnlyErrors)? {
        Ok(written) => {
            warn(&mut context.ui, &written);
            let path = context.environment.current_dir.join(&written.path);
            Ok(tell(context, args, &new.id, &path))
        }
        Err(why) if args.sql => Err(CommandError::crashed(format!("the SQL revision cannot be written: {why}"))),
        Err(why) => by_python(context, args, &files, &new, &why),
    }
}

/// SQL files that do nothing yet.
fn empty_texts(description: &str) -> SqlTexts {
    // A comment ends with its line.
    let title = description.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = |what: &str| format!("-- {title}: {what}\n\n").into_bytes();
    SqlTexts { up: text("upgrade"), down: Some(text("downgrade")) }
}

/// Has Alembic write the file under the name that limbec has chosen.
fn by_python(
    context: &mut CommandContext,
    args: &NewArgs,
    files: &Files,
    new: &NewRevision,
    why: &str,
) -> Result<ExitStatus, CommandError> {
    let path = files.target(&*context.scripts()?, new)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let timezone = files.settings.timezone.clone();
    let command = PythonCommand {
        argv: alembic_arguments(context, args, &new.id),
        options: [("file_template", Some(stem)), ("timezone", timezone)]
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?)))
            .collect(),
        project: ProjectState::Ready,
    };
    let status = needs_python(context, command, why)?;
    if path.is_file() {
        return Ok(tell(context, args, &new.id, &path));
    }
    context.ui.status("no file was written: env.py found nothing to generate, or changed its name");
    Ok(status)
}

/// The identifier of the new revision: as wanted, if it is free and fits, else a random one.
fn identifier(args: &NewArgs, is_taken: impl Fn(&str) -> bool) -> Result<String, CommandError> {
    let Some(id) = args.rev_id.clone().filter(|id| !id.is_empty()) else {
        return Ok(std::iter::repeat_with(random_id).find(|id| !is_taken(id)).unwrap_or_else(random_id));
    };
    let length = id.chars().count();
    if length > ID_LENGTH {
        return Err(CommandError::usage(format!(
            "the identifier '{id}' has {length} characters, and the version table has room for {ID_LENGTH}"
        )));
    }
    if is_taken(&id) {
        return Err(CommandError::crashed(format!("the identifier '{id}' is taken"))
            .hint("leave --rev-id out, and a free one is chosen"));
    }
    Ok(id)
}

/// Names of all files in the version locations, whether they are revisions or not.
fn file_names(locations: &[PathBuf]) -> Vec<String> {
    let entries = locations.iter().filter_map(|location| fs::read_dir(location).ok()).flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// The command line of `alembic revision` that does the same.
fn alembic_arguments(context: &CommandContext, args: &NewArgs, id: &str) -> Vec<String> {
    let mut argv = context.invocation.alembic.clone();
    // Its texts would be mixed with the result.
    argv.extend(["--quiet", "revision"].map(str::to_owned));
    argv.push(format!("--message={}", args.description));
    argv.push(format!("--rev-id={id}"));
    if !args.no_autogenerate {
        argv.push("--autogenerate".to_owned());
    }
    if args.splice {
        argv.push("--splice".to_owned());
    }
    for (option, value) in
        [("head", &args.head), ("branch-label", &args.branch_label), ("version-path", &args.version_path)]
    {
        argv.extend(value.iter().map(|value| format!("--{option}={value}")));
    }
    argv.extend(args.depends_on.iter().map(|revision| format!("--depends-on={revision}")));
    argv
}

fn tell(context: &mut CommandContext, args: &NewArgs, id: &str, path: &Path) -> ExitStatus {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let files = args.sql.then(|| SqlRevision::beside(path));
    let (up, down) = (files.as_ref().map(|files| text(&files.up)), files.as_ref().map(|files| text(&files.down)));
    match args.format {
        Format::Text => [Some(text(path)), up, down].iter().flatten().for_each(|path| context.ui.result(path)),
        Format::Json => context.ui.json(&NewJson { revision: id.to_owned(), path: text(path), up, down }),
    }
    ExitStatus::Success
}
