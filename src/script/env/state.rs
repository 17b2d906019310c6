use std::collections::{BTreeMap, HashSet};

use super::configure::Configuration;
use super::read::NotUnderstood;
use super::text::{Condition, Text};
use super::value::Value;

/// What has happened so far on one way through env.py.
#[derive(Debug, Clone, Default)]
pub(super) struct State<'a> {
    /// The module's names, then those of each function that is being run.
    pub(super) frames: Vec<Frame<'a>>,
    pub(super) dicts: BTreeMap<usize, Dict<'a>>,
    /// Options set on the `Config`.
    pub(super) options: BTreeMap<String, Value<'a>>,
    /// `configure` and `run_migrations`, in order.
    pub(super) events: Vec<Event>,
    /// Conditions under which env.py raises an error, and where.
    pub(super) raises: Vec<(Condition, usize)>,
    /// Where env.py changes the environment.
    pub(super) environment_changed: Option<usize>,
    /// How many transactions env.py is in.
    pub(super) transactions: usize,
    /// The migrations run in none of its own making.
    pub(super) runs_bare: bool,
    /// A module outside the standard library, Alembic and SQLAlchemy.
    pub(super) imported: Option<String>,
    /// It listens to connections, harmlessly as far as reading goes.
    pub(super) listens: bool,
    /// A `from x import *` came by: any name may be bound.
    pub(super) star_import: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Frame<'a> {
    pub(super) names: BTreeMap<String, Value<'a>>,
    /// Declared `global`.
    pub(super) globals: HashSet<String>,
}

/// A dictionary with text keys.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Dict<'a> {
    /// Begun as the ini's section.
    pub(super) section: bool,
    pub(super) entries: BTreeMap<String, Value<'a>>,
    /// Where unknown code got hold of it, or an unknown key was set.
    pub(super) touched: Option<usize>,
}

/// What a front end has to know of.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Event {
    Configure(Box<Configuration>, usize),
    Run(usize),
}

impl Event {
    pub(super) fn line(&self) -> usize {
        match self {
            Self::Configure(_, line) | Self::Run(line) => *line,
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Configure(..) => "context.configure",
            Self::Run(_) => "context.run_migrations",
        }
    }
}

impl<'a> State<'a> {
    pub(super) fn lookup(&self, name: &str) -> Option<&Value<'a>> {
        let local = self.frames.last().and_then(|frame| frame.names.get(name));
        local.or_else(|| self.frames.first().and_then(|frame| frame.names.get(name)))
    }

    pub(super) fn bind(&mut self, name: &str, value: Value<'a>) {
        let global = self.frames.last().is_some_and(|frame| frame.globals.contains(name));
        let frame = if global { self.frames.first_mut() } else { self.frames.last_mut() };
        if let Some(frame) = frame {
            frame.names.insert(name.to_owned(), value);
        }
    }

    /// Puts the errors from the n-th on under a condition.
    pub(super) fn raise_under(&mut self, from: usize, under: impl Fn(Condition) -> Condition) {
        let late = self.raises.split_off(from.min(self.raises.len()));
        self.raises.extend(late.into_iter().map(|(raise, line)| (under(raise), line)));
    }

    /// Joins two ways that began at one point: what differs becomes a choice when the condition can be told later, and
    /// unknown otherwise. `line` is that of the branch.
    pub(super) fn join(
        condition: Option<&Condition>,
        then: Self,
        otherwise: Self,
        line: usize,
    ) -> Result<Self, NotUnderstood> {
        if then.events != otherwise.events {
            let longer = if then.events.len() > otherwise.events.len() { &then.events } else { &otherwise.events };
            let event = longer.last().map_or("context.configure", Event::name);
            return Err(NotUnderstood::new(line, format!("whether {event} is called depends on a condition")));
        }
        let (mut then, mut otherwise) = (then, otherwise);
        if let Some(condition) = condition {
            let common = then.raises.iter().zip(&otherwise.raises).take_while(|(a, b)| a == b).count();
            let opposite = Condition::Not(Box::new(condition.clone()));
            then.raise_under(common, |raise| raise.under(condition));
            otherwise.raise_under(common, |raise| raise.under(&opposite));
        }
        let join = Join { condition, line };
        let mut joined = Self {
            frames: then
                .frames
                .into_iter()
                .zip(otherwise.frames)
                .map(|(a, b)| Frame {
                    names: join.maps(a.names, b.names, |_| None),
                    globals: a.globals.union(&b.globals).cloned().collect(),
                })
                .collect(),
            dicts: BTreeMap::new(),
            options: join.maps(then.options, otherwise.options, |name| Some(Value::Text(Text::ini(name)))),
            events: then.events,
            raises: then.raises,
            environment_changed: then.environment_changed.or(otherwise.environment_changed),
            imported: then.imported.or(otherwise.imported),
            listens: then.listens || otherwise.listens,
            transactions: then.transactions.min(otherwise.transactions),
            runs_bare: then.runs_bare || otherwise.runs_bare,
            star_import: then.star_import || otherwise.star_import,
        };
        for raised in otherwise.raises {
            if !joined.raises.contains(&raised) {
                joined.raises.push(raised);
            }
        }
        let (mut a, mut b) = (then.dicts, otherwise.dicts);
        for number in a.keys().chain(b.keys()).copied().collect::<std::collections::BTreeSet<_>>() {
            let dict = match (a.remove(&number), b.remove(&number)) {
                (Some(a), Some(b)) => {
                    let from_ini = a.section && b.section;
                    let absent = |key: &str| (from_ini && key == "sqlalchemy.url").then(|| Value::Text(Text::ini(key)));
                    Dict {
                        section: a.section,
                        touched: a.touched.or(b.touched),
                        entries: join.maps(a.entries, b.entries, absent),
                    }
                }
                (one, other) => one.or(other).unwrap_or_default(),
            };
            joined.dicts.insert(number, dict);
        }
        Ok(joined)
    }
}

/// How two values become one.
pub(super) struct Join<'c> {
    pub(super) condition: Option<&'c Condition>,
    pub(super) line: usize,
}

impl Join<'_> {
    fn maps<'a>(
        &self,
        mut a: BTreeMap<String, Value<'a>>,
        mut b: BTreeMap<String, Value<'a>>,
        absent: impl Fn(&str) -> Option<Value<'a>>,
    ) -> BTreeMap<String, Value<'a>> {
        let keys: std::collections::BTreeSet<String> = a.keys().chain(b.keys()).cloned().collect();
        keys.into_iter()
            .map(|key| {
                let value = match (a.remove(&key).or_else(|| absent(&key)), b.remove(&key).or_else(|| absent(&key))) {
                    (Some(a), Some(b)) => self.values(a, b),
                    (one, other) => one.or(other).map_or_else(Value::none, |value| self.perhaps(&value)),
                };
                (key, value)
            })
            .collect()
    }

    /// Two values of one name.
    pub(super) fn values<'a>(&self, a: Value<'a>, b: Value<'a>) -> Value<'a> {
        if a == b {
            return a;
        }
        if let Some(condition) = self.condition {
            let choice = |a: Text, b: Text| Text::Choice(Box::new(condition.clone()), Box::new(a), Box::new(b));
            match (&a, &b) {
                (Value::Text(a), Value::Text(b)) => {
                    let chosen = choice(a.clone(), b.clone());
                    if !chosen.is_huge() {
                        return Value::Text(chosen);
                    }
                }
                (Value::Engine(a), Value::Engine(b)) => {
                    let mut engine = a.clone();
                    engine.url = choice(a.url.clone(), b.url.clone());
                    return Value::Engine(engine);
                }
                _ => {}
            }
        }
        match (a.critical(), b.critical()) {
            (None, None) if !matches!(a, Value::Dict(_)) && !matches!(b, Value::Dict(_)) => {
                Value::opaque(self.line, "a value that depends on a condition")
            }
            _ => Value::unsettled(self.line, "a value that depends on a condition"),
        }
    }

    /// A value that is there on one way only.
    fn perhaps<'a>(&self, value: &Value<'a>) -> Value<'a> {
        if value.critical().is_some() || matches!(value, Value::Dict(_)) {
            Value::unsettled(self.line, "a name that is bound under a condition only")
        } else {
            Value::opaque(self.line, "a name that is bound under a condition only")
        }
    }
}
