use std::io::{self, BufRead, Read};
use std::num::NonZeroUsize;

/// How much is read at once, in bytes, unless it is said otherwise.
const CHUNK: usize = 128 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The part of a file that is in memory.
pub(super) struct Input<R> {
    reader: R,
    buffer: Vec<u8>,
    chunk: usize,
    /// In `buffer`: what is before has been consumed.
    start: usize,
    /// Of the first byte that is not consumed, from 1.
    line: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unread,
    Open,
    AtEnd,
}

impl<R: BufRead> Input<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), chunk: CHUNK, start: 0, line: 1, state: State::Unread }
    }

    pub(super) fn read_at_once(&mut self, bytes: NonZeroUsize) {
        self.chunk = bytes.get();
    }

    /// What has been read and not yet consumed.
    pub(super) fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// There is nothing in the file behind `unread`.
    pub(super) fn is_last(&self) -> bool {
        self.state == State::AtEnd
    }

    /// The line of a place of `unread`, from 1.
    pub(super) fn line_at(&self, at: usize) -> usize {
        self.line + lines(self.unread().get(..at).unwrap_or(self.unread()))
    }

    pub(super) fn consume(&mut self, length: usize) {
        self.line = self.line_at(length);
        self.start = (self.start + length).min(self.buffer.len());
    }

    /// Reads on, at least as much as there is of the token at the end of `unread` already, so that reading that token again
    /// and again from its beginning costs no more than reading it twice. `length` is that of the token's part.
    pub(super) fn fill(&mut self, length: usize) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let least = if self.state == State::Unread { BYTE_ORDER_MARK.len() } else { 1 };
        let wanted = length.max(self.chunk).max(least);
        self.buffer.reserve(wanted);
        let read = self.reader.by_ref().take(wanted as u64).read_to_end(&mut self.buffer)?;
        if self.state == State::Unread && self.buffer.starts_with(BYTE_ORDER_MARK) {
            self.start = BYTE_ORDER_MARK.len();
        }
        self.state = if read < wanted { State::AtEnd } else { State::Open };
        Ok(())
    }
}

fn lines(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}
