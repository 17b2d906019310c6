use std::cell::OnceCell;
use std::collections::HashSet;
use std::fmt;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::database::DatabaseUrl;

/// What of a secret is shown.
const MASK: &str = "***";

/// Texts that are never shown, however many there are.
#[derive(Default)]
pub(super) struct Secrets {
    spellings: HashSet<String>,
    /// Finds all of them in one pass; made when a text is shown first.
    finder: OnceCell<Option<AhoCorasick>>,
}

impl Secrets {
    /// Adds those of a URL.
    pub(super) fn add(&mut self, url: &DatabaseUrl) {
        for spelling in url.secrets() {
            if self.spellings.insert(spelling) {
                self.finder = OnceCell::new();
            }
        }
    }

    /// A text with `***` in the place of every secret; of two that begin in the same place, of the longer one.
    pub(super) fn censored(&self, text: &str) -> String {
        if self.spellings.is_empty() {
            return text.to_owned();
        }
        match self.finder.get_or_init(|| self.find()) {
            Some(finder) => finder.replace_all(text, &vec![MASK; self.spellings.len()]),
            None => self.spellings.iter().fold(text.to_owned(), |text, secret| text.replace(secret, MASK)),
        }
    }

    /// `None`: there are more of them than it can hold.
    fn find(&self) -> Option<AhoCorasick> {
        AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&self.spellings).ok()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.spellings.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_every_secret_is_masked() {
        let mut secrets = Secrets::default();
        assert_eq!(secrets.censored("s/cret"), "s/cret");
        for url in ["postgresql://u:s%2Fcret@h/d", "postgresql://u:s%2Fcret-2@h/e", "sqlite:///a.db"] {
            secrets.add(&DatabaseUrl::parse(url).unwrap());
        }
        assert_eq!(secrets.censored("no s/cret, no s%2Fcret-2, no s/cret-2 of a.db"), "no ***, no ***, no *** of a.db");
        secrets.add(&DatabaseUrl::parse("postgresql://u:later@h/d").unwrap());
        assert_eq!(secrets.censored("s/cret later"), "*** ***");
        assert!(!format!("{secrets:?}").contains("later"));
    }
}
