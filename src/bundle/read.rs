use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::format::{FORM, Header, StatementLine};
use super::source::{Lines, TextReader};
use super::{BundleError, BundledRevision, BundledStep, Manifest, Way};
use crate::migrate::{Readings, SourceTexts};
use crate::plan::{Direction, Plan, Step};
use crate::revision::{RevisionId, RevisionIndex, RevisionMap};
use crate::script::{Script, ScriptDirectory, Spans};

/// A line that begins so is a step; every statement of it follows.
const STEP: &[u8] = b"{\"step\":";

/// A first line that is longer than this is none of a bundle.
const LONGEST_HEADER: u64 = 4096;

/// A bundle that is whole, its statements left in the file.
#[derive(Debug)]
pub struct Bundle {
    /// The file.
    pub path: PathBuf,
    /// What is true of all of it.
    pub manifest: Manifest,
    /// In the order of loading.
    pub revisions: Vec<BundledRevision>,
    /// SHA-256 of everything after the first line.
    pub sha256: String,
    pub(super) file: File,
    steps: HashMap<(bool, String), StepAt>,
}

/// Where the statements of a step are in the file.
#[derive(Debug, Clone)]
pub(super) struct StepAt {
    pub(super) step: BundledStep,
    pub(super) start: u64,
    pub(super) end: u64,
    /// Of the bytes in between.
    pub(super) sha256: [u8; 32],
}

impl Bundle {
    /// Reads a bundle once from end to end, and keeps everything but the statements.
    ///
    /// # Errors
    /// It is none, or not the one that was built: truncated, changed.
    pub fn open(path: &Path) -> Result<Self, BundleError> {
        let wrong = |source| BundleError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(wrong)?;
        let length = file.metadata().map_err(wrong)?.len();
        let mut input = BufReader::with_capacity(1 << 16, &file);
        let mut line = Vec::new();
        input.by_ref().take(LONGEST_HEADER).read_until(b'\n', &mut line).map_err(wrong)?;
        let header = header(path, &line)?;
        let rest = length.saturating_sub(line.len() as u64);
        if rest != header.bytes {
            return Err(BundleError::Length { path: path.to_owned(), expected: header.bytes, found: rest });
        }
        let mut reading = Reading::new(path, line.len() as u64);
        // What is found wrong with a line counts only if the hash is right: a changed file is to be called that.
        let mut fault = None;
        loop {
            line.clear();
            if input.read_until(b'\n', &mut line).map_err(wrong)? == 0 {
                break;
            }
            reading.hash.update(&line);
            if fault.is_none() {
                fault = reading.line(&line).err();
            }
        }
        let found = hexadecimal(&reading.hash.clone().finalize());
        if found != header.sha256 {
            return Err(BundleError::Hash { path: path.to_owned(), expected: header.sha256, found });
        }
        match fault {
            Some(fault) => Err(fault),
            None => reading.finish(file, found),
        }
    }

    /// The revisions as a deployment has them, and what their files say.
    ///
    /// # Errors
    /// They make no graph.
    pub fn scripts(&self) -> Result<(ScriptDirectory, Readings), BundleError> {
        let declared = self.revisions.iter().map(BundledRevision::declared).collect();
        let map = RevisionMap::build(declared)
            .map_err(|error| BundleError::Graph { path: self.path.clone(), reason: error.to_string() })?;
        let script = |revision: &BundledRevision| Script {
            revision: revision.declared(),
            path: revision.path.clone(),
            docstring: revision.docstring.clone(),
            spans: Spans::default(),
            squash: None,
        };
        let sources = (0..).map(RevisionIndex).zip(&self.revisions);
        let sources = sources.map(|(index, revision)| Ok((index, self.texts(revision)?)));
        let sources = sources.collect::<Result<_, BundleError>>()?;
        let scripts = self.revisions.iter().map(script).collect();
        Ok((ScriptDirectory { scripts, map, restored: Vec::new() }, Readings::of_sources(sources)))
    }

    /// What gates and history read of a revision.
    fn texts(&self, revision: &BundledRevision) -> Result<SourceTexts, BundleError> {
        let text = |is_downgrade| -> Result<Option<Vec<u8>>, BundleError> {
            let at = self.steps.get(&(is_downgrade, revision.revision.clone())).filter(|at| at.step.file.is_some());
            let Some(at) = at else { return Ok(None) };
            let mut text = Vec::new();
            let wrong = |source| BundleError::Read { path: self.path.clone(), source };
            // All of it: the history has the hash of the whole file.
            TextReader::new(self, at).read_to_end(&mut text).map_err(wrong)?;
            Ok(Some(text))
        };
        Ok(SourceTexts { python: revision.source.clone().into_bytes(), sql: [text(false)?, text(true)?] })
    }

    /// Whether all steps of a plan are in the bundle.
    ///
    /// # Errors
    /// The first one that is not.
    pub fn check_plan(&self, plan: &Plan) -> Result<(), BundleError> {
        let mut open = plan.steps.iter().filter(|step| step.direction != Direction::Stamp);
        open.try_for_each(|step| self.at(step).map(drop))
    }

    /// Whether the bundle knows every row of a version table.
    ///
    /// # Errors
    /// The first one that it does not know.
    pub fn check_rows(&self, map: &RevisionMap, rows: &[RevisionId]) -> Result<(), BundleError> {
        match rows.iter().find(|row| map.position(row.as_str()).is_none()) {
            Some(row) => Err(BundleError::UnknownRow { row: row.to_string() }),
            None => Ok(()),
        }
    }

    /// Where the statements of a step are.
    pub(super) fn at(&self, step: &Step) -> Result<&StepAt, BundleError> {
        let is_downgrade = step.direction == Direction::Downgrade;
        self.steps.get(&(is_downgrade, step.revision.to_string())).ok_or_else(|| {
            let revision = self.revisions.iter().find(|revision| revision.revision == step.revision.as_str());
            let reason = match revision.map(|revision| revision.way(step.direction)) {
                Some(Way::Python { reason }) => reason.clone(),
                _ => "it was not built".to_owned(),
            };
            BundleError::NeedsPython { direction: step.direction.name(), revision: step.revision.to_string(), reason }
        })
    }

    /// Every recorded statement of a step in the order of the file; none for a step that is not in it, or that is the text of an SQL file.
    ///
    /// # Errors
    /// The file cannot be read any more, or was changed meanwhile.
    pub(super) fn recorded(&self, revision: &str, direction: Direction) -> Result<Vec<String>, BundleError> {
        let is_downgrade = direction == Direction::Downgrade;
        match self.steps.get(&(is_downgrade, revision.to_owned())).filter(|at| at.step.file.is_none()) {
            None => Ok(Vec::new()),
            Some(at) => Lines::<StatementLine>::new(self, at).map(|line| Ok(line?.sql)).collect(),
        }
    }
}

/// What has been read so far.
struct Reading<'a> {
    path: &'a Path,
    hash: Sha256,
    /// Bytes before the line at hand.
    offset: u64,
    number: usize,
    manifest: Option<Manifest>,
    revisions: Vec<BundledRevision>,
    steps: HashMap<(bool, String), StepAt>,
    /// The step whose statements are being read.
    open: Option<(BundledStep, u64, Sha256)>,
}

impl<'a> Reading<'a> {
    fn new(path: &'a Path, offset: u64) -> Self {
        let (steps, revisions) = (HashMap::new(), Vec::new());
        Self { path, hash: Sha256::new(), offset, number: 1, manifest: None, revisions, steps, open: None }
    }

    fn line(&mut self, line: &[u8]) -> Result<(), BundleError> {
        self.number += 1;
        let start = self.offset;
        self.offset += line.len() as u64;
        if self.manifest.is_none() {
            self.manifest = Some(self.parsed(line)?);
        } else if line.starts_with(STEP) {
            self.close(start);
            let step: BundledStep = self.parsed(line)?;
            self.open = Some((step, self.offset, Sha256::new()));
        } else if let Some((_, _, hash)) = &mut self.open {
            hash.update(line);
        } else {
            let revision = self.parsed(line)?;
            self.revisions.push(revision);
        }
        Ok(())
    }

    fn close(&mut self, end: u64) {
        let Some((step, start, hash)) = self.open.take() else { return };
        let key = (step.step == Direction::Downgrade.name(), step.revision.clone());
        self.steps.insert(key, StepAt { step, start, end, sha256: hash.finalize().into() });
    }

    fn parsed<T: DeserializeOwned>(&self, line: &[u8]) -> Result<T, BundleError> {
        serde_json::from_slice(line).map_err(|error| BundleError::Line {
            path: self.path.to_owned(),
            line: self.number,
            reason: error.to_string(),
        })
    }

    fn finish(mut self, file: File, sha256: String) -> Result<Bundle, BundleError> {
        self.close(self.offset);
        let Self { path, manifest, revisions, steps, .. } = self;
        let manifest = manifest.ok_or_else(|| BundleError::NoBundle { path: path.to_owned() })?;
        Ok(Bundle { path: path.to_owned(), manifest, revisions, sha256, file, steps })
    }
}

fn header(path: &Path, line: &[u8]) -> Result<Header, BundleError> {
    let no_bundle = || BundleError::NoBundle { path: path.to_owned() };
    let value: serde_json::Value = serde_json::from_slice(line).map_err(|_| no_bundle())?;
    let form = value.get("limbec_bundle").and_then(serde_json::Value::as_u64).ok_or_else(no_bundle)?;
    if form != FORM {
        return Err(BundleError::Form { path: path.to_owned(), found: form, known: FORM });
    }
    serde_json::from_value(value).map_err(|_| no_bundle())
}

/// A part of a file, read where it is: the position of the file itself stays.
pub(super) struct Part<'a> {
    pub(super) file: &'a File,
    pub(super) at: u64,
    pub(super) end: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read_at(&mut buffer[..left], self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
