//! Python's `textwrap.wrap` with its default settings, for messages on a terminal.

/// The lines of a text in `width` columns, each with two blanks in front, as Alembic's `util.msg` makes them.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    const INDENT: &str = "  ";
    let width = width.saturating_sub(INDENT.len());
    let text = with_plain_blanks(text);
    let mut chunks: Vec<&[char]> = chunks(&text);
    chunks.reverse();
    let mut lines = Vec::new();
    while !chunks.is_empty() {
        let mut line: Vec<&[char]> = Vec::new();
        let mut length = 0;
        if !lines.is_empty() {
            chunks.pop_if(|chunk| is_blank(chunk));
        }
        while let Some(chunk) = chunks.pop_if(|chunk| length + chunk.len() <= width) {
            length += chunk.len();
            line.push(chunk);
        }
        if let Some(chunk) = chunks.pop_if(|chunk| chunk.len() > width) {
            let (head, tail) = chunk.split_at(end_of_long_word(chunk, if width < 1 { 1 } else { width - length }));
            line.push(head);
            chunks.push(tail);
        }
        line.pop_if(|chunk| is_blank(chunk));
        if !line.is_empty() {
            lines.push(INDENT.chars().chain(line.concat()).collect());
        }
    }
    lines
}

/// `_munge_whitespace`: tabs to stops of eight, every other kind of white space to one blank.
fn with_plain_blanks(text: &str) -> Vec<char> {
    let mut plain = Vec::with_capacity(text.len());
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' => {
                let blanks = 8 - column % 8;
                plain.extend(std::iter::repeat_n(' ', blanks));
                column += blanks;
            }
            '\n' | '\r' => {
                plain.push(' ');
                column = 0;
            }
            c => {
                plain.push(if matches!(c, '\u{b}' | '\u{c}') { ' ' } else { c });
                column += 1;
            }
        }
    }
    plain
}

/// `_handle_long_word`: where a word that fits on no line is cut.
fn end_of_long_word(chunk: &[char], space: usize) -> usize {
    let hyphen = chunk[..space.min(chunk.len())].iter().rposition(|c| *c == '-').filter(|_| chunk.len() > space);
    match hyphen {
        Some(hyphen) if chunk[..hyphen].iter().any(|c| *c != '-') => hyphen + 1,
        _ => space.min(chunk.len()),
    }
}

/// `wordsep_re.split`: runs of blanks, dashes between words, words and parts of hyphenated words.
fn chunks(text: &[char]) -> Vec<&[char]> {
    let mut chunks = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let end = if text[start] == ' ' {
            start + text[start..].iter().take_while(|c| **c == ' ').count()
        } else if start > 0 && is_word_punctuation(text[start - 1]) && is_long_dash(&text[start..]) {
            start + text[start..].iter().take_while(|c| **c == '-').count()
        } else {
            end_of_word(text, start)
        };
        chunks.push(&text[start..end]);
        start = end;
    }
    chunks
}

fn end_of_word(text: &[char], start: usize) -> usize {
    for end in start + 1..text.len() {
        if text[end] == '-' && ends_word_part(&text[..end]) && starts_word_part(&text[end + 1..]) {
            return end + 1;
        }
        if text[end] == ' ' || is_word_punctuation(text[end - 1]) && is_long_dash(&text[end..]) {
            return end;
        }
    }
    text.len()
}

/// What has to precede a hyphen: `ab` or `a-b`.
fn ends_word_part(before: &[char]) -> bool {
    match before {
        [.., first, '-', last] if is_letter(*first) && is_word_punctuation(*last) => true,
        [.., first, last] => is_letter(*first) && is_letter(*last),
        _ => false,
    }
}

/// What has to follow a hyphen: `ab` or `a-b`.
fn starts_word_part(after: &[char]) -> bool {
    match after {
        [first, '-', second, ..] | [first, second, ..] => is_letter(*first) && is_letter(*second),
        _ => false,
    }
}

fn is_long_dash(text: &[char]) -> bool {
    let dashes = text.iter().take_while(|c| **c == '-').count();
    dashes >= 2 && text.get(dashes).is_some_and(|c| is_word(*c))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_letter(c: char) -> bool {
    is_word(c) && !c.is_numeric()
}

fn is_word_punctuation(c: char) -> bool {
    is_word(c) || matches!(c, '!' | '"' | '\'' | '&' | '.' | ',' | '?')
}

fn is_blank(chunk: &[char]) -> bool {
    chunk.iter().all(|c| c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines are those of Python's `textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="  ")`.
    #[test]
    fn wraps_as_python_does() {
        let cases: &[(&str, usize, &[&str])] = &[
            (
                "FAILED: Can't locate revision identified by 'ae1027'",
                20,
                &["  FAILED: Can't", "  locate revision", "  identified by", "  'ae1027'"][..],
            ),
            (
                "a well--known revision-identified  thing -- --autogenerate x",
                12,
                &["  a well--", "  known", "  revision-", "  identified", "  thing -- -", "  -autogener", "  ate x"][..],
            ),
            (
                "/tmp/some/very/long/path/that/does/not-fit/anywhere.py",
                16,
                &["  /tmp/some/very", "  /long/path/tha", "  t/does/not-fit", "  /anywhere.py"][..],
            ),
            ("tab\there\nand a line", 40, &["  tab     here and a line"][..]),
            ("naïve-ish été (head)", 8, &["  naïve-", "  ish", "  été", "  (head)"][..]),
            (
                "e.g.--x a-b--c-d foo--bar",
                5,
                &["  e.g", "  .--", "  x", "  a-b", "  --", "  c-d", "  foo", "  --", "  bar"][..],
            ),
            ("abc", 3, &["  a", "  b", "  c"][..]),
            ("", 10, &[][..]),
            (" leading and trailing  ", 80, &["   leading and trailing"][..]),
        ];
        for (text, width, expected) in cases {
            assert_eq!(wrap(text, *width), *expected, "{text:?} in {width}");
        }
    }
}
