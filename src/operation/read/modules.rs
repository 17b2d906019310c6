use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::reader::Reader;
use super::value::{Class, Value};
use super::way::Way;
use crate::script::ModuleSource;

/// Modules that one revision may lead into, and modules that hand on one name.
pub(super) const MAX_MODULES: usize = 24;
const MAX_HOPS: usize = 8;

/// Modules of the project that the file's functions are followed into; 0 is the file itself.
#[derive(Debug, Default)]
pub(super) struct Modules<'a> {
    numbers: FxHashMap<String, Option<usize>>,
    loaded: Vec<Loaded<'a>>,
}

#[derive(Debug)]
struct Loaded<'a> {
    source: &'a ModuleSource,
    names: FxHashMap<&'a str, Value<'a>>,
}

impl<'a> Modules<'a> {
    fn get(&self, number: usize) -> Option<&Loaded<'a>> {
        self.loaded.get(number.checked_sub(1)?)
    }

    pub(super) fn names(&self, number: usize) -> Option<&FxHashMap<&'a str, Value<'a>>> {
        self.get(number).map(|module| &module.names)
    }

    /// What relative imports in a module are relative to.
    pub(super) fn package(&self, number: usize) -> Option<&'a str> {
        self.get(number).and_then(|module| module.source.package())
    }
}

impl<'a> Reader<'a> {
    /// Does something among the names of a module; what it does there is where the file called.
    pub(super) fn in_module<T>(&mut self, module: usize, code: impl FnOnce(&mut Self) -> T) -> T {
        if module == self.module() {
            return code(self);
        }
        let mut frame = self.new_frame(None);
        frame.module = module;
        self.frames.push(frame);
        let text = self.enter_text(module);
        let result = code(self);
        self.text = text;
        self.frames.pop();
        result
    }

    /// Makes a module's text the current one; returns the one before.
    pub(super) fn enter_text(&mut self, module: usize) -> &'a str {
        let text = self.modules.get(module).map_or(self.file.text(), |module| module.source.text());
        std::mem::replace(&mut self.text, text)
    }

    /// What an imported name stands for, if it comes from a module of the project.
    pub(super) fn resolve(&mut self, path: &str) -> Option<Value<'a>> {
        let mut path: Rc<str> = Rc::from(path);
        for _ in 0..MAX_HOPS {
            match self.member(&path)? {
                Value::Imported(next) if next != path => path = next,
                Value::Unknown | Value::Imported(_) => return None,
                value => return Some(value),
            }
        }
        None
    }

    fn member(&mut self, path: &str) -> Option<Value<'a>> {
        let (module, name) = path.rsplit_once('.')?;
        if let Some(number) = self.load(module) {
            return self.global_names(number)?.get(name).cloned();
        }
        // `module.Class.name`
        let (outer, class) = module.rsplit_once('.')?;
        let number = self.load(outer)?;
        match self.global_names(number)?.get(class)? {
            Value::Class(class) => {
                let (found, expr) = super::collection::assignments(class.node).find(|(other, _)| *other == name)?;
                let class: Class<'a> = *class;
                debug_assert_eq!(found, name, "the one that was looked for");
                Some(self.silently(class.module, expr))
            }
            _ => None,
        }
    }

    /// Reads a module of the project, once.
    fn load(&mut self, name: &str) -> Option<usize> {
        if let Some(known) = self.modules.numbers.get(name) {
            return *known;
        }
        let source = if self.modules.loaded.len() < MAX_MODULES { self.file.module(name) } else { None };
        let number = source.map(|_| self.modules.loaded.len() + 1);
        self.modules.numbers.insert(name.to_owned(), number);
        let (source, number) = (source?, number?);
        self.modules.loaded.push(Loaded { source, names: FxHashMap::default() });
        let (way, branches, outside) = (self.way, self.branches, self.outside.clone());
        let (autocommit, batch, leaves) = (self.autocommit, self.batch.clone(), self.leaves);
        (self.way, self.branches) = (Way::ALWAYS, 0);
        // No range of that module means anything in the file.
        self.outside = self.outside.clone().or(Some(self.statement.clone()));
        self.muted += 1;
        let mut frame = self.new_frame(None);
        frame.module = number;
        self.frames.push(frame);
        let text = self.enter_text(number);
        self.block(source.body());
        self.text = text;
        let names = self.frames.pop().unwrap_or_default().names;
        self.muted -= 1;
        (self.way, self.branches, self.outside) = (way, branches, outside);
        (self.autocommit, self.batch, self.leaves) = (autocommit, batch, leaves);
        if let Some(loaded) = self.modules.loaded.get_mut(number - 1) {
            loaded.names = names;
        }
        Some(number)
    }
}
