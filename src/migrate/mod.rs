//! The executor: a plan, a database and a runtime, reported by events. There is no second loop anywhere.

mod conversation;
mod creation;
mod deployment;
mod error;
mod event;
mod executor;
mod history;
mod native;
mod operation;
mod readings;
mod recorded;
mod rehearsal;
mod rendering;
mod sql_steps;
mod status;
mod supervisor;

pub use creation::{Created, Creation, CreationRequest};
pub use deployment::{
    Attendant, Consent, Deployment, DeploymentRequest, HookError, Kept, LOCK_WAIT, LeftBehind, Readiness, Remainder,
    ensure_version_table, has_half_downgrades, history_table, lock, review_measured, review_unmeasured,
};
pub use error::MigrateError;
pub use event::Event;
pub use executor::{Purge, run_env, stamp};
pub use history::{AdoptedHistory, Runner, adopt_history};
pub use native::{
    FileRefusal, HasRun, NativeFailure, NativeRun, ScriptStatement, StatementPlace, StepScript, StepSource, run_native,
};
pub use operation::Operation;
pub use readings::{Readings, SourceTexts};
pub use recorded::{RecordedListener, RecordedRun, RecordedStatement, RecordedStep};
pub use rehearsal::{
    AdvancedSequence, RehearsalRefusal, RehearsedRun, RehearsedStatement, RehearsedStep, TakenLock, rehearse_env,
};
pub use rendering::{RenderedPart, RenderedStatement, RenderedStep, StepFailure, render_env};
pub use sql_steps::{SqlStepError, SqlSteps, with_schema};
pub use status::{RevisionStanding, RevisionState, Standing};
pub use supervisor::{NamedLock, Preparation, Refusal, RunTarget, SqlStep, Statement, Supervisor};
