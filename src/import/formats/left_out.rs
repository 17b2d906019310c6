//! What a tool's reader did not take, so that a history gets no hole that nobody sees.

use std::collections::HashSet;

use super::Found;
use crate::import::directory::Directory;
use crate::import::error::Problem;
use crate::import::migration::OldMigration;
use crate::import::sections::Marker;
use crate::import::tool::Tool;

/// Names every file that looks like SQL and was not taken; one whose name begins like a version is a problem.
pub(super) fn tell(directory: &Directory, tool: Tool, found: &mut Found) {
    let taken: HashSet<&str> = found
        .migrations
        .iter()
        .flat_map(|migration| migration.texts().map(|text| text.file.as_str()).chain([migration.file.as_str()]))
        .chain(found.problems.iter().map(|problem| problem.file.as_str()))
        .collect();
    // Flyway's reader tells of those itself.
    let is_told = |file: &str| tool == Tool::Flyway && file.ends_with(".sql");
    let left: Vec<&str> =
        directory.files().filter(|file| looks_like_sql(file) && !taken.contains(file) && !is_told(file)).collect();
    let (versioned, others): (Vec<&str>, Vec<&str>) = left.into_iter().partition(|file| is_versioned(file, tool));
    let problems: Vec<Problem> = versioned
        .into_iter()
        // A twin, of which the reader told by the name of the other.
        .filter(|file| found.problems.is_empty() || !file.ends_with(".sql") || file.contains('/'))
        .map(|file| {
            let reason = format!("this looks like a migration, and {}", why(file, tool));
            Problem::of(file, format!("{reason}; rename or move it, or `--leave-out {file}`"))
        })
        .collect();
    let notes = others.into_iter().map(|file| format!("{file} is left out: it is no migration of {tool}"));
    found.notes.extend(notes);
    found.problems.extend(problems);
}

fn looks_like_sql(file: &str) -> bool {
    let lower = file.to_lowercase();
    [".sql", ".psql", ".pgsql", ".ddl"].iter().any(|suffix| lower.ends_with(suffix))
}

fn is_versioned(file: &str, tool: Tool) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    let begins_with_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let of_flyway =
        || name.starts_with("R__") || name.strip_prefix(['V', 'U', 'v', 'u']).is_some_and(begins_with_digit);
    begins_with_digit(name) || (tool == Tool::Flyway && of_flyway())
}

fn why(file: &str, tool: Tool) -> String {
    if !file.ends_with(".sql") {
        "its name does not end with .sql in small letters".to_owned()
    } else if file.contains('/') {
        format!("{tool} reads no such folder")
    } else {
        format!("it is none of {tool}")
    }
}

/// Files with both directions, read as if they had one: everything in them would run, and the way down with it.
pub(super) fn foreign_markers(tool: Tool, migrations: &[OldMigration]) -> Vec<Problem> {
    type Marks = fn(&str) -> Option<Marker>;
    const OTHERS: [(Tool, Marks); 3] = [
        (Tool::Goose, super::goose_marker),
        (Tool::Dbmate, super::dbmate_marker),
        (Tool::SqlMigrate, super::sql_migrate_marker),
    ];
    if !matches!(tool, Tool::Numbered | Tool::Sqlx | Tool::GolangMigrate | Tool::Flyway) {
        return Vec::new();
    }
    let mark = |migration: &OldMigration| {
        migration.up.text.lines().enumerate().find_map(|(index, line)| {
            let is_direction =
                |marks: Marks| matches!(marks(line.trim_end()), Some(Marker::Up { .. } | Marker::Down { .. }));
            let (other, _) = OTHERS.into_iter().find(|(_, marks)| is_direction(*marks))?;
            Some(Problem::at(
                &migration.up.file,
                migration.up.line(index + 1),
                format!("this line is a marker of {other}, and {tool} knows none; `--from {other}`?"),
            ))
        })
    };
    migrations.iter().filter_map(mark).collect()
}
