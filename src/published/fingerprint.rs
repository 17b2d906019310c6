use std::path::Path;

use sha2::{Digest, Sha256};

use super::Meaning;
use super::meaning::hexadecimal;
use crate::script::{Imports, RevisionFile};

/// What a revision file was when it ran: its bytes, and what they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub file_sha256: String,
    /// What it means.
    pub meaning: Meaning,
}

impl Fingerprint {
    /// Of a file that was read.
    pub fn of(file: &RevisionFile) -> Self {
        Self { file_sha256: Self::sha256_of(file.bytes()), meaning: Meaning::of(file) }
    }

    /// The hash of a file's bytes, as `file_sha256` has it.
    pub fn sha256_of(bytes: &[u8]) -> String {
        hexadecimal(&Sha256::digest(bytes))
    }

    /// Reads a file; what imports stand for in it is not looked at, as it does not count. `None`: it cannot be read.
    pub fn read(path: &Path) -> Option<(Self, RevisionFile)> {
        let bytes = std::fs::read(path).ok()?;
        let file = RevisionFile::parse(path, bytes, &Imports::new(&[]));
        Some((Self::of(&file), file))
    }
}
