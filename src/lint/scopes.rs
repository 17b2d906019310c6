//! Names that nothing binds, by Python's rules of scopes.

use std::collections::HashSet;
use std::ops::Range;

use ruff_python_ast::visitor::{Visitor, walk_except_handler, walk_expr, walk_pattern, walk_stmt};
use ruff_python_ast::{Comprehension, ExceptHandler, Expr, Parameters, Pattern, Stmt, TypeParams};
use ruff_text_size::{Ranged, TextRange};

use super::builtins::BUILTINS;
use crate::script::RevisionFile;

/// A name that is used and that neither the file nor Python defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UndefinedName<'a> {
    pub(super) name: &'a str,
    /// In the decoded text.
    pub(super) range: Range<usize>,
}

/// The undefined names of a file, in the order of the text; none where names may come from elsewhere (`import *`, `exec`).
///
/// A name that is bound anywhere in its scope counts as bound: in which order things run is not looked at. Annotations are not either: Python
/// may never evaluate them.
pub(super) fn undefined_names(file: &RevisionFile) -> Vec<UndefinedName<'_>> {
    let mut scopes = Scopes { scopes: Vec::new(), current: 0, uses: Vec::new(), is_open: false };
    scopes.enter(Kind::Module);
    scopes.visit_body(file.body().unwrap_or_default());
    if scopes.is_open {
        return Vec::new();
    }
    let mut undefined: Vec<UndefinedName<'_>> =
        scopes.uses.iter().filter(|used| !scopes.is_bound(used)).map(Use::undefined).collect();
    undefined.sort_by_key(|found| found.range.start);
    undefined
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Module,
    Function,
    Class,
    Comprehension,
}

struct Scope<'a> {
    kind: Kind,
    /// Position of the scope around; the module is its own.
    parent: usize,
    bound: HashSet<&'a str>,
}

struct Use<'a> {
    name: &'a str,
    range: TextRange,
    scope: usize,
}

impl<'a> Use<'a> {
    fn undefined(&self) -> UndefinedName<'a> {
        UndefinedName { name: self.name, range: self.range.start().to_usize()..self.range.end().to_usize() }
    }
}

struct Scopes<'a> {
    scopes: Vec<Scope<'a>>,
    current: usize,
    uses: Vec<Use<'a>>,
    /// Names may come from elsewhere.
    is_open: bool,
}

impl<'a> Scopes<'a> {
    fn enter(&mut self, kind: Kind) {
        self.scopes.push(Scope { kind, parent: self.current, bound: HashSet::new() });
        self.current = self.scopes.len() - 1;
    }

    fn leave(&mut self) {
        self.current = self.scopes.get(self.current).map_or(0, |scope| scope.parent);
    }

    fn bind(&mut self, name: &'a str) {
        self.bind_in(self.current, name);
    }

    fn bind_in(&mut self, scope: usize, name: &'a str) {
        if let Some(scope) = self.scopes.get_mut(scope) {
            scope.bound.insert(name);
        }
    }

    fn is_bound(&self, used: &Use<'_>) -> bool {
        let mut at = used.scope;
        loop {
            let Some(scope) = self.scopes.get(at) else { return true };
            // What a class body binds is seen there alone, not in its functions.
            let is_seen = scope.kind != Kind::Class || at == used.scope;
            if is_seen && scope.bound.contains(used.name) {
                return true;
            }
            if scope.kind == Kind::Module {
                return BUILTINS.contains(&used.name);
            }
            at = scope.parent;
        }
    }

    /// What is evaluated where a function is defined.
    fn defaults(&mut self, parameters: &'a Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                self.visit_expr(default);
            }
        }
    }

    fn bind_parameters(&mut self, parameters: &'a Parameters) {
        for parameter in parameters {
            self.bind(parameter.name().as_str());
        }
    }

    fn bind_type_parameters(&mut self, parameters: Option<&'a TypeParams>) {
        for parameter in parameters.into_iter().flat_map(|parameters| parameters.type_params.iter()) {
            self.bind(parameter.name().as_str());
        }
    }

    fn comprehension(&mut self, parts: &[&'a Expr], generators: &'a [Comprehension]) {
        // The first iterable is evaluated outside.
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        self.enter(Kind::Comprehension);
        for (position, generator) in generators.iter().enumerate() {
            self.visit_expr(&generator.target);
            if position > 0 {
                self.visit_expr(&generator.iter);
            }
            generator.ifs.iter().for_each(|condition| self.visit_expr(condition));
        }
        parts.iter().for_each(|part| self.visit_expr(part));
        self.leave();
    }

    /// `:=` binds outside of comprehensions.
    fn around_comprehensions(&self) -> usize {
        let mut at = self.current;
        while let Some(scope) = self.scopes.get(at).filter(|scope| scope.kind == Kind::Comprehension) {
            at = scope.parent;
        }
        at
    }
}

impl<'a> Visitor<'a> for Scopes<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                self.bind(function.name.as_str());
                function.decorator_list.iter().for_each(|decorator| self.visit_expr(&decorator.expression));
                self.defaults(&function.parameters);
                self.enter(Kind::Function);
                self.bind_type_parameters(function.type_params.as_deref());
                self.bind_parameters(&function.parameters);
                self.visit_body(&function.body);
                self.leave();
            }
            Stmt::ClassDef(class) => {
                self.bind(class.name.as_str());
                class.decorator_list.iter().for_each(|decorator| self.visit_expr(&decorator.expression));
                // Their own scope sees what the class around binds, as no other does: they count as bound beside the class.
                self.bind_type_parameters(class.type_params.as_deref());
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
                self.enter(Kind::Class);
                self.visit_body(&class.body);
                self.leave();
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let module = alias.name.as_str();
                    let first = module.split('.').next().unwrap_or(module);
                    self.bind(alias.asname.as_ref().map_or(first, |name| name.as_str()));
                }
            }
            Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    self.is_open |= alias.name.as_str() == "*";
                    self.bind(alias.asname.as_ref().unwrap_or(&alias.name).as_str());
                }
            }
            Stmt::Global(global) => global.names.iter().for_each(|name| self.bind_in(0, name.as_str())),
            Stmt::AnnAssign(assign) => {
                self.visit_expr(&assign.target);
                if let Some(value) = &assign.value {
                    self.visit_expr(value);
                }
            }
            // Its value is evaluated when somebody asks for it.
            Stmt::TypeAlias(alias) => self.visit_expr(&alias.name),
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_annotation(&mut self, _: &'a Expr) {}

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(caught) = handler;
        if let Some(name) = &caught.name {
            self.bind(name.as_str());
        }
        walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(capture) => capture.name.as_ref(),
            Pattern::MatchStar(capture) => capture.name.as_ref(),
            Pattern::MatchMapping(mapping) => mapping.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.bind(name.as_str());
        }
        walk_pattern(self, pattern);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => {
                let text = name.id.as_str();
                self.is_open |= matches!(text, "exec" | "globals" | "locals" | "vars");
                if name.ctx.is_load() {
                    self.uses.push(Use { name: text, range: name.range(), scope: self.current });
                } else {
                    self.bind(text);
                }
            }
            Expr::Named(named) => {
                self.visit_expr(&named.value);
                if let Expr::Name(name) = &*named.target {
                    self.bind_in(self.around_comprehensions(), name.id.as_str());
                }
            }
            Expr::Lambda(lambda) => {
                let parameters = lambda.parameters.as_deref();
                parameters.into_iter().for_each(|parameters| self.defaults(parameters));
                self.enter(Kind::Function);
                parameters.into_iter().for_each(|parameters| self.bind_parameters(parameters));
                self.visit_expr(&lambda.body);
                self.leave();
            }
            Expr::ListComp(inner) => self.comprehension(&[&inner.elt], &inner.generators),
            Expr::SetComp(inner) => self.comprehension(&[&inner.elt], &inner.generators),
            Expr::Generator(inner) => self.comprehension(&[&inner.elt], &inner.generators),
            Expr::DictComp(inner) => {
                let parts: Vec<&Expr> = inner.key.as_deref().into_iter().chain([&*inner.value]).collect();
                self.comprehension(&parts, &inner.generators);
            }
            _ => walk_expr(self, expr),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Imports;

    fn undefined(text: &str) -> Vec<String> {
        let file = RevisionFile::parse(std::path::Path::new("/a.py"), text.as_bytes().to_vec(), &Imports::new(&[]));
        assert!(file.body().is_some(), "{text}");
        undefined_names(&file).iter().map(|found| found.name.to_owned()).collect()
    }

    #[test]
    fn every_way_to_bind_a_name_is_known() {
        for text in [
            "import a.b\na.b",
            "import a.b as c\nc",
            "from a import b as c, d\nc, d",
            "x = y = 1\nx, y",
            "(a, [b, *c]) = f = 1\na, b, c, f",
            "x: int = 1\nx",
            "x += 1",
            "for i, (j, k) in []:\n    pass\ni, j, k",
            "with open('') as (a, b):\n    a, b",
            "try:\n    pass\nexcept ValueError as error:\n    error",
            "try:\n    pass\nexcept* ValueError as error:\n    error",
            "def f(a, /, b, *c, d=1, **e):\n    return a, b, c, d, e, f",
            "class A(object):\n    x = 1\n    y = x\n    def f(self):\n        return __class__, A",
            "def f():\n    global g\n    g = 1\ng",
            "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x += 1\n    return g, x",
            "def f():\n    return later\nlater = 1",
            "if (n := len([])) > 1:\n    n",
            "def f():\n    return [y for x in [] if (y := x)], y",
            "[(a, b) for a in range(3) for b in range(a)]",
            "{k: v for k, v in {}.items()}",
            "{x for x in ()}, list(x for x in ())",
            "lambda a, *b, c=1, **d: (a, b, c, d)",
            "match 1:\n    case [a, *b]:\n        a, b\n    case {'x': c, **d}:\n        c, d\n    case str(e) | e:\n        e\n    case f as g:\n        f, g",
            "def f[T: int](x: T) -> T:\n    return T",
            "class A[T](list[T]):\n    pass",
            "class A:\n    class B:\n        pass\n    class C(B):\n        pass",
            "class A[T]:\n    x: int = 1\n    y = T\n    def f(self):\n        return T",
            "type X = list[Later]\nX",
            "def f(x: Nope) -> Nope:\n    y: Nope = 1\n    return y",
            "f'{1:{2}} {print!r}'",
            "from a import *\nanything",
            "exec('x = 1')\nx",
            "del x",
            "__file__, __name__, __doc__, NotImplementedError, WindowsError",
            "class A:\n    __qualname__, __module__",
        ] {
            assert_eq!(undefined(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_nothing_binds_is_found() {
        for (text, expected) in [
            ("sqlmodel.sql", &["sqlmodel"][..]),
            ("def f():\n    x = 1\nx", &["x"]),
            ("class A:\n    x = 1\n    def f(self):\n        return x", &["x"]),
            ("class A:\n    x = 1\n    y = [x for _ in range(2)]", &["x"]),
            ("[a for a in b]\na", &["b", "a"]),
            ("lambda a: b", &["b"]),
            ("def f(a=b):\n    pass", &["b"]),
            ("@d\nclass A(b, metaclass=c):\n    pass", &["d", "b", "c"]),
            ("f'{a} {1:{b}}'", &["a", "b"]),
            ("def f():\n    import os\nos", &["os"]),
            ("x[i].y(z=j)", &["x", "i", "j"]),
            ("lambda: (x := 1)\nx", &["x"]),
        ] {
            assert_eq!(undefined(text), expected, "{text}");
        }
    }
}
