use std::ops::Range;
use std::path::{Path, PathBuf};

use ruff_python_ast::Stmt;

use super::evaluate::{Imports, ModuleSource, Tree};
use super::parse::{parse_decoded, undecided};
use super::source::{DecodeFault, Source};
use super::{AttachedSql, Parsed, Replacement, ScriptError, SqlContent, SqlRevision};

/// A revision file with its text and its tree, for those who look at more than what it declares.
#[derive(Debug)]
pub struct RevisionFile {
    /// Absolute, symlinks resolved.
    pub path: PathBuf,
    /// What it declares, or why that is not known.
    pub declared: Result<Parsed, ScriptError>,
    bytes: Vec<u8>,
    source: Option<Source<'static>>,
    tree: Option<Tree>,
    imports: Imports,
    sql: Option<Box<AttachedSql>>,
}

impl RevisionFile {
    /// Takes a file's bytes apart. Whatever is wrong with them is told by `declared`. SQL files are not looked for
    /// ([`RevisionFile::with_sql_beside`]).
    pub fn parse(path: &Path, bytes: Vec<u8>, imports: &Imports) -> Self {
        let path = path.to_owned();
        match Source::decode(&path, &bytes) {
            Err(fault) => {
                let declared = match fault {
                    DecodeFault::Error(error) => Err(error),
                    DecodeFault::Unknown(encoding) => {
                        Ok(undecided("file", 1, format!("is in the encoding '{encoding}', which only Python knows")))
                    }
                };
                Self { path, declared, bytes, source: None, tree: None, imports: imports.clone(), sql: None }
            }
            Ok(source) => {
                let source = source.into_owned();
                let (declared, tree) = parse_decoded(&path, &source, imports);
                Self { path, declared, bytes, source: Some(source), tree, imports: imports.clone(), sql: None }
            }
        }
    }

    /// Reads and parses a file, and its SQL files where it has any; one that cannot be read says so in `declared`.
    pub fn read(path: &Path, imports: &Imports) -> Self {
        match std::fs::read(path) {
            Ok(bytes) => Self::parse(path, bytes, imports).with_sql_beside(),
            Err(source) => {
                let declared = Err(ScriptError::Read { path: path.to_owned(), source });
                Self {
                    path: path.to_owned(),
                    declared,
                    bytes: Vec::new(),
                    source: None,
                    tree: None,
                    imports: imports.clone(),
                    sql: None,
                }
            }
        }
    }

    /// With the SQL files that lie beside it, where its work is in such.
    #[must_use]
    pub fn with_sql_beside(mut self) -> Self {
        self.sql = SqlRevision::of(&self).map(|files| Box::new(AttachedSql::read(files, self.python_text())));
        self
    }

    /// With these contents of its SQL files (up, down), where its work is in such; `None`: there is no such file.
    #[must_use]
    pub fn with_sql(self, contents: [Option<Vec<u8>>; 2]) -> Self {
        self.with_sql_content(contents.map(|bytes| SqlContent::Given(bytes.map(Into::into))))
    }

    /// The same with contents that may be on disk.
    #[must_use]
    pub fn with_sql_content(mut self, contents: [SqlContent; 2]) -> Self {
        let files = SqlRevision::of(&self);
        self.sql = files.map(|files| Box::new(AttachedSql::given(files, contents, self.python_text())));
        self
    }

    /// With the SQL files of another version of it.
    #[must_use]
    pub fn with_sql_of(mut self, before: &Self) -> Self {
        let files = before.sql().and_then(|sql| Some((SqlRevision::of(&self)?, sql)));
        self.sql = files.map(|(files, sql)| Box::new(AttachedSql::carried_over(files, sql, self.python_text())));
        self
    }

    /// The SQL files that do the work of the revision; `None`: an ordinary revision, or one whose files were not looked for.
    pub fn sql(&self) -> Option<&AttachedSql> {
        self.sql.as_deref()
    }

    /// The Python file as it was read.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The decoded text, line ends `\n` only; empty where it could not be decoded. All ranges of the tree count in it. Behind it are the
    /// texts of SQL files, as they are: what [`AttachedSql::at`] tells apart.
    pub fn text(&self) -> &str {
        self.sql.as_ref().map_or(self.python_text(), |sql| sql.text())
    }

    fn python_text(&self) -> &str {
        self.source.as_ref().map_or("", |source| &source.text)
    }

    /// The file that a position of the text is in.
    pub fn path_at(&self, at: usize) -> &Path {
        self.sql.as_ref().and_then(|sql| sql.at(at)).map_or(&self.path, |file| &file.path)
    }

    /// The module's statements; `None` where the text is not Python.
    ///
    /// Trees that nest so deeply that walking them could exhaust the stack are kept back too.
    pub fn body(&self) -> Option<&[Stmt]> {
        self.tree.as_ref().filter(|tree| !tree.may_be_deep()).map(Tree::body)
    }

    /// A module of the project that the file may import, by its dotted name.
    pub(crate) fn module(&self, name: &str) -> Option<&ModuleSource> {
        self.imports.source(name)
    }

    /// Whether the text is Python, but nests too deeply to be looked at.
    pub fn is_too_deep(&self) -> bool {
        self.tree.as_ref().is_some_and(Tree::may_be_deep)
    }

    /// Where the comments are, in the order of the text.
    pub fn comments(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.tree.iter().flat_map(Tree::comments)
    }

    /// The bytes of the file that a range of the text came from: what an edit replaces.
    pub fn bytes_of(&self, range: Range<usize>) -> Range<usize> {
        self.source.as_ref().map_or(range.clone(), |source| source.bytes_of(range))
    }

    /// A change of the file that puts `text` (line ends `\n`) where the range of the decoded text is, in the file's own encoding
    /// and with its line ends; `None` where the encoding cannot say it, and in SQL files.
    pub fn replacement(&self, range: Range<usize>, text: &str) -> Option<Replacement> {
        let source = self.source.as_ref().filter(|source| range.end <= source.text.len())?;
        Some(Replacement { bytes: source.encode(text)?, range: source.bytes_of(range) })
    }

    /// Line and column of a position in the file that it is in, both from 1; columns count characters.
    pub fn position(&self, at: usize) -> (usize, usize) {
        let in_python = || self.source.as_ref().map_or((1, 1), |source| (source.line(at), source.column(at)));
        self.sql.as_ref().and_then(|sql| sql.position(at)).unwrap_or_else(in_python)
    }
}
