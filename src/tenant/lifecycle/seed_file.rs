use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::LifecycleError;
use super::secret::fault;

/// A file that fills a tenant's database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedFile {
    /// Its name, which it is recorded by.
    pub name: String,
    /// Where it is, absolute.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
    /// Hexadecimal SHA-256 of that.
    pub sha256: String,
    /// What it is written in.
    pub language: SeedLanguage,
}

/// What a seed is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeedLanguage {
    /// Several statements.
    Sql,
    /// A function `seed(connection)`.
    Python,
}

/// The seeds of a folder in the order of their names, or the one of a file. Other files are passed over.
///
/// # Errors
/// One of them cannot be read or is not UTF-8, or there is none.
pub fn seed_files(place: &Path) -> Result<Vec<SeedFile>, LifecycleError> {
    if place.is_file() {
        let file = read(place)?;
        return file
            .map(|file| vec![file])
            .ok_or_else(|| fault("use as a seed", place, "it is neither *.sql nor *.py"));
    }
    let folder = std::fs::read_dir(place).map_err(|error| fault("read", place, error))?;
    let mut files = Vec::new();
    for entry in folder {
        let path = entry.map_err(|error| fault("read", place, error))?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '_']));
        if !is_hidden && path.is_file() {
            files.extend(read(&path)?);
        }
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    if files.is_empty() {
        return Err(fault("seed from", place, "it has neither *.sql nor *.py"));
    }
    Ok(files)
}

fn read(path: &Path) -> Result<Option<SeedFile>, LifecycleError> {
    let language = match path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).as_deref() {
        Some("sql") => SeedLanguage::Sql,
        Some("py") => SeedLanguage::Python,
        _ => return Ok(None),
    };
    let bytes = std::fs::read(path).map_err(|error| fault("read", path, error))?;
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let text = String::from_utf8(bytes).map_err(|_| fault("read", path, "it is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Some(SeedFile { name, path: path.to_owned(), text, sha256, language }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_come_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        assert!(seed_files(folder.path()).unwrap_err().to_string().ends_with("neither *.sql nor *.py"));
        for name in ["20_b.py", "10_a.sql", "README.md", ".hidden.sql", "_draft.sql"] {
            std::fs::write(folder.path().join(name), "SELECT 1").unwrap();
        }
        let files = seed_files(folder.path()).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["10_a.sql", "20_b.py"]);
        assert_eq!(files[1].language, SeedLanguage::Python);
        assert_eq!(seed_files(&folder.path().join("10_a.sql")).unwrap().len(), 1);
        assert!(seed_files(&folder.path().join("README.md")).is_err());
        assert!(seed_files(&folder.path().join("absent")).is_err());
        std::fs::write(folder.path().join("30.sql"), b"\xff").unwrap();
        assert!(seed_files(folder.path()).unwrap_err().to_string().ends_with("it is not UTF-8"));
    }
}
