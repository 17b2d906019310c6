use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use super::ScriptError;

/// A Python file as text, with the way back from positions in the text to bytes of the file.
#[derive(Debug)]
pub(super) struct Source<'a> {
    /// Decoded, line ends `\n` only, as Python's tokenizer sees it.
    pub(super) text: Cow<'a, str>,
    /// Every decoded character was one byte.
    single_byte: bool,
    /// Positions in `text` of the `\n` that were `\r\n`.
    collapsed: Vec<usize>,
    /// Whether the file names its encoding.
    declared: bool,
    /// Positions in `text` of question marks for bytes that are not UTF-8. Python's tokenizer skips comments without
    /// decoding them, so whether they matter shows only when the text is parsed ([`Source::refuse_outside`]).
    stray: Vec<usize>,
}

/// Why a file was not decoded.
#[derive(Debug)]
pub(super) enum DecodeFault {
    Error(ScriptError),
    /// An encoding that only Python knows.
    Unknown(String),
}

/// The encodings that are decoded here. Python knows a hundred more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    Latin9,
    Cp1252,
}

const BOM: &[u8] = b"\xef\xbb\xbf";

impl<'a> Source<'a> {
    /// Decodes a file by its byte order mark or its `# -*- coding: … -*-` line (PEP 263), else as UTF-8.
    pub(super) fn decode(path: &Path, bytes: &'a [u8]) -> Result<Self, DecodeFault> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(DecodeFault::Error(ScriptError::TooLarge { path: path.to_owned() }));
        }
        let declared = if bytes.starts_with(BOM) { None } else { declared_encoding(bytes) };
        let encoding = match declared {
            None => Encoding::Utf8,
            Some(name) => {
                named(name).ok_or_else(|| DecodeFault::Unknown(String::from_utf8_lossy(name).into_owned()))?
            }
        };
        let mut stray = Vec::new();
        let text = decode(bytes, encoding, &mut stray).map_err(|at| {
            DecodeFault::Error(ScriptError::Encoding {
                path: path.to_owned(),
                line: 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count(),
                encoding: encoding.name(),
                declared: declared.is_some(),
            })
        })?;
        let single_byte = encoding != Encoding::Utf8;
        if !text.contains('\r') {
            return Ok(Self { text, single_byte, collapsed: Vec::new(), declared: declared.is_some(), stray });
        }
        let (text, collapsed) = universal_newlines(&text);
        let mut before = 0;
        for at in &mut stray {
            while collapsed.get(before).is_some_and(|newline| newline + before < *at) {
                before += 1;
            }
            *at -= before;
        }
        Ok(Self { text: Cow::Owned(text), single_byte, collapsed, declared: declared.is_some(), stray })
    }

    /// The same without a loan.
    pub(super) fn into_owned(self) -> Source<'static> {
        let Self { text, single_byte, collapsed, declared, stray } = self;
        Source { text: Cow::Owned(text.into_owned()), single_byte, collapsed, declared, stray }
    }

    /// Whether every byte of the file belongs to its encoding.
    pub(super) fn is_clean(&self) -> bool {
        self.stray.is_empty()
    }

    /// Refuses a file with a byte that is not UTF-8 anywhere but in these ranges of the text, its comments.
    ///
    /// # Errors
    /// The line of the first such byte.
    pub(super) fn refuse_outside(
        &self,
        path: &Path,
        comments: impl Iterator<Item = Range<usize>>,
    ) -> Result<(), ScriptError> {
        let mut comments = comments.peekable();
        for &at in &self.stray {
            while comments.next_if(|comment| comment.end <= at).is_some() {}
            if comments.peek().is_none_or(|comment| at < comment.start) {
                let (path, line) = (path.to_owned(), self.line(at));
                return Err(ScriptError::Encoding {
                    path,
                    line,
                    encoding: Encoding::Utf8.name(),
                    declared: self.declared,
                });
            }
        }
        Ok(())
    }

    /// The bytes of the file that a range of the text came from.
    pub(super) fn bytes_of(&self, range: Range<usize>) -> Range<usize> {
        self.byte_of(range.start)..self.byte_of(range.end)
    }

    fn byte_of(&self, at: usize) -> usize {
        let before = self.collapsed.partition_point(|newline| *newline < at);
        let position = if self.single_byte { self.text[..at].chars().count() } else { at };
        position + before
    }

    /// A text as bytes of the file, with line ends as most of the file's.
    pub(super) fn encode(&self, text: &str) -> Option<Vec<u8>> {
        // Of the other encodings only what they share with ASCII is written.
        if self.single_byte && !text.is_ascii() {
            return None;
        }
        let lines = self.text.bytes().filter(|byte| *byte == b'\n').count();
        let has_carriage_returns = self.collapsed.len() * 2 > lines;
        Some(if has_carriage_returns { text.replace('\n', "\r\n") } else { text.to_owned() }.into_bytes())
    }

    /// Line of a position, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        1 + self.text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count()
    }

    /// Column of a position, from 1, in characters.
    pub(super) fn column(&self, at: usize) -> usize {
        let line_start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        1 + self.text[line_start..at].chars().filter(|c| *c != '\u{feff}').count()
    }
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Ascii => "ASCII",
            Self::Latin1 => "ISO-8859-1",
            Self::Latin9 => "ISO-8859-15",
            Self::Cp1252 => "Windows-1252",
        }
    }
}

/// The name in a coding line: the first line, or the second if the first is blank or a comment.
fn declared_encoding(bytes: &[u8]) -> Option<&[u8]> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = lines.next()?;
    let code = |line: &[u8]| line.iter().copied().find(|byte| !matches!(byte, b' ' | b'\t' | b'\x0c' | b'\r'));
    match code(first) {
        Some(b'#') => coding_name(first).or_else(|| coding_name(lines.next()?)),
        None => coding_name(lines.next()?),
        Some(_) => None,
    }
}

/// PEP 263: `^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)`
fn coding_name(line: &[u8]) -> Option<&[u8]> {
    let start = line.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\x0c'))?;
    if line[start] != b'#' {
        return None;
    }
    let mut rest = &line[start..];
    while let Some(at) = memchr::memmem::find(rest, b"coding") {
        rest = &rest[at + b"coding".len()..];
        let Some(b':' | b'=') = rest.first() else {
            continue;
        };
        let name = rest[1..].trim_ascii_start();
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let end = name.iter().position(|byte| !is_name(byte)).unwrap_or(name.len());
        if end > 0 {
            return Some(&name[..end]);
        }
    }
    None
}

fn named(name: &[u8]) -> Option<Encoding> {
    let folded: String =
        name.iter().map(|byte| if *byte == b'-' { '_' } else { char::from(byte.to_ascii_lowercase()) }).collect();
    match folded.as_str() {
        "utf_8" | "utf8" | "u8" | "utf" | "utf_8_sig" | "cp65001" => Some(Encoding::Utf8),
        "ascii" | "us_ascii" | "646" => Some(Encoding::Ascii),
        "latin_1" | "latin1" | "latin" | "l1" | "iso_8859_1" | "iso8859_1" | "8859" | "cp819" => Some(Encoding::Latin1),
        "iso_8859_15" | "iso8859_15" | "latin_9" | "latin9" | "l9" => Some(Encoding::Latin9),
        "cp1252" | "windows_1252" | "1252" => Some(Encoding::Cp1252),
        _ => None,
    }
}

/// The text, or the position of the first byte that the encoding does not have. Bytes that are not UTF-8 become question
/// marks, and are noted.
fn decode<'a>(bytes: &'a [u8], encoding: Encoding, stray: &mut Vec<usize>) -> Result<Cow<'a, str>, usize> {
    if encoding == Encoding::Utf8 {
        return Ok(std::str::from_utf8(bytes).map_or_else(|_| Cow::Owned(masked(bytes, stray)), Cow::Borrowed));
    }
    let mut text = String::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        let c = match (encoding, *byte) {
            (_, byte) if byte.is_ascii() => char::from(byte),
            (Encoding::Ascii, _) => return Err(at),
            (Encoding::Latin9, byte) => latin9(byte),
            (Encoding::Cp1252, byte @ 0x80..=0x9f) => cp1252(byte).ok_or(at)?,
            (_, byte) => char::from(byte),
        };
        text.push(c);
    }
    Ok(Cow::Owned(text))
}

/// UTF-8 as it is; else with question marks, so that positions stay, and where the first of them is.
pub(super) fn utf8_or_marks(bytes: Vec<u8>) -> (String, Option<usize>) {
    String::from_utf8(bytes).map(|text| (text, None)).unwrap_or_else(|error| {
        let mut stray = Vec::new();
        let text = masked(error.as_bytes(), &mut stray);
        (text, stray.first().copied())
    })
}

/// As UTF-8, with one question mark for each byte that is none, so that positions stay.
fn masked(bytes: &[u8], stray: &mut Vec<usize>) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for _ in chunk.invalid() {
            stray.push(text.len());
            text.push('?');
        }
    }
    text
}

fn latin9(byte: u8) -> char {
    match byte {
        0xa4 => '€',
        0xa6 => 'Š',
        0xa8 => 'š',
        0xb4 => 'Ž',
        0xb8 => 'ž',
        0xbc => 'Œ',
        0xbd => 'œ',
        0xbe => 'Ÿ',
        byte => char::from(byte),
    }
}

/// The bytes 0x80 to 0x9f of Windows-1252; `\0` marks the five that it does not have.
fn cp1252(byte: u8) -> Option<char> {
    const TABLE: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’', '“', '”',
        '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    TABLE.get(usize::from(byte).checked_sub(0x80)?).copied().filter(|c| *c != '\0')
}

/// The text with `\n` for `\r\n` and `\r`, and the positions where two became one.
fn universal_newlines(text: &str) -> (String, Vec<usize>) {
    let mut out = String::with_capacity(text.len());
    let mut collapsed = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\r') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix('\n') {
            collapsed.push(out.len());
            rest = tail;
        }
        out.push('\n');
    }
    out.push_str(rest);
    (out, collapsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Source<'_> {
        Source::decode(Path::new("a.py"), bytes).unwrap()
    }

    #[test]
    fn declared_encodings_are_decoded_and_positions_lead_back() {
        let source = decoded(b"# -*- coding: latin-1 -*-\r\nx = '\xe9'\r\ny = 1\r\n");
        assert_eq!(source.text, "# -*- coding: latin-1 -*-\nx = 'é'\ny = 1\n");
        let at = source.text.find("y").unwrap();
        assert_eq!(source.bytes_of(at..at + 1), 36..37);
        assert_eq!((source.line(at), source.column(at)), (3, 1));
        assert_eq!(decoded(b"\n# vim: fileencoding=cp1252\n'\x80'").text, "\n# vim: fileencoding=cp1252\n'€'");
        assert_eq!(decoded(b"#!/bin/x\n#coding=iso-8859-15\n'\xa4'").text, "#!/bin/x\n#coding=iso-8859-15\n'€'");
    }

    #[test]
    fn a_coding_line_after_code_or_in_the_third_line_is_none() {
        for text in ["x = 1\n# coding: latin-1\n'\u{e9}'", "#\n#\n# coding: latin-1\n'\u{e9}'"] {
            assert_eq!(decoded(text.as_bytes()).text, text);
        }
    }

    #[test]
    fn bytes_of_no_encoding_name_the_line() {
        let error = |bytes: &[u8]| match Source::decode(Path::new("a.py"), bytes) {
            Err(DecodeFault::Error(error)) => error.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(error(b"# coding: ascii\n\xe9"), "a.py, line 2: the file is not ASCII, as it declares");
        assert_eq!(error(b"# coding: cp1252\n\n\x81"), "a.py, line 3: the file is not Windows-1252, as it declares");
        let unknown = Source::decode(Path::new("a.py"), b"# coding: koi8-r\n");
        assert!(matches!(unknown, Err(DecodeFault::Unknown(name)) if name == "koi8-r"));
    }
}
