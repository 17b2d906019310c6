use std::cell::{Cell, RefCell};
use std::rc::Rc;

use ruff_python_ast::{self as ast, Expr, Stmt};

use super::reader::Reader;
use super::value::{Dict, Entries, Sequence, Value};

/// Longer loops are followed once, as if their items were not known.
const MAX_ITEMS: usize = 2_000;
/// Collections in collections, so that dropping them never exhausts the stack.
const MAX_NESTING: usize = 40;

impl<'a> Reader<'a> {
    pub(super) fn list(&self, items: Vec<Value<'a>>) -> Value<'a> {
        self.sequence(items, false, false)
    }

    pub(super) fn tuple(&self, items: Vec<Value<'a>>) -> Value<'a> {
        self.sequence(items, true, false)
    }

    /// A list of items each of which may be missing.
    pub(super) fn perhaps_list(&self, items: Vec<Value<'a>>) -> Value<'a> {
        self.sequence(items, false, true)
    }

    fn sequence(&self, items: Vec<Value<'a>>, is_tuple: bool, is_perhaps: bool) -> Value<'a> {
        let nesting = 1 + items.iter().map(Value::nesting).max().unwrap_or(0);
        if nesting > MAX_NESTING {
            return Value::Unknown;
        }
        Value::Sequence(Rc::new(Sequence {
            items: RefCell::new(Some(items)),
            is_tuple,
            is_perhaps: Cell::new(is_perhaps),
            nesting: Cell::new(nesting),
            made_at: self.branches,
        }))
    }

    pub(super) fn dict(&self, entries: Entries<'a>) -> Value<'a> {
        let nesting = 1 + entries.iter().map(|(_, value)| value.nesting()).max().unwrap_or(0);
        if nesting > MAX_NESTING {
            return Value::Unknown;
        }
        let entries = RefCell::new(Some(entries));
        Value::Dict(Rc::new(Dict { entries, nesting: Cell::new(nesting), made_at: self.branches }))
    }

    /// Whether a collection may hold this too; if so, how deep it nests is kept.
    fn may_hold(nesting: &Cell<usize>, items: &[Value<'a>]) -> bool {
        let inner = items.iter().map(Value::nesting).max().unwrap_or(0);
        nesting.set(nesting.get().max(1 + inner));
        inner < MAX_NESTING
    }

    /// What a loop over the value gives; `None` where that is not known.
    pub(super) fn items(&mut self, value: &Value<'a>) -> Option<Vec<Value<'a>>> {
        if matches!(value, Value::Sequence(sequence) if sequence.is_perhaps.get()) {
            return None;
        }
        self.candidates(value)
    }

    /// Whether each of the value's items may be missing.
    pub(super) fn is_perhaps(value: &Value<'a>) -> bool {
        matches!(value, Value::Sequence(sequence) if sequence.is_perhaps.get())
    }

    /// What a loop over the value gives at most.
    pub(super) fn candidates(&mut self, value: &Value<'a>) -> Option<Vec<Value<'a>>> {
        let items = match value {
            Value::Sequence(sequence) => sequence.items.borrow().clone(),
            Value::Dict(dict) => {
                dict.entries.borrow().as_ref().map(|entries| entries.iter().map(|(key, _)| key.clone()).collect())
            }
            Value::Class(class) if is_enum(class.node) => {
                Some(members(class.node).map(|name| Value::Member(Rc::new(value.clone()), name)).collect())
            }
            Value::Text(text) => text.exact().map(|text| text.chars().map(|c| Value::text(c.to_string())).collect()),
            _ => None,
        };
        items.filter(|items: &Vec<Value<'a>>| items.len() <= MAX_ITEMS)
    }

    pub(super) fn extend(&mut self, list: &Rc<Sequence<'a>>, with: &Value<'a>) {
        let more = self.candidates(with);
        if Self::is_perhaps(with) {
            list.is_perhaps.set(true);
        }
        self.change(list, |items| match more {
            Some(more) if Self::may_hold(&list.nesting, &more) => {
                items.extend(more);
                true
            }
            _ => false,
        });
    }

    /// Adds an item at the end; deeper down in branches than the list was made it may be missing.
    pub(super) fn append(&self, list: &Rc<Sequence<'a>>, item: Value<'a>) {
        if list.made_at < self.branches {
            list.is_perhaps.set(true);
        }
        let may_hold = Self::may_hold(&list.nesting, std::slice::from_ref(&item));
        let mut items = list.items.borrow_mut();
        match items.as_mut().filter(|items| may_hold && items.len() <= 4 * MAX_ITEMS) {
            Some(items) => items.push(item),
            None => *items = None,
        }
    }

    /// Changes a list in place; `change` says whether it could.
    pub(super) fn change(&self, list: &Rc<Sequence<'a>>, change: impl FnOnce(&mut Vec<Value<'a>>) -> bool) {
        let mut items = list.items.borrow_mut();
        let is_certain = list.made_at >= self.branches;
        let changed = is_certain && items.as_mut().is_some_and(|items| items.len() <= 4 * MAX_ITEMS && change(items));
        if !changed {
            *items = None;
        }
    }

    pub(super) fn set_item(&mut self, of: &Value<'a>, key: Value<'a>, value: Value<'a>) {
        match of {
            Value::Dict(dict) => {
                let mut entries = dict.entries.borrow_mut();
                let is_known = matches!(key, Value::Text(_) | Value::Number(_))
                    && dict.made_at >= self.branches
                    && Self::may_hold(&dict.nesting, std::slice::from_ref(&value));
                match entries.as_mut().filter(|_| is_known) {
                    None => *entries = None,
                    Some(entries) => match entries.iter_mut().find(|(other, _)| other.is_same(&key)) {
                        Some((_, old)) => *old = value,
                        None => entries.push((key, value)),
                    },
                }
            }
            Value::Sequence(list) => self.change(list, |_| false),
            _ => {}
        }
    }

    /// Whoever gets hold of a collection may change it.
    pub(super) fn give_away(&self, value: &Value<'a>) {
        match value {
            Value::Sequence(list) if !list.is_tuple => *list.items.borrow_mut() = None,
            Value::Dict(dict) => *dict.entries.borrow_mut() = None,
            _ => {}
        }
    }

    /// `of[key]`
    pub(super) fn item(&mut self, of: &Value<'a>, key: &Value<'a>) -> Value<'a> {
        match (of, key) {
            (Value::Dict(dict), Value::Text(_) | Value::Number(_)) => {
                let entries = dict.entries.borrow();
                let found = entries.iter().flatten().find(|(other, _)| other.is_same(key));
                found.map_or(Value::Unknown, |(_, value)| value.clone())
            }
            (Value::Sequence(list), Value::Number(at)) if !list.is_perhaps.get() => {
                let items = list.items.borrow();
                let item = items.as_ref().and_then(|items| {
                    let at = if *at < 0 { at.checked_add(i64::try_from(items.len()).ok()?)? } else { *at };
                    items.get(usize::try_from(at).ok()?).cloned()
                });
                item.unwrap_or(Value::Unknown)
            }
            (Value::Tables, Value::Text(text)) => self.table_of(text.exact()),
            (Value::Tables, _) => self.table_of(None),
            (Value::Query(table) | Value::Row(table), _) => Value::Row(table.clone()),
            _ => Value::Unknown,
        }
    }
}

/// The names that a class body assigns.
pub(super) fn members(class: &ast::StmtClassDef) -> impl Iterator<Item = &str> {
    assignments(class).map(|(name, _)| name).filter(|name| !name.starts_with('_'))
}

/// `name = value` in a class body.
pub(super) fn assignments(class: &ast::StmtClassDef) -> impl Iterator<Item = (&str, &Expr)> {
    class.body.iter().filter_map(|statement| match statement {
        Stmt::Assign(assign) => match assign.targets.as_slice() {
            [Expr::Name(name)] => Some((name.id.as_str(), &*assign.value)),
            _ => None,
        },
        Stmt::AnnAssign(assign) => match (&*assign.target, &assign.value) {
            (Expr::Name(name), Some(value)) => Some((name.id.as_str(), &**value)),
            _ => None,
        },
        _ => None,
    })
}

/// Whether a class is derived from `Enum`, `StrEnum` …
pub(super) fn is_enum(class: &ast::StmtClassDef) -> bool {
    class.arguments.iter().flat_map(|arguments| &arguments.args).any(|base| {
        let name = match base {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => return false,
        };
        name.ends_with("Enum") || name.ends_with("Flag")
    })
}
