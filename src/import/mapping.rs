use std::collections::HashMap;
use std::path::PathBuf;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use sha2::{Digest, Sha256};

use super::checksum::hexadecimal;
use super::error::ImportError;
use super::migration::OldMigration;
use crate::revision::RevisionId;
use crate::script::{StampedName, description_slug, stamp};

/// Characters of an identifier, as Alembic's own have.
const ID_LENGTH: usize = 12;

/// A migration with its place in the project.
#[derive(Debug, Clone)]
pub struct MappedMigration {
    /// As it was.
    pub old: OldMigration,
    /// Made of the version alone, so that it is the same wherever the directory is taken over.
    pub id: RevisionId,
    /// `YYYYMMDD_HHMMSS_slug.py`; of one that is in the project already, whatever it is called there.
    pub file_name: String,
    /// What the file name says; taken for UTC.
    pub time: NaiveDateTime,
    /// Where it is in the project, if it is.
    pub existing: Option<PathBuf>,
}

/// A revision that is in the project.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its identifier.
    pub id: RevisionId,
    /// Its Python file.
    pub path: PathBuf,
}

/// The identifier that a version has: hexadecimal digits of a hash.
pub fn revision_id(version: &str) -> RevisionId {
    let mut text = hexadecimal(&Sha256::digest(format!("limbec import\n{version}")));
    text.truncate(ID_LENGTH);
    RevisionId::new(text)
}

/// Gives every migration its identifier and file name. Those that are in the project come first, in the project's order (`known`, oldest first);
/// the others follow in the tool's. `after` is the time that the names of the others have to be later than.
///
/// # Errors
/// A version is in the project as a revision that is called otherwise: it came from another directory.
pub fn map(
    migrations: Vec<OldMigration>,
    known: &[Known],
    after: Option<NaiveDateTime>,
) -> Result<Vec<MappedMigration>, ImportError> {
    let places: HashMap<&RevisionId, usize> =
        known.iter().enumerate().map(|(place, revision)| (&revision.id, place)).collect();
    let (mut old, mut new) = (Vec::new(), Vec::new());
    let mut last = after;
    for migration in migrations {
        let id = revision_id(&migration.version);
        let place = places.get(&id).copied();
        match place.and_then(|place| Some((place, known.get(place)?))) {
            Some((place, revision)) => old.push((place, existing(migration, revision)?)),
            None => {
                let time = time_of(&migration, last);
                last = Some(time);
                let file_name = format!("{}_{}.py", stamp(time), slug(&migration));
                new.push(MappedMigration { old: migration, id, file_name, time, existing: None });
            }
        }
    }
    old.sort_by_key(|(place, _)| *place);
    Ok(old.into_iter().map(|(_, mapped)| mapped).chain(new).collect())
}

/// The revision that a migration has become.
fn existing(old: OldMigration, revision: &Known) -> Result<MappedMigration, ImportError> {
    let file_name = revision.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stamped = StampedName::parse(&file_name);
    if stamped.as_ref().is_some_and(|name| name.slug != slug(&old)) {
        return Err(ImportError::OtherRevision { version: old.version, file: old.file, known: file_name });
    }
    let time = stamped.map_or_else(first_second, |name| name.time);
    Ok(MappedMigration { old, id: revision.id.clone(), file_name, time, existing: Some(revision.path.clone()) })
}

fn slug(migration: &OldMigration) -> String {
    let version = || description_slug(&format!("migration {}", migration.version));
    description_slug(&migration.description).or_else(version).unwrap_or_else(|| "migration".to_owned())
}

/// What the version says if it is a time, else a time counted from its number; never before that of the one before it.
fn time_of(migration: &OldMigration, last: Option<NaiveDateTime>) -> NaiveDateTime {
    let own = if migration.is_repeatable { None } else { told(migration) };
    let next = last.map(|last| last + TimeDelta::seconds(1));
    match (own, next) {
        (Some(own), Some(next)) => own.max(next),
        (Some(time), None) | (None, Some(time)) => time,
        (None, None) => first_second(),
    }
}

fn told(migration: &OldMigration) -> Option<NaiveDateTime> {
    let leading = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default().to_owned();
    let joined: String = migration.version.chars().filter(char::is_ascii_digit).collect();
    let digits = if migration.version.chars().all(|c| c.is_ascii_digit() || c == '.') {
        joined
    } else {
        leading(&migration.version)
    };
    timestamp(&digits).or_else(|| numbered(&digits))
}

/// `YYYYMMDDHHMMSS`, less of it from the right, or seconds or milliseconds since 1970.
fn timestamp(digits: &str) -> Option<NaiveDateTime> {
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<u32>().ok();
    let date = || NaiveDate::from_ymd_opt(i32::try_from(number(0..4)?).ok()?, number(4..6)?, number(6..8)?);
    let is_recent = |time: &NaiveDateTime| (1990..2100).contains(&chrono::Datelike::year(time));
    let seconds = |seconds: i64| Some(chrono::DateTime::from_timestamp(seconds, 0)?.naive_utc());
    let time = match digits.len() {
        14.. => date()?.and_hms_opt(number(8..10)?, number(10..12)?, number(12..14)?),
        12 => date()?.and_hms_opt(number(8..10)?, number(10..12)?, 0),
        8 => date()?.and_hms_opt(0, 0, 0),
        10 => seconds(digits.parse().ok()?),
        13 => seconds(digits.parse::<i64>().ok()? / 1000),
        _ => None,
    };
    time.filter(is_recent)
}

/// The number in seconds from the beginning of 2000: in order, and the same wherever it is computed.
fn numbered(digits: &str) -> Option<NaiveDateTime> {
    let number: u32 = digits.parse().ok().filter(|number| *number < 1_000_000_000)?;
    first_second().checked_add_signed(TimeDelta::seconds(number.into()))
}

fn first_second() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default().and_time(chrono::NaiveTime::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::OldText;

    fn old(version: &str, description: &str) -> OldMigration {
        OldMigration {
            version: version.to_owned(),
            description: description.to_owned(),
            up: OldText::whole("a.sql", String::new()),
            down: None,
            file: format!("{version}.sql"),
            source: Vec::new(),
            is_repeatable: version.starts_with("R "),
        }
    }

    fn names(versions: &[&str]) -> Vec<String> {
        let migrations = versions.iter().map(|version| old(version, "Add x")).collect();
        map(migrations, &[], None).unwrap().into_iter().map(|mapped| mapped.file_name).collect()
    }

    #[test]
    fn names_tell_the_time_that_the_version_tells() {
        for (version, expected) in [
            ("20230405060708", "20230405_060708_add_x.py"),
            ("202304050607", "20230405_060700_add_x.py"),
            ("20230405", "20230405_000000_add_x.py"),
            ("2023.04.05.06.07.08", "20230405_060708_add_x.py"),
            ("1680674828", "20230405_060708_add_x.py"),
            ("1680674828123", "20230405_060708_add_x.py"),
            ("20230405060708123", "20230405_060708_add_x.py"),
            ("7", "20000101_000007_add_x.py"),
            ("99999999", "20030303_094639_add_x.py"),
            ("20231301000000", "20000101_000000_add_x.py"),
            ("1.2", "20000101_000012_add_x.py"),
        ] {
            assert_eq!(names(&[version]), [expected], "{version}");
        }
    }

    #[test]
    fn names_follow_each_other() {
        insta::assert_debug_snapshot!(
            names(&["1", "2", "10", "20230101000000", "20230101000000123", "3", "R views", "R zones"]),
            @r#"
        [
            "20000101_000001_add_x.py",
            "20000101_000002_add_x.py",
            "20000101_000010_add_x.py",
            "20230101_000000_add_x.py",
            "20230101_000001_add_x.py",
            "20230101_000002_add_x.py",
            "20230101_000003_add_x.py",
            "20230101_000004_add_x.py",
        ]
        "#
        );
    }

    #[test]
    fn what_is_in_the_project_keeps_its_place_and_new_files_come_on_top() {
        let known: Vec<Known> = ["3", "1"]
            .map(|version| Known {
                id: revision_id(version),
                path: format!("/p/20200101_00000{version}_add_x.py").into(),
            })
            .into();
        let after = Some("2026-01-01T00:00:00".parse().unwrap());
        let mapped = map(["1", "2", "3"].map(|version| old(version, "Add x")).into(), &known, after).unwrap();
        let names: Vec<&str> = mapped.iter().map(|mapped| mapped.file_name.as_str()).collect();
        assert_eq!(names, ["20200101_000003_add_x.py", "20200101_000001_add_x.py", "20260101_000001_add_x.py"]);
        let other = map(vec![old("1", "Something else")], &known, None).unwrap_err();
        assert!(other.to_string().contains("20200101_000001_add_x.py"), "{other}");
    }

    #[test]
    fn identifiers_depend_on_the_version_alone() {
        assert_eq!(revision_id("1").as_str(), "305f797dfff0");
        assert_ne!(revision_id("1"), revision_id("01"));
    }
}
