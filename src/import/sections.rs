//! Files that hold both directions, told apart by comments.

use super::error::Problem;
use super::migration::OldText;

/// What a line of such a file is to its tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Marker {
    /// What follows goes up.
    Up { no_transaction: bool },
    /// What follows goes down.
    Down { no_transaction: bool },
    /// What follows is one statement, whatever semicolons it has.
    Begin,
    /// The end of that.
    End,
    /// Nothing of this file runs in a transaction.
    NoTransaction,
    /// A line of the tool's that changes nothing here.
    Dropped,
    /// A line that cannot be taken over, and why.
    Refused(String),
}

/// What becomes of a direction's second section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeated {
    /// The tool takes one of each.
    Refused,
    /// They run in order.
    InOrder,
    /// Those that go down run in the reverse order.
    DownReversed,
}

/// The two directions of a file.
#[derive(Debug, Default)]
pub(super) struct Sections {
    pub(super) up: Option<OldText>,
    pub(super) down: Option<OldText>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

struct Reader<'a> {
    file: &'a str,
    /// Before the first section.
    preamble: OldText,
    sections: Vec<(Direction, OldText)>,
    /// The line of the last `Begin`.
    block: Option<usize>,
    is_outside: bool,
}

/// Cuts a file. `marker` says what a line is, without its end.
pub(super) fn sections(
    file: &str,
    text: &str,
    repeated: Repeated,
    marker: &dyn Fn(&str) -> Option<Marker>,
) -> Result<Sections, Problem> {
    let preamble = OldText { file: file.to_owned(), ..OldText::default() };
    let mut reader = Reader { file, preamble, sections: Vec::new(), block: None, is_outside: false };
    for (index, line) in text.split_inclusive('\n').enumerate() {
        match marker(line.trim_end()) {
            Some(marker) => reader.marker(index + 1, marker)?,
            None => reader.line(index + 1, line)?,
        }
    }
    if let Some(line) = reader.block {
        return Err(Problem::at(file, line, "the statement that begins here is never ended"));
    }
    reader.joined(repeated)
}

impl Reader<'_> {
    fn marker(&mut self, number: usize, marker: Marker) -> Result<(), Problem> {
        match marker {
            Marker::Up { no_transaction } => self.begin(Direction::Up, no_transaction),
            Marker::Down { no_transaction } => self.begin(Direction::Down, no_transaction),
            Marker::Begin => {
                self.block = Some(number);
                Ok(())
            }
            Marker::End => self.end_block(number),
            Marker::NoTransaction => {
                self.is_outside = true;
                Ok(())
            }
            Marker::Dropped => Ok(()),
            Marker::Refused(reason) => Err(Problem::at(self.file, number, reason)),
        }
    }

    fn begin(&mut self, direction: Direction, no_transaction: bool) -> Result<(), Problem> {
        if let Some(line) = self.block {
            return Err(Problem::at(self.file, line, "the statement that begins here is never ended"));
        }
        let text = OldText { file: self.file.to_owned(), no_transaction, ..OldText::default() };
        self.sections.push((direction, text));
        Ok(())
    }

    /// What the tool sent as one statement needs no semicolon at its end there, and does here.
    fn end_block(&mut self, number: usize) -> Result<(), Problem> {
        if self.block.take().is_none() {
            return Err(Problem::at(self.file, number, "no statement was begun that could end here"));
        }
        let Some((_, section)) = self.sections.last_mut() else { return Ok(()) };
        let code = section.text.lines().rev().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("--"));
        if !code.is_some_and(|line| line.ends_with(';')) {
            section.push(number, ";\n");
        }
        Ok(())
    }

    fn line(&mut self, number: usize, line: &str) -> Result<(), Problem> {
        if let Some((_, section)) = self.sections.last_mut() {
            section.push(number, line);
            return Ok(());
        }
        let trimmed = line.trim();
        if !trimmed.is_empty() && !trimmed.starts_with("--") {
            return Err(Problem::at(
                self.file,
                number,
                "this comes before the first section, so that the tool never ran it",
            ));
        }
        self.preamble.push(number, line);
        Ok(())
    }

    fn joined(self, repeated: Repeated) -> Result<Sections, Problem> {
        let joined = |direction| self.joined_of(direction, repeated);
        Ok(Sections { up: joined(Direction::Up)?, down: joined(Direction::Down)? })
    }

    fn joined_of(&self, direction: Direction, repeated: Repeated) -> Result<Option<OldText>, Problem> {
        let sections = self.sections.iter().filter(|(of, _)| *of == direction);
        let mut parts: Vec<&OldText> = sections.map(|(_, text)| text).collect();
        if parts.len() > 1 && repeated == Repeated::Refused {
            return Err(Problem::of(self.file, "a direction has two sections"));
        }
        if direction == Direction::Down && repeated == Repeated::DownReversed {
            parts.reverse();
        }
        let Some(first) = parts.first() else { return Ok(None) };
        if parts.iter().any(|part| part.no_transaction != first.no_transaction) {
            let reason = "one section runs in a transaction and another outside of one; make two files of it";
            return Err(Problem::of(self.file, reason));
        }
        let no_transaction = first.no_transaction || self.is_outside;
        let keeps_preamble = direction == Direction::Up && !self.preamble.text.trim().is_empty();
        let mut text = if keeps_preamble { self.preamble.clone() } else { OldText::default() };
        for part in parts {
            if !text.text.is_empty() && !text.text.ends_with('\n') {
                text.text.push('\n');
            }
            text.text.push_str(&part.text);
            text.lines.extend(&part.lines);
        }
        Ok(Some(OldText { file: self.file.to_owned(), no_transaction, ..text }))
    }
}
