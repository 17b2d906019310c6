//! Edits of Python source that fixes are made of.

use std::ops::Range;

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::{Edit, LintContext};

/// One step of indentation.
pub(super) const INDENT: &str = "    ";

impl<'a> LintContext<'a> {
    /// The call of this range, where there is one.
    pub(super) fn call_at(&self, range: &Range<usize>) -> Option<&'a ExprCall> {
        let mut finder = CallFinder { range: range.clone(), found: None };
        finder.visit_body(self.file().file.body()?);
        finder.found
    }

    /// The statement that is this call and nothing else.
    pub(super) fn statement_of_call(&self, range: &Range<usize>) -> Option<&'a Stmt> {
        let mut finder = StatementFinder { range: range.clone(), found: None };
        finder.visit_body(self.file().file.body()?);
        finder.found
    }

    /// Adds `keyword=value` behind the last argument of a call: on a line of its own where the arguments have such. `deeper` is
    /// what [`Self::wrap`] puts in front of every line, where the call is wrapped by the same fix.
    pub(super) fn add_keyword(&self, call: &ExprCall, keyword: &str, deeper: &str) -> Edit {
        let arguments = &call.arguments;
        let ends = arguments.args.iter().map(Ranged::range).chain(arguments.keywords.iter().map(Ranged::range));
        let Some(last) = ends.max_by_key(|range| range.end()) else {
            let at = arguments.range().start().to_usize() + 1;
            return self.replace(at..at, keyword);
        };
        let end = last.end().to_usize();
        match self.line_before_bracket(end, arguments.range().end().to_usize()) {
            Some(newline) => {
                let indent = self.indent_at(last.start().to_usize());
                self.replace(newline..newline, format!("\n{deeper}{indent}{keyword},"))
            }
            None => self.replace(end..end, format!(", {keyword}")),
        }
    }

    /// Where the line in front of the closing bracket's ends, if that is alone there and a comma is behind the last argument.
    fn line_before_bracket(&self, last_argument: usize, end: usize) -> Option<usize> {
        let between = self.text().get(last_argument..end.checked_sub(1)?)?;
        let newline = between.rfind('\n')?;
        let is_alone = between.get(newline..)?.trim().is_empty();
        let has_comma = between.lines().any(|line| line.split('#').next().unwrap_or_default().contains(','));
        (is_alone && has_comma).then_some(last_argument + newline)
    }

    /// The white space that the line of a position begins with.
    fn indent_at(&self, at: usize) -> &'a str {
        let text = self.text();
        let line = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let rest = text.get(line..).unwrap_or_default();
        &rest[..rest.len() - rest.trim_start().len()]
    }

    /// Puts a statement into a block with this header (`with …:`), one step deeper.
    pub(super) fn wrap(&self, statement: &Stmt, header: &str) -> Option<Vec<Edit>> {
        let text = self.text();
        let range = bytes(statement.range());
        let line_start = text.get(..range.start)?.rfind('\n').map_or(0, |newline| newline + 1);
        let indent = text.get(line_start..range.start)?;
        if !indent.trim().is_empty() {
            return None;
        }
        let mut strings = StringRanges::default();
        strings.visit_stmt(statement);
        let mut edits = vec![self.replace(range.start..range.start, format!("{header}\n{indent}{INDENT}"))];
        for (at, _) in text.get(range.clone())?.match_indices('\n') {
            let next = range.start + at + 1;
            let is_in_string = strings.0.iter().any(|string| string.contains(&(next - 1)));
            let is_empty = text.get(next..).is_some_and(|rest| rest.starts_with('\n'));
            if !is_in_string && !is_empty {
                edits.push(self.replace(next..next, INDENT));
            }
        }
        Some(edits)
    }

    /// Replaces a range of this file's text.
    pub(super) fn replace(&self, range: Range<usize>, text: impl Into<String>) -> Edit {
        Edit::Replace { file: self.file_index(), range, text: text.into() }
    }
}

/// The name that `op` has in a call: `op` of `op.create_index(…)`. `None` for anything but a method of a plain name.
pub(super) fn receiver(call: &ExprCall) -> Option<&str> {
    let Expr::Attribute(attribute) = &*call.func else { return None };
    let Expr::Name(name) = &*attribute.value else { return None };
    Some(name.id.as_str())
}

fn bytes(range: TextRange) -> Range<usize> {
    range.start().to_usize()..range.end().to_usize()
}

struct CallFinder<'a> {
    range: Range<usize>,
    found: Option<&'a ExprCall>,
}

impl<'a> Visitor<'a> for CallFinder<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Call(call) if bytes(call.range()) == self.range => self.found = Some(call),
            _ => walk_expr(self, expr),
        }
    }
}

struct StatementFinder<'a> {
    range: Range<usize>,
    found: Option<&'a Stmt>,
}

impl<'a> Visitor<'a> for StatementFinder<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Expr(inner) if bytes(inner.value.range()) == self.range => self.found = Some(statement),
            _ => ruff_python_ast::visitor::walk_stmt(self, statement),
        }
    }

    // Statements are in no expression.
    fn visit_expr(&mut self, _: &'a Expr) {}
}

/// Where the string literals are: their lines are not indented.
#[derive(Default)]
struct StringRanges(Vec<Range<usize>>);

impl<'a> Visitor<'a> for StringRanges {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            // Parts of an implicit concatenation may stand on lines of their own.
            Expr::StringLiteral(literal) => self.0.extend(literal.value.iter().map(|part| bytes(part.range()))),
            Expr::BytesLiteral(literal) => self.0.extend(literal.value.iter().map(|part| bytes(part.range()))),
            Expr::FString(literal) => self.0.extend(literal.value.iter().map(|part| bytes(part.range()))),
            _ => walk_expr(self, expr),
        }
    }
}
