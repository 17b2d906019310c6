use std::borrow::Cow;
use std::io::{BufRead, BufReader};

use sha2::{Digest, Sha256};

use super::format::StatementLine;
use super::read::{Part, StepAt};
use super::{Bundle, BundleError};
use crate::migrate::{Refusal, ScriptStatement, StepScript, StepSource};
use crate::plan::{Direction, Step};

/// The steps of a bundle, read from the file when they run.
#[derive(Debug, Clone, Copy)]
pub struct BundleSteps<'a>(pub &'a Bundle);

impl StepSource for BundleSteps<'_> {
    fn knows(&self, step: &Step) -> bool {
        step.direction == Direction::Stamp || self.0.at(step).is_ok()
    }

    fn script(&self, step: &Step) -> Result<StepScript<'_>, Refusal> {
        if step.direction == Direction::Stamp {
            return Ok(StepScript::of_texts(&[]));
        }
        let at = self.0.at(step)?;
        let statement = |read: Result<String, BundleError>| match read {
            Ok(sql) => Ok(ScriptStatement { sql: Cow::Owned(sql), place: None }),
            Err(error) => Err(Refusal::from(error)),
        };
        Ok(StepScript {
            outside_transaction: at.step.outside_transaction,
            statements: Box::new(Statements::new(self.0, at).map(statement)),
        })
    }
}

/// The statements of a step, one at a time; a failure at the end if they are others than when the bundle was opened.
pub(super) struct Statements<'a> {
    bundle: &'a Bundle,
    at: &'a StepAt,
    input: BufReader<Part<'a>>,
    hash: Option<Sha256>,
}

impl<'a> Statements<'a> {
    pub(super) fn new(bundle: &'a Bundle, at: &'a StepAt) -> Self {
        let part = Part { file: &bundle.file, at: at.start, end: at.end };
        Self { bundle, at, input: BufReader::new(part), hash: Some(Sha256::new()) }
    }

    fn changed(&mut self) -> BundleError {
        self.hash = None;
        BundleError::Changed {
            path: self.bundle.path.clone(),
            direction: if self.at.step.step == Direction::Downgrade.name() { "downgrade" } else { "upgrade" },
            revision: self.at.step.revision.clone(),
        }
    }
}

impl Iterator for Statements<'_> {
    type Item = Result<String, BundleError>;

    fn next(&mut self) -> Option<Self::Item> {
        let hash = self.hash.as_mut()?;
        let mut line = Vec::new();
        match self.input.read_until(b'\n', &mut line) {
            Err(source) => {
                self.hash = None;
                Some(Err(BundleError::Read { path: self.bundle.path.clone(), source }))
            }
            Ok(0) => {
                let is_same = hash.clone().finalize().as_slice() == self.at.sha256;
                self.hash = None;
                if is_same { None } else { Some(Err(self.changed())) }
            }
            Ok(_) => {
                hash.update(&line);
                match serde_json::from_slice::<StatementLine>(&line) {
                    Ok(statement) => Some(Ok(statement.sql)),
                    // It was whole when it was opened.
                    Err(_) => Some(Err(self.changed())),
                }
            }
        }
    }
}
