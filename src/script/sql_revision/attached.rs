use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::SqlRevision;
use crate::script::source;

/// How much of an SQL file is read to be looked at, in bytes. Longer ones hold rows.
const LONGEST: usize = 512 * 1024;

/// The SQL files of a revision, for those who look at more than its Python file.
#[derive(Debug)]
pub struct AttachedSql {
    /// What `upgrade()` runs.
    pub up: SqlFile,
    /// What `downgrade()` runs.
    pub down: SqlFile,
    /// That of the Python file, then those of the SQL files, each behind a line end.
    text: String,
    /// Bytes of the Python file's text.
    python: usize,
}

/// An SQL file of a revision.
#[derive(Debug)]
pub struct SqlFile {
    /// Absolute; whether it is there or not.
    pub path: PathBuf,
    /// What became of reading it.
    pub state: SqlState,
    /// Where its text is in that of the revision (`RevisionFile::text`).
    pub range: Range<usize>,
    /// Where in its text the first byte is that is not UTF-8.
    pub stray: Option<usize>,
    content: SqlContent,
    /// Where its lines begin, in the text of the revision.
    lines: OnceLock<Vec<usize>>,
}

/// What became of reading an SQL file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlState {
    /// All of it was read.
    Whole,
    /// It is so long that only its beginning was read.
    Cut,
    /// There is no such file.
    Missing,
    /// Why it cannot be read.
    Unreadable(String),
}

/// Where the bytes of an SQL file are.
#[derive(Debug, Clone)]
pub enum SqlContent {
    /// In this file, if there is one.
    OnDisk(PathBuf),
    /// Of another version of the file; `None`: there was none.
    Given(Option<Arc<[u8]>>),
}

impl AttachedSql {
    /// Those that lie beside the Python file.
    pub(in crate::script) fn read(files: SqlRevision, python: &str) -> Self {
        Self::of([files.up, files.down].map(|path| (path.clone(), SqlContent::OnDisk(path))), python)
    }

    /// Those of another version of the revision: up, down.
    pub(in crate::script) fn given(files: SqlRevision, contents: [SqlContent; 2], python: &str) -> Self {
        let [up, down] = contents;
        Self::of([(files.up, up), (files.down, down)], python)
    }

    /// Those of a revision that only its Python file has changed of, or its name.
    pub(in crate::script) fn carried_over(files: SqlRevision, before: &Self, python: &str) -> Self {
        Self::of([(files.up, before.up.content.clone()), (files.down, before.down.content.clone())], python)
    }

    fn of(files: [(PathBuf, SqlContent); 2], python: &str) -> Self {
        let mut text = python.to_owned();
        let [up, down] = files.map(|(path, content)| {
            text.push('\n');
            let start = text.len();
            let (read, stray, state) = content.beginning();
            text.push_str(&read);
            SqlFile { path, state, range: start..text.len(), stray, content, lines: OnceLock::new() }
        });
        Self { up, down, text, python: python.len() }
    }

    /// The texts in one; every range is one of this text.
    pub(in crate::script) fn text(&self) -> &str {
        &self.text
    }

    /// Bytes of the Python file's text, which comes first.
    pub fn python_length(&self) -> usize {
        self.python
    }

    /// The SQL file that a position of the text is in; `None`: it is in the Python file.
    pub fn at(&self, position: usize) -> Option<&SqlFile> {
        [&self.down, &self.up].into_iter().find(|file| position >= file.range.start)
    }

    /// Line and column of a position, from 1, in the SQL file that it is in.
    pub(in crate::script) fn position(&self, at: usize) -> Option<(usize, usize)> {
        let file = self.at(at)?;
        let lines = file.lines.get_or_init(|| {
            let text = self.text.get(file.range.clone()).unwrap_or_default();
            let ends = memchr::memchr_iter(b'\n', text.as_bytes());
            std::iter::once(file.range.start).chain(ends.map(|end| file.range.start + end + 1)).collect()
        });
        let line = lines.partition_point(|start| *start <= at);
        let start = lines.get(line.saturating_sub(1)).copied().unwrap_or(file.range.start);
        let before = self.text.get(start..at).unwrap_or_default();
        Some((line, 1 + before.chars().filter(|c| *c != '\u{feff}').count()))
    }

    /// Both files.
    pub fn files(&self) -> [&SqlFile; 2] {
        [&self.up, &self.down]
    }
}

impl SqlFile {
    /// Its text, or the beginning of a long one. Bytes that are not UTF-8 are question marks in it.
    pub fn text<'r>(&self, revision: &'r super::RevisionFile) -> &'r str {
        revision.text().get(self.range.clone()).unwrap_or_default()
    }

    /// Whether there is such a file.
    pub fn exists(&self) -> bool {
        self.state != SqlState::Missing
    }

    /// All of its bytes, as a stream; `None`: there is no such file.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(&self) -> io::Result<Option<Box<dyn io::BufRead + '_>>> {
        self.content.open()
    }
}

impl SqlContent {
    fn open(&self) -> io::Result<Option<Box<dyn io::BufRead + '_>>> {
        Ok(match self {
            Self::Given(bytes) => bytes.as_deref().map(|bytes| Box::new(bytes) as Box<dyn io::BufRead>),
            Self::OnDisk(path) => match File::open(path) {
                Ok(file) => Some(Box::new(BufReader::new(file))),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            },
        })
    }

    fn beginning(&self) -> (String, Option<usize>, SqlState) {
        let mut bytes = Vec::new();
        let read = self.open().and_then(|reader| {
            // One more tells a longer file from one that just fits.
            reader.map(|reader| reader.take(LONGEST as u64 + 1).read_to_end(&mut bytes)).transpose()
        });
        let state = match read {
            Err(error) => SqlState::Unreadable(error.to_string()),
            Ok(None) => SqlState::Missing,
            Ok(Some(length)) if length > LONGEST => SqlState::Cut,
            Ok(Some(_)) => SqlState::Whole,
        };
        if state == SqlState::Cut {
            // Not within a character.
            let is_boundary = |at: &usize| bytes.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
            let end = (LONGEST.saturating_sub(3)..=LONGEST).rev().find(is_boundary).unwrap_or(LONGEST);
            bytes.truncate(end);
        }
        let (text, stray) = source::utf8_or_marks(bytes);
        (text, stray, state)
    }
}
