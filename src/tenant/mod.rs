//! One history, many databases: the tenants of a project, where each stands, and fleet runs over them.
//!
//! [`tenants`] asks the configured source; [`survey`] reads the version tables of all of them, without Python; [`Fleet`] migrates those that are
//! behind, each by a [`crate::migrate::Deployment`] of its own, in workers that serve one tenant after the other.

mod error;
mod fleet;
mod invocation;
mod lifecycle;
mod one;
mod queue;
mod rendered;
mod selection;
mod source;
mod survey;
mod template;

pub use error::TenantError;
pub use fleet::{
    Assignment, Failures, Feed, Fleet, FleetEvent, FleetReport, FleetReview, FleetTotals, InOrder, InWaves, OnError,
    OnErrorError, PastRun, PlaceRequest, RecordError, Resumable, RunFolder, RunIntent, RunOutcome, RunRecord, RunSql,
    StartPython, TenantIntent, TenantOutcome, TenantReport, TenantState, Waves, WavesError, choose, foresee_fleet,
};
pub use invocation::{tenant_arguments, tenant_invocation, tenant_variables};
pub use lifecycle::{
    Dropped, Estate, EstateRequest, Force, Home, Journal, LifecycleError, Made, Registration, SeedFile, SeedLanguage,
    SeedOutcome, SeedPlace, Seeded, Step, register, seed_files, take_turn, unregister,
};
pub use one::Tenant;
pub use queue::{
    Claim, Item, ItemCounts, ItemState, Lease, NewRun, Queue, QueueError, QueuePlace, Report, Run, RunState,
    SharedFeed, SharedPart,
};
pub use rendered::{Reason, Renderings, Way};
pub use selection::Selection;
pub use source::{SourceRequest, tenants};
pub use survey::{Standing, SurveyRequest, Surveyed, TenantTotals, check_apart, recorded, survey};
pub use template::Placeholders;
