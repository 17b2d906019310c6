use std::fs::Permissions;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::format::{FORM, Header, StatementLine};
use super::read::hexadecimal;
use super::{BundleError, BundledRevision, BundledStep, Manifest};

/// The first line has this length, its line end included.
const HEADER_BYTES: usize = 144;

/// Writes a bundle line by line, under another name until it is whole.
pub struct BundleWriter {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
    hash: Sha256,
    bytes: u64,
}

impl BundleWriter {
    /// Begins a bundle. What is at `path` stays until [`BundleWriter::finish`].
    ///
    /// # Errors
    /// Nothing can be written there.
    pub fn create(path: &Path, manifest: &Manifest) -> Result<Self, BundleError> {
        let wrong = |source| BundleError::Write { path: path.to_owned(), source };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // As any other new file: the process's mask takes what it takes.
        let permissions = Permissions::from_mode(0o666);
        let file =
            tempfile::Builder::new().prefix(".bundle-").permissions(permissions).tempfile_in(folder).map_err(wrong)?;
        let mut writer = Self { path: path.to_owned(), file: BufWriter::new(file), hash: Sha256::new(), bytes: 0 };
        writer.file.write_all(&[b' '; HEADER_BYTES]).map_err(wrong)?;
        writer.line(manifest)?;
        Ok(writer)
    }

    /// A revision; all of them come before the first step.
    ///
    /// # Errors
    /// As [`BundleWriter::create`].
    pub fn revision(&mut self, revision: &BundledRevision) -> Result<(), BundleError> {
        self.line(revision)
    }

    /// A step, followed by its statements.
    ///
    /// # Errors
    /// As [`BundleWriter::create`].
    pub fn step(&mut self, step: &BundledStep) -> Result<(), BundleError> {
        self.line(step)
    }

    /// A statement of the last step.
    ///
    /// # Errors
    /// As [`BundleWriter::create`].
    pub fn statement(&mut self, sql: &str) -> Result<(), BundleError> {
        self.line(&StatementLine { sql: sql.to_owned() })
    }

    /// Puts the hash into the first line and the file where it belongs.
    ///
    /// # Errors
    /// As [`BundleWriter::create`].
    pub fn finish(self) -> Result<(), BundleError> {
        let Self { path, file, hash, bytes } = self;
        let wrong = |source| BundleError::Write { path: path.clone(), source };
        let header = Header { limbec_bundle: FORM, sha256: hexadecimal(&hash.finalize()), bytes };
        let text = serde_json::to_string(&header).map_err(|error| wrong(error.into()))?;
        let mut file = file.into_inner().map_err(|error| wrong(error.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(wrong)?;
        file.write_all(format!("{text:<width$}\n", width = HEADER_BYTES - 1).as_bytes()).map_err(wrong)?;
        file.as_file().sync_all().map_err(wrong)?;
        file.persist(&path).map_err(|error| wrong(error.error))?;
        Ok(())
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), BundleError> {
        let wrong = |source| BundleError::Write { path: self.path.clone(), source };
        let mut text = serde_json::to_vec(value).map_err(|error| wrong(error.into()))?;
        text.push(b'\n');
        self.hash.update(&text);
        self.bytes += text.len() as u64;
        self.file.write_all(&text).map_err(wrong)
    }
}
