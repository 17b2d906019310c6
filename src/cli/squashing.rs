//! How a squash comes about: the history on one database, the baseline on another, and the files that change.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::commands::squash::SquashArgs;
use super::context::CommandContext;
use super::engine::Mutation;
use super::error::{CommandError, ErrorKind};
use super::published::shown;
use super::render::path_text;
use super::squashing_live::{Copied, LiveSource};
use super::squashing_privileges::Privileges;
use super::squashing_proof::{Site, compare_rows, unproven};
use super::subjects::read_files as read_revisions;
use super::testing::{output, start};
use super::testing_grounds::{Grounds, dialect, driver, own_url, url_variables};
use crate::published::{Freezable, Freeze, Lock};
use crate::revision::RevisionMap;
use crate::runtime::{Invocation, ScriptEntry};
use crate::script::{Imports, Locations, Parsed, RevisionFile, Script, ScriptDirectory, SqlRevision, read_files};
use crate::squash::{
    ARCHIVE_INI, ArchiveIni, Baseline, Changes, Dump, FilledTable, Moved, RowPolicy, SquashError, SquashPlan,
    archive_ini, filled_tables, is_leftover,
};
use crate::trial::EnvRuns;

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
    /// What the revisions say about privileges, and what becomes of it.
    pub(crate) privileges: Privileges,
    /// The live database that was copied: its URL without its password, and what of it is not in the baseline.
    pub(crate) live: Option<Copied>,
    /// Where it was proven, in words.
    pub(crate) place: String,
    /// What people should look at.
    pub(crate) notes: Vec<String>,
    /// Options with passwords, which the archive's ini file does not have.
    pub(crate) left_out: Vec<String>,
}

/// What is said where the history does not run.
const FROM_DATABASE: &str =
    "if it cannot be run from an empty database any more: `--from-database` takes the schema from one that has run it";

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
    let locations = context.script_settings()?.locations.clone();
    let files = read_revisions(&locations, scripts);
    let mut live = LiveSource::find(context, args, (scripts, &files), plan)?;
    let own = own_url(context, &args.grounds)?;
    let dialect = match &live {
        Some(live) => live.dialect(&args.grounds)?,
        None => dialect(context, &args.grounds, own.as_ref())?,
    };
    let mut privileges = Privileges::of(&files, plan, dialect);
    privileges.check_decided(context, args)?;
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
    let history = match &mut live {
        Some(live) => {
            stage(context, &format!("copying the schema of {}", live.shown));
            live.copied(context, &site)?
        }
        None => {
            stage(context, &format!("running the history up to {id}"));
            let built = site.built(&scripts.map, &mut python(upgrade.clone()), id.as_str());
            built.map_err(|error| context.trial_error(error).hint(FROM_DATABASE))?
        }
    };
    let mut connection = history.connect(&environment)?;
    let filled = filled_tables(&mut connection, &history.table, &site.default)?;
    drop(connection);
    let rows = match &live {
        // Of those that were asked for: the copy has no others.
        Some(_) => RowPolicy::Include,
        None => decided_rows(args, &filled)?,
    };
    let mut dump = site.dump(&history, &rows)?;
    privileges.found(context, args, site.privileges(&history)?)?;
    dump.statements.extend(privileges.kept.iter().cloned());
    let baseline = layout.baseline(scripts, plan, &dump);
    stage(context, "running the baseline");
    let script = layout.written_apart(&baseline, grounds.folder.path())?;
    let map = RevisionMap::build(vec![script.revision.clone()])?;
    let alone = Invocation { scripts: Some(vec![ScriptEntry::from(&script)]), ..upgrade };
    let built = site.built(&map, &mut python(alone), id.as_str());
    let built = built.map_err(|error| unproven(context.trial_error(error)))?;
    site.compare(&history, &built)?;
    compare_rows(&dump, &site.dump(&built, &rows)?)?;
    privileges.compare(site.privileges(&built)?)?;
    if let Some(live) = &mut live {
        live.check_unmoved(id)?;
    }
    let notes = layout.notes(context, scripts, plan);
    let (changes, left_out) = layout.changes(context, scripts, plan, &baseline)?;
    for ephemeral in [history, built] {
        ephemeral.database.discard()?;
    }
    let statements = dump.statements.len();
    let place = grounds.words.clone();
    let live = live.map(LiveSource::told);
    Ok(Prepared { changes, baseline: layout.file, statements, filled, rows, privileges, live, place, notes, left_out })
}

/// What becomes of rows that the history has put into tables.
fn decided_rows(args: &SquashArgs, filled: &[FilledTable]) -> Result<RowPolicy, CommandError> {
    match args.rows() {
        None if !filled.is_empty() => Err(undecided_rows(filled)),
        None => Ok(RowPolicy::Include),
        Some(RowPolicy::Of(tables)) => {
            let unknown = tables.iter().find(|name| !filled.iter().any(|table| table.shown() == **name));
            match unknown {
                Some(name) => Err(CommandError::usage(format!("`--data-of`: the revisions put no rows into {name}"))),
                None => Ok(RowPolicy::Of(tables)),
            }
        }
        Some(policy) => Ok(policy),
    }
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
        .hint("`--with-data` puts them into the baseline, `--data-of TABLE` those of one table, `--without-data` leaves them out")
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
            SquashError::Copy { statement, .. } => failure
                .caused_by(statement)
                .hint("nothing was written; the server for it has to have what the live one has (extensions, roles): `--server URL`, `--own-server`")
                .hint("`--leave-out NAME` takes what no revision makes out of it"),
            SquashError::Needed { .. } => failure.hint("nothing was written; `--keep NAME` puts it into the baseline"),
            SquashError::VirtualRows { .. } => failure.hint(
                "nothing was written; squash to a revision before these rows, or without rows (`--without-data`) and write them by a revision of their own",
            ),
            SquashError::Dump(_) | SquashError::NamesSchema { .. } => failure.hint("nothing was written"),
        }
    }
}
