//! One file a tool: which files it takes, in which order, and what it reads out of them.

mod dbmate;
mod flyway;
mod golang_migrate;
mod goose;
mod left_out;
mod numbered;
mod pairs;
mod plain_sections;
mod single;
mod sql_migrate;
mod sqlx;

use std::collections::HashMap;

use super::directory::Directory;
use super::error::{ImportError, Problem, none};
use super::migration::OldMigration;
use super::tool::Tool;

pub(super) use dbmate::marker as dbmate_marker;
pub(super) use flyway::{FlywayVersion, is_flyway_file};
pub(super) use goose::marker as goose_marker;
pub(super) use numbered::is_rollback;
pub(super) use plain_sections::marker as plain_marker;
pub(super) use single::words;
pub(super) use sql_migrate::marker as sql_migrate_marker;

/// What a directory holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) migrations: Vec<OldMigration>,
    pub(super) problems: Vec<Problem>,
    /// What a person should know.
    pub(super) notes: Vec<String>,
}

impl Found {
    pub(super) fn take(&mut self, migration: Result<OldMigration, Problem>) {
        match migration {
            Ok(migration) => self.migrations.push(migration),
            Err(problem) => self.problems.push(problem),
        }
    }
}

/// Reads a directory as a tool does: its migrations in the order in which the tool runs them, and what a person should know about the rest.
///
/// # Errors
/// Files that cannot be read or understood, versions of two files, programs where SQL is expected; nothing at all.
pub fn read(directory: &Directory, tool: Tool) -> Result<(Vec<OldMigration>, Vec<String>), ImportError> {
    let mut found = match tool {
        Tool::Numbered => numbered::read(directory),
        Tool::Dbmate => dbmate::read(directory),
        Tool::GolangMigrate => golang_migrate::read(directory),
        Tool::Goose => goose::read(directory),
        Tool::Sqlx => sqlx::read(directory),
        Tool::Flyway => flyway::read(directory),
        Tool::SqlMigrate => sql_migrate::read(directory),
        Tool::Sections => plain_sections::read(directory),
    }?;
    found.problems.extend(programs(directory, tool));
    found.problems.extend(twins(&found.migrations));
    left_out::tell(directory, tool, &mut found);
    found.problems.extend(left_out::foreign_markers(tool, &found.migrations));
    none(found.problems)?;
    if found.migrations.is_empty() {
        return Err(ImportError::NoMigrations {
            directory: directory.path.clone(),
            tool: Some(tool),
            others: directory.files().map(str::to_owned).collect(),
        });
    }
    Ok((found.migrations, found.notes))
}

/// Migrations that are programs; without them the history would have a hole.
fn programs(directory: &Directory, tool: Tool) -> Vec<Problem> {
    const SUFFIXES: [&str; 12] =
        [".go", ".java", ".kt", ".py", ".js", ".cjs", ".mjs", ".ts", ".rs", ".rb", ".sh", ".up.json"];
    let is_test = |file: &str| file.ends_with("_test.go");
    let is_versioned = |file: &str| {
        let name = file.rsplit('/').next().unwrap_or(file);
        let digits = if tool == Tool::Flyway { name.strip_prefix(['V', 'U', 'R']) } else { Some(name) };
        digits.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains('_'))
    };
    let files: Vec<&str> =
        if tool == Tool::Flyway { directory.files().collect() } else { directory.own_files().collect() };
    files
        .into_iter()
        .filter(|file| is_versioned(file) && !is_test(file) && SUFFIXES.iter().any(|suffix| file.ends_with(suffix)))
        .map(|file| {
            Problem::of(
                file,
                "this migration is a program, and only SQL can be taken over; write it as SQL, or as a Python revision",
            )
        })
        .collect()
}

/// Versions that two files have.
fn twins(migrations: &[OldMigration]) -> Vec<Problem> {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    let mut problems = Vec::new();
    for migration in migrations {
        if let Some(first) = seen.insert(&migration.version, &migration.file) {
            problems.push(Problem::of(&migration.file, format!("its version is that of {first} as well")));
        }
    }
    problems
}
