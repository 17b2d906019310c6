//! What a tool's table says has run, as a part of the directory.

use std::collections::{HashMap, HashSet};

use super::checksum;
use super::error::ImportError;
use super::formats::FlywayVersion;
use super::migration::OldMigration;
use super::tool::Tool;
use super::tracking::{TrackingRow, TrackingTable};

/// What has run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Versions, as migrations have them.
    pub versions: HashSet<String>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// What is done about files that are not as they were when they ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// Nothing is taken over.
    Refused,
    /// They are taken as they are now.
    Allowed,
}

/// Reads a table as its tool does.
///
/// # Errors
/// A migration that was begun and not finished, versions without a file, files that changed since.
pub fn applied(
    table: &TrackingTable,
    tool: Tool,
    migrations: &[OldMigration],
    drift: Drift,
) -> Result<Applied, ImportError> {
    let reading = Reading { table, migrations };
    let (versions, changed) = match tool {
        Tool::GolangMigrate => (reading.golang_migrate()?, Vec::new()),
        Tool::Goose => (reading.goose(), Vec::new()),
        Tool::Dbmate => (reading.column("version"), Vec::new()),
        Tool::SqlMigrate => reading.sql_migrate(),
        Tool::Sqlx => reading.sqlx()?,
        Tool::Flyway => reading.flyway()?,
        Tool::Numbered | Tool::Sections => reading.named()?,
    };
    reading.check_files(&versions)?;
    let mut notes = Vec::new();
    if !changed.is_empty() {
        if drift == Drift::Refused {
            return Err(ImportError::Changed { table: table.name.clone(), files: changed });
        }
        notes.push(format!("changed since they were applied, and taken as they are now: {}", changed.join(", ")));
    }
    Ok(Applied { versions: versions.into_iter().collect(), notes })
}

struct Reading<'a> {
    table: &'a TrackingTable,
    migrations: &'a [OldMigration],
}

impl Reading<'_> {
    /// A single row: the version up to which everything has run.
    fn golang_migrate(&self) -> Result<Vec<String>, ImportError> {
        let Some(row) = self.table.rows.first() else { return Ok(Vec::new()) };
        let version = row.text(&["version"]).unwrap_or_default();
        if row.flag("dirty") == Some(true) {
            return Err(self.unfinished(&version, "it is dirty: it was begun and failed"));
        }
        // What is left when everything was taken back.
        if version.starts_with('-') || version.is_empty() {
            return Ok(Vec::new());
        }
        let Some(at) = self.migrations.iter().position(|migration| migration.version == version) else {
            return Ok(vec![version]);
        };
        Ok(self.migrations.iter().take(at + 1).map(|migration| migration.version.clone()).collect())
    }

    /// The last row of each version says whether it is applied; 0 is where it began.
    fn goose(&self) -> Vec<String> {
        let mut last: HashMap<String, bool> = HashMap::new();
        for row in &self.table.rows {
            if let Some(version) = row.text(&["version_id"]).filter(|version| version != "0") {
                last.insert(version, row.flag("is_applied") == Some(true));
            }
        }
        let mut versions: Vec<String> =
            last.into_iter().filter(|(_, is_applied)| *is_applied).map(|(version, _)| version).collect();
        versions.sort();
        versions
    }

    fn column(&self, name: &str) -> Vec<String> {
        self.table.rows.iter().filter_map(|row| row.text(&[name])).collect()
    }

    /// Identifiers are names of files; a checksum, where there is one, is the SHA-256 of the file.
    fn sql_migrate(&self) -> (Vec<String>, Vec<String>) {
        let (mut versions, mut changed) = (Vec::new(), Vec::new());
        for row in &self.table.rows {
            let Some(id) = row.text(&["id"]) else { continue };
            let version = id.strip_suffix(".sql").unwrap_or(&id).to_owned();
            let recorded = row.text(&["checksum"]).unwrap_or_default();
            if let Some(migration) = self.migration(&version)
                && checksum::is_of(&recorded, &migration.source) == Some(false)
            {
                changed.push(migration.file.clone());
            }
            versions.push(version);
        }
        (versions, changed)
    }

    fn sqlx(&self) -> Result<(Vec<String>, Vec<String>), ImportError> {
        let (mut versions, mut changed) = (Vec::new(), Vec::new());
        for row in &self.table.rows {
            let Some(version) = row.text(&["version"]) else { continue };
            if row.flag("success") == Some(false) {
                return Err(self.unfinished(&version, "it failed (success is false)"));
            }
            let recorded = row.text(&["checksum"]).unwrap_or_default();
            if let Some(migration) = self.migration(&version)
                && !recorded.trim_start_matches("\\x").eq_ignore_ascii_case(&checksum::sqlx(&migration.source))
            {
                changed.push(migration.file.clone());
            }
            versions.push(version);
        }
        Ok((versions, changed))
    }

    /// `JdbcTableSchemaHistory`: a baseline stands for everything up to it, an undo for its version's end.
    fn flyway(&self) -> Result<(Vec<String>, Vec<String>), ImportError> {
        let mut versions: Vec<String> = Vec::new();
        let mut checksums: HashMap<String, Option<String>> = HashMap::new();
        for row in &self.table.rows {
            let kind = row.text(&["type"]).unwrap_or_default();
            let raw = row.text(&["version"]);
            let script = row.text(&["script"]).unwrap_or_default();
            if row.flag("success") == Some(false) {
                return Err(self.unfinished(raw.as_deref().unwrap_or(&script), "it failed (success is false)"));
            }
            let version = match raw.as_deref().map(FlywayVersion::parse) {
                Some(Some(version)) => version.to_string(),
                Some(None) => raw.unwrap_or_default(),
                None => match self.repeatable(&script) {
                    Some(version) => version,
                    // Rows of the schema's creation, and of repeatable files that are gone.
                    None => continue,
                },
            };
            match kind.as_str() {
                "SCHEMA" => {}
                "BASELINE" | "SQL_BASELINE" => versions.extend(self.up_to(&version)),
                "DELETE" | "UNDO_SQL" | "UNDO_SCRIPT" | "UNDO_JDBC" => {
                    versions.retain(|known| *known != version);
                    checksums.remove(&version);
                }
                _ => {
                    checksums.insert(version.clone(), row.text(&["checksum"]));
                    versions.push(version);
                }
            }
        }
        let is_changed = |migration: &&OldMigration| {
            let recorded = checksums.get(&migration.version).and_then(Option::as_ref);
            // The placeholders of a repeatable file are part of its checksum.
            let is_comparable = !(migration.is_repeatable && migration.up.text.contains("${"));
            recorded.is_some_and(|recorded| *recorded != checksum::flyway(&migration.source).to_string())
                && is_comparable
        };
        // A repeatable file that changed is one that is to run again.
        let changed: Vec<&OldMigration> = self.migrations.iter().filter(is_changed).collect();
        versions.retain(|version| {
            !changed.iter().any(|migration| migration.is_repeatable && migration.version == *version)
        });
        let files = changed.iter().filter(|migration| !migration.is_repeatable).map(|migration| migration.file.clone());
        Ok((versions, files.collect()))
    }

    fn up_to(&self, baseline: &str) -> Vec<String> {
        let Some(baseline) = FlywayVersion::parse(baseline) else { return Vec::new() };
        let versions = self.migrations.iter().map(|migration| &migration.version);
        versions
            .filter(|version| FlywayVersion::parse(version).is_some_and(|version| version <= baseline))
            .cloned()
            .collect()
    }

    fn repeatable(&self, script: &str) -> Option<String> {
        let name = script.rsplit('/').next()?;
        let migration =
            self.migrations.iter().find(|migration| migration.is_repeatable && migration.file_name() == name)?;
        Some(migration.version.clone())
    }

    /// A table of somebody's own: a row is a file's by the name of the file, else by its number.
    fn named(&self) -> Result<(Vec<String>, Vec<String>), ImportError> {
        const NAMES: [&str; 8] =
            ["filename", "file_name", "script", "migration_name", "name", "migration", "version", "id"];
        let (mut versions, mut changed) = (Vec::new(), Vec::new());
        let mut rows: HashMap<&str, String> = HashMap::new();
        for row in &self.table.rows {
            let Some(shown) = row.text(&NAMES) else { continue };
            // Where there is another name, a column `id` is a count.
            let names = if row.text(&NAMES[..7]).is_some() { &NAMES[..7] } else { &NAMES[7..] };
            let texts: Vec<String> = names.iter().filter_map(|column| row.text(&[column])).collect();
            if let Some(reason) = unfinished_state(row) {
                return Err(self.unfinished(&shown, &reason));
            }
            let Some(migration) = self.by_row(&shown, &texts)? else {
                versions.push(shown);
                continue;
            };
            if let Some(first) = rows.insert(&migration.version, shown.clone()) {
                let (table, file) = (self.table.name.clone(), migration.file.clone());
                return Err(ImportError::TwoRows { table, rows: [first, shown], file });
            }
            let recorded = row.text(&["checksum", "hash"]);
            if recorded.and_then(|recorded| checksum::is_of(&recorded, &migration.source)) == Some(false) {
                changed.push(migration.file.clone());
            }
            versions.push(migration.version.clone());
        }
        Ok((versions, changed))
    }

    /// The migration that a row is about: by the name of its file, else by its number. What it is called decides where there is neither, and
    /// only if one file is called so: several updates may all be called `update`.
    fn by_row(&self, shown: &str, texts: &[String]) -> Result<Option<&OldMigration>, ImportError> {
        if let Some(named) = texts.iter().find_map(|text| by_file_name(self.migrations, text)) {
            return Ok(Some(named));
        }
        let numbered = texts.iter().find_map(|text| by_number(self.migrations, text));
        let described: Vec<&OldMigration> = texts
            .iter()
            .map(|text| super::formats::words(text))
            .find_map(|words| {
                let called = self.migrations.iter().filter(|migration| migration.description == words);
                Some(called.collect()).filter(|called: &Vec<&OldMigration>| !words.is_empty() && !called.is_empty())
            })
            .unwrap_or_default();
        match (numbered, described.as_slice()) {
            (None, []) => Ok(None),
            (None, [only]) => Ok(Some(only)),
            (Some(numbered), [other]) if other.version != numbered.version => {
                Err(self.undecided(shown, &[numbered, other]))
            }
            (Some(numbered), _) => Ok(Some(numbered)),
            (None, several) => Err(self.undecided(shown, several)),
        }
    }

    fn undecided(&self, shown: &str, migrations: &[&OldMigration]) -> ImportError {
        let files = migrations.iter().map(|migration| migration.file.clone()).collect();
        ImportError::Undecided { table: self.table.name.clone(), row: shown.to_owned(), files }
    }

    fn migration(&self, version: &str) -> Option<&OldMigration> {
        self.migrations.iter().find(|migration| migration.version == version)
    }

    fn check_files(&self, versions: &[String]) -> Result<(), ImportError> {
        let missing: Vec<String> =
            versions.iter().filter(|version| self.migration(version).is_none()).cloned().collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(ImportError::NoFile { table: self.table.name.clone(), versions: missing })
        }
    }

    fn unfinished(&self, version: &str, reason: &str) -> ImportError {
        ImportError::Unfinished {
            table: self.table.name.clone(),
            version: version.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

/// `001_name.sql` or `001_name`, in whatever folder.
fn by_file_name<'m>(migrations: &'m [OldMigration], text: &str) -> Option<&'m OldMigration> {
    let name = text.rsplit('/').next().unwrap_or(text);
    migrations.iter().find(|migration| migration.file_name() == name || migration.stem() == name)
}

/// `001`, `1`, `20230101_120000`.
fn by_number<'m>(migrations: &'m [OldMigration], text: &str) -> Option<&'m OldMigration> {
    let number: String = text.chars().filter(|c| *c != '_' && *c != '-').collect();
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.trim_start_matches('0');
    migrations.iter().find(|migration| is_number && migration.version.trim_start_matches('0') == number)
}

/// What a person says has run: everything up to a version or a file.
///
/// # Errors
/// There is none such.
pub fn applied_until(migrations: &[OldMigration], last: &str) -> Result<Applied, ImportError> {
    let flyway = FlywayVersion::parse(last).map(|version| version.to_string());
    let by_version = || {
        let is_it = |migration: &&OldMigration| {
            migration.version == last || flyway.as_ref().is_some_and(|version| *version == migration.version)
        };
        migrations.iter().find(is_it)
    };
    let found = by_file_name(migrations, last).or_else(by_version).or_else(|| by_number(migrations, last)).ok_or_else(
        || {
            let files = migrations.iter().map(|migration| migration.file.clone()).collect();
            ImportError::NoSuchVersion { version: last.to_owned(), files }
        },
    )?;
    let at = migrations.iter().position(|migration| migration.version == found.version).unwrap_or_default();
    let versions = migrations.iter().take(at + 1).map(|migration| migration.version.clone()).collect();
    Ok(Applied { versions, notes: Vec::new() })
}

/// What a column of states says, if it is not that the migration is done.
fn unfinished_state(row: &TrackingRow) -> Option<String> {
    const DONE: [&str; 12] = [
        "applied",
        "success",
        "succeeded",
        "completed",
        "complete",
        "done",
        "executed",
        "ok",
        "up",
        "1",
        "true",
        "migrated",
    ];
    if row.flag("success") == Some(false) || row.flag("dirty") == Some(true) {
        return Some("it failed".to_owned());
    }
    let state = row.text(&["status", "execution_status", "state"])?;
    (!DONE.contains(&state.to_lowercase().as_str())).then(|| format!("its state is `{state}`"))
}

/// How many of the migrations, counted from the first, have run.
///
/// # Errors
/// They are not the first ones: something after them has run.
pub fn applied_prefix(in_order: &[&OldMigration], versions: &HashSet<String>) -> Result<usize, ImportError> {
    let is_applied = |migration: &OldMigration| versions.contains(&migration.version);
    let prefix = in_order.iter().take_while(|migration| is_applied(migration)).count();
    let rest = in_order.get(prefix..).unwrap_or_default();
    // A repeatable one runs again whenever it changes, so that to run it once more is what it is made for.
    let Some(last) = rest.iter().rposition(|migration| is_applied(migration) && !migration.is_repeatable) else {
        return Ok(prefix);
    };
    let files = |wanted: bool| {
        let part = rest.iter().take(last + 1).filter(|migration| is_applied(migration) == wanted);
        part.map(|migration| migration.file.clone()).collect()
    };
    Err(ImportError::Holes { missing: files(false), applied: files(true) })
}

#[cfg(test)]
#[path = "applied_tests.rs"]
mod tests;
