use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

use crate::sqlfile::{Lexicon, TokenKind, Tokens};

/// In the name or string that stands for a variable whose value is not known: a control character, which nobody writes. In UTF-8 it
/// has two bytes, so that the shortest variable has room for it, and quotes.
pub(in crate::operation) const UNKNOWN: char = '\u{91}';

/// The variable that is the schema of the connection, and so says nothing before a name.
const SCHEMA: &str = "schema";

/// A file's text with its variables replaced by SQL of the same length, so that positions stay true: `${schema}.` by blanks, for that is
/// where names without a schema are found, every other by a name or a string with [`UNKNOWN`] in it. `declared` are the variables of
/// the file besides `schema`: between dollar quotes only known ones are variables.
pub(in crate::operation) fn mask_variables<'t>(text: &'t str, declared: &[String]) -> Cow<'t, str> {
    if memmem::find(text.as_bytes(), b"${").is_none() {
        return Cow::Borrowed(text);
    }
    let mut masked = text.as_bytes().to_vec();
    for token in Tokens::new(text, Lexicon::Postgres) {
        match token.kind {
            TokenKind::Variable => mask(&mut masked, token.range),
            TokenKind::DollarQuoted { .. } => {
                let body = text.get(token.range.clone()).unwrap_or_default();
                for at in memmem::find_iter(body.as_bytes(), b"${") {
                    let Some(length) = body[at..].find('}').map(|length| length + 1) else { break };
                    let name = name_of(&body[at..at + length]);
                    if name == SCHEMA || declared.iter().any(|declared| declared == name) {
                        mask(&mut masked, token.range.start + at..token.range.start + at + length);
                    }
                }
            }
            _ => {}
        }
    }
    String::from_utf8(masked).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// `${name}`, `${name:literal}`
fn name_of(reference: &str) -> &str {
    let inner = reference.trim_start_matches("${").trim_end_matches('}');
    inner.split(':').next().unwrap_or_default()
}

fn mask(text: &mut [u8], range: Range<usize>) {
    let reference = String::from_utf8_lossy(text.get(range.clone()).unwrap_or_default()).into_owned();
    if name_of(&reference) == SCHEMA && !reference.contains(':') && text.get(range.end) == Some(&b'.') {
        fill(text, range.start..range.end + 1, b' ');
        return;
    }
    let quote = if reference.contains(':') { b'\'' } else { b'"' };
    let mut unknown = [0; 4];
    let unknown = UNKNOWN.encode_utf8(&mut unknown).as_bytes();
    fill(text, range.clone(), b' ');
    let Some(target) = text.get_mut(range).filter(|target| target.len() >= unknown.len() + 2) else { return };
    if let Some((first, rest)) = target.split_first_mut()
        && let Some((last, inner)) = rest.split_last_mut()
    {
        (*first, *last) = (quote, quote);
        inner[..unknown.len()].copy_from_slice(unknown);
    }
}

fn fill(text: &mut [u8], range: Range<usize>, with: u8) {
    if let Some(target) = text.get_mut(range) {
        target.fill(with);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_become_names_and_strings_in_their_place() {
        let text = "CREATE TABLE ${schema}.t (); SELECT ${x}, ${who:literal}, '${x}', $$ ${x} ${y} $$ -- ${x}";
        let masked = mask_variables(text, &["x".to_owned()]);
        assert_eq!(
            masked.replace(UNKNOWN, "?"),
            "CREATE TABLE           t (); SELECT \"?\", '?          ', '${x}', $$ \"?\" ${y} $$ -- ${x}"
        );
        assert_eq!(masked.len(), text.len());
        assert_eq!(mask_variables("GRANT USAGE ON SCHEMA ${schema}", &[]).find("${"), None);
        assert!(matches!(mask_variables("select 1", &[]), Cow::Borrowed(_)));
    }
}
