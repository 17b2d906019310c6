use std::collections::HashSet;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Timelike, Utc};

use super::python::{CreateDate, DateError};

/// Characters of a description in a file name, at most.
const DESCRIPTION_LENGTH: usize = 50;

/// How a file name starts: `YYYYMMDD_HHMMSS`.
const STAMP: &str = "%Y%m%d_%H%M%S";
pub(super) const STAMP_LENGTH: usize = 15;

/// A description as part of a file name: lower-cased, every run of other characters than `[a-z0-9]` one `_`, trimmed, 50
/// characters at most. `None` when nothing is left.
pub fn description_slug(description: &str) -> Option<String> {
    let lower = description.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit()).filter(|word| !word.is_empty()).collect();
    let mut slug = words.join("_");
    slug.truncate(DESCRIPTION_LENGTH);
    slug.truncate(slug.trim_end_matches('_').len());
    (!slug.is_empty()).then_some(slug)
}

/// A file name of the form `YYYYMMDD_HHMMSS_description.py`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampedName {
    /// What the digits say; of which time zone is not known.
    pub time: NaiveDateTime,
    /// The rest, as it is written: `[a-z0-9_]+`.
    pub slug: String,
}

impl StampedName {
    /// `^\d{8}_\d{6}_[a-z0-9_]+\.py$`, where the digits are a date and a time that exist.
    pub fn parse(file_name: &str) -> Option<Self> {
        let stem = file_name.strip_suffix(".py")?;
        let time = stamp_of(stem)?;
        let slug = stem.get(STAMP_LENGTH + 1..)?;
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let is_slug = !slug.is_empty() && slug.chars().all(allowed);
        is_slug.then(|| Self { time, slug: slug.to_owned() })
    }

    /// With blanks for underscores.
    pub fn description(&self) -> String {
        self.slug.split('_').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// A time as a file name starts with it: `YYYYMMDD_HHMMSS`.
pub fn stamp(time: NaiveDateTime) -> String {
    time.format(STAMP).to_string()
}

/// The stamp that a file name starts with, if it has one that is a real date and time.
pub(super) fn stamp_of(file_name: &str) -> Option<NaiveDateTime> {
    let stamp = file_name.get(..STAMP_LENGTH)?;
    let digits = stamp.bytes().enumerate().all(|(at, byte)| if at == 8 { byte == b'_' } else { byte.is_ascii_digit() });
    let time = digits.then(|| NaiveDateTime::parse_from_str(stamp, STAMP).ok())??;
    // A leap second is none that a stamp is made of.
    let is_real = time.nanosecond() < 1_000_000_000;
    (is_real && file_name.get(STAMP_LENGTH..)?.starts_with('_')).then_some(time)
}

/// The first second from `now` on whose stamp in the time zone no file has yet, and that stamp.
pub fn free_stamp<'a>(
    now: DateTime<Utc>,
    timezone: &str,
    file_names: impl Iterator<Item = &'a str>,
) -> Result<(DateTime<Utc>, String), DateError> {
    let taken: HashSet<NaiveDateTime> = file_names.filter_map(stamp_of).collect();
    let mut instant = now;
    loop {
        let date = CreateDate::at(instant, Some(timezone))?;
        let stamp = stamp(date.local());
        if stamp_of(&format!("{stamp}_")).is_none_or(|time| !taken.contains(&time)) {
            return Ok((instant, stamp));
        }
        instant += TimeDelta::seconds(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_or_refused() {
        let name = StampedName::parse("20260131_140500_add__user_preferences_.py").unwrap();
        assert_eq!(name.time.to_string(), "2026-01-31 14:05:00");
        assert_eq!(name.description(), "add user preferences");
        for wrong in [
            "20260231_140500_a.py",
            "20260131_246000_a.py",
            "20260131_235960_a.py",
            "20260131_140500_.py",
            "20260131_140500_Add.py",
            "20260131_1405_a.py",
            "2026013_1405000_a.py",
            "20260131_140500_a.pyc",
            "ae1027a6acf_create.py",
            "_20260131_140500_a.py",
        ] {
            assert_eq!(StampedName::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn slugs() {
        for (description, expected) in [
            ("Add user preferences", Some("add_user_preferences")),
            ("  --Über-große  Öfen!! ", Some("ber_gro_e_fen")),
            ("v2.0_final", Some("v2_0_final")),
            ("ÄÖÜ ?", None),
            ("", None),
        ] {
            assert_eq!(description_slug(description).as_deref(), expected, "{description}");
        }
        let long = description_slug(&"abcd ".repeat(20)).unwrap();
        assert_eq!(long, "abcd_abcd_abcd_abcd_abcd_abcd_abcd_abcd_abcd_abcd");
    }

    #[test]
    fn the_next_free_second_is_taken() {
        let now: DateTime<Utc> = "2026-12-31T23:59:58.7Z".parse().unwrap();
        let names =
            ["20261231_235958_a.py", "20261231_235959_b.py", "20261231_240000_c.py", "20270101_000000x.py", "é"];
        let (instant, stamp) = free_stamp(now, "UTC", names.into_iter()).unwrap();
        assert_eq!(stamp, "20270101_000000");
        assert_eq!(instant.to_rfc3339(), "2027-01-01T00:00:00.700+00:00");
        let (_, stamp) = free_stamp(now, "Europe/Paris", names.into_iter()).unwrap();
        assert_eq!(stamp, "20270101_005958");
        assert!(free_stamp(now, "nowhere", names.into_iter()).is_err());
    }
}
