use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::progress::tell_wait;
use crate::cli::subjects::{KnownDatabase, read_files};
use crate::database::{Access, Connection, HistoryDirection, HistoryEntry, Outcome};
use crate::migrate;
use crate::revision::RevisionId;
use crate::script::ScriptDirectory;
use crate::verify::{Code, Consent, Repairs, RevisionFiles, Word};

/// Mend what `limbec verify` finds, after showing it and asking
///
/// Nothing is guessed: what cannot be told from the version table, the history and the schema is left, with what to do about it. Every
/// repair is recorded in the history where there is one. The exit status is 0 if all is mended, 1 if something is left.
#[derive(Debug, Clone, Args)]
pub struct RepairArgs {
    /// Mend only findings of this code [can be repeated]
    #[arg(value_name = "CODE")]
    pub codes: Vec<Code>,
    /// Do it without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Show what would be done, and change nothing; the exit status is 1 if there is something
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Accept the changed file of this applied revision as it is [can be repeated]
    #[arg(long, value_name = "REVISION")]
    pub accept: Vec<String>,
    /// Accept the changed files of all applied revisions
    #[arg(long)]
    pub accept_changes: bool,
    /// The interrupted step of this revision is complete: you have looked, or completed it by hand [can be repeated]
    #[arg(long, value_name = "REVISION")]
    pub done: Vec<String>,
    /// Nothing of the interrupted step of this revision is there: you have looked, or undone it by hand [can be repeated]
    #[arg(long, value_name = "REVISION")]
    pub undone: Vec<String>,
    /// Go on in the SQL file of this revision behind what of it is committed: the next run does, behind as many statements as the
    /// history knows, or NUMBER [can be repeated]
    #[arg(long = "continue", value_name = "REVISION[:NUMBER]")]
    pub continued: Vec<String>,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct RepairJson {
    databases: Vec<DatabaseJson>,
}

#[derive(Debug, Serialize)]
struct DatabaseJson {
    /// Password hidden.
    database: String,
    version_table: String,
    repairs: Vec<RepairEntryJson>,
    /// What cannot be mended, and what to do about it.
    left: Vec<String>,
}

#[derive(Debug, Serialize)]
struct RepairEntryJson {
    code: Code,
    message: String,
    done: bool,
    hint: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read, a database that does not answer, a lock that is not to be had.
pub fn run(context: &mut CommandContext, args: &RepairArgs) -> Result<ExitStatus, CommandError> {
    let scripts = context.scripts()?;
    let consent = consent(&scripts, args)?;
    let databases = context.known_databases("repair")?;
    let files = read_files(&context.script_settings()?.locations, &scripts);
    let mut results = Vec::new();
    for database in &databases {
        results.push(one(context, args, (database, &scripts, &files), &consent)?);
    }
    let is_clean = |result: &DatabaseJson| result.left.is_empty() && result.repairs.iter().all(|repair| repair.done);
    let status = if results.iter().all(is_clean) { ExitStatus::Success } else { ExitStatus::Code(1) };
    if args.format == Format::Json {
        context.ui.json(&RepairJson { databases: results });
    }
    Ok(status)
}

fn consent(scripts: &ScriptDirectory, args: &RepairArgs) -> Result<Consent, CommandError> {
    let accepted: BTreeSet<RevisionId> = resolved(scripts, &args.accept)?.into_iter().collect();
    let (done, undone) = (resolved(scripts, &args.done)?, resolved(scripts, &args.undone)?);
    let said = |ids: Vec<RevisionId>, word: Word| ids.into_iter().map(move |id| (id, word));
    let continued = continued(scripts, &args.continued)?;
    let mut words: BTreeMap<RevisionId, Word> = BTreeMap::new();
    for (id, word) in said(done, Word::Done).chain(said(undone, Word::Undone)).chain(continued) {
        if words.insert(id.clone(), word).is_some_and(|before| before != word) {
            return Err(CommandError::usage(format!("the step of {id} is either done or undone, or goes on")));
        }
    }
    let mut codes: BTreeSet<Code> = args.codes.iter().copied().collect();
    // Who accepts a file wants that, beside the codes that are named or alone.
    if !accepted.is_empty() || args.accept_changes {
        codes.insert(Code::ChangedRevision);
    }
    let accepts_all = args.accept_changes || args.codes.contains(&Code::ChangedRevision);
    if !words.is_empty() {
        codes.insert(Code::InterruptedRun);
    }
    Ok(Consent { codes, accepted, accepts_all, words })
}

/// `REVISION`, `REVISION:NUMBER`
fn continued(scripts: &ScriptDirectory, texts: &[String]) -> Result<Vec<(RevisionId, Word)>, CommandError> {
    let mut found = Vec::new();
    for text in texts {
        let (symbol, number) = match text.rsplit_once(':') {
            Some((symbol, number)) => match number.parse::<u64>() {
                Ok(number) => (symbol, Some(number)),
                Err(_) => {
                    return Err(CommandError::usage(format!("`{number}` in `{text}` is no number of statements")));
                }
            },
            None => (text.as_str(), None),
        };
        found.extend(resolved(scripts, &[symbol.to_owned()])?.into_iter().map(|id| (id, Word::Continue(number))));
    }
    Ok(found)
}

/// The revisions that symbols stand for.
fn resolved(scripts: &ScriptDirectory, symbols: &[String]) -> Result<Vec<RevisionId>, CommandError> {
    let mut found = Vec::new();
    for symbol in symbols {
        let resolved = match scripts.map.position(symbol) {
            Some(index) => vec![index],
            None => scripts.map.resolve(symbol)?,
        };
        found.extend(resolved.into_iter().map(|index| scripts.map.revision(index).id.clone()));
    }
    Ok(found)
}

fn one(
    context: &mut CommandContext,
    args: &RepairArgs,
    (database, scripts, files): (&KnownDatabase, &ScriptDirectory, &RevisionFiles),
    consent: &Consent,
) -> Result<DatabaseJson, CommandError> {
    let subject = database.subject(scripts, files);
    let planned = {
        // What a run leaves open while it is under way is nothing to repair. The lock is not kept while somebody reads and answers.
        let mut options = context.project()?.settings.deploy.clone();
        options.lock_wait = Some(Duration::ZERO);
        let _lock = migrate::lock(&options, database.environment(), (&database.url, database.table()), &mut |_| {})?;
        let mut connection = Connection::open(&database.url, database.environment(), Access::Read)?;
        Repairs::plan(&subject, &mut connection, consent)?
    };
    show(context, args, &planned);
    let is_agreed = !planned.repairs.is_empty() && !args.dry_run && (args.yes || confirmed(context, args)?);
    if is_agreed {
        let options = context.project()?.settings.deploy.clone();
        let ui = &mut context.ui;
        let place = (&database.url, database.table());
        let _lock = migrate::lock(&options, database.environment(), place, &mut |wait| tell_wait(ui, wait))?;
        let mut connection = Connection::open(&database.url, database.environment(), Access::Write)?;
        if Repairs::plan(&subject, &mut connection, consent)? != planned {
            return Err(CommandError::failed("the database has changed since this was planned; nothing was done")
                .hint("run the command again"));
        }
        let template = template(context)?;
        let ui = &mut context.ui;
        planned.apply(&subject, &mut connection, &template, &mut |repair| {
            if let Some(hint) = &repair.hint {
                ui.hint(hint);
            }
        })?;
        context.ui.status(match planned.repairs.len() {
            1 => "1 repair is done.",
            _ => "All repairs are done.",
        });
    }
    let entry = |repair: crate::verify::Repair| RepairEntryJson {
        code: repair.code,
        message: repair.sentence,
        done: is_agreed,
        hint: repair.hint,
    };
    Ok(DatabaseJson {
        database: database.shown_url(),
        version_table: database.table().to_string(),
        repairs: planned.repairs.into_iter().map(entry).collect(),
        left: planned.left,
    })
}

fn show(context: &mut CommandContext, args: &RepairArgs, planned: &Repairs) {
    if args.format == Format::Text {
        for repair in &planned.repairs {
            context.ui.result(&format!("{}: {}", repair.code, repair.sentence));
        }
        if planned.repairs.is_empty() && planned.left.is_empty() {
            context.ui.result("There is nothing to repair.");
        }
    }
    for sentence in &planned.left {
        context.ui.warning(&format!("not repaired: {sentence}"));
    }
}

fn confirmed(context: &mut CommandContext, args: &RepairArgs) -> Result<bool, CommandError> {
    if !context.environment.can_ask() || args.format == Format::Json {
        context.ui.hint("nothing was changed; the same command with --yes does it");
        return Ok(false);
    }
    context.ui.flush();
    let asked = dialoguer::Confirm::new().with_prompt("Do this?").default(false).interact();
    asked.map_err(|_| CommandError::interrupted())
}

/// What every record says of who runs this.
fn template(context: &mut CommandContext) -> Result<HistoryEntry, CommandError> {
    let runner = context.runner()?;
    Ok(HistoryEntry {
        id: 0,
        plan_id: uuid::Uuid::new_v4().to_string(),
        step: 0,
        version_schema: String::new(),
        version_table: String::new(),
        revision: RevisionId::from(""),
        description: String::new(),
        direction: HistoryDirection::Stamp,
        from_heads: Vec::new(),
        to_heads: Vec::new(),
        file_sha256: None,
        meaning: None,
        started_at: chrono::Utc::now(),
        finished_at: None,
        duration_ms: None,
        outcome: Outcome::Done,
        error: None,
        user_name: runner.user,
        host: runner.host,
        tool_version: runner.tool_version,
        git_commit: runner.git_commit,
        transactional: true,
        backup: None,
        committed_statements: None,
        committed_sha256: None,
    })
}
