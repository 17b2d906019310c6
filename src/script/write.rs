use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::announce::{Announce, WorkKind};
use super::hooks::{HookConfig, HookPython, PreparedHook, prepare_hooks};
use super::paths::{absolute, python_path, shown};
use super::python::{CreateDate, Value};
use super::template::{TemplateContext, encode, render};
use super::write_error::{NeedsPython, WriteError};
use super::{
    Locations, Naming, Parsed, Script, ScriptDirectory, SqlRevision, is_revision_file, parse_revision, sql_revision,
};
use crate::revision::{RevisionError, RevisionIndex, RevisionMap};

/// The configuration of a project as far as new files are concerned.
#[derive(Debug, Clone)]
pub struct WriteSettings {
    /// Where revision files lie.
    pub locations: Locations,
    /// Whether `version_locations` was given: a missing one is then created by itself.
    pub has_version_locations: bool,
    /// `file_template` and `truncate_slug_length`.
    pub naming: Naming,
    /// `timezone`
    pub timezone: Option<String>,
    /// `output_encoding`
    pub output_encoding: String,
    /// Post write hooks.
    pub hooks: Vec<HookConfig>,
    /// The Python that hooks run in.
    pub python: HookPython,
    /// The current directory.
    pub current_dir: PathBuf,
}

/// A revision to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRevision {
    /// Its identifier.
    pub id: String,
    /// `-m`
    pub message: Option<String>,
    /// `--head`, by default `head`; for a merge the revisions to merge.
    pub parents: Vec<String>,
    /// `--splice`
    pub splice: bool,
    /// `--branch-label`
    pub branch_label: Option<String>,
    /// `--version-path`
    pub version_path: Option<String>,
    /// `--depends-on`
    pub depends_on: Vec<String>,
    /// Name of the file in its version location; `None`: `file_template` says it.
    pub file_name: Option<String>,
    /// When it is created.
    pub created: DateTime<Utc>,
    /// What it does.
    pub work: NewWork,
}

/// What a new revision does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum NewWork {
    /// What script.py.mako says.
    #[default]
    Template,
    /// SQL, in files of its own beside the Python file.
    Sql(SqlTexts),
}

/// The texts of a revision whose work is SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlTexts {
    /// `NAME.up.sql`
    pub up: Vec<u8>,
    /// `NAME.down.sql`; without it the revision cannot be taken back.
    pub down: Option<Vec<u8>>,
}

impl SqlTexts {
    /// The files that belong to a Python file.
    fn files(&self, path: &Path) -> Vec<(PathBuf, &[u8])> {
        let SqlRevision { up, down } = SqlRevision::beside(path);
        let down = self.down.as_deref().map(|bytes| (down, bytes));
        std::iter::once((up, self.up.as_slice())).chain(down).collect()
    }
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// The new file, as Alembic hands it to hooks: relative when `--version-path` is.
    pub path: PathBuf,
    /// What it declares; `None` when Alembic would not load a file of that name, or Python is needed to tell.
    pub script: Option<Script>,
    /// Sentences of Alembic's warnings.
    pub warnings: Vec<String>,
}

/// Alembic's `config.get_main_option(name)` for templates; `Err` says why only Python can tell.
pub type MainOption<'a> = &'a dyn Fn(&str) -> Result<Option<String>, String>;

/// Writes revision files as Alembic's `ScriptDirectory.generate_revision` does.
pub struct RevisionWriter<'a> {
    /// The configuration.
    pub settings: &'a WriteSettings,
    /// The revisions that there are.
    pub directory: &'a ScriptDirectory,
    /// For `config` in templates.
    pub main_option: MainOption<'a>,
}

/// Where a new revision goes.
struct Placed {
    parents: Vec<Option<RevisionIndex>>,
    date: CreateDate,
    version_path: PathBuf,
    path: PathBuf,
}

/// Everything that is known before the disk is touched.
struct Prepared {
    version_path: PathBuf,
    path: PathBuf,
    bytes: Vec<u8>,
    warnings: Vec<String>,
    hooks: Vec<PreparedHook>,
}

impl RevisionWriter<'_> {
    /// Writes the file, runs the hooks and reads the file back. An existing file is never overwritten.
    pub fn write(&self, new: &NewRevision, announce: &mut impl Announce) -> Result<Written, WriteError> {
        let Prepared { version_path, path, bytes, warnings, hooks } = self.prepare(new)?;
        if self.settings.has_version_locations {
            self.ensure_directory(&version_path, announce)?;
        }
        let target = self.absolute(&path);
        let parent = target.parent().unwrap_or(&target);
        self.ensure_directory(parent, announce)?;
        announce.announced(WorkKind::Work, &format!("Generating {}", target.display()), |_| {
            create_all(parent, &target, &bytes, &new.work)
        })?;
        for hook in hooks {
            hook.run(&path, announce)?;
        }
        Ok(Written { script: self.read_back(new, &target)?, path, warnings })
    }

    /// Where the file would go, absolute; refuses what is refused without looking at the template.
    pub fn target(&self, new: &NewRevision) -> Result<PathBuf, WriteError> {
        let Placed { path, .. } = self.place(new)?;
        let target = self.absolute(&path);
        taken(&target, &new.work).map_or(Ok(target), |taken| Err(WriteError::Exists(taken)))
    }

    fn place(&self, new: &NewRevision) -> Result<Placed, WriteError> {
        verify_id(&new.id)?;
        let baseline_of = |id: &str| {
            let found = self.directory.find_squashed(id)?;
            Some((found.revision.clone(), found.baseline.revision.id.clone()))
        };
        if let Some((id, baseline)) = baseline_of(&new.id).filter(|(id, _)| id.as_str() == new.id) {
            return Err(WriteError::Squashed { id, baseline });
        }
        let squashed_parent = new.parents.iter().find_map(|parent| Some((parent, baseline_of(parent)?.1)));
        if let Some((id, baseline)) = squashed_parent {
            return Err(WriteError::SquashedParent { id: id.clone(), baseline });
        }
        let map = &self.directory.map;
        let parents = map.resolve_parents(&new.parents)?;
        let date = CreateDate::at(new.created, self.settings.timezone.as_deref())?;
        let version_path = self.version_path(new, &parents)?;
        let path = self.path(new, &version_path, &date)?;
        if !new.splice
            && let Some(parent) = parents.iter().flatten().find(|parent| !map.is_head(**parent))
        {
            return Err(WriteError::NotAHead(map.revision(*parent).id.clone()));
        }
        Ok(Placed { parents, date, version_path, path })
    }

    fn prepare(&self, new: &NewRevision) -> Result<Prepared, WriteError> {
        let Placed { parents, date, version_path, path } = self.place(new)?;
        let hooks = prepare_hooks(&self.settings.hooks, &self.settings.python)?;
        let bytes = self.render(&new.work, self.variables(new, &parents, date)?)?;
        let target = self.absolute(&path);
        if let Some(taken) = taken(&target, &new.work) {
            return Err(WriteError::Exists(taken));
        }
        let warnings = self.check(&target, &bytes)?;
        Ok(Prepared { version_path, path, bytes, warnings, hooks })
    }

    fn absolute(&self, path: &Path) -> PathBuf {
        absolute(path, &self.settings.current_dir)
    }

    /// The version location that the file goes to.
    fn version_path(&self, new: &NewRevision, parents: &[Option<RevisionIndex>]) -> Result<PathBuf, WriteError> {
        let locations = &self.settings.locations.versions;
        let chosen = match (&new.version_path, locations.as_slice()) {
            (Some(typed), _) => python_path(Path::new(typed)),
            (None, [single]) => single.clone(),
            (None, _) => {
                let parent = parents.iter().flatten().next().ok_or(WriteError::MultipleLocations)?;
                let path = &self.directory.script(*parent).path;
                path.parent().unwrap_or(path).to_owned()
            }
        };
        let wanted = self.absolute(&chosen);
        if locations.iter().any(|location| self.absolute(location) == wanted) {
            Ok(chosen)
        } else {
            Err(WriteError::NotALocation(shown(&chosen)))
        }
    }

    fn path(&self, new: &NewRevision, version_path: &Path, date: &CreateDate) -> Result<PathBuf, WriteError> {
        let name = match &new.file_name {
            Some(name) => name.clone(),
            None => self.settings.naming.file_name(&new.id, new.message.as_deref(), date)?,
        };
        Ok(python_path(&version_path.join(name)))
    }

    /// The arguments of the template.
    fn variables(
        &self,
        new: &NewRevision,
        parents: &[Option<RevisionIndex>],
        date: CreateDate,
    ) -> Result<BTreeMap<&'static str, Value>, WriteError> {
        let id = |index: RevisionIndex| self.directory.map.revision(index).id.to_string();
        let parents = parents.iter().map(|parent| parent.map_or(Value::None, |index| Value::Str(id(index)))).collect();
        let mut depends_on = Vec::new();
        for typed in &new.depends_on {
            let index = self.directory.map.resolve_one(typed)?;
            let index = index.ok_or_else(|| WriteError::DependsOnNothing(typed.clone()))?;
            let is_label = self.directory.map.labels(index).contains(typed);
            depends_on.push(Value::Str(if is_label { typed.clone() } else { id(index) }));
        }
        let labels = new.branch_label.as_ref().map_or(Value::None, |label| Value::Tuple(Value::strings(&[label])));
        Ok(BTreeMap::from([
            ("up_revision", Value::Str(new.id.clone())),
            ("down_revision", Value::scalar_or(parents, Value::Tuple)),
            ("branch_labels", labels),
            ("depends_on", Value::scalar_or(depends_on, Value::List)),
            ("create_date", Value::Date(date)),
            ("comma", Value::Comma),
            ("message", Value::Str(new.message.clone().unwrap_or_else(|| "empty message".to_owned()))),
            ("refresh", Value::Bool(true)),
            ("config", Value::Config),
        ]))
    }

    fn render(&self, work: &NewWork, variables: BTreeMap<&'static str, Value>) -> Result<Vec<u8>, WriteError> {
        let path = self.settings.locations.script_location.join("script.py.mako");
        let source = match work {
            NewWork::Template => fs::read(&path).map_err(WriteError::io("read", &path))?,
            NewWork::Sql(_) => sql_revision::template().into_bytes(),
        };
        let context = TemplateContext { variables, main_option: self.main_option };
        let text = render(&source, &context).map_err(|need| NeedsPython::Template { path, need })?;
        let encoding = &self.settings.output_encoding;
        encode(&text, encoding).ok_or_else(|| NeedsPython::Encoding(encoding.clone()).into())
    }

    /// Whether the new file can be read and fits into the graph; Alembic finds out afterwards. Returns the warnings that
    /// Alembic gives when it adds the revision.
    fn check(&self, target: &Path, bytes: &[u8]) -> Result<Vec<String>, WriteError> {
        if !is_revision_file(target, self.settings.locations.sourceless) {
            return Ok(Vec::new());
        }
        let parsed =
            parse_revision(target, bytes).map_err(|source| WriteError::Broken { path: target.to_owned(), source })?;
        let script = match parsed {
            Parsed::Script(script) => script,
            Parsed::Undecided(why) => return Err(NeedsPython::Unreadable(why).into()),
        };
        let known = self.directory.map.warnings().len();
        let revisions = self.directory.scripts.iter().map(|script| script.revision.clone());
        let map = RevisionMap::build(revisions.chain([script.revision]).collect()).map_err(misfit)?;
        Ok(map.warnings().iter().skip(known).map(ToString::to_string).collect())
    }

    fn ensure_directory(&self, path: &Path, announce: &mut impl Announce) -> Result<(), WriteError> {
        let path = self.absolute(path);
        if path.exists() {
            return Ok(());
        }
        announce.announced(WorkKind::Work, &format!("Creating directory {}", path.display()), |_| {
            fs::create_dir_all(&path).map_err(WriteError::io("create", &path))
        })
    }

    fn read_back(&self, new: &NewRevision, target: &Path) -> Result<Option<Script>, WriteError> {
        if !is_revision_file(target, self.settings.locations.sourceless) {
            return Ok(None);
        }
        let bytes = fs::read(target).map_err(WriteError::io("read", target))?;
        let parsed = parse_revision(target, &bytes)
            .map_err(|source| WriteError::BrokenByHook { path: target.to_owned(), source })?;
        let Parsed::Script(script) = parsed else { return Ok(None) };
        if let Some(label) = new.branch_label.as_ref().filter(|label| !label.is_empty())
            && script.revision.branch_labels.is_empty()
        {
            let (revision, path) = (script.revision.id.clone(), script.path.clone());
            return Err(WriteError::LabelsMissing { revision, labels: label.clone(), path });
        }
        Ok(Some(*script))
    }
}

/// What the constructor of a revision refuses, Alembic reports; the rest it dies of.
fn misfit(error: RevisionError) -> WriteError {
    match error {
        RevisionError::SelfLoop(_) | RevisionError::DependencySelfLoop(_) | RevisionError::IllegalCharacters { .. } => {
            WriteError::Revision(error)
        }
        other => WriteError::DoesNotFit(other),
    }
}

/// Alembic's `Script.verify_rev_id`.
fn verify_id(id: &str) -> Result<(), RevisionError> {
    let illegal: Vec<String> = ['+', '-', ':', '@'].into_iter().filter(|c| id.contains(*c)).map(String::from).collect();
    if illegal.is_empty() {
        return Ok(());
    }
    Err(RevisionError::IllegalCharacters { characters: illegal.join(", "), id: id.into() })
}

/// The first of the new files that is there already.
fn taken(target: &Path, work: &NewWork) -> Option<PathBuf> {
    let beside = match work {
        NewWork::Template => Vec::new(),
        NewWork::Sql(texts) => texts.files(target).into_iter().map(|(path, _)| path).collect(),
    };
    std::iter::once(target.to_owned()).chain(beside).find(|path| path.symlink_metadata().is_ok())
}

/// Makes all files of a revision, the Python file last; if one fails, none remains.
fn create_all(parent: &Path, target: &Path, bytes: &[u8], work: &NewWork) -> Result<(), WriteError> {
    let mut files = match work {
        NewWork::Template => Vec::new(),
        NewWork::Sql(texts) => texts.files(target),
    };
    files.push((target.to_owned(), bytes));
    let mut made = Vec::new();
    for (path, bytes) in files {
        if let Err(error) = create(parent, &path, bytes) {
            for path in made {
                // What cannot be removed is in nobody's way: without the Python file there is no revision.
                let _ = fs::remove_file(path);
            }
            return Err(error);
        }
        made.push(path);
    }
    Ok(())
}

/// Makes the file appear whole or not at all, and never in the place of another.
fn create(parent: &Path, target: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let mut file = tempfile::Builder::new()
        .prefix(".limbec-")
        // As for any new file, the umask takes its share.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(parent)
        .map_err(WriteError::io("create", target))?;
    file.write_all(bytes).map_err(WriteError::io("write", target))?;
    match file.persist_noclobber(target) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(WriteError::Exists(target.to_owned()))
        }
        Err(error) => Err(WriteError::io("write", target)(error.error)),
    }
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
