use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::plan::{RenderedPlan, Surroundings, Witness};
use super::varying::{Varying, library_variable};
use super::way::{Judge, Reason, Way};
use crate::config::{EnvPy, TenantOptions};
use crate::database::{Connection, DatabaseUrl, VersionTableName};
use crate::migrate::{MigrateError, RenderedStep};
use crate::plan::{Plan, Step};
use crate::rendered::Heard;
use crate::runtime::RenderedDatabase;
use crate::script::{Imports, ScriptDirectory};

/// After so many first tenants that failed there is no first tenant to learn from.
const FAILURES: u32 = 3;

/// Which plans of a fleet run are rendered: shared by all workers. A plan is known by its steps, since what one step sends may depend on those
/// before it in the same run (SQLAlchemy remembers the enum types that it has created).
///
/// The first tenant with a plan is run by Python, which tells what is sent; for the second one env.py prints the same plan offline. If both are the
/// same, and nothing speaks against it, limbec runs the plan itself from then on.
#[derive(Debug)]
pub struct Renderings<'a> {
    judge: Judge<'a>,
    env_path: PathBuf,
    /// Variables and arguments that are not the same for every tenant.
    varying: Varying,
    /// Tenants that were served without Python.
    served: AtomicUsize,
    states: Mutex<HashMap<String, State>>,
    /// By URL: what the SQL depends on besides the plan.
    standings: Mutex<HashMap<String, String>>,
    changed: Condvar,
}

#[derive(Debug, Clone)]
enum State {
    /// No tenant has come through yet.
    New {
        failures: u32,
    },
    /// A worker is finding out.
    Busy,
    Witnessed(Arc<Witness>),
    Rendered(Arc<RenderedPlan>),
    Python(Reason),
}

/// What a worker does with a plan.
pub(crate) enum Turn<'l> {
    /// Python runs it.
    Python,
    /// Python runs it, and what it sends is recorded.
    Record(Ticket<'l>),
    /// env.py prints it, which is compared with what was recorded.
    Compare(Ticket<'l>, Arc<Witness>),
    /// limbec runs it.
    Native(Arc<RenderedPlan>),
}

/// One worker's part in finding out about a plan; others wait until it is settled or dropped.
pub(crate) struct Ticket<'l> {
    ledger: &'l Renderings<'l>,
    key: String,
    /// What the plan falls back to.
    before: Option<State>,
}

impl<'a> Renderings<'a> {
    /// Nothing is known yet. `imports` are modules that revisions may use, `env_path` is env.py.
    pub fn new(scripts: &'a ScriptDirectory, imports: &Imports, env: &EnvPy, env_path: &Path) -> Self {
        let judge = Judge::new(scripts, imports, env, env_path);
        Self {
            judge,
            env_path: env_path.to_owned(),
            varying: Varying::default(),
            served: AtomicUsize::new(0),
            states: Mutex::default(),
            standings: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// The same with a reason for which no revision is rendered.
    #[must_use]
    pub fn unless(mut self, reason: Option<&str>) -> Self {
        self.judge.against_all = self.judge.against_all.or(reason.map(Reason::new));
        self
    }

    /// The same for tenants with these settings.
    #[must_use]
    pub fn of_tenants(self, tenants: &TenantOptions) -> Self {
        let reason = library_variable(tenants)
            .map(|name| format!("each tenant has a {name} of its own, which is read by more than env.py"));
        Self { varying: Varying::of(tenants), ..self }.unless(reason.as_deref())
    }

    /// Whether some plan may be rendered.
    pub(crate) fn may_render(&self) -> bool {
        self.judge.against_all.is_none()
    }

    /// Which way a step goes, as far as that can be told without running it.
    pub fn way(&self, step: &Step) -> Way {
        self.judge.step(step)
    }

    /// What became of the run: how many tenants limbec has served itself, and why plans went to Python.
    pub fn verdicts(&self) -> (usize, Vec<Reason>) {
        let states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let reasons = states.values().filter_map(|state| match state {
            State::Python(reason) => Some(reason.clone()),
            _ => None,
        });
        let against_all = self.judge.against_all.clone();
        (self.served.load(Ordering::Relaxed), against_all.into_iter().chain(reasons).collect())
    }

    /// What the SQL for a database depends on besides the plan, if it was read before.
    pub(crate) fn known_standing(&self, url: &DatabaseUrl) -> Option<String> {
        self.standings.lock().unwrap_or_else(PoisonError::into_inner).get(&url.with_password()).cloned()
    }

    /// Keeps it for the other tenants of the database.
    pub(crate) fn remember_standing(&self, url: &DatabaseUrl, standing: &str) {
        let mut standings = self.standings.lock().unwrap_or_else(PoisonError::into_inner);
        standings.insert(url.with_password(), standing.to_owned());
    }

    /// A tenant was served without Python.
    pub(crate) fn served(&self) {
        self.served.fetch_add(1, Ordering::Relaxed);
    }

    /// What is to be done with a plan; waits while another worker is finding out.
    ///
    /// `standing` is what the SQL depends on besides the plan.
    pub(crate) fn turn(&self, plan: &Plan, standing: &str) -> Turn<'_> {
        if self.judge.against_all.is_some() || plan.steps.is_empty() {
            return Turn::Python;
        }
        let key = key(plan, standing);
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let state = match states.get(&key) {
                Some(state) => state.clone(),
                None => match self.judge.plan(plan) {
                    Some(reason) => State::Python(reason),
                    None => State::New { failures: 0 },
                },
            };
            let turn = match &state {
                State::Busy => {
                    states = self.changed.wait(states).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
                State::Rendered(plan) => return Turn::Native(plan.clone()),
                State::Python(_) => Turn::Python,
                State::New { .. } => {
                    Turn::Record(Ticket { ledger: self, key: key.clone(), before: Some(state.clone()) })
                }
                State::Witnessed(witness) => {
                    let ticket = Ticket { ledger: self, key: key.clone(), before: Some(state.clone()) };
                    Turn::Compare(ticket, witness.clone())
                }
            };
            let is_python = matches!(turn, Turn::Python);
            states.insert(key, if is_python { state } else { State::Busy });
            return turn;
        }
    }
}

impl Ticket<'_> {
    /// The first tenant is through: its version table, and whether limbec sets the search path.
    pub(crate) fn heard(
        mut self,
        heard: Heard,
        plan: &Plan,
        (table, has_path): (&VersionTableName, bool),
        connection: Option<&mut Connection>,
    ) {
        let witness = Witness::of(
            heard,
            plan,
            &Surroundings { table, has_path, env_path: &self.ledger.env_path, varying: &self.ledger.varying },
            connection,
        );
        self.settle(match witness {
            Ok(witness) => State::Witnessed(Arc::new(witness)),
            Err(reason) => State::Python(reason),
        });
    }

    /// What env.py prints for the second tenant; the plan, if it is to be run by limbec.
    pub(crate) fn printed(
        mut self,
        witness: &Witness,
        plan: &Plan,
        printed: Result<Vec<Vec<RenderedStep>>, MigrateError>,
    ) -> Option<Arc<RenderedPlan>> {
        let rendered = match printed {
            Ok(runs) => match runs.as_slice() {
                [steps] => witness.rendered(plan, steps),
                _ => Err(Reason::new("env.py runs migrations more than once offline")),
            },
            Err(error) => {
                let sentence = error.to_string();
                Err(Reason::new(format!(
                    "env.py prints nothing offline: {}",
                    sentence.lines().next().unwrap_or_default()
                )))
            }
        };
        match rendered {
            Ok(rendered) => {
                let rendered = Arc::new(rendered);
                self.settle(State::Rendered(rendered.clone()));
                Some(rendered)
            }
            Err(reason) => {
                self.settle(State::Python(reason));
                None
            }
        }
    }

    fn settle(&mut self, state: State) {
        self.before = None;
        self.ledger.set(&self.key, state);
    }
}

impl Renderings<'_> {
    fn set(&self, key: &str, state: State) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), state);
        self.changed.notify_all();
    }
}

impl Drop for Ticket<'_> {
    /// The tenant failed, and nothing was learnt.
    fn drop(&mut self) {
        let state = match self.before.take() {
            None => return,
            Some(State::New { failures }) if failures + 1 >= FAILURES => {
                State::Python(Reason::new("the first tenants failed"))
            }
            Some(State::New { failures }) => State::New { failures: failures + 1 },
            Some(before) => before,
        };
        self.ledger.set(&self.key, state);
    }
}

impl Witness {
    /// The database that env.py is to print a plan for.
    pub(crate) fn database(&self, plan: &Plan) -> RenderedDatabase {
        let heads = plan.steps.first().map(|step| step.from_heads.iter().map(ToString::to_string).collect());
        RenderedDatabase { heads: heads.unwrap_or_default(), driver: Some(self.driver()), has_version_table: true }
    }
}

/// Plans with the same steps in the same order, on databases of the same kind.
fn key(plan: &Plan, standing: &str) -> String {
    let steps = plan.steps.iter().map(|step| format!("{} {}", step.direction.name(), step.revision));
    format!("{standing}\n{}", steps.collect::<Vec<_>>().join("\n"))
}
