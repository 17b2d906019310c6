use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::Meaning;
use super::meaning::hexadecimal;
use crate::script::{Imports, RevisionFile, SqlFile, SqlRevision};

/// What a revision file was when it ran: its bytes, and what they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// SHA-256 of the file, 64 hexadecimal digits; of one that runs SQL files, of its own hash and theirs.
    pub file_sha256: String,
    /// What it means.
    pub meaning: Meaning,
}

impl Fingerprint {
    /// Of a file that was read.
    pub fn of(file: &RevisionFile) -> Self {
        Self { file_sha256: Self::sha256_of_file(file), meaning: Meaning::of(file) }
    }

    /// The hash of bytes, 64 hexadecimal digits.
    pub fn sha256_of(bytes: &[u8]) -> String {
        hexadecimal(&Sha256::digest(bytes))
    }

    /// The hash of a revision, as `file_sha256` has it.
    pub fn sha256_of_file(file: &RevisionFile) -> String {
        let own = Self::sha256_of(file.bytes());
        let Some(sql) = file.sql() else { return own };
        let hashes = sql.files().map(|file| sha256_of_sql(file).unwrap_or_else(|_| "unreadable".to_owned()));
        hexadecimal(&Sha256::digest(format!("{own}\n{}\n", hashes.join("\n"))))
    }

    /// The same of the file at a path, which is parsed only where it may run SQL files. `None`: it cannot be read.
    pub fn sha256_at(path: &Path) -> Option<String> {
        let bytes = std::fs::read(path).ok()?;
        if SqlRevision::may_be(&bytes) {
            return Some(Self::sha256_of_file(&RevisionFile::parse(path, bytes, &Imports::new(&[])).with_sql_beside()));
        }
        Some(Self::sha256_of(&bytes))
    }

    /// Reads a file; what imports stand for in it is not looked at, as it does not count. `None`: it cannot be read.
    pub fn read(path: &Path) -> Option<(Self, RevisionFile)> {
        let bytes = std::fs::read(path).ok()?;
        let file = RevisionFile::parse(path, bytes, &Imports::new(&[])).with_sql_beside();
        Some((Self::of(&file), file))
    }
}

/// Of all of its bytes, read as a stream.
fn sha256_of_sql(file: &SqlFile) -> io::Result<String> {
    let Some(mut reader) = file.open()? else { return Ok("missing".to_owned()) };
    let mut hasher = Sha256::new();
    loop {
        let read = reader.fill_buf()?;
        if read.is_empty() {
            return Ok(hexadecimal(&hasher.finalize()));
        }
        hasher.update(read);
        let length = read.len();
        reader.consume(length);
    }
}
