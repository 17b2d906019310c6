use thiserror::Error;
use uuid::Uuid;

use super::python::{CreateDate, FormatError, Value, is_word, percent_format};

/// Alembic's default of the option `file_template`.
pub const DEFAULT_FILE_TEMPLATE: &str = "%(rev)s_%(slug)s";

/// Alembic's default of the option `truncate_slug_length`.
pub const DEFAULT_SLUG_LENGTH: i64 = 40;

/// `file_template` cannot be applied: Alembic dies of an exception.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("file_template {template:?} cannot be used: {reason}")]
pub struct NamingError {
    /// The template as configured.
    pub template: String,
    /// Why.
    pub reason: FormatError,
}

/// How new files are named: the options `file_template` and `truncate_slug_length`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// `%` format without the suffix `.py`; may hold slashes.
    pub file_template: String,
    /// Characters of the slug; 0 means 40, as in Alembic.
    pub truncate_slug_length: i64,
}

impl Default for Naming {
    fn default() -> Self {
        Self { file_template: DEFAULT_FILE_TEMPLATE.to_owned(), truncate_slug_length: DEFAULT_SLUG_LENGTH }
    }
}

impl Naming {
    /// File name of a revision, relative to its version location (Alembic's `_rev_path`).
    pub fn file_name(&self, rev_id: &str, message: Option<&str>, date: &CreateDate) -> Result<String, NamingError> {
        let slug = self.slug(message.unwrap_or_default());
        let token = |name: &str| match name {
            "rev" => Some(Value::Str(rev_id.to_owned())),
            "slug" => Some(Value::Str(slug.clone())),
            "epoch" => Some(Value::Int(date.epoch())),
            "microsecond" => None,
            other => date.attribute(other).map(Value::Int),
        };
        let stem = percent_format(&self.file_template, &token)
            .map_err(|reason| NamingError { template: self.file_template.clone(), reason })?;
        Ok(stem + ".py")
    }

    /// The message as part of a file name: runs of `\w` joined by `_`, lower-cased, cut back to a whole word when too long.
    fn slug(&self, message: &str) -> String {
        let words: Vec<&str> = message.split(|c| !is_word(c)).filter(|word| !word.is_empty()).collect();
        let slug = words.join("_").to_lowercase();
        let length = slug.chars().count() as i64;
        let limit = if self.truncate_slug_length == 0 { DEFAULT_SLUG_LENGTH } else { self.truncate_slug_length };
        if length <= limit {
            return slug;
        }
        // As a slice bound in Python, a negative limit counts from the end.
        let kept = if limit < 0 { (length + limit).max(0) } else { limit };
        let cut: String = slug.chars().take(usize::try_from(kept).unwrap_or(0)).collect();
        let whole = cut.rsplit_once('_').map_or(cut.as_str(), |(whole, _)| whole);
        format!("{whole}_")
    }
}

/// A new random identifier (Alembic's `rev_id()`): the last twelve hexadecimal digits of a version 4 UUID.
pub fn random_id() -> String {
    Uuid::new_v4().simple().to_string().split_off(20)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(file_template: &str, truncate_slug_length: i64) -> Naming {
        Naming { file_template: file_template.to_owned(), truncate_slug_length }
    }

    #[test]
    fn slugs() {
        for (limit, message, expected) in [
            (40, "Add  user-preferences!", "add_user_preferences"),
            (40, "Übergröße naïve ДОБАВИТЬ", "übergröße_naïve_добавить"),
            (40, "", ""),
            (10, "one two three", "one_two_"),
            (10, "abcdefghijklmn", "abcdefghij_"),
            (0, "a23456789 b23456789 c23456789 d23456789 e23456789", "a23456789_b23456789_c23456789_d23456789_"),
            (-3, "one two three", "one_two_"),
            (-30, "one two", "_"),
        ] {
            assert_eq!(naming("", limit).slug(message), expected, "{message}");
        }
    }

    #[test]
    fn names_with_every_token() {
        let date = CreateDate::at("2026-03-04T05:06:07Z".parse().unwrap(), Some("UTC")).unwrap();
        let template =
            "%(year)d/%(month).2d_%(day).2d_%(hour).2d%(minute).2d-%(second)02d_%(epoch)s_%(rev)s_%(slug)s%%";
        assert_eq!(
            naming(template, 40).file_name("abc", Some("A b"), &date).unwrap(),
            "2026/03_04_0506-07_1772600767_abc_a_b%.py"
        );
        let wrong = naming("%(nope)s", 40).file_name("abc", None, &date).unwrap_err();
        assert!(wrong.to_string().contains("%(nope)"));
        assert_eq!(Naming::default().file_name("abc", None, &date).unwrap(), "abc_.py");
    }

    #[test]
    fn random_ids_are_twelve_hexadecimal_digits() {
        let (a, b) = (random_id(), random_id());
        assert!(a.len() == 12 && a.chars().all(|c| c.is_ascii_hexdigit()));
        assert_ne!(a, b);
    }
}
