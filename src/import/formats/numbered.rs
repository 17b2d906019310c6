//! `001_name.sql`, with `rollbacks/001_name.sql` to take it back; in the order of the numbers.

use super::Found;
use super::single::NumberedName;
use crate::import::directory::{Directory, text_of};
use crate::import::error::{ImportError, Problem};
use crate::import::migration::{OldMigration, OldText};

/// Folders with the files that take migrations back.
pub(in crate::import) const FOLDERS: [&str; 4] = ["rollbacks", "rollback", "down", "undo"];

pub(super) fn read(directory: &Directory) -> Result<Found, ImportError> {
    let mut found = Found::default();
    let mut files: Vec<(&str, NumberedName<'_>)> =
        directory.own_files().filter_map(|file| Some((file, name_of(file)?))).collect();
    files.sort_by_key(|(_, name)| name.order());
    let mut backs: Vec<&str> = directory.files().filter(|file| is_rollback(file)).collect();
    for (file, name) in files {
        let back = backs.iter().position(|back| takes_back(back, file, &name)).map(|at| backs.remove(at));
        let source = directory.bytes(file)?;
        let down = back.map(|back| Ok::<_, ImportError>((back, directory.bytes(back)?))).transpose()?;
        found.take(migration(file, &name, source, down));
    }
    for back in backs {
        found.problems.push(Problem::of(back, "there is no file that it takes back"));
    }
    Ok(found)
}

/// A number, or a date with the same sign between year, month and day: `2023-01-02_name.sql`, `2023_01_02_123000_name.sql`.
fn name_of(file: &str) -> Option<NumberedName<'_>> {
    let name = NumberedName::parse(file)?;
    Some(dated(file.strip_suffix(".sql")?).unwrap_or(name))
}

fn dated(stem: &str) -> Option<NumberedName<'_>> {
    let separator = stem.get(4..5).filter(|separator| ["-", "_", "."].contains(separator))?;
    let parts: Vec<&str> = stem.get(..10)?.split(separator).collect();
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let [year, month, day] = parts.as_slice() else { return None };
    if ![year, month, day].into_iter().all(|part| is_number(part)) {
        return None;
    }
    chrono::NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    let rest = stem.get(10..)?;
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let after = rest.strip_prefix(['_', '-', '.', 'T']).unwrap_or(rest);
    let time = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    let end = if matches!(time, 4 | 6) { stem.len() - after.len() + time } else { 10 };
    let (digits, name) = stem.split_at_checked(end)?;
    Some(NumberedName { digits, name: name.strip_prefix(['_', '-', '.']).unwrap_or(name) })
}

pub(in crate::import) fn is_rollback(file: &str) -> bool {
    let folder = file.split_once('/').filter(|(_, name)| !name.contains('/') && name_of(name).is_some());
    folder.is_some_and(|(folder, _)| FOLDERS.contains(&folder))
}

/// By the whole name, or by the number.
fn takes_back(back: &str, file: &str, name: &NumberedName<'_>) -> bool {
    let back = back.rsplit('/').next().unwrap_or(back);
    back == file || name_of(back).is_some_and(|other| other.version() == name.version())
}

fn migration(
    file: &str,
    name: &NumberedName<'_>,
    source: Vec<u8>,
    down: Option<(&str, Vec<u8>)>,
) -> Result<OldMigration, Problem> {
    let down = down.map(|(back, bytes)| Ok::<_, Problem>(OldText::whole(back, text_of(back, &bytes)?))).transpose()?;
    Ok(OldMigration {
        version: name.version(),
        description: name.description(),
        up: OldText::whole(file, text_of(file, &source)?),
        down,
        file: file.to_owned(),
        source,
        is_repeatable: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_with_signs_between_are_one_version() {
        for (file, version, description) in [
            ("2023-01-02_a.sql", "20230102", "a"),
            ("2023_01_02_add_b.sql", "20230102", "add b"),
            ("2023_01_02_123000_c.sql", "20230102123000", "c"),
            ("2023-01-02-d.sql", "20230102", "d"),
            ("2023-13-02_e.sql", "2023", "13 02 e"),
            ("2023_01_f.sql", "2023", "01 f"),
            ("001_a.sql", "1", "a"),
            ("1é-01-02_a.sql", "1", "é 01 02 a"),
        ] {
            let name = name_of(file).unwrap();
            assert_eq!((name.version().as_str(), name.description().as_str()), (version, description), "{file}");
        }
    }
}
