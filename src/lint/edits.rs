//! Edits of Python source that fixes are made of.

use std::ops::Range;

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall, Stmt, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};

use super::{Edit, LintContext};

/// One step of indentation, of the kind that is there.
pub(super) fn step(indent: &str) -> &'static str {
    if indent.starts_with('\t') { "\t" } else { "    " }
}

/// Lines with more in front of them.
pub(super) fn indented(lines: &str, indent: &str) -> String {
    lines.lines().map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join("\n")
}

impl<'a> LintContext<'a> {
    /// The call of this range, where there is one.
    pub(super) fn call_at(&self, range: &Range<usize>) -> Option<&'a ExprCall> {
        let mut finder = CallFinder { range: range.clone(), found: None };
        finder.visit_body(self.file().file.body()?);
        finder.found
    }

    /// The statement that is this call and nothing else.
    pub(super) fn statement_of_call(&self, range: &Range<usize>) -> Option<&'a Stmt> {
        let is_it = |found: &Stmt| matches!(found, Stmt::Expr(inner) if bytes(inner.value.range()) == *range);
        let mut finder = StatementFinder { is_it, found: None };
        finder.visit_body(self.file().file.body()?);
        finder.found
    }

    /// The statement that is a method call of a plain name and contains this range, such as the SQL text of `op.execute(…)`.
    pub(super) fn call_around(&self, range: &Range<usize>) -> Option<(&'a Stmt, &'a ExprCall)> {
        let mut finder = StatementFinder { is_it: |found: &Stmt| contains(&bytes(found.range()), range), found: None };
        finder.visit_body(self.file().file.body()?);
        let statement = finder.found?;
        let Stmt::Expr(inner) = statement else { return None };
        let Expr::Call(call) = &*inner.value else { return None };
        Some((statement, call))
    }

    /// The statement that begins with this `with …` header.
    pub(super) fn with_statement(&self, header: &Range<usize>) -> Option<&'a Stmt> {
        let is_it = |found: &Stmt| {
            matches!(found, Stmt::With(with) if contains(&bytes(with.range()), header)
            && with.body.first().is_some_and(|first| header.end <= first.start().to_usize()))
        };
        let mut finder = StatementFinder { is_it, found: None };
        finder.visit_body(self.file().file.body()?);
        finder.found
    }

    /// Adds `keyword=value` behind the last argument of a call: on a line of its own where the arguments have such. `deeper` is
    /// what [`Self::wrap`] puts in front of every line, where the call is wrapped by the same fix.
    pub(super) fn add_keyword(&self, call: &ExprCall, keyword: &str, deeper: &str) -> Edit {
        let arguments = &call.arguments;
        let (name, value) = keyword.split_once('=').unwrap_or((keyword, ""));
        if let Some(given) = arguments.find_keyword(name) {
            return self.replace(bytes(given.value.range()), value);
        }
        let ends = arguments.args.iter().map(Ranged::range).chain(arguments.keywords.iter().map(Ranged::range));
        let Some(last) = ends.max_by_key(|range| range.end()) else {
            let at = arguments.range().start().to_usize() + 1;
            return self.replace(at..at, keyword);
        };
        let bracket = arguments.range().end().to_usize().saturating_sub(1);
        let end = self.behind_brackets(last.end().to_usize(), bracket);
        match self.line_before_bracket(end, bracket) {
            Some(newline) => {
                let indent = self.indent_at(last.start().to_usize());
                self.replace(newline..newline, format!("\n{deeper}{indent}{keyword},"))
            }
            None => self.replace(end..end, format!(", {keyword}")),
        }
    }

    /// An argument's brackets are not part of its expression.
    fn behind_brackets(&self, argument: usize, bracket: usize) -> usize {
        let mut end = argument;
        let mut is_comment = false;
        for (at, c) in self.text().get(argument..bracket).unwrap_or_default().char_indices() {
            is_comment = (is_comment || c == '#') && c != '\n';
            if c == ')' && !is_comment {
                end = argument + at + 1;
            }
        }
        end
    }

    /// Where the line in front of the closing bracket's ends, if that is alone there and a comma is behind the last argument.
    fn line_before_bracket(&self, last_argument: usize, bracket: usize) -> Option<usize> {
        let between = self.text().get(last_argument..bracket)?;
        let newline = between.rfind('\n')?;
        let is_alone = between.get(newline..)?.trim().is_empty();
        let has_comma = between.lines().any(|line| line.split('#').next().unwrap_or_default().contains(','));
        (is_alone && has_comma).then_some(last_argument + newline)
    }

    /// The white space that the line of a position begins with.
    fn indent_at(&self, at: usize) -> &'a str {
        let text = self.text();
        let rest = text.get(self.line_start(at)..).unwrap_or_default();
        &rest[..rest.len() - rest.trim_start().len()]
    }

    fn line_start(&self, at: usize) -> usize {
        self.text().get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
    }

    /// Where the line of a statement's end ends, if nothing but a comment is behind the statement.
    pub(super) fn line_end(&self, statement: &Stmt) -> Option<usize> {
        let end = statement.end().to_usize();
        let rest = self.text().get(end..)?;
        let rest = rest.split('\n').next().unwrap_or_default();
        let is_free = rest.trim().is_empty() || rest.trim_start().starts_with('#');
        is_free.then_some(end + rest.len())
    }

    /// The indentation of a statement that has its lines for itself.
    pub(super) fn indent_of(&self, statement: &Stmt) -> Option<&'a str> {
        let start = statement.start().to_usize();
        let indent = self.text().get(self.line_start(start)..start)?;
        (indent.trim().is_empty() && self.line_end(statement).is_some()).then_some(indent)
    }

    /// Puts a statement into a block with this header (`with …:`), one step deeper.
    pub(super) fn wrap(&self, statement: &Stmt, header: &str) -> Option<Vec<Edit>> {
        let text = self.text();
        let range = bytes(statement.range());
        let indent = self.indent_of(statement)?;
        let step = step(indent);
        let mut strings = StringRanges::default();
        strings.visit_stmt(statement);
        let mut edits = vec![self.replace(range.start..range.start, format!("{header}\n{indent}{step}"))];
        for (at, _) in text.get(range.clone())?.match_indices('\n') {
            let next = range.start + at + 1;
            let is_in_string = strings.0.iter().any(|string| string.contains(&(next - 1)));
            let is_empty = text.get(next..).is_some_and(|rest| rest.starts_with('\n'));
            if !is_in_string && !is_empty {
                edits.push(self.replace(next..next, step));
            }
        }
        Some(edits)
    }

    /// Statements behind a statement, on lines of their own; lines of one are indented as the others.
    pub(super) fn insert_behind(&self, statement: &Stmt, indent: &str, lines: &[String]) -> Option<Edit> {
        let at = self.line_end(statement)?;
        Some(self.replace(at..at, lines.iter().map(|line| format!("\n{}", indented(line, indent))).collect::<String>()))
    }

    /// The same in front of a statement.
    pub(super) fn insert_before(&self, statement: &Stmt, lines: &[String]) -> Option<Edit> {
        let indent = self.indent_of(statement)?;
        let at = statement.start().to_usize();
        let lines: String = lines.iter().map(|line| format!("{}\n{indent}", indented(line, indent))).collect();
        // The indentation of the first line is there.
        Some(self.replace(at..at, lines.get(indent.len()..)?))
    }

    /// The same at the end of `downgrade()`, unless that ends with `return` or `raise`.
    pub(super) fn append_to_downgrade(&self, lines: &[String]) -> Option<Edit> {
        let body = &self.function("downgrade")?.body;
        let indent = self.indent_of(body.first()?)?;
        let last = body.last().filter(|last| !matches!(last, Stmt::Return(_) | Stmt::Raise(_)))?;
        self.insert_behind(last, indent, lines)
    }

    /// Removes a comment, with its line if there is nothing else on it.
    pub(super) fn remove_comment(&self, comment: Range<usize>) -> Edit {
        let text = self.text();
        let start = self.line_start(comment.start);
        let before = text.get(start..comment.start).unwrap_or_default();
        if !before.trim().is_empty() {
            return self.replace(start + before.trim_end().len()..comment.end, "");
        }
        match text.get(comment.end..).and_then(|rest| rest.find('\n')) {
            Some(newline) => self.replace(start..comment.end + newline + 1, ""),
            // The line end in front of it goes instead.
            None => self.replace(start.saturating_sub(1)..text.len(), ""),
        }
    }

    /// A function of the module.
    pub(super) fn function(&self, name: &str) -> Option<&'a StmtFunctionDef> {
        self.file().file.body()?.iter().rev().find_map(|statement| match statement {
            Stmt::FunctionDef(function) if function.name.as_str() == name => Some(function),
            _ => None,
        })
    }

    /// Replaces a range of this file's text.
    pub(super) fn replace(&self, range: Range<usize>, text: impl Into<String>) -> Edit {
        Edit::Replace { file: self.file_index(), range, text: text.into() }
    }
}

/// The arguments of a call as they are written, for another function of the module.
pub(super) struct CallSource<'c, 'a> {
    ctx: &'c LintContext<'a>,
    call: &'a ExprCall,
}

impl<'c, 'a> CallSource<'c, 'a> {
    /// Of the call of this range.
    pub(super) fn new(ctx: &'c LintContext<'a>, range: &Range<usize>) -> Option<Self> {
        Some(Self { ctx, call: ctx.call_at(range)? })
    }

    /// The value of a keyword; `None` where it uses names that another function does not know.
    pub(super) fn argument(&self, keyword: &str) -> Option<&'a str> {
        let value = &self.call.arguments.find_keyword(keyword)?.value;
        self.ctx.is_of_module(value).then(|| self.ctx.text().get(bytes(value.range())))?
    }
}

/// The name that `op` has in a call: `op` of `op.create_index(…)`. `None` for anything but a method of a plain name.
pub(super) fn receiver(call: &ExprCall) -> Option<&str> {
    let Expr::Attribute(attribute) = &*call.func else { return None };
    let Expr::Name(name) = &*attribute.value else { return None };
    Some(name.id.as_str())
}

pub(super) fn contains(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

pub(super) fn bytes(range: TextRange) -> Range<usize> {
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

struct StatementFinder<'a, F> {
    is_it: F,
    /// The innermost.
    found: Option<&'a Stmt>,
}

impl<'a, F: Fn(&Stmt) -> bool> Visitor<'a> for StatementFinder<'a, F> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if (self.is_it)(statement) {
            self.found = Some(statement);
        }
        ruff_python_ast::visitor::walk_stmt(self, statement);
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
