//! How a squash comes about: the history on one database, the baseline on another, and the files that change.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::commands::squash::SquashArgs;
use super::context::CommandContext;
use super::engine::Mutation;
use super::error::{CommandError, ErrorKind};
use super::published::shown;
use super::render::path_text;
use super::testing::{output, start};
use super::testing_grounds::{Grounds, dialect, driver, own_url, url_variables};
use crate::catalogue::{Catalogue, Difference, Scope};
use crate::database::{Access, Connection, Environment, VersionTableName};
use crate::published::{Freezable, Freeze, Lock};
use crate::revision::RevisionMap;
use crate::runtime::{Invocation, ScriptEntry};
use crate::script::{Imports, Locations, Parsed, RevisionFile, Script, ScriptDirectory, SqlRevision, read_files};
use crate::squash::{
    ARCHIVE_INI, ArchiveIni, Baseline, Changes, Dump, FilledTable, Moved, RowPolicy, SquashError, SquashPlan,
    archive_ini, filled_tables, is_leftover,
};
use crate::trial::{EnvRuns, Ephemeral, Place, TrialError, build};

/// A squash that is proven and not yet written.
pub(crate) struct Prepared {
    /// The files.
    pub(crate) changes: Changes,
    /// The file of the baseline.
    pub(crate) baseline: PathBuf,
    /// How many statements it has.
    pub(crate) statements: usize,
    /// Tables with rows.
    pub(crate) filled: Vec<FilledTable>,
    /// What becomes of the rows.
    pub(crate) rows: RowPolicy,
    /// Where it was proven, in words.
    pub(crate) place: String,
    /// What people should look at.
    pub(crate) notes: Vec<String>,
    /// Options with passwords, which the archive's ini file does not have.
    pub(crate) left_out: Vec<String>,
}

/// Runs the history, writes it as a baseline, proves that, and works out what changes. Nothing of the project is touched.
///
/// # Errors
/// What keeps the history from being run, rows that nobody has decided on, and a baseline that makes another schema.
pub(crate) fn prepare(
    context: &mut CommandContext,
    args: &SquashArgs,
    scripts: &ScriptDirectory,
    plan: &SquashPlan,
) -> Result<Prepared, CommandError> {
    let layout = Layout::of(context, args, scripts, plan)?;
    let own = own_url(context, &args.grounds)?;
    let dialect = dialect(context, &args.grounds, own.as_ref())?;
    let driver = driver(context, dialect, own.as_ref());
    let variables = url_variables(context, &args.grounds.url_variable)?;
    let environment = context.database_environment();
    let interpreter = context.interpreter()?;
    let grounds = Grounds::find(context, &args.grounds, dialect, own, None)?;
    let upgrade = context.engine_invocation(context.alembic_argv(&["upgrade", "heads"]), Mutation::Allowed)?;
    let output = output(context, &grounds);
    let start = |variables| start(&interpreter, &output, variables);
    let python = |upgrade: Invocation| {
        let check = upgrade.clone();
        EnvRuns::new(&start, upgrade, check).with_driver_of(driver.clone()).with_variables(variables.clone())
    };
    let default = context.configured_schema()?.unwrap_or_else(|| "public".to_owned());
    let site = Site { place: &grounds.place, environment: &environment, default };
    let id = &scripts.script(plan.revision).revision.id;
    stage(context, &format!("running the history up to {id}"));
    let history = site.built(&scripts.map, &mut python(upgrade.clone()), id.as_str());
    let history = history.map_err(|error| context.trial_error(error))?;
    let mut connection = history.connect(&environment)?;
    let filled = filled_tables(&mut connection, &history.table, &site.default)?;
    let rows = match args.rows() {
        None if !filled.is_empty() => return Err(undecided_rows(&filled)),
        None => RowPolicy::Include,
        Some(policy) => policy,
    };
    drop(connection);
    let dump = site.dump(&history, rows)?;
    let baseline = layout.baseline(scripts, plan, &dump);
    stage(context, "running the baseline");
    let script = layout.written_apart(&baseline, grounds.folder.path())?;
    let map = RevisionMap::build(vec![script.revision.clone()])?;
    let alone = Invocation { scripts: Some(vec![ScriptEntry::from(&script)]), ..upgrade };
    let built = site.built(&map, &mut python(alone), id.as_str());
    let built = built.map_err(|error| unproven(context.trial_error(error)))?;
    site.compare(&history, &built)?;
    compare_rows(&dump, &site.dump(&built, rows)?)?;
    let notes = layout.notes(context, scripts, plan);
    let (changes, left_out) = layout.changes(context, scripts, plan, &baseline)?;
    for ephemeral in [history, built] {
        ephemeral.database.discard()?;
    }
    let statements = dump.statements.len();
    let place = grounds.words.clone();
    Ok(Prepared { changes, baseline: layout.file, statements, filled, rows, place, notes, left_out })
}

fn stage(context: &mut CommandContext, sentence: &str) {
    if context.ui.shows_progress() {
        context.ui.status(&format!("{sentence} …"));
    }
}

/// Nobody has said what is to become of rows: never lost silently.
fn undecided_rows(filled: &[FilledTable]) -> CommandError {
    let tables: Vec<String> = filled.iter().map(|table| format!("{} ({})", table.shown(), table.rows)).collect();
    CommandError::usage(format!("the revisions put rows into tables: {}", tables.join(", ")))
        .hint("`--with-data` puts them into the baseline, `--without-data` leaves them out")
}

fn unproven(error: CommandError) -> CommandError {
    let failure = CommandError::crashed("the baseline cannot be run on an empty database").caused_by(error.sentence);
    let failure = error.causes.into_iter().fold(failure, CommandError::caused_by);
    error.hints.into_iter().fold(failure, CommandError::hint).hint("nothing was written")
}

/// Where databases are made.
struct Site<'a> {
    place: &'a Place,
    environment: &'a Environment,
    /// The schema of names without one.
    default: String,
}

/// A database in which a history has run, with what it has.
struct Built {
    database: Ephemeral,
    table: VersionTableName,
    catalogue: Catalogue,
}

impl Built {
    fn connect(&self, environment: &Environment) -> Result<Connection, CommandError> {
        Ok(Connection::open(&self.database.url()?, environment, Access::Write)?)
    }
}

/// Everything but the version table.
fn scope(table: &VersionTableName) -> Scope {
    Scope::everything().keeping(table.schema.clone()).without(table.clone())
}

impl Site<'_> {
    fn built(&self, map: &RevisionMap, python: &mut EnvRuns<'_>, target: &str) -> Result<Built, TrialError> {
        let (database, table) = build(map, self.place, python, target)?;
        let mut connection = Connection::open(&database.url()?, self.environment, Access::Write)?;
        let catalogue = Catalogue::read(&mut connection, &scope(&table))?;
        Ok(Built { database, table, catalogue })
    }

    /// Whether both have the same schema and, with rows, the same rows.
    fn compare(&self, history: &Built, baseline: &Built) -> Result<(), CommandError> {
        let differences = Catalogue::difference(&history.catalogue, &baseline.catalogue);
        if differences.is_empty() {
            return Ok(());
        }
        if !matches!(self.place, Place::Server { .. }) {
            return Err(differing(&differences));
        }
        let database = self.place.create()?;
        let connect = || Connection::open(&database.url()?, self.environment, Access::Write).map_err(TrialError::from);
        Dump::reload((&history.database.url()?, self.environment), &mut connect()?)?;
        // Another one: a dump sets a search path for its session.
        let mut connection = connect()?;
        let reloaded = Catalogue::read(&mut connection, &scope(&history.table)).map_err(TrialError::from)?;
        drop(connection);
        database.discard()?;
        match Catalogue::difference(&reloaded, &baseline.catalogue) {
            differences if differences.is_empty() => Ok(()),
            differences => Err(differing(&differences)),
        }
    }

    fn dump(&self, built: &Built, rows: RowPolicy) -> Result<Dump, CommandError> {
        let mut connection = built.connect(self.environment)?;
        let url = built.database.url()?;
        let source = (&url, self.environment);
        Ok(Dump::of_ephemeral(source, &mut connection, &built.table, &self.default, rows)?)
    }
}

/// Whether the baseline puts in what the history has put in.
fn compare_rows(history: &Dump, baseline: &Dump) -> Result<(), CommandError> {
    let (wanted, made) = (history.rows(), baseline.rows());
    let odd = wanted.symmetric_difference(&made).next();
    let Some(odd) = odd else { return Ok(()) };
    let line: String = odd.lines().next().unwrap_or_default().chars().take(200).collect();
    Err(CommandError::crashed("the baseline does not put the same rows into the tables")
        .caused_by(line)
        .hint("nothing was written"))
}

fn differing(differences: &[Difference]) -> CommandError {
    const MOST: usize = 10;
    let failure = CommandError::crashed("the baseline does not make the schema that the history makes");
    let failure = differences.iter().take(MOST).fold(failure, |failure, one| failure.caused_by(one.to_string()));
    let rest = differences.len().saturating_sub(MOST);
    let failure = if rest > 0 { failure.caused_by(format!("and {rest} more")) } else { failure };
    failure.hint("nothing was written")
}

/// The files of a baseline.
struct Texts {
    python: Vec<u8>,
    sql: Vec<u8>,
}

/// Which file is where, before and after.
struct Layout {
    /// The file of the baseline, and of the revision before.
    file: PathBuf,
    /// The folder of the old files.
    archive: PathBuf,
    /// The same from the script directory.
    files: String,
    locations: Locations,
    ini: Option<PathBuf>,
    section: String,
}

impl Layout {
    fn of(
        context: &mut CommandContext,
        args: &SquashArgs,
        scripts: &ScriptDirectory,
        plan: &SquashPlan,
    ) -> Result<Self, CommandError> {
        let locations = context.script_settings()?.locations.clone();
        let project = context.project()?;
        let script = scripts.script(plan.revision);
        let is_plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        let name: String = script.revision.id.as_str().chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        let home = locations.script_location.canonicalize().unwrap_or_else(|_| locations.script_location.clone());
        let archive = match &args.archive {
            Some(folder) => crate::script::joined(&context.environment.current_dir, folder),
            None => home.join("squashed").join(name.trim_start_matches('.')),
        };
        let is_read = |folder: &PathBuf| {
            let folder = folder.canonicalize().unwrap_or_else(|_| folder.clone());
            folder == archive || locations.recursive && archive.starts_with(&folder)
        };
        if let Some(folder) = locations.versions.iter().find(|folder| is_read(folder)) {
            let folder = shown(folder, &context.environment);
            return Err(CommandError::usage(format!(
                "{} would be read with {folder}, where revisions are looked for in subfolders, too",
                shown(&archive, &context.environment)
            ))
            .hint("name a folder elsewhere by `--archive DIR`"));
        }
        if archive.symlink_metadata().is_ok() {
            if !is_leftover(&archive, &plan.files(scripts)) {
                return Err(SquashError::Taken(archive).into());
            }
            let folder = shown(&archive, &context.environment);
            context.ui.status(&format!(
                "{folder} is of a squash that was interrupted before it changed a revision file, and is made anew."
            ));
        }
        let ini = Some(project.ini_path()).filter(|path| path.is_file());
        let files = slashed(&crate::script::relative(&archive, &home));
        let locations = Locations { script_location: home, ..locations };
        Ok(Self { file: script.path.clone(), archive, files, locations, ini, section: project.section.clone() })
    }

    fn baseline(&self, scripts: &ScriptDirectory, plan: &SquashPlan, dump: &Dump) -> Texts {
        let script = scripts.script(plan.revision);
        let doc = script.long_doc();
        let created = doc.lines().find_map(|line| line.trim().strip_prefix("Create Date:")).unwrap_or_default();
        let message = script.doc();
        let baseline = Baseline {
            revision: &script.revision.id,
            message: message.lines().next().unwrap_or_default(),
            created: created.trim(),
            replaces: &plan.replaces,
            files: &self.files,
            labels: &plan.labels,
            statements: &dump.statements,
        };
        Texts { python: baseline.python().into_bytes(), sql: baseline.sql().into_bytes() }
    }

    /// The baseline in another folder, for the proof, read back.
    fn written_apart(&self, baseline: &Texts, folder: &Path) -> Result<Script, CommandError> {
        let path = folder.join(self.file.file_name().unwrap_or_default());
        for (path, bytes) in [(&path, &baseline.python), (&SqlRevision::beside(&path).up, &baseline.sql)] {
            std::fs::write(path, bytes).map_err(|error| {
                CommandError::crashed(format!("cannot write {}", path.display())).caused_by(error.to_string())
            })?;
        }
        match RevisionFile::read(&path, &Imports::new(&[])).declared {
            Ok(Parsed::Script(script)) => Ok(*script),
            Ok(Parsed::Undecided(_)) => Err(CommandError::crashed("the baseline cannot be read back")),
            Err(error) => Err(CommandError::crashed("the baseline cannot be read back").caused_by(error.to_string())),
        }
    }

    fn changes(
        &self,
        context: &mut CommandContext,
        scripts: &ScriptDirectory,
        plan: &SquashPlan,
        baseline: &Texts,
    ) -> Result<(Changes, Vec<String>), CommandError> {
        let mut names = HashSet::new();
        let moved = plan.files(scripts).into_iter().enumerate().map(|(number, from)| {
            let name = from.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            // Two version locations may each have a file of this name.
            let name = if names.insert(name.clone()) { name } else { format!("{number}_{name}") };
            Moved { to: self.archive.join(name), from }
        });
        let moved: Vec<Moved> = moved.collect();
        let text = self.ini.as_ref().map(std::fs::read_to_string).transpose().map_err(|error| {
            CommandError::crashed("the project's ini file cannot be read").caused_by(error.to_string())
        })?;
        let to_ini = self.ini.as_ref().and_then(|path| path.canonicalize().ok()?.parent().map(Path::to_owned));
        let ini = archive_ini(&ArchiveIni {
            text: text.as_deref(),
            section: &self.section,
            to_ini: &to_ini.map(|folder| slashed(&crate::script::relative(&folder, &self.archive))).unwrap_or_default(),
            to_scripts: &slashed(&crate::script::relative(&self.locations.script_location, &self.archive)),
            revision: scripts.script(plan.revision).revision.id.as_str(),
        });
        let sql = SqlRevision::beside(&self.file).up;
        let mut written = vec![(sql, baseline.sql.clone())];
        written.extend(self.lock(context, scripts, plan, baseline));
        written.push((self.file.clone(), baseline.python.clone()));
        let archived = vec![(self.archive.join(ARCHIVE_INI), ini.text.into_bytes())];
        Ok((Changes { archive: self.archive.clone(), moved, archived, written }, ini.left_out))
    }

    /// The lock file with the baseline and without what it stands for, where there is one.
    fn lock(
        &self,
        context: &mut CommandContext,
        scripts: &ScriptDirectory,
        plan: &SquashPlan,
        baseline: &Texts,
    ) -> Option<(PathBuf, Vec<u8>)> {
        let locations = context.script_settings().ok()?.locations.clone();
        let path = Lock::path(&locations);
        let (lock, text) = (Lock::read(&path).ok()??, std::fs::read_to_string(&path).ok()?);
        let changed: Vec<_> =
            plan.squashed.iter().chain([&plan.revision]).map(|index| scripts.script(*index)).collect();
        let gone: HashSet<&PathBuf> = changed.iter().map(|script| &script.path).collect();
        let read = read_files(&locations, |file| (Freezable::of(&file), file.path)).files;
        let mut files: Vec<Freezable> =
            read.into_iter().filter(|(_, path)| !gone.contains(path)).map(|(file, _)| file).collect();
        let file = RevisionFile::parse(&self.file, baseline.python.clone(), &Imports::new(&[]));
        files.push(Freezable::of(&file.with_sql([Some(baseline.sql.clone()), None])));
        let accepted: HashSet<String> = changed.iter().map(|script| script.revision.id.to_string()).collect();
        let was_current = lock.conflict.is_none();
        let freeze = Freeze::plan(&lock, &files, &accepted);
        let text = if freeze.is_allowed() && was_current {
            freeze.lock.text(&freeze.heads, &path)
        } else {
            let ids: BTreeSet<_> = changed.iter().map(|script| script.revision.id.clone()).collect();
            Lock::without(&text, &ids)
        };
        Some((path, text.into_bytes()))
    }

    /// What may not work from another folder.
    fn notes(&self, context: &CommandContext, scripts: &ScriptDirectory, plan: &SquashPlan) -> Vec<String> {
        let indexes = plan.squashed.iter().chain([&plan.revision]);
        let reads_place = |script: &&Script| {
            let file = RevisionFile::read(&script.path, &Imports::new(&[]));
            // The SQL of an SQL revision goes along.
            file.text().contains("__file__") && SqlRevision::of(&file).is_none()
        };
        let found = indexes.map(|index| scripts.script(*index)).filter(reads_place);
        found
            .map(|script| {
                let path = shown(&script.path, &context.environment);
                format!("{path} uses __file__: see whether it still finds what it looks for from the archive")
            })
            .collect()
    }
}

fn slashed(path: &Path) -> String {
    path_text(path).replace('\\', "/")
}

impl From<SquashError> for CommandError {
    fn from(error: SquashError) -> Self {
        let usage = |failure: Self| Self { kind: ErrorKind::Usage, ..failure };
        let failure = Self::from_error(&error, false);
        match error {
            SquashError::Bypassed { child, .. } => usage(failure).hint(format!(
                "squash to a revision that everything goes through: `limbec graph` shows it; or merge {child} first"
            )),
            SquashError::DependedOn { revision, path, dependency, .. } => usage(failure).hint(format!(
                "write \"{revision}\" instead of \"{dependency}\" into depends_on of {}",
                path_text(&path)
            )),
            SquashError::Dump(crate::database::BackupError::NoProgram { .. }) => {
                failure.hint("install PostgreSQL's client programs, of the server's version or later")
            }
            SquashError::Database(error) => error.into(),
            SquashError::Taken(_) => usage(failure)
                .hint("name another folder by `--archive DIR`")
                .hint("if it is of a squash that was interrupted, take the script directory from git again, and delete the folder"),
            SquashError::Unarchived { .. } => failure
                .hint("nothing was removed: make what was changed there a revision of its own, and delete the file"),
            SquashError::File { .. } => failure.hint("every file is as it was"),
            SquashError::VirtualRows { .. } => failure.hint(
                "nothing was written; squash to a revision before these rows, or without rows (`--without-data`) and write them by a revision of their own",
            ),
            SquashError::Dump(_) | SquashError::NamesSchema { .. } => failure.hint("nothing was written"),
        }
    }
}
