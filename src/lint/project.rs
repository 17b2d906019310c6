use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use chrono::NaiveDateTime;

use super::directive::directives;
use super::{Directive, Graph, LintSettings, NameConvention, OwnPackages};
use crate::operation::{self, Dialect, Operations};
use crate::published::{Base, Known, Lock, NoBase, Published};
use crate::revision::{Revision, RevisionIndex};
use crate::schema::SchemaHistory;
use crate::script::{self, Locations, Parsed, RevisionFile, Script};

/// Position of a file in [`LintProject::files`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileIndex(pub usize);

/// What the caller knows and the linter cannot find out by itself.
#[derive(Debug, Clone)]
pub struct LintInput {
    /// Where the revision files are.
    pub locations: Locations,
    /// What the paths of settings and output are relative to.
    pub root: PathBuf,
    /// The linter's settings.
    pub settings: LintSettings,
    /// How the project names new files.
    pub new_file_names: NewFileNames,
    /// Now, UTC: what a timestamp must not be later than.
    pub now: NaiveDateTime,
}

/// How the project names new files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFileNames {
    /// `file_template`; `None`: not configured.
    pub file_template: Option<String>,
    /// `truncate_slug_length`
    pub truncate_slug_length: i64,
}

/// Everything that rules may look at, read once.
#[derive(Debug)]
pub struct LintProject {
    /// What the caller knew.
    pub input: LintInput,
    /// How its files are named.
    pub names: NameConvention,
    /// In Alembic's order of loading.
    pub files: Vec<LintFile>,
    /// Alembic's warnings about files.
    pub warnings: Vec<String>,
    /// Files named as the SQL of a revision whose Python file is not there.
    pub orphans: Vec<PathBuf>,
    /// The revisions whose files could be understood.
    pub graph: Graph,
    /// File of every revision of the graph.
    pub file_of: Vec<FileIndex>,
    /// Asked for by [`LintProject::own_packages`]: looking costs some system calls.
    own_packages: OnceLock<OwnPackages>,
    /// Folded for the first of the project's dialects.
    pub schemas: SchemaHistory,
    /// See `header::stamped_name`; most runs never ask.
    pub(super) stamps: OnceLock<Vec<Option<NaiveDateTime>>>,
    /// Which revisions are out of this branch's hands; nothing is known of it before [`LintProject::with_published`].
    pub published: Published,
}

/// A revision file.
#[derive(Debug)]
pub struct LintFile {
    /// Text, tree, what it declares.
    pub file: RevisionFile,
    /// What it does.
    pub operations: Operations,
    /// Its comments for limbec.
    pub directives: Vec<Directive>,
    /// Its revision in the graph; `None` where the file could not be understood.
    pub revision: Option<RevisionIndex>,
    /// Whose it is.
    pub standing: Standing,
    /// Its bytes when it was read, where fixes have changed them.
    original: Option<Vec<u8>>,
}

/// Whether a revision can still be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Of this branch: errors are errors.
    New,
    /// On the base branch or in the lock file: errors are warnings.
    Published,
}

impl LintProject {
    /// Reads all revision files and folds their history. What is wrong with a file is for rules to tell.
    pub fn read(input: LintInput) -> Self {
        let read = script::read_files(&input.locations, LintFile::of);
        Self { orphans: read.orphans, ..Self::assemble(input, read.files, read.warnings, nothing_published()) }
    }

    /// The same of files that are read.
    pub fn of(input: LintInput, files: Vec<RevisionFile>, warnings: Vec<String>) -> Self {
        Self::assemble(input, files.into_iter().map(LintFile::of).collect(), warnings, nothing_published())
    }

    fn assemble(input: LintInput, mut files: Vec<LintFile>, warnings: Vec<String>, published: Published) -> Self {
        let mut revisions: Vec<Revision> = Vec::with_capacity(files.len());
        let mut file_of = Vec::with_capacity(files.len());
        for (position, file) in files.iter_mut().enumerate() {
            let Ok(Parsed::Script(script)) = &file.file.declared else { continue };
            file.revision = u32::try_from(revisions.len()).ok().map(RevisionIndex);
            revisions.push(script.revision.clone());
            file_of.push(FileIndex(position));
        }
        let graph = Graph::build(revisions);
        let dialect = input.settings.dialects.first().copied().unwrap_or(Dialect::Postgresql);
        let operations: Vec<&Operations> = file_of.iter().map(|index| &files[index.0].operations).collect();
        let schemas = SchemaHistory::fold(&graph.map, &operations, dialect);
        let names = NameConvention::new(&input);
        let own_packages = OnceLock::new();
        Self {
            input,
            names,
            files,
            warnings,
            orphans: Vec::new(),
            graph,
            file_of,
            own_packages,
            schemas,
            stamps: OnceLock::new(),
            published,
        }
    }

    /// The same with what the base branch and the lock file say, which decides on the standing of every file.
    pub fn with_published(mut self, base: Result<Base, NoBase>, lock: Option<Lock>) -> Self {
        let known: Vec<Known<'_>> = self
            .files
            .iter()
            .map(|file| Known { path: &file.file.path, revision: file.script().map(|script| &script.revision) })
            .collect();
        let baselines: Vec<Script> = self
            .files
            .iter()
            .filter_map(|file| file.script())
            .filter_map(|script| {
                Some(Script { squash: Some(script.squash.clone()?.within(&self.input.locations)), ..script.clone() })
            })
            .collect();
        let published = Published::new(base, lock, &known).with_baselines(baselines.iter());
        for file in &mut self.files {
            file.standing = standing(file, &published);
        }
        self.published = published;
        self
    }

    /// The same with other versions of some files; whose they are stays.
    pub(super) fn with_files(self, changed: Vec<(FileIndex, RevisionFile)>) -> Self {
        let Self { input, mut files, warnings, orphans, published, .. } = self;
        for (index, file) in changed {
            let old = &mut files[index.0];
            let mut new = LintFile { standing: old.standing, ..LintFile::of(file) };
            new.original = old.original.take().or_else(|| Some(old.file.bytes().to_vec()));
            *old = new;
        }
        Self { orphans, ..Self::assemble(input, files, warnings, published) }
    }

    /// What a file that was fixed held when it was read.
    pub(super) fn original(&self, index: FileIndex) -> Option<&[u8]> {
        self.file(index).original.as_deref()
    }

    /// A file.
    pub fn file(&self, index: FileIndex) -> &LintFile {
        &self.files[index.0]
    }

    /// The file of a revision.
    pub fn file_of(&self, revision: RevisionIndex) -> FileIndex {
        self.file_of[revision.0 as usize]
    }

    /// Which modules are the project's own.
    pub fn own_packages(&self) -> &OwnPackages {
        self.own_packages.get_or_init(|| OwnPackages::find(&self.input))
    }

    /// The file that declares a revision; of several, the first.
    pub fn declaring(&self, id: &str) -> Option<FileIndex> {
        let declares = |file: &LintFile| file.script().is_some_and(|script| script.revision.id.as_str() == id);
        self.files.iter().position(declares).map(FileIndex)
    }

    /// All files with their positions.
    pub fn indexes(&self) -> impl Iterator<Item = FileIndex> + use<> {
        (0..self.files.len()).map(FileIndex)
    }

    /// A path for people: relative to the root, with slashes.
    pub fn shown_path(&self, path: &Path) -> String {
        let root = &self.input.root;
        // A path that shares nothing with the root but `/` is clearer as it is.
        let is_apart = path.components().nth(1) != root.components().nth(1);
        let shown = match path.strip_prefix(root) {
            Ok(below) => below.to_owned(),
            Err(_) if is_apart => path.to_owned(),
            Err(_) => crate::script::relative(path, root),
        };
        shown.to_string_lossy().replace('\\', "/")
    }
}

fn nothing_published() -> Published {
    Published::new(Err(NoBase::NotARepository), None, &[])
}

/// By its identifier; where that is not known, by its path.
fn standing(file: &LintFile, published: &Published) -> Standing {
    let is_published = match file.script() {
        Some(script) => published.is_published(&script.revision.id),
        None => published.iter().any(|revision| revision.path == file.file.path),
    };
    if is_published { Standing::Published } else { Standing::New }
}

impl LintFile {
    fn of(file: RevisionFile) -> Self {
        let (operations, directives) = (operation::read(&file), directives(&file));
        Self { file, operations, directives, revision: None, standing: Standing::New, original: None }
    }

    /// What the file declares, if that is known.
    pub fn script(&self) -> Option<&Script> {
        match &self.file.declared {
            Ok(Parsed::Script(script)) => Some(script),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::History;
    use crate::published::{FrozenRevision, Meaning};

    #[test]
    fn what_is_frozen_is_published() {
        let project = History::new().revision("").revision("").project();
        let first = &project.files[0];
        let frozen = FrozenRevision {
            id: first.script().map(|script| script.revision.id.clone()),
            path: first.file.path.clone(),
            meaning: Meaning::of(&first.file),
            line: 4,
        };
        let lock = Lock { revisions: vec![frozen], conflict: None };
        let project = project.with_published(Err(NoBase::NoProgram), Some(lock));
        let standings: Vec<Standing> = project.files.iter().map(|file| file.standing).collect();
        assert_eq!(standings, [Standing::Published, Standing::New]);
    }
}
