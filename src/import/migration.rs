/// One migration of another tool, as its files have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldMigration {
    /// What the tool tells it from others by, in one spelling: `7` for `007`, `1.2` for Flyway's `1_2.0`.
    pub version: String,
    /// What it is called, with blanks; empty where the file has no name besides its version.
    pub description: String,
    /// What it does.
    pub up: OldText,
    /// What takes it back.
    pub down: Option<OldText>,
    /// The file that it is tracked by, relative to the directory.
    pub file: String,
    /// That file as it lies there, for checksums.
    pub source: Vec<u8>,
    /// Whether it has no version and runs whenever it changes (Flyway).
    pub is_repeatable: bool,
}

/// SQL out of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OldText {
    /// Relative to the directory.
    pub file: String,
    /// Without the tool's own lines.
    pub text: String,
    /// Which line of the file every line of the text is, counted from 1.
    pub lines: Vec<usize>,
    /// Whether the tool runs it outside a transaction.
    pub no_transaction: bool,
}

impl OldText {
    /// A whole file.
    pub fn whole(file: &str, text: String) -> Self {
        let lines = (1..=text.split('\n').count()).collect();
        Self { file: file.to_owned(), text, lines, no_transaction: false }
    }

    /// The line of the file that a line of the text is, both counted from 1.
    pub fn line(&self, line: usize) -> usize {
        let last = self.lines.last().copied().unwrap_or(1);
        line.checked_sub(1).and_then(|index| self.lines.get(index)).copied().unwrap_or(last)
    }

    /// Adds a line, its end included.
    pub fn push(&mut self, number: usize, line: &str) {
        self.text.push_str(line);
        self.lines.push(number);
    }
}

impl OldMigration {
    /// The texts that it consists of.
    pub fn texts(&self) -> impl Iterator<Item = &OldText> {
        std::iter::once(&self.up).chain(&self.down)
    }

    /// The name of the file without folders.
    pub fn file_name(&self) -> &str {
        self.file.rsplit('/').next().unwrap_or(&self.file)
    }

    /// The name of the file without folders and its last suffix.
    pub fn stem(&self) -> &str {
        let name = self.file_name();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}
