use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::EnvPy;
use crate::plan::{Direction, Plan, Step};
use crate::rendered::prove;
use crate::script::{Imports, RevisionFile, ScriptDirectory};

/// Which way a revision goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Its statements are the same for every tenant.
    Rendered,
    /// A Python worker runs it.
    Python(Reason),
}

/// Why Python runs something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// A sentence without a full stop.
    pub sentence: String,
    /// Where that is seen.
    pub place: Option<(PathBuf, usize)>,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        match &self.place {
            Some((path, line)) => write!(f, " ({}:{line})", path.display()),
            None => Ok(()),
        }
    }
}

impl Reason {
    pub(super) fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), place: None }
    }
}

/// What can be told without running anything.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    scripts: &'a ScriptDirectory,
    imports: Imports,
    /// Why no revision is rendered; `None`: nothing speaks against it.
    pub(super) against_all: Option<Reason>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(scripts: &'a ScriptDirectory, imports: &Imports, env: &EnvPy, env_path: &Path) -> Self {
        let sentence = match env {
            EnvPy::Understood(summary) if summary.on_version_apply => {
                Some("env.py does something at every change of the version table (on_version_apply)".to_owned())
            }
            EnvPy::Understood(_) => None,
            EnvPy::Adopted(_) => Some("env.py was run by `limbec adopt`, but is not understood".to_owned()),
            EnvPy::Unknown { reason } => Some(format!("env.py is not understood: {reason}")),
        };
        let place = Some((env_path.to_owned(), 1));
        Self { scripts, imports: imports.clone(), against_all: sentence.map(|sentence| Reason { sentence, place }) }
    }

    /// Whether one step may be rendered, as its file says.
    pub(super) fn step(&self, step: &Step) -> Way {
        if let Some(reason) = &self.against_all {
            return Way::Python(reason.clone());
        }
        if step.direction == Direction::Stamp {
            return Way::Python(Reason::new("a stamp has no statements"));
        }
        let Some(position) = self.scripts.map.position(step.revision.as_str()) else {
            return Way::Python(Reason::new("it has no file"));
        };
        let path = &self.scripts.script(position).path;
        let file = RevisionFile::read(path, &self.imports);
        match prove(&file, step.direction) {
            Ok(()) => Way::Rendered,
            Err(doubt) => Way::Python(Reason { sentence: doubt.reason, place: Some((path.clone(), doubt.line)) }),
        }
    }

    /// Why a plan is not rendered; `None`: it may be.
    pub(super) fn plan(&self, plan: &Plan) -> Option<Reason> {
        plan.steps.iter().find_map(|step| match self.step(step) {
            Way::Rendered => None,
            Way::Python(reason) => {
                Some(Reason { sentence: format!("revision {}: {}", step.revision, reason.sentence), ..reason })
            }
        })
    }
}
