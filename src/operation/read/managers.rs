use std::ops::Range;
use std::rc::Rc;

use ruff_python_ast::{Expr, Stmt, WithItem};

use super::reader::Reader;
use super::value::{ManagerCall, Value};
use super::way::Way;

/// A `with` block that waits for a function to yield.
#[derive(Debug)]
pub(super) struct Pending<'a> {
    target: Option<&'a Expr>,
    rest: &'a [WithItem],
    body: &'a [Stmt],
    way: Way,
    branches: usize,
    text: &'a str,
    outside: Option<Range<usize>>,
}

impl<'a> Reader<'a> {
    /// `with function(…) as target:` where the function has `@contextmanager`.
    pub(super) fn managed(
        &mut self,
        manager: &Rc<ManagerCall<'a>>,
        target: Option<&'a Expr>,
        rest: &'a [WithItem],
        body: &'a [Stmt],
    ) {
        let Some(mut frame) = manager.frame.borrow_mut().take() else {
            self.with(rest, body);
            return;
        };
        let (way, branches) = (self.way, self.branches);
        let (text, outside) = (self.text, self.outside.clone());
        frame.pending = Some(Pending { target, rest, body, way, branches, text, outside: outside.clone() });
        if manager.function.module != 0 && self.outside.is_none() {
            self.outside = Some(self.place(manager.call));
        }
        self.enter_text(manager.function.module);
        let leaves = self.leaves;
        self.frames.push(frame);
        self.depth += 2;
        self.block(&manager.function.node.body);
        self.depth -= 2;
        let frame = self.frames.pop().unwrap_or_default();
        (self.text, self.outside, self.branches) = (text, outside, branches);
        // It may return early; what the block did is counted by the block.
        self.leaves.returns -= self.leaves.returns.min(frame.returned.len());
        debug_assert!(self.leaves.any() >= leaves.any(), "only what this function left is taken back");
        self.way = frame.behind.unwrap_or(way);
        if let Some(pending) = frame.pending {
            self.with(pending.rest, pending.body);
        }
    }

    /// `yield value`: the `with` block around the call runs here.
    pub(super) fn yields(&mut self, value: Value<'a>) {
        let Some(pending) = self.frames.last_mut().and_then(|frame| frame.pending.take()) else {
            if let Some(frame) = self.frames.last_mut() {
                frame.yielded = Some(value);
            }
            return;
        };
        let Some(mut frame) = self.frames.pop() else { return };
        let here = (self.way, self.branches, self.text, self.outside.clone());
        (self.way, self.branches, self.text, self.outside) =
            (pending.way, pending.branches, pending.text, pending.outside);
        if let Some(target) = pending.target {
            self.assign(target, value);
        }
        self.with(pending.rest, pending.body);
        frame.behind = Some(self.way);
        (self.way, self.branches, self.text, self.outside) = here;
        self.frames.push(frame);
    }
}
