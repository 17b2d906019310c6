use std::ops::Range;

use ruff_text_size::{Ranged, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};

use super::managers::Pending;
use super::modules::Modules;
use super::value::{Class, Function, Value};
use super::way::Way;
use crate::operation::{NotAnalysed, Operation};
use crate::script::RevisionFile;

/// Statements and expressions that are followed in one function before limbec gives up.
const MAX_STEPS: usize = 400_000;
/// How deep expressions, blocks and calls may nest: well below what a thread's stack holds.
const MAX_DEPTH: usize = 110;
/// Operations that one function may have.
const MAX_OPERATIONS: usize = 20_000;

/// Names of a module or of one call of a function.
#[derive(Debug, Default)]
pub(super) struct Frame<'a> {
    pub(super) names: FxHashMap<&'a str, Value<'a>>,
    /// Tells calls apart.
    pub(super) number: usize,
    /// The call of the function around this one's definition.
    pub(super) inside: Option<usize>,
    /// Which module's names it sees.
    pub(super) module: usize,
    /// Declared `global`.
    pub(super) globals: Vec<&'a str>,
    /// What was returned so far, and when.
    pub(super) returned: Vec<(Way, Value<'a>)>,
    pub(super) function: Option<Function<'a>>,
    /// The class whose method this is.
    pub(super) owner: Option<Class<'a>>,
    /// The `with` block that runs where this function yields.
    pub(super) pending: Option<Pending<'a>>,
    /// The circumstances behind that block.
    pub(super) behind: Option<Way>,
    /// What was yielded last.
    pub(super) yielded: Option<Value<'a>>,
}

/// How often the code left a block early, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Leaves {
    pub(super) returns: usize,
    pub(super) breaks: usize,
    pub(super) continues: usize,
}

/// What is known at one point of a function, and what was found up to it.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) file: &'a RevisionFile,
    /// The text of the module that is being followed: all ranges of its tree count in it.
    pub(super) text: &'a str,
    /// The call in the file that led into another module.
    pub(super) outside: Option<Range<usize>>,
    pub(super) modules: Modules<'a>,
    /// What is found is not noted: modules are being read, or class bodies.
    pub(super) muted: usize,
    /// The module, then the calls that are being followed.
    pub(super) frames: Vec<Frame<'a>>,
    pub(super) way: Way,
    pub(super) leaves: Leaves,
    pub(super) autocommit: bool,
    pub(super) batch: Option<Range<usize>>,
    /// Branches and unknown loops around this point.
    pub(super) branches: usize,
    pub(super) depth: usize,
    pub(super) steps: usize,
    frames_made: usize,
    /// The statement of the outermost function.
    pub(super) statement: Range<usize>,
    pub(super) operations: Vec<Operation>,
    pub(super) not_analysed: Vec<NotAnalysed>,
    pub(super) raises: Option<Range<usize>>,
    /// The value of the call that is looked at is used for something.
    pub(super) is_used: bool,
    has_given_up: bool,
    pub(super) objects: usize,
    /// Functions that do nothing, whatever they are given.
    pub(super) inert: FxHashSet<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a RevisionFile) -> Self {
        Self {
            file,
            text: file.text(),
            outside: None,
            modules: Modules::default(),
            muted: 0,
            frames: vec![Frame::default()],
            way: Way::ALWAYS,
            leaves: Leaves::default(),
            autocommit: false,
            batch: None,
            branches: 0,
            depth: 0,
            steps: 0,
            frames_made: 0,
            statement: 0..0,
            operations: Vec::new(),
            not_analysed: Vec::new(),
            raises: None,
            is_used: false,
            has_given_up: false,
            objects: 0,
            inert: FxHashSet::default(),
        }
    }

    /// Counts one piece of work; false where there has been too much of it.
    pub(super) fn may_go_on(&mut self, at: TextRange) -> bool {
        self.steps += 1;
        if self.depth > MAX_DEPTH {
            self.give_up(at, "nests too deeply");
            return false;
        }
        if self.steps_exhausted() {
            self.give_up(at, "takes too many steps to follow");
            return false;
        }
        true
    }

    /// Counts the work of putting a long string together.
    pub(super) fn charge(&mut self, bytes: usize) {
        self.steps = self.steps.saturating_add(bytes / 256);
    }

    /// Whether there has been too much work.
    pub(super) fn steps_exhausted(&self) -> bool {
        self.steps > MAX_STEPS || self.operations.len() > MAX_OPERATIONS
    }

    fn give_up(&mut self, at: TextRange, reason: &str) {
        if !self.has_given_up {
            self.has_given_up = true;
            self.not_understood(at, "this code", reason);
        }
    }

    pub(super) fn new_frame(&mut self, function: Option<Function<'a>>) -> Frame<'a> {
        self.frames_made += 1;
        Frame {
            number: self.frames_made,
            inside: function.and_then(|function| function.inside),
            module: function.map_or(0, |function| function.module),
            function,
            ..Frame::default()
        }
    }

    /// The value of a name, `None` where nothing in sight binds it.
    pub(super) fn lookup(&self, name: &str) -> Option<&Value<'a>> {
        let mut frame = self.frames.last()?;
        loop {
            if let Some(value) = frame.names.get(name) {
                return Some(value);
            }
            match frame.inside.and_then(|number| self.frames.iter().rfind(|frame| frame.number == number)) {
                Some(outer) if outer.number < frame.number => frame = outer,
                _ => break,
            }
        }
        self.global_names(self.frames.last()?.module)?.get(name)
    }

    /// The names of a module.
    pub(super) fn global_names(&self, module: usize) -> Option<&FxHashMap<&'a str, Value<'a>>> {
        match module {
            0 => self.frames.first().map(|frame| &frame.names),
            _ => self.modules.names(module),
        }
    }

    /// The module that is being followed.
    pub(super) fn module(&self) -> usize {
        self.frames.last().map_or(0, |frame| frame.module)
    }

    /// Where something is in the file; what other modules do is where the file calls them.
    pub(super) fn place(&self, at: impl Ranged) -> Range<usize> {
        self.outside.clone().unwrap_or_else(|| range(at))
    }

    pub(super) fn bind(&mut self, name: &'a str, value: Value<'a>) {
        let is_global = self.frames.last().is_some_and(|frame| frame.globals.contains(&name));
        let value = if is_global && self.branches > 0 { Value::Unknown } else { value };
        if is_global && self.module() != 0 {
            return;
        }
        let frame = if is_global { self.frames.first_mut() } else { self.frames.last_mut() };
        if let Some(frame) = frame {
            frame.names.insert(name, value);
        }
    }

    /// The names of the function that is being followed.
    pub(super) fn names(&mut self) -> &mut FxHashMap<&'a str, Value<'a>> {
        let last = self.frames.len().saturating_sub(1);
        if self.frames.is_empty() {
            self.frames.push(Frame::default());
        }
        &mut self.frames[last].names
    }

    /// The source of an expression, white space folded, shortened for messages.
    pub(super) fn source(&self, at: TextRange) -> String {
        const LONGEST: usize = 60;
        let text = self.text.get(range(at)).unwrap_or_default();
        let mut short = String::with_capacity(text.len().min(LONGEST + 4));
        let mut length = 0;
        let mut is_space = false;
        for c in text.chars() {
            if c.is_whitespace() {
                is_space = true;
                continue;
            }
            let opens = short.ends_with(['(', '[', '{']) || matches!(c, ')' | ']' | '}' | ',');
            if is_space && !opens && !short.is_empty() {
                short.push(' ');
                length += 1;
            }
            is_space = false;
            if length >= LONGEST {
                short.push('…');
                break;
            }
            short.push(c);
            length += 1;
        }
        short
    }
}

/// A range in bytes.
pub(super) fn range(at: impl Ranged) -> Range<usize> {
    let at = at.range();
    at.start().to_usize()..at.end().to_usize()
}
