//! One fleet run that several runners share, on as many machines as there are, through two tables in the common PostgreSQL.
//!
//! [`Queue`] begins runs and reads them; [`SharedFeed`] gives their tenants to the workers of this runner. What a runner does with a tenant is
//! one statement each (`lease.rs`): claim, ask before beginning, renew, report, put back. Nothing is kept in a session, so that every pooler
//! will do, and a runner that is killed or frozen between two of them holds no lock in the common database.
//!
//! # Why nothing runs twice
//!
//! The queue alone could not promise it: between the moment in which a runner learns that a tenant is its own and the first statement in the
//! tenant's database it may be frozen for as long as anybody likes. The queue promises that a tenant is *given* to one runner at a time, and
//! that only the last one may report. That no revision *runs* twice is the promise of the tenant's own database: every runner takes its
//! migration lock, reads the version table under it, and runs what is missing. So, for a runner A that has a tenant, and B that takes it over:
//!
//! | A stops (killed, frozen, cut off) | what B finds | what A finds when it goes on |
//! |---|---|---|
//! | before it claims | a free tenant | another tenant |
//! | after it claims, before it asks | the lease over: takes it with a higher token | `may_begin` says no: it leaves the tenant alone |
//! | after it asks, before it has the lock | the lock free: migrates | waits for B's lock, or finds the tenant at head: nothing runs. Its report has the old token and does not count |
//! | with the lock, in a step, killed | PostgreSQL undoes the transaction and frees the lock when the connection ends: migrates from there | |
//! | with the lock, in a step, frozen | waits for the lock. Not in time: puts the tenant back, for later | commits; its report does not count; B finds the tenant at head and reports it |
//! | after the commit, before it reports | the tenant at head: reports it as done, with no steps | its report does not count: B's is the same |
//! | its report is sent, the answer lost | a finished tenant is not given out | reports again, which is the same report |
//!
//! What is left to the tenant's database is told in docs/locks.md: a migration lock that is a row (behind a pooler) expires, too, and is
//! checked in the transaction of every step; a step outside of a transaction can be half done when its runner is killed, which the history says.
//!
//! A heartbeat that is late but finds the token unchanged has lost nothing. One that cannot reach the common database is no reason to stop
//! the step that runs: the lease may be lost, and the table above holds.

mod error;
mod feed;
mod heartbeat;
mod lease;
mod link;
mod run;
mod store;
mod tables;

pub use error::QueueError;
pub use feed::{SharedFeed, SharedPart};
pub use lease::{Claim, Lease, Report};
pub use link::QueuePlace;
pub use run::{Item, ItemCounts, ItemState, NewRun, Run, RunState};
pub use store::Queue;
