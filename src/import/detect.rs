use super::directory::Directory;
use super::error::ImportError;
use super::formats::{self, is_flyway_file};
use super::sections::Marker;
use super::tool::Tool;

/// What the files say of themselves.
#[derive(Debug, Default, Clone, Copy)]
struct Traits {
    flyway: usize,
    dbmate: usize,
    goose: usize,
    sql_migrate: usize,
    sections: usize,
    /// `.up.sql`
    pairs: usize,
    /// None of these.
    plain: usize,
    rollbacks: usize,
    /// A first line that only sqlx knows.
    sqlx_lines: usize,
}

/// The tools whose files these may be, by their names and markers, the likeliest first.
///
/// # Errors
/// A file cannot be read.
pub fn candidates(directory: &Directory) -> Result<Vec<Tool>, ImportError> {
    let mut traits =
        Traits { rollbacks: directory.files().filter(|file| formats::is_rollback(file)).count(), ..Traits::default() };
    traits.flyway = directory.files().filter(|file| is_flyway_file(file)).count();
    for file in directory.own_files().filter(|file| file.ends_with(".sql")) {
        let is_numbered = file.starts_with(|c: char| c.is_ascii_digit());
        let bytes = directory.bytes(file)?;
        let text = String::from_utf8_lossy(&bytes);
        traits.look(file, &text, is_numbered);
    }
    Ok(traits.candidates())
}

impl Traits {
    fn look(&mut self, file: &str, text: &str, is_numbered: bool) {
        let has_up = |marker: fn(&str) -> Option<Marker>| {
            text.lines().any(|line| matches!(marker(line.trim_end()), Some(Marker::Up { .. })))
        };
        if has_up(formats::sql_migrate_marker) {
            self.sql_migrate += 1;
        } else if is_numbered {
            self.look_at_numbered(file, text, has_up);
        }
    }

    fn look_at_numbered(&mut self, file: &str, text: &str, has_up: impl Fn(fn(&str) -> Option<Marker>) -> bool) {
        if has_up(formats::goose_marker) {
            self.goose += 1;
        } else if has_up(formats::dbmate_marker) {
            self.dbmate += 1;
        } else if has_up(formats::plain_marker) {
            self.sections += 1;
        } else if file.ends_with(".up.sql") || file.ends_with(".down.sql") {
            self.pairs += 1;
            self.sqlx_lines += usize::from(text.starts_with("-- no-transaction"));
        } else {
            self.plain += 1;
            self.sqlx_lines += usize::from(text.starts_with("-- no-transaction"));
        }
    }

    fn candidates(self) -> Vec<Tool> {
        let marked = [
            (Tool::Flyway, self.flyway),
            (Tool::Dbmate, self.dbmate),
            (Tool::Goose, self.goose),
            (Tool::SqlMigrate, self.sql_migrate),
            (Tool::Sections, self.sections),
        ];
        let marked: Vec<Tool> = marked.into_iter().filter(|(_, count)| *count > 0).map(|(tool, _)| tool).collect();
        if !marked.is_empty() {
            return marked;
        }
        match self {
            Self { rollbacks: 1.., plain: 1.., pairs: 0, .. } => vec![Tool::Numbered],
            Self { sqlx_lines: 1.., .. } => vec![Tool::Sqlx],
            Self { pairs: 1.., plain: 0, .. } => vec![Tool::GolangMigrate, Tool::Sqlx],
            Self { pairs: 1.., .. } => vec![Tool::Sqlx, Tool::GolangMigrate],
            Self { plain: 1.., .. } => vec![Tool::Sqlx, Tool::Numbered],
            _ => Vec::new(),
        }
    }
}
