//! Which of the runs that are remembered is to be continued.

use std::collections::{BTreeMap, BTreeSet};

use super::record::PastRun;

/// What there is to continue.
#[derive(Debug)]
pub enum Resumable {
    /// No run of these tenants is remembered.
    None,
    /// All of them came to their ends.
    Complete,
    /// An unfinished run is of the other operation.
    OtherOperation(Box<PastRun>),
    /// An unfinished run is of other databases.
    Elsewhere {
        /// The run.
        run: Box<PastRun>,
        /// A tenant of it that lies elsewhere today; without one, none of its tenants is known to lie where it did.
        tenant: Option<String>,
    },
    /// This one.
    Found {
        /// The newest that fits.
        run: Box<PastRun>,
        /// Tenants that runs after it are done with.
        overtaken: BTreeSet<String>,
        /// How many older ones fit as well.
        older: usize,
    },
}

/// The newest unfinished run of the operation, of runs that are sorted with the newest first; `places` has today's digest of each
/// tenant's place, as far as it is known.
pub fn choose(runs: Vec<PastRun>, operation: &str, places: &BTreeMap<&str, Option<String>>) -> Resumable {
    let (mut found, mut other, mut elsewhere) = (None, None, None);
    let (mut overtaken, mut older, mut is_complete) = (BTreeSet::new(), 0, false);
    for run in runs {
        if let Err(tenant) = fits(&run, places) {
            if !run.is_complete && elsewhere.is_none() {
                elsewhere = Some((run, tenant));
            }
            continue;
        }
        let done = run.done.clone();
        if run.is_complete || is_over(&run, &overtaken) {
            is_complete = true;
        } else if run.intent.operation != operation {
            other.get_or_insert(run);
        } else if found.is_none() {
            found = Some((run, overtaken.clone()));
        } else {
            older += 1;
        }
        overtaken.extend(done);
    }
    match (found, other, elsewhere) {
        (Some((run, overtaken)), ..) => Resumable::Found { run: Box::new(run), overtaken, older },
        (None, Some(run), _) => Resumable::OtherOperation(Box::new(run)),
        (None, None, _) if is_complete => Resumable::Complete,
        (None, None, Some((run, tenant))) => Resumable::Elsewhere { run: Box::new(run), tenant },
        (None, None, None) => Resumable::None,
    }
}

/// Every tenant lies where it did, as far as that is known, and of one at least it is.
fn fits(run: &PastRun, places: &BTreeMap<&str, Option<String>>) -> Result<(), Option<String>> {
    let mut is_known = false;
    for tenant in &run.intent.tenants {
        let (Some(then), Some(Some(now))) = (&tenant.place, places.get(tenant.name.as_str())) else { continue };
        if then != now {
            return Err(Some(tenant.name.clone()));
        }
        is_known = true;
    }
    if is_known { Ok(()) } else { Err(None) }
}

/// What is left was done by later runs, and doing it now would undo them. An upgrade to a revision undoes nothing.
fn is_over(run: &PastRun, overtaken: &BTreeSet<String>) -> bool {
    let is_left = |name: &String| !run.done.contains(name);
    !run.is_upgrade_to_revision()
        && run
            .intent
            .tenants
            .iter()
            .map(|tenant| &tenant.name)
            .filter(|name| is_left(name))
            .all(|n| overtaken.contains(n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::{RunIntent, TenantIntent};

    fn run(operation: &str, tenants: &[&str], done: &[&str]) -> PastRun {
        let tenant = |name: &&str| TenantIntent {
            name: (*name).to_owned(),
            place: Some(format!("here {name}")),
            is_unknown: false,
            from: vec![],
            to: vec!["r1".into()],
        };
        let intent = RunIntent {
            operation: operation.to_owned(),
            target: "r1".to_owned(),
            waves: String::new(),
            on_error: "continue".to_owned(),
            tenants: tenants.iter().map(tenant).collect(),
        };
        let is_complete = tenants.len() == done.len();
        PastRun::new(intent, done.iter().map(|name| (*name).to_owned()).collect(), is_complete)
    }

    fn chosen(runs: Vec<PastRun>, operation: &str, place: &str) -> String {
        let names = ["a", "b", "c"];
        let places = names.iter().map(|name| (*name, Some(format!("{place} {name}")))).collect();
        match choose(runs, operation, &places) {
            Resumable::Found { run, older, overtaken } => {
                format!("{} of {}, {older} older, {overtaken:?}", run.done.len(), run.intent.tenants.len())
            }
            Resumable::Elsewhere { tenant, .. } => format!("elsewhere {tenant:?}"),
            Resumable::OtherOperation(run) => run.intent.operation,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_small_run_does_not_hide_an_unfinished_one() {
        let runs = || vec![run("upgrade", &["b"], &["b"]), run("upgrade", &["a", "b", "c"], &["a"])];
        assert_eq!(chosen(runs(), "upgrade", "here"), "1 of 3, 0 older, {\"b\"}");
        assert_eq!(chosen(runs(), "downgrade", "here"), "upgrade");
        assert_eq!(chosen(vec![], "upgrade", "here"), "None");
        assert_eq!(chosen(vec![run("upgrade", &["b"], &["b"])], "upgrade", "here"), "Complete");
    }

    #[test]
    fn a_run_of_other_databases_is_never_continued() {
        assert_eq!(chosen(vec![run("upgrade", &["a", "b"], &["a"])], "upgrade", "there"), "elsewhere Some(\"a\")");
        assert_eq!(chosen(vec![run("upgrade", &["x"], &[])], "upgrade", "here"), "elsewhere None");
    }

    #[test]
    fn a_downgrade_that_later_runs_have_overtaken_is_over() {
        let runs = vec![run("upgrade", &["b", "c"], &["b", "c"]), run("downgrade", &["a", "b", "c"], &["a"])];
        assert_eq!(chosen(runs, "downgrade", "here"), "Complete");
    }
}
