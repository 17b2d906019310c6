use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::gate::Review;
use crate::migrate::{self, DeploymentRequest};
use crate::plan::Plan;
use crate::tenant::{Standing, Surveyed};

/// A tenant's losses, by its position in the list of tenants.
pub type FleetReview = (usize, Review);

/// What the plans of all tenants would destroy. What the files say is read once a plan; only where they destroy something is it measured, a
/// tenant at a time on each of so many connections. A database that cannot be asked is left with what the files say: its deployment will
/// fail, or ask again.
pub fn foresee_fleet(request: &DeploymentRequest<'_>, surveyed: &[Surveyed], connections: usize) -> Vec<FleetReview> {
    let behind: Vec<(usize, &Surveyed, &Arc<Plan>)> = surveyed
        .iter()
        .enumerate()
        .filter_map(|(index, found)| match &found.standing {
            Standing::Behind { plan, .. } => Some((index, found, plan)),
            _ => None,
        })
        .collect();
    let mut read: HashMap<(usize, String), Review> = HashMap::new();
    for (_, found, plan) in &behind {
        let (plan_of, dialect) = key(found, plan);
        let review = || migrate::review_unmeasured(request, plan, (&dialect, &found.table));
        read.entry((plan_of, dialect.clone())).or_insert_with(review);
    }
    let next = AtomicUsize::new(0);
    let reviews = Mutex::new(Vec::with_capacity(behind.len()));
    std::thread::scope(|scope| {
        for _ in 0..connections.clamp(1, behind.len().max(1)) {
            scope.spawn(|| {
                while let Some((index, found, plan)) = behind.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Some(unmeasured) = read.get(&key(found, plan)) else { continue };
                    let review = review_of(request, found, plan, unmeasured);
                    reviews.lock().unwrap_or_else(PoisonError::into_inner).push((*index, review));
                }
            });
        }
    });
    let mut reviews = reviews.into_inner().unwrap_or_else(PoisonError::into_inner);
    reviews.sort_by_key(|(index, _)| *index);
    reviews
}

/// Tenants with the same rows share their plan.
fn key(found: &Surveyed, plan: &Arc<Plan>) -> (usize, String) {
    (Arc::as_ptr(plan) as usize, found.url.as_ref().map(|url| url.dialect().to_string()).unwrap_or_default())
}

fn review_of(request: &DeploymentRequest<'_>, found: &Surveyed, plan: &Plan, unmeasured: &Review) -> Review {
    let database = found.url.as_ref().map(|url| url.obfuscated());
    let unmeasured = || Review { database: database.clone(), ..unmeasured.clone() };
    match &found.url {
        Some(url) if !unmeasured().destructive.is_empty() => {
            migrate::review_measured(request, plan, (url, &found.table)).unwrap_or_else(|_| unmeasured())
        }
        _ => unmeasured(),
    }
}
