//! Which revisions are out of this branch's hands, because they are on the base branch or in the lock file.
//!
//! [`Base::find`] asks git for the revision files of the base branch (about five short runs of git, none of which reads a file that is
//! the same here), [`Lock::read`] reads the lock file, and [`Published::new`] puts them together with the files of the
//! working copy:
//!
//! - [`Published::get`]: the published revision of an id, with its path, its down revisions and what makes it published;
//! - [`PublishedRevision::contradicted_by`]: whether a file means something else now;
//! - [`Published::gone`], [`Published::missing`]: published revisions without a file here;
//! - [`Published::changed_since_base`]: the files that are new or changed;
//! - [`Published::fixed`]: whether a revision must keep its place in the graph.
//!
//! That there is no base branch is a value ([`NoBase`]), not an error.

mod base;
mod fingerprint;
mod former;
mod freeze;
mod git;
mod head_commit;
mod history_hash;
mod lock;
mod meaning;
mod no_base;
mod rebase;
mod revisions;
mod sql_on_base;
mod trace;
mod tree;

pub use base::{Base, BaseFile, BaseRequest, BaseState};
pub use fingerprint::Fingerprint;
pub use former::changed_parts;
pub use freeze::{Freezable, Freeze};
pub use head_commit::head_commit;
pub use history_hash::history_hash;
pub use lock::{FrozenRevision, LOCK_FILE, Lock, LockError};
pub use meaning::Meaning;
pub use no_base::NoBase;
pub use rebase::{Move, Rebase, RebaseError, RebaseRequest, plan_rebase};
pub use revisions::{Known, Published, PublishedRevision, Source, is_of_former};
pub use trace::{Trace, Traced};
