use std::error::Error;
use std::process::ExitCode;

use serde::Serialize;

use super::ui::Ui;
use crate::bundle::BundleError;
use crate::config::{ConfigError, HookPoint, TargetError};
use crate::database::{BackupError, DatabaseError, HistoryError, LockError, quote_identifier};
use crate::gate::GateError;
use crate::import::ImportError;
use crate::migrate::MigrateError;
use crate::relocate::RelocateError;
use crate::revision::RevisionError;
use crate::runtime::{RuntimeError, status_of_end};
use crate::script::{Announce, ScriptError};
use crate::squash::ARCHIVE_INI;
use crate::tenant::{QueueError, RecordError, TenantError};
use crate::trial::TrialError;

/// What went wrong, which decides heading, stream and exit status (`CommandError::report`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Alembic says `FAILED: sentence` (its `CommandError`): standard output and 255 in Alembic's commands.
    Failed,
    /// Alembic would have died of a traceback, or it is limbec's own failure: standard error and 1.
    Crashed,
    /// The command line, or a configuration of limbec's own: standard error and 2.
    Usage,
    /// Ctrl-C, after everything was rolled back: 130.
    Interrupted,
    /// `sys.exit(STATUS)` in user code: standard error and that status.
    Exited(u8),
}

/// What stood in the way, for programs: `kind` in the log (docs/json.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Obstacle {
    /// The command line.
    Usage,
    /// The configuration.
    Configuration,
    /// The revision files or their graph, or a symbol that names nothing in it.
    Revision,
    /// No server answers, or it does not take connections yet.
    Unreachable,
    /// What the database says, or the way to it.
    Database,
    /// The lock.
    Lock,
    /// A gate is shut.
    Gate,
    /// The project's Python: there is none, or env.py or a revision script failed.
    Script,
    /// A command of the settings.
    Hook,
    /// The backup.
    Backup,
    /// Ctrl-C.
    Interrupted,
    /// Anything else.
    Other,
}

/// Why a command did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandError {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// What stood in the way, as far as `kind` and `is_configuration` do not say.
    pub obstacle: Obstacle,
    /// What is wrong and where, without a full stop unless Alembic's sentence has one.
    pub sentence: String,
    /// How it came about, from near to far.
    pub causes: Vec<String>,
    /// What to type or to change.
    pub hints: Vec<String>,
    /// Whether the configuration is at fault: limbec's own commands end with 2 then.
    pub is_configuration: bool,
    /// The revision that no file has, where that is what is wrong.
    pub unknown_revision: Option<String>,
}

impl CommandError {
    /// A failure that Alembic reports by `FAILED: sentence`.
    pub fn failed(sentence: impl Into<String>) -> Self {
        Self::of(ErrorKind::Failed, sentence)
    }

    /// A failure where Alembic dies of a traceback, or of limbec itself.
    pub fn crashed(sentence: impl Into<String>) -> Self {
        Self::of(ErrorKind::Crashed, sentence)
    }

    /// Wrong usage.
    pub fn usage(sentence: impl Into<String>) -> Self {
        Self::of(ErrorKind::Usage, sentence)
    }

    /// Ctrl-C.
    pub fn interrupted() -> Self {
        Self::of(ErrorKind::Interrupted, "interrupted")
    }

    /// Standard output could not be written; Python's exit status for it is 120.
    pub(super) fn lost_output(error: &std::io::Error) -> Self {
        Self::of(ErrorKind::Exited(120), "standard output could not be written").caused_by(error.to_string())
    }

    /// Something that this version cannot do yet.
    pub fn not_available(what: &str) -> Self {
        Self::crashed(format!("{what} is not available yet"))
    }

    fn of(kind: ErrorKind, sentence: impl Into<String>) -> Self {
        Self {
            kind,
            obstacle: Obstacle::Other,
            sentence: sentence.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            is_configuration: false,
            unknown_revision: None,
        }
    }

    /// From an error of a module: its sentence, and those of its sources as causes.
    pub fn from_error(error: &dyn Error, is_command_error: bool) -> Self {
        let kind = if is_command_error { ErrorKind::Failed } else { ErrorKind::Crashed };
        let mut causes = Vec::new();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push(cause.to_string());
            source = cause.source();
        }
        Self { causes, ..Self::of(kind, error.to_string()) }
    }

    /// Adds how it came about.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds what to type or to change.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same with what stood in the way.
    #[must_use]
    pub(super) fn by(self, obstacle: Obstacle) -> Self {
        Self { obstacle, ..self }
    }

    /// What stood in the way.
    fn obstacle(&self) -> Obstacle {
        match self.kind {
            ErrorKind::Usage => Obstacle::Usage,
            ErrorKind::Interrupted => Obstacle::Interrupted,
            _ if self.is_configuration => Obstacle::Configuration,
            _ => self.obstacle,
        }
    }

    /// Prints it where its kind and the command demand, and says the exit status.
    pub(super) fn report(&self, ui: &mut Ui, convention: Convention) -> ExitCode {
        if self.kind == ErrorKind::Failed && convention == Convention::Alembic {
            ui.message(&format!("FAILED: {}", self.sentence));
            if !ui.logs_json() {
                ui.reasons(&self.causes, &self.hints);
                return ExitCode::from(self.status(convention));
            }
        }
        self.tell(ui);
        ExitCode::from(self.status(convention))
    }

    /// Prints it on standard error.
    pub(super) fn tell(&self, ui: &mut Ui) {
        ui.failure(self.obstacle(), &self.sentence, &self.causes, &self.hints);
    }

    fn status(&self, convention: Convention) -> u8 {
        match (self.kind, convention) {
            (ErrorKind::Usage, _) => 2,
            (ErrorKind::Interrupted, _) => status_of_end(),
            (ErrorKind::Exited(status), _) => status,
            (ErrorKind::Failed, Convention::Alembic) => 255,
            (ErrorKind::Failed | ErrorKind::Crashed, Convention::Limbec) if self.is_configuration => 2,
            (ErrorKind::Failed | ErrorKind::Crashed, _) => 1,
        }
    }
}

/// Whose rules a failure follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Convention {
    /// A command of Alembic's.
    Alembic,
    /// A command of Alembic's with `--raiseerr`.
    Raise,
    /// A command of limbec's.
    Limbec,
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        let failure = Self { is_configuration: true, ..Self::from_error(&error, error.is_command_error()) };
        match error {
            ConfigError::Settings(_) => Self { kind: ErrorKind::Usage, ..failure },
            ConfigError::NoScriptDirectory(_) => {
                failure.hint("relative paths start at the current directory; `%(here)s/…` starts at the ini file")
            }
            ConfigError::NoPackage(_) => failure.hint(
                "name the project's interpreter by `--python PATH`, or the folder of the package in prepend_sys_path",
            ),
            _ => failure,
        }
    }
}

impl From<ScriptError> for CommandError {
    fn from(error: ScriptError) -> Self {
        Self::from_error(&error, error.is_command_error()).by(Obstacle::Revision)
    }
}

impl From<RevisionError> for CommandError {
    fn from(error: RevisionError) -> Self {
        let failure = Self::from_error(&error, error.is_command_error()).by(Obstacle::Revision);
        match error {
            RevisionError::NotFound(id) => {
                let failure = failure.hint("`limbec history` lists the revisions, `limbec heads` the heads");
                Self { unknown_revision: Some(id), ..failure }
            }
            RevisionError::MultipleHeads(_) => {
                failure.hint("`limbec heads` lists them, `limbec merge heads` joins them")
            }
            RevisionError::MissingDown { .. } => {
                failure.hint("a file is missing: deleted, or not brought along from another branch of the repository")
            }
            _ => failure,
        }
    }
}

impl From<ImportError> for CommandError {
    fn from(error: ImportError) -> Self {
        let failure = Self::from_error(&error, false);
        let usage = |failure: Self| Self { kind: ErrorKind::Usage, ..failure };
        match error {
            ImportError::Database(error) => error.into(),
            ImportError::NoDirectory(_) => usage(failure),
            ImportError::NoMigrations { tool: None, others, .. } if others.is_empty() => usage(failure),
            ImportError::NoMigrations { .. } => {
                usage(failure).hint("`--from TOOL` says whose files they are; docs/import.md has what each tool's look like")
            }
            ImportError::Ambiguous { candidates, .. } => {
                let names: Vec<String> = candidates.iter().map(|tool| format!("`--from {tool}`")).collect();
                usage(failure).hint(format!("say which: {}", names.join(", ")))
            }
            ImportError::Files { .. } => failure.hint("nothing was changed"),
            ImportError::NoFile { .. } => failure
                .hint("nothing was changed; is this the whole directory, and of the branch that is deployed?")
                .hint("get the files back, or delete the rows if they are about nothing"),
            ImportError::Undecided { .. } | ImportError::TwoRows { .. } => failure
                .hint("nothing was changed; correct the rows, or say what has run by `--applied-until VERSION`"),
            ImportError::NoSuchVersion { .. } => {
                usage(failure).hint("VERSION is a number, as 007, or the name of a file; `limbec import DIRECTORY --no-database --dry-run` lists them")
            }
            ImportError::Unfinished { .. } => failure
                .hint("nothing was changed; mend the database, have the old tool finish or forget that migration, and import again"),
            ImportError::Changed { .. } => {
                failure.hint("nothing was changed; restore the files, or take them as they are by `--allow-changed`")
            }
            ImportError::Holes { .. } => failure
                .hint("nothing was changed; Alembic's version table has one revision, and what comes before it counts as applied")
                .hint("have the old tool run what is missing, or number it so that it comes last, and import again"),
            ImportError::NotItsTable { .. } => usage(failure),
            ImportError::OtherRevision { .. } => failure
                .hint("two directories with the same versions cannot be imported into one project; was the file renamed?"),
            ImportError::Io { .. } => failure,
        }
    }
}

impl From<RuntimeError> for CommandError {
    fn from(error: RuntimeError) -> Self {
        let failure = Self::from_error(&error, error.is_command_error()).by(Obstacle::Script);
        match error {
            RuntimeError::Interrupted => Self::interrupted(),
            RuntimeError::Unflushed => Self { kind: ErrorKind::Exited(120), ..failure },
            RuntimeError::NoInterpreter(_) | RuntimeError::NotAnInterpreter { .. } | RuntimeError::TooOld { .. } => {
                failure.hint(
                    "name the project's interpreter by `--python PATH`, LIMBEC_PYTHON, or `python` in the settings",
                )
            }
            RuntimeError::Load { .. } => failure.hint("`LIMBEC_PYTHON_MODE=child` runs Python without loading it"),
            _ => failure,
        }
    }
}

impl From<TargetError> for CommandError {
    fn from(error: TargetError) -> Self {
        Self { kind: ErrorKind::Usage, ..Self::from_error(&error, false) }
    }
}

impl From<DatabaseError> for CommandError {
    fn from(error: DatabaseError) -> Self {
        let obstacle = if error.is_absence() { Obstacle::Unreachable } else { Obstacle::Database };
        let failure = Self::from_error(&error, error.is_command_error()).by(obstacle);
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<HistoryError> for CommandError {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Database(error) => error.into(),
            error => {
                let failure = Self::from_error(&error, false).by(Obstacle::Database);
                match error.hint() {
                    Some(hint) => failure.hint(hint),
                    None => failure,
                }
            }
        }
    }
}

impl From<LockError> for CommandError {
    fn from(error: LockError) -> Self {
        let failure = Self::from_error(&error, false).by(Obstacle::Lock);
        match error {
            LockError::Held { .. } => {
                failure.hint("nothing was changed; wait for the other run, or allow more time by `--lock-wait 5m`")
            }
            LockError::Database(error) => error.into(),
            LockError::Interrupted => Self { kind: ErrorKind::Interrupted, ..failure },
            LockError::Lost { .. } => failure.hint("what was not committed is rolled back; run the command again"),
            LockError::Pooled { .. } => failure.hint("`--lock row`, or no `--lock` at all, locks by a row of a table"),
            LockError::Unprepared { ref grant, .. } => failure
                .hint(format!("run `{grant}` as its owner, or once an upgrade with `--lock row` as a role that may"))
                .hint("`history = { enabled = false, schema = \"app\" }` in the settings has limbec's tables in another schema")
                .hint("`--lock off` runs without a lock: then see to it that nobody else does"),
            LockError::File { .. } => {
                failure.hint("`--lock off` runs without a lock: then see to it that nobody else does")
            }
        }
    }
}

impl From<GateError> for CommandError {
    fn from(error: GateError) -> Self {
        let failure = Self::from_error(&error, false).by(Obstacle::Gate);
        match error {
            GateError::Interrupted => Self { kind: ErrorKind::Interrupted, ..failure },
            GateError::Declined => failure,
            GateError::Changed { .. } => {
                failure.hint("put the files back as they were, or accept them as they are by `limbec repair --accept REVISION --yes`")
            }
            GateError::Baseline { revision, archive } => {
                let ini = archive.join(ARCHIVE_INI);
                failure.hint(format!(
                    "nothing was changed; if the old files have made it: `limbec downgrade {revision}`, and go on by `limbec -c {} downgrade …`",
                    ini.display()
                ))
            }
            GateError::Missing { .. } => {
                failure.hint("bring the files back (git has them); `--yes` goes on without them")
            }
            GateError::HalfApplied { .. } => failure.hint("`limbec repair` looks at what was applied, and settles it"),
            GateError::Torn { revision, .. } => failure
                .hint(format!(
                    "nothing was run; mend the file from the statement on that failed, then `limbec repair --continue {revision}` has the next run go on there"
                ))
                .hint(format!(
                    "`limbec repair --done {revision}` if all of it is there by now, `limbec repair --undone {revision}` if nothing of it is any more"
                )),
            GateError::NeedsConsent { options, is_production, .. } => {
                let why = if is_production { ": the settings call this database production" } else { "" };
                failure.hint(format!("nothing was changed; `{}` agrees to it{why}", options.join(" ")))
            }
        }
    }
}

impl From<MigrateError> for CommandError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Runtime(RuntimeError::Interrupted) => {
                Self::interrupted().hint("what was not committed is rolled back")
            }
            MigrateError::Runtime(error) => error.into(),
            MigrateError::Database(error) => error.into(),
            MigrateError::Lock(error) => error.into(),
            MigrateError::Gate(error) => error.into(),
            MigrateError::Backup(error) => {
                let failure = Self::from_error(&error, false).by(Obstacle::Backup).hint("nothing was run");
                match error {
                    BackupError::NoProgram { .. } => {
                        failure.hint("install PostgreSQL's client programs, of the server's version or later")
                    }
                    BackupError::Write { .. } => failure.hint("`--backup=FOLDER` names another folder"),
                    _ => failure,
                }
            }
            MigrateError::Hook(error) => {
                let what_is_done = match error.point() {
                    HookPoint::AfterUpgrade | HookPoint::AfterDowngrade => "every step is done and committed",
                    HookPoint::BeforeUpgrade | HookPoint::BeforeDowngrade => "nothing was run",
                    _ => "what was not committed is rolled back",
                };
                Self::from_error(&error, false).by(Obstacle::Hook).hint(what_is_done)
            }
            MigrateError::History(error) => error.into(),
            MigrateError::Refused(refusal) => match refusal.downcast::<RevisionError>() {
                Ok(error) => (*error).into(),
                Err(refusal) => match refusal.downcast::<BundleError>() {
                    Ok(error) => (*error).into(),
                    Err(refusal) => Self::from_error(&*refusal, false),
                },
            },
            MigrateError::Native(ref failure) => {
                let hint = failure.hint();
                let failure = Self::from_error(&error, false).by(Obstacle::Script);
                match hint {
                    Some(hint) => failure.hint(hint),
                    None => failure,
                }
            }
            error => Self::from_error(&error, error.is_command_error()),
        }
    }
}

impl From<BundleError> for CommandError {
    fn from(error: BundleError) -> Self {
        let failure = Self::from_error(&error, false);
        match error {
            BundleError::Length { .. } | BundleError::Hash { .. } | BundleError::Changed { .. } => {
                failure.hint("nothing of it was kept; copy the bundle anew from where it was built")
            }
            BundleError::Form { .. } => failure.hint("install the limbec that the bundle was built by, or a later one"),
            BundleError::NeedsPython { .. } => {
                failure.hint("nothing was changed; `limbec upgrade` in the project, with Python, runs it")
            }
            BundleError::Dialect { .. } => failure.hint("`limbec bundle build --dialect` builds one for this database"),
            BundleError::Server { .. } => {
                failure.hint("`limbec bundle build --min-server` says that it is for older servers too, if it is")
            }
            BundleError::UnknownRow { .. } => failure.hint(
                "the database is ahead of the bundle, or of another project: nothing was changed; build a newer bundle",
            ),
            _ => failure,
        }
    }
}

impl From<RecordError> for CommandError {
    fn from(error: RecordError) -> Self {
        Self { is_configuration: true, ..Self::from_error(&error, false) }
            .hint("the same command without `--resume` looks at every tenant, and does what is missing")
    }
}

impl From<TenantError> for CommandError {
    fn from(error: TenantError) -> Self {
        let failure = Self::from_error(&error, false);
        let configuration = |failure: Self| Self { is_configuration: true, ..failure };
        match error {
            TenantError::Database(error) => error.into(),
            TenantError::Unknown { .. } => configuration(failure).hint("`limbec tenant list` lists them"),
            TenantError::NoSuchTags { known, .. } => configuration(failure).hint(match known.is_empty() {
                true => "no tenant has any tag".to_owned(),
                false => format!("there are the tags {}", Vec::from_iter(known).join(", ")),
            }),
            TenantError::SamePlace { .. } => configuration(failure)
                .hint("should `url` or `schema` in [tenants] have {name} in it? one database is migrated for one tenant"),
            TenantError::NoSource { .. } => configuration(failure).hint(
                "list them by `source = [\"acme\", \"foo\"]`, or name a file, a command, a query or a pattern of schemas: docs/tenants.md",
            ),
            TenantError::Command { said, .. } if !said.trim().is_empty() => {
                configuration(failure.caused_by(said.trim_end()))
            }
            _ => configuration(failure),
        }
    }
}

impl From<RelocateError> for CommandError {
    fn from(error: RelocateError) -> Self {
        let failure = Self::from_error(&error, false);
        let usage = |failure: Self| Self { kind: ErrorKind::Usage, ..failure };
        match error {
            RelocateError::Database(error) => error.into(),
            RelocateError::Lock(error) => error.into(),
            RelocateError::NoSchemas => usage(failure)
                .hint("a file is a namespace of its own: copy the file, and name the copy by --url or in the settings"),
            RelocateError::SameSchema { .. } | RelocateError::Reserved { .. } | RelocateError::NoSuchTables { .. } => {
                usage(failure)
            }
            RelocateError::NoSuchSchema { known, .. } => usage(failure).hint(format!("there are {}", known.join(", "))),
            RelocateError::Collisions { .. } => {
                failure.hint("nothing was changed; drop or rename them, or move to another schema")
            }
            RelocateError::NotCopied { .. } => {
                failure.hint("nothing was changed; without --copy they are moved as they are")
            }
            RelocateError::Unfinished { to, .. } => failure
                .hint("`--resume` goes on with it")
                .hint(format!("`DROP SCHEMA {} CASCADE` gives it up: the next run begins anew", quote_identifier(&to))),
            RelocateError::StructureChanged { to, .. } => failure.hint(format!(
                "the source is untouched; `DROP SCHEMA {} CASCADE` gives the copy up: the next run begins anew",
                quote_identifier(&to)
            )),
            RelocateError::Differs { .. } => failure.hint("nothing was dropped"),
            RelocateError::Needed { .. } => {
                failure.hint("the copy is complete; drop what depends on the source, or make it anew, and use --resume")
            }
            _ => failure,
        }
    }
}

impl From<QueueError> for CommandError {
    fn from(error: QueueError) -> Self {
        let failure = Self::from_error(&error, false);
        let configuration = |failure: Self| Self { is_configuration: true, ..failure };
        match error {
            QueueError::Database(error) => error.into(),
            QueueError::NotPostgres { .. } => configuration(failure).hint("a run that is not shared needs no common database"),
            QueueError::Name { .. } => configuration(failure),
            QueueError::Taken { id, .. } => failure.hint(format!(
                "`limbec tenant migrate --join {id}` takes part in it, as long as it has not ended; a new run needs another name"
            )),
            QueueError::Overlap { id, .. } => failure.hint(format!(
                "`limbec tenant migrate --join {id}` takes part in it, `limbec tenant runs {id} --cancel` ends it"
            )),
            QueueError::NoRun { .. } => configuration(failure).hint("`limbec tenant runs` lists them"),
            QueueError::OtherHistory { .. } => {
                failure.hint("check out the same revisions here as there; nothing was changed by this runner")
            }
            QueueError::NoTenants { .. } => {
                configuration(failure).hint("every runner of a run needs all of its tenants in its source")
            }
            QueueError::Away { .. } => failure
                .hint("other runners go on, and take over what this one had; `--join` takes part again")
                .hint("`--wait-for-db` has a runner bear with it for longer"),
            QueueError::Foreign { .. } => failure.hint("was the table changed by another version of limbec?"),
        }
    }
}

impl From<TrialError> for CommandError {
    fn from(error: TrialError) -> Self {
        let failure = Self::from_error(&error, false);
        let configuration = |failure: Self| Self { is_configuration: true, ..failure };
        match error {
            TrialError::Database(DatabaseError::Permission { .. }) => configuration(failure).hint(
                "the role needs CREATEDB: `ALTER ROLE … CREATEDB`; or leave the server out, and one is started",
            ),
            TrialError::Database(error) => Self { is_configuration: true, ..error.into() },
            TrialError::Graph(error) => error.into(),
            TrialError::Migrate(error) => error.into(),
            TrialError::NoPrograms { .. } => configuration(failure).hint(
                "name a server by `--server URL` or LIMBEC_TEST_URL, put PostgreSQL's programs on PATH, or try SQLite by \
                 `--dialect sqlite`",
            ),
            TrialError::Program { .. } | TrialError::NoUser => {
                configuration(failure).hint("a server that runs already is named by `--server URL` or LIMBEC_TEST_URL")
            }
            TrialError::Fixture { .. } => configuration(failure),
            TrialError::NotRepeatable { .. } => failure.hint("revisions that depend on more than the database are to blame"),
            TrialError::Interrupted => Self::interrupted(),
            TrialError::Catalogue(_) | TrialError::File { .. } => failure,
        }
    }
}
