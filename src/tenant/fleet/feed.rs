use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::TenantOutcome;
use crate::tenant::Surveyed;

/// A tenant that a worker is to migrate.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// Position in the list of the run.
    pub index: usize,
    /// The tenant.
    pub surveyed: Surveyed,
}

/// Who gives out tenants; workers ask from several threads.
pub trait Feed: Sync {
    /// The next tenant, waited for where there will be one (a later wave, say); `None` ends the worker.
    fn next(&self) -> Option<Assignment>;

    /// What became of it.
    fn finished(&self, assignment: &Assignment, outcome: &TenantOutcome);
}

/// One after the other, whatever happens.
#[derive(Debug)]
pub struct InOrder {
    left: Mutex<VecDeque<Assignment>>,
}

impl InOrder {
    /// The tenants, in the order in which they are given out.
    pub fn new(tenants: impl IntoIterator<Item = Assignment>) -> Self {
        Self { left: Mutex::new(tenants.into_iter().collect()) }
    }
}

impl Feed for InOrder {
    fn next(&self) -> Option<Assignment> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn finished(&self, _: &Assignment, _: &TenantOutcome) {}
}
