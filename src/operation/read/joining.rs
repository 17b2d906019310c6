use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::reader::{Leaves, Reader};
use super::value::{Table, Value};
use super::way::{Test, Way};
use crate::operation::Dialects;

/// The names of one function.
pub(super) type Names<'a> = FxHashMap<&'a str, Value<'a>>;

impl<'a> Reader<'a> {
    /// Follows both sides of a condition.
    pub(super) fn branch(&mut self, test: Test, then: impl FnOnce(&mut Self), otherwise: impl FnOnce(&mut Self)) {
        let start = self.way;
        let (yes, no) = (start.and(test.yes), start.and(test.no));
        match (yes.is_dead(), no.is_dead()) {
            (_, true) => {
                self.way = yes;
                then(self);
                return;
            }
            (true, false) => {
                self.way = no;
                otherwise(self);
                return;
            }
            (false, false) => {}
        }
        let leaves = self.leaves;
        let before = self.names().clone();
        self.branches += 1;
        self.way = yes;
        then(self);
        let (after_yes, names_yes) = (self.way, std::mem::replace(self.names(), before));
        self.way = no;
        otherwise(self);
        let after_no = self.way;
        self.branches -= 1;
        if after_no.is_dead() {
            *self.names() = names_yes;
        } else if !after_yes.is_dead() {
            let decides = (!test.yes.is_conditional).then_some(test.yes.dialects);
            self.join(names_yes, decides);
        }
        self.way = after_branch(start, (yes, after_yes), (no, after_no), leaves.any() == self.leaves.any());
    }

    /// Follows code that may or may not run at all.
    pub(super) fn perhaps(&mut self, code: impl FnOnce(&mut Self)) {
        self.branch(Test::UNKNOWN, code, |_| ());
    }

    /// Merges the names of another way into those of this one. `decides`: the dialects that the other way is for.
    fn join(&mut self, other: Names<'a>, decides: Option<Dialects>) {
        let names = self.names();
        for (name, value) in other {
            match names.get_mut(name) {
                Some(mine) if mine.is_same(&value) => {}
                Some(mine) => {
                    let this = std::mem::replace(mine, Value::Unknown);
                    *mine = joined(value, this, decides);
                }
                None => {
                    names.insert(name, value);
                }
            }
        }
    }

    /// What is left of a choice at this point.
    pub(super) fn settle(&self, value: Value<'a>) -> Value<'a> {
        let Value::Choice(choice) = &value else {
            return value;
        };
        let (dialects, then, otherwise) = &**choice;
        if self.way.dialects.intersection(*dialects).is_empty() {
            self.settle(otherwise.clone())
        } else if self.way.dialects.intersection(dialects.complement()).is_empty() {
            self.settle(then.clone())
        } else {
            value
        }
    }
}

/// Two values of one name become one.
pub(super) fn joined<'a>(then: Value<'a>, otherwise: Value<'a>, decides: Option<Dialects>) -> Value<'a> {
    match decides {
        _ if then.is_same(&otherwise) => then,
        Some(dialects) if depth(&then) + depth(&otherwise) < 8 => Value::Choice(Rc::new((dialects, then, otherwise))),
        _ => match (then, otherwise) {
            // A table, whichever: what is done to its rows is told.
            (Value::Table(_), Value::Table(_)) => Value::Table(Rc::new(Table { name: None, columns: Vec::new() })),
            _ => Value::Unknown,
        },
    }
}

fn depth(value: &Value<'_>) -> usize {
    match value {
        Value::Choice(choice) => 1 + depth(&choice.1) + depth(&choice.2),
        _ => 0,
    }
}

/// The circumstances behind an `if`: as before it, unless one of its sides leaves. `is_whole`: nothing but errors ended them.
fn after_branch(start: Way, (yes, after_yes): (Way, Way), (no, after_no): (Way, Way), is_whole: bool) -> Way {
    if after_yes == yes && after_no == no {
        return start;
    }
    let rest = after_yes.or(after_no);
    if rest.is_dead() || !is_whole {
        return rest;
    }
    Way { is_conditional: start.is_conditional, ..rest }
}

impl Leaves {
    pub(super) fn any(self) -> usize {
        self.returns + self.breaks + self.continues
    }
}
