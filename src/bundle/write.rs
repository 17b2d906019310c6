use std::fs::{File, Permissions};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::format::{FORM, Header, StatementLine, TextLine};
use super::read::hexadecimal;
use super::{BundleError, BundledRevision, BundledStep, Manifest};

/// The first line has this length, its line end included.
const HEADER_BYTES: usize = 144;

/// An SQL file is kept in pieces of at most so many bytes.
const PIECE: usize = 64 * 1024;

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

    /// The text of the last step's SQL file, in pieces that fit into memory.
    ///
    /// # Errors
    /// It cannot be read, or is not in UTF-8; else as [`BundleWriter::create`].
    pub fn text(&mut self, file: &Path) -> Result<(), BundleError> {
        let wrong = |source| BundleError::Source { path: file.to_owned(), source };
        let mut input = File::open(file).map_err(wrong)?;
        let mut buffer = vec![0; PIECE];
        let mut filled = 0;
        loop {
            let count = input.read(&mut buffer[filled..]).map_err(wrong)?;
            filled += count;
            if count == 0 && filled == 0 {
                return Ok(());
            }
            let whole = match std::str::from_utf8(&buffer[..filled]) {
                Ok(_) => filled,
                // The end of a piece may be in the middle of a character.
                Err(error) if error.error_len().is_none() && count > 0 => error.valid_up_to(),
                Err(error) => return Err(wrong(std::io::Error::new(std::io::ErrorKind::InvalidData, error))),
            };
            if whole > 0 {
                self.line(&TextLine { text: String::from_utf8_lossy(&buffer[..whole]).into_owned() })?;
                buffer.copy_within(whole..filled, 0);
                filled -= whole;
            }
        }
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
