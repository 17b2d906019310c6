//! A history tried out on databases that exist for that alone: what `limbec test` does.
//!
//! [`Place`] makes and drops ephemeral databases and keeps snapshots of them; [`Cluster`] brings a PostgreSQL where there is no
//! server; [`Provider`] lends them to another program; [`Trial`] replays the history there and judges every step by what the catalogue has before and after it;
//! [`TenantTrial`] does with sample tenants what a deployment does with all.

mod cluster;
mod error;
mod fixtures;
mod identity;
mod judge;
mod key;
mod place;
mod programs;
mod provider;
mod python;
mod report;
mod run;
mod tenants;
mod verdicts;

pub use cluster::{Cluster, ClusterRequest, cluster_folder};
pub use error::TrialError;
pub use fixtures::Fixtures;
pub use judge::sentence;
pub use key::{HistoryKeys, Ingredients, Key};
pub use place::{Ephemeral, Place};
pub use provider::{Provided, Provider, build};
pub use python::{EnvRuns, StartPython, compare_models};
pub use report::{Check, CheckName, Outcome, TrialReport};
pub(crate) use run::unless_ours;
pub use run::{Observer, Trial};
pub use tenants::{SampleTenant, TenantRun, TenantRuns, TenantTrial};
pub use verdicts::Verdicts;
