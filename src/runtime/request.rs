use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::plan::TransactionMode;
use crate::script::Script;

/// What the driver is asked to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Request {
    /// Runs env.py once with the steps that the host plans.
    RunEnv(Invocation),
    /// Runs an Alembic command function itself.
    Command(Invocation),
    /// Runs env.py without a database and tells what it would use.
    Probe(Invocation),
    /// Runs env.py offline and tells the SQL of each step that the host plans.
    Render(Rendering),
    /// Runs the steps that the host plans in one transaction on env.py's connection, and rolls it back.
    Rehearse(Rehearsal),
    /// Imports revision files for what they declare; the answer is a list of `Metadata`, in the order of `paths`.
    Metadata {
        /// The files, absolute.
        paths: Vec<PathBuf>,
        /// `prepend_sys_path`.
        sys_path: Vec<String>,
    },
    /// Runs the function `seed(connection)` of a file in one transaction; the answer is whether it was run.
    Seed(Seeding),
    /// The directory of a `package:dir` resource; the answer is a string.
    Locate {
        /// `package:dir`, more colons for more directories.
        resource: String,
        /// `prepend_sys_path`.
        sys_path: Vec<String>,
    },
}

/// An Alembic command line and the project that it runs on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Invocation {
    /// Arguments in Alembic's spelling, without the program's name.
    pub argv: Vec<String>,
    /// All revisions in the order of loading; `None` lets Alembic load them itself, importing every file.
    pub scripts: Option<Vec<ScriptEntry>>,
    /// What limbec's settings say against env.py and the configuration.
    pub overrides: Overrides,
    /// The version table is not created even if it is absent (`current`, dry runs).
    pub dont_mutate: bool,
    /// What env.py itself writes to the database is rolled back (dry runs).
    pub untouched: bool,
    /// Environment variables that Python sees meanwhile, besides ours.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// The schema that names without one must lead to; anything but PostgreSQL has none.
    #[serde(default)]
    pub tenant_schema: Option<String>,
    /// Python answers in a process of its own, forked from the one that was started: nothing that user code leaves in it is found by the
    /// next request. Of a child alone ([`Mode::Child`](super::Mode)).
    #[serde(default)]
    pub isolated: bool,
    /// Log records that go to standard error are JSON objects, as limbec's own are.
    #[serde(default)]
    pub json_logs: bool,
    /// The statements of every step are told (`step_recorded`, `run_recorded`).
    #[serde(default)]
    pub record: bool,
}

/// A seed that is to be run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Seeding {
    /// The database, in SQLAlchemy's spelling.
    pub url: String,
    /// The file, absolute.
    pub path: PathBuf,
    /// `prepend_sys_path`.
    pub sys_path: Vec<String>,
    /// What is run in the transaction before.
    pub before: Vec<SqlStatement>,
    /// The seed is left out if this gives a row.
    pub unless: Option<SqlStatement>,
    /// What is run in the transaction after.
    pub after: SqlStatement,
}

/// A statement in the form of SQLAlchemy's `text()`, with its parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SqlStatement {
    /// The statement.
    pub sql: String,
    /// Its parameters by name.
    pub parameters: BTreeMap<String, String>,
}

/// What is to be rendered.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Rendering {
    /// The command line of the upgrade or downgrade.
    #[serde(flatten)]
    pub invocation: Invocation,
    /// One for every `run_migrations()` of env.py, in order.
    pub databases: Vec<RenderedDatabase>,
}

/// A database that SQL is rendered for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RenderedDatabase {
    /// Rows of the version table, in the order of the database.
    pub heads: Vec<String>,
    /// SQLAlchemy's name of the dialect, with or without a driver; `None`: env.py decides.
    pub driver: Option<String>,
    /// Whether the version table is there.
    pub has_version_table: bool,
}

/// What is to be rehearsed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Rehearsal {
    /// The command line of the upgrade or downgrade.
    #[serde(flatten)]
    pub invocation: Invocation,
    /// How often env.py calls `run_migrations()`.
    pub runs: usize,
    /// Settings of PostgreSQL in milliseconds, by name: `lock_timeout`, `statement_timeout`.
    pub limits_ms: BTreeMap<String, u64>,
}

/// What overrides env.py and the configuration.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Overrides {
    /// `sqlalchemy.url`; env.py must use it, or nothing is run.
    pub url: Option<String>,
    /// `version_table_schema`, whatever env.py gives.
    pub schema: Option<String>,
    /// Schemas of the connection's `search_path`, `{schema}` being that of the version table; empty: it is left alone.
    pub search_path: Vec<String>,
    /// How the steps are cut into transactions.
    pub transaction: Option<TransactionMode>,
    /// Main options of the ini section, set literally.
    pub options: BTreeMap<String, String>,
}

/// What the driver has to know of a revision to leave its file alone until it runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScriptEntry {
    /// Absolute, symlinks resolved.
    pub path: PathBuf,
    /// `revision`
    pub revision: String,
    /// `down_revision`, in declared order.
    pub down_revision: Vec<String>,
    /// `branch_labels` as declared.
    pub branch_labels: Vec<String>,
    /// `depends_on` as declared.
    pub depends_on: Vec<String>,
    /// The docstring, stripped.
    pub doc: String,
}

impl From<&Script> for ScriptEntry {
    fn from(script: &Script) -> Self {
        Self {
            path: script.path.clone(),
            revision: script.revision.id.to_string(),
            down_revision: script.revision.down.iter().map(ToString::to_string).collect(),
            branch_labels: script.revision.branch_labels.clone(),
            depends_on: script.revision.depends_on.clone(),
            doc: script.long_doc().to_owned(),
        }
    }
}

/// What a revision file declares, as its import tells.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Metadata {
    /// `revision`, absent where the file has none.
    pub revision: Option<String>,
    /// `down_revision`
    pub down_revision: Vec<String>,
    /// `branch_labels`
    pub branch_labels: Vec<String>,
    /// `depends_on`
    pub depends_on: Vec<String>,
    /// `__doc__`
    pub doc: Option<String>,
}
