//! The life of a tenant: create, seed, register, drop; and bootstrap, which is all of the first ones, recorded step by step.

mod create;
mod drop;
mod error;
mod estate;
mod journal;
mod register;
mod secret;
mod seed;
mod seed_file;
mod statement;
mod turn;

pub use create::Made;
pub use drop::{Dropped, Force};
pub use error::LifecycleError;
pub use estate::{Estate, EstateRequest, Home};
pub use journal::{Journal, Step};
pub use register::{Registration, register, unregister};
pub use seed::{SeedOutcome, SeedPlace, Seeded};
pub use seed_file::{SeedFile, SeedLanguage, seed_files};
pub use turn::take_turn;
