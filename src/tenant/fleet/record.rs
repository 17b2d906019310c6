//! What is remembered of a fleet run so that it can be continued: one file of JSON lines a run, in a folder of the project. Names, revisions
//! and outcomes only: no URL, no sentence, nothing that could be a secret.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::revision::RevisionId;

/// Older runs than so many are forgotten.
const KEPT: usize = 20;

const EXTENSION: &str = "jsonl";

/// What is wrong with the memory of runs.
#[derive(Debug, Error)]
pub enum RecordError {
    /// A file or folder that cannot be read or written.
    #[error("cannot {verb} {}: {source}", path.display())]
    Io {
        /// `read` or `write`.
        verb: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that this version did not write.
    #[error("{} is not the record of a fleet run", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
    },
}

/// What a run was asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunIntent {
    /// `upgrade` or `downgrade`
    pub operation: String,
    /// As typed, or the head that it meant at the time.
    pub target: String,
    /// Waves, as typed; of all tenants below.
    pub waves: String,
    /// Failures that end it, as typed.
    pub on_error: String,
    /// The tenants that there was something to do for, in their order, then those of which that could not be told.
    pub tenants: Vec<TenantIntent>,
}

/// What a run was to do with a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantIntent {
    /// Its name.
    pub name: String,
    /// A digest of where it lies, if that was known.
    #[serde(default)]
    pub place: Option<String>,
    /// Its version table could not be read, or made no sense: the rows below say nothing.
    #[serde(default)]
    pub is_unknown: bool,
    /// Rows of its version table before.
    pub from: Vec<RevisionId>,
    /// Rows afterwards.
    pub to: Vec<RevisionId>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line {
    Began {
        time: String,
        intent: RunIntent,
    },
    /// A tenant that was unknown before.
    Planned {
        intent: TenantIntent,
    },
    Tenant {
        time: String,
        name: String,
        outcome: String,
    },
    Ended {
        time: String,
        is_complete: bool,
    },
}

/// The folder in which a project's runs are remembered.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
}

/// A run that is being remembered.
#[derive(Debug)]
pub struct RunRecord {
    path: PathBuf,
    file: File,
}

/// A run that is remembered.
#[derive(Debug)]
pub struct PastRun {
    /// What it was asked to do.
    pub intent: RunIntent,
    /// When it began, RFC 3339.
    pub began: String,
    /// The tenants that are done.
    pub done: BTreeSet<String>,
    /// Whether every tenant is.
    pub is_complete: bool,
    path: PathBuf,
}

impl RunFolder {
    /// The folder, which need not exist.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Begins to remember a run.
    ///
    /// # Errors
    /// The folder or file cannot be written.
    pub fn begin(&self, intent: &RunIntent) -> Result<RunRecord, RecordError> {
        fs::create_dir_all(&self.path).map_err(|source| io("write", &self.path, source))?;
        self.forget_old();
        let now = Utc::now();
        let name = format!("{}-{}.{EXTENSION}", now.format("%Y%m%dT%H%M%S%.6fZ"), std::process::id());
        let path = self.path.join(name);
        let opened = OpenOptions::new().append(true).create_new(true).open(&path);
        let file = opened.map_err(|source| io("write", &path, source))?;
        let mut record = RunRecord { path, file };
        record.write(&Line::Began { time: written(now), intent: intent.clone() })?;
        Ok(record)
    }

    /// The runs, newest first.
    ///
    /// # Errors
    /// A file that cannot be read, or that this version did not write.
    pub fn runs(&self) -> Result<Vec<PastRun>, RecordError> {
        self.files().iter().rev().map(|path| read(path)).collect()
    }

    /// Oldest first: their names begin with the time.
    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        let mut paths: Vec<PathBuf> =
            paths.filter(|path| path.extension().is_some_and(|end| end == EXTENSION)).collect();
        paths.sort();
        paths
    }

    fn forget_old(&self) {
        let files = self.files();
        for path in files.iter().take((files.len() + 1).saturating_sub(KEPT)) {
            // One that cannot be removed is only one too many.
            let _ = fs::remove_file(path);
        }
    }
}

impl RunRecord {
    /// A tenant is over; `outcome` is `done`, `failed` or `interrupted`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn tenant(&mut self, name: &str, outcome: &str) -> Result<(), RecordError> {
        self.write(&Line::Tenant { time: written(Utc::now()), name: name.to_owned(), outcome: outcome.to_owned() })
    }

    /// What is planned for a tenant that could not be read when the run began.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn planned(&mut self, intent: &TenantIntent) -> Result<(), RecordError> {
        self.write(&Line::Planned { intent: intent.clone() })
    }

    /// The run is over; one that is complete is not continued.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn end(&mut self, is_complete: bool) -> Result<(), RecordError> {
        self.write(&Line::Ended { time: written(Utc::now()), is_complete })
    }

    fn write(&mut self, line: &Line) -> Result<(), RecordError> {
        let fault = |source| io("write", &self.path, source);
        let mut text = serde_json::to_string(line).map_err(|error| fault(error.into()))?;
        text.push('\n');
        // In one call: a run that is killed leaves whole lines.
        self.file.write_all(text.as_bytes()).map_err(fault)
    }
}

impl PastRun {
    /// Whether it leads every tenant to the same revision, wherever that is now.
    pub fn is_upgrade_to_revision(&self) -> bool {
        let symbol = self.intent.target.rsplit('@').next().unwrap_or_default();
        self.intent.operation == "upgrade" && !symbol.starts_with(['+', '-'])
    }

    /// Goes on with the same file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn go_on(&self) -> Result<RunRecord, RecordError> {
        let opened = OpenOptions::new().append(true).open(&self.path);
        let file = opened.map_err(|source| io("write", &self.path, source))?;
        Ok(RunRecord { path: self.path.clone(), file })
    }
}

fn read(path: &Path) -> Result<PastRun, RecordError> {
    let file = File::open(path).map_err(|source| io("read", path, source))?;
    let malformed = || RecordError::Malformed { path: path.to_owned() };
    let mut began: Option<(String, RunIntent)> = None;
    let mut outcomes: BTreeMap<String, String> = BTreeMap::new();
    let mut is_complete = false;
    let mut lines = BufReader::new(file).lines().peekable();
    while let Some(line) = lines.next() {
        let line = line.map_err(|source| io("read", path, source))?;
        match serde_json::from_str(&line) {
            Ok(Line::Began { time, intent }) => began = Some((time, intent)),
            Ok(Line::Planned { intent: planned }) => {
                let (_, intent) = began.as_mut().ok_or_else(malformed)?;
                intent
                    .tenants
                    .iter_mut()
                    .filter(|tenant| tenant.name == planned.name)
                    .for_each(|t| *t = planned.clone());
            }
            Ok(Line::Tenant { name, outcome, .. }) => {
                outcomes.insert(name, outcome);
            }
            Ok(Line::Ended { is_complete: complete, .. }) => is_complete = complete,
            // The machine went down while the last line was written.
            Err(_) if began.is_some() && lines.peek().is_none() => {}
            Err(_) => return Err(malformed()),
        }
    }
    let (began, intent) = began.ok_or_else(malformed)?;
    let done = outcomes.into_iter().filter(|(_, outcome)| outcome == "done").map(|(name, _)| name).collect();
    Ok(PastRun { intent, began, done, is_complete, path: path.to_owned() })
}

fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn io(verb: &'static str, path: &Path, source: std::io::Error) -> RecordError {
    RecordError::Io { verb, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent() -> RunIntent {
        let tenant = |name: &str| TenantIntent {
            name: name.to_owned(),
            place: None,
            is_unknown: false,
            from: vec![],
            to: vec!["r1".into()],
        };
        RunIntent {
            operation: "upgrade".to_owned(),
            target: "r1".to_owned(),
            waves: "1,rest".to_owned(),
            on_error: "max=1%".to_owned(),
            tenants: ["a", "b", "c"].map(tenant).to_vec(),
        }
    }

    impl PastRun {
        pub(crate) fn new(intent: RunIntent, done: BTreeSet<String>, is_complete: bool) -> Self {
            Self { intent, began: String::new(), done, is_complete, path: PathBuf::new() }
        }
    }

    fn unfinished(folder: &RunFolder) -> Option<PastRun> {
        folder.runs().unwrap().into_iter().next().filter(|run| !run.is_complete)
    }

    #[test]
    fn what_was_unknown_is_planned_later() {
        let home = tempfile::tempdir().unwrap();
        let folder = RunFolder::new(home.path().to_owned());
        let mut begun = intent();
        begun.tenants[1].is_unknown = true;
        folder.begin(&begun).unwrap().planned(&intent().tenants[1]).unwrap();
        assert_eq!(unfinished(&folder).unwrap().intent, intent());
    }

    #[test]
    fn a_run_that_was_killed_is_found_with_what_is_done() {
        let home = tempfile::tempdir().unwrap();
        let folder = RunFolder::new(home.path().join("deep/er"));
        assert!(unfinished(&folder).is_none());
        let mut record = folder.begin(&intent()).unwrap();
        record.tenant("a", "done").unwrap();
        record.tenant("b", "failed").unwrap();
        record.file.write_all(b"{\"event\": \"tena").unwrap();
        let found = unfinished(&folder).unwrap();
        assert_eq!((found.intent, found.done), (intent(), BTreeSet::from(["a".to_owned()])));
    }

    #[test]
    fn a_run_that_is_over_is_not_continued() {
        let home = tempfile::tempdir().unwrap();
        let folder = RunFolder::new(home.path().to_owned());
        folder.begin(&intent()).unwrap().end(true).unwrap();
        assert!(unfinished(&folder).is_none());
        folder.begin(&intent()).unwrap().end(false).unwrap();
        let found = unfinished(&folder).unwrap();
        found.go_on().unwrap().end(true).unwrap();
        assert!(unfinished(&folder).is_none());
    }

    #[test]
    fn only_the_last_runs_are_kept_and_nonsense_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let folder = RunFolder::new(home.path().to_owned());
        for _ in 0..KEPT + 5 {
            folder.begin(&intent()).unwrap();
        }
        assert_eq!(folder.files().len(), KEPT);
        fs::write(home.path().join("9.jsonl"), "[]\n").unwrap();
        assert!(matches!(folder.runs(), Err(RecordError::Malformed { .. })));
    }
}
