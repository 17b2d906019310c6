//! Names such as `001_name.sql`.

/// What the name of such a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NumberedName<'a> {
    /// The digits as they are written.
    pub(super) digits: &'a str,
    /// What follows the separator, without suffix.
    pub(super) name: &'a str,
}

impl<'a> NumberedName<'a> {
    /// `digits`, one of `_-.` or nothing, a name or none, `.sql`.
    pub(super) fn parse(file: &'a str) -> Option<Self> {
        let stem = file.strip_suffix(".sql")?;
        let end = stem.find(|c: char| !c.is_ascii_digit()).unwrap_or(stem.len());
        let (digits, rest) = stem.split_at(end);
        let name = rest.strip_prefix(['_', '-', '.']).unwrap_or(rest);
        (!digits.is_empty()).then_some(Self { digits, name })
    }

    /// The number in one spelling: without zeros before it.
    pub(super) fn version(&self) -> String {
        canonical(self.digits)
    }

    /// What it is called, with blanks.
    pub(super) fn description(&self) -> String {
        words(self.name)
    }

    /// What such names are ordered by: the number, however many digits it is written with.
    pub(super) fn order(&self) -> (usize, String) {
        let version = self.version();
        (version.len(), version)
    }
}

/// Digits without zeros before them, and without what is between them.
pub(super) fn canonical(digits: &str) -> String {
    let joined: String = digits.chars().filter(char::is_ascii_digit).collect();
    let trimmed = joined.trim_start_matches('0');
    if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() }
}

/// A part of a file name as words.
pub(in crate::import) fn words(name: &str) -> String {
    let parts: Vec<&str> = name.split(['_', '-', ' ', '.']).filter(|word| !word.is_empty()).collect();
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_at_the_first_letter() {
        let parse = |file| NumberedName::parse(file).map(|name| (name.version(), name.description()));
        for (file, expected) in [
            ("001_create_users.sql", Some(("1", "create users"))),
            ("20230101120000-add--x.sql", Some(("20230101120000", "add x"))),
            ("0.sql", Some(("0", ""))),
            ("12name.sql", Some(("12", "name"))),
            ("name.sql", None),
            ("001_name.SQL", None),
        ] {
            let expected = expected.map(|(version, name)| (version.to_owned(), name.to_owned()));
            assert_eq!(parse(file), expected, "{file}");
        }
        let order = |file| NumberedName::parse(file).unwrap().order();
        assert!(order("9_a.sql") < order("010_b.sql") && order("0099_a.sql") < order("100_b.sql"));
    }
}
