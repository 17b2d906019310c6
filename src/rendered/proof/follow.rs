use ruff_python_ast::helpers::any_over_expr;
use ruff_python_ast::{Expr, Stmt, StmtClassDef};
use ruff_text_size::Ranged;

use super::reach::Methods;
use super::unit::Unit;
use super::{Doubt, Proven, Walk, allowed};

/// What is done with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It is handed on, or read.
    Value,
    /// It is called.
    Call,
}

/// Deeper than this nothing is followed.
const MAX_DEPTH: usize = 12;

impl<'a> Walk<'_, 'a> {
    /// Follows a name of another module than SQLAlchemy and Alembic into its text.
    pub(super) fn follow(&self, node: &impl Ranged, path: &str, way: Use) -> Proven {
        let doubt = |reason: &str| self.doubt(node, format!("it uses {path}, {reason}"));
        if self.depth >= MAX_DEPTH {
            return Err(doubt("which leads through too many modules"));
        }
        let parts: Vec<&str> = path.split('.').collect();
        let Some((unit, at, meaning)) = self.meaning(&parts).map_err(|reason| doubt(&reason))? else {
            return Err(doubt("which is a module"));
        };
        let name = parts.get(at).copied().unwrap_or_default();
        let rest = parts.get(at + 1..).unwrap_or_default();
        let inner = |found: Doubt| doubt(&format!("where {} (line {} there)", found.reason, found.line));
        if let Some(imported) = imported(unit, meaning, name) {
            let whole = if rest.is_empty() { imported } else { format!("{imported}.{}", rest.join(".")) };
            let part = Walk {
                proof: self.proof,
                unit: self.unit,
                bindings: super::Bindings::default(),
                depth: self.depth + 1,
            };
            return part.pure(node, &whole, way);
        }
        match (meaning, rest) {
            (Stmt::FunctionDef(_), []) => self.part(unit, meaning).map_err(inner),
            (Stmt::ClassDef(_), []) => self.part(unit, meaning).map_err(inner),
            (Stmt::ClassDef(class), [member]) if constant_of(class, member) => Ok(()),
            (Stmt::ClassDef(class), [member, "value"]) if constant_of(class, member) && is_plain(class) => Ok(()),
            (Stmt::Assign(_) | Stmt::AnnAssign(_), []) => self.constant(unit, meaning).map_err(inner),
            (Stmt::Assign(_) | Stmt::AnnAssign(_), [method])
                if way == Use::Call && allowed::METHODS.contains(method) =>
            {
                self.constant(unit, meaning).map_err(inner)
            }
            _ => Err(doubt("which may differ from run to run")),
        }
    }

    /// The statement that gives a dotted name its meaning, in which module, and which part of the name is the one in there; `None`: it is a module.
    fn meaning(&self, parts: &[&str]) -> Result<Option<(Unit<'a>, usize, &'a Stmt)>, String> {
        let mut module = parts.first().copied().unwrap_or_default().to_owned();
        for (at, part) in parts.iter().enumerate().skip(1) {
            let Some(source) = self.proof.file.module(&module) else {
                return Err(format!("and there is no text of {module}"));
            };
            let unit = Unit::of_module(source);
            match unit.meaning(part) {
                Err((_, reason)) => return Err(format!("whose module is not followed: {reason}")),
                Ok(Some(statement)) => return Ok(Some((unit, at, statement))),
                Ok(None) => {
                    let inner = format!("{module}.{part}");
                    if self.proof.file.module(&inner).is_none() {
                        return Err(format!("which the text of {module} does not set"));
                    }
                    module = inner;
                }
            }
        }
        Ok(None)
    }

    /// What takes part in the meaning of a function or class, once.
    fn part(&self, unit: Unit<'a>, meaning: &'a Stmt) -> Proven {
        let name = match meaning {
            Stmt::FunctionDef(function) => function.name.as_str(),
            Stmt::ClassDef(class) => class.name.as_str(),
            _ => return Ok(()),
        };
        let key = (unit.text.as_ptr() as usize, meaning.start().to_usize());
        if !self.proof.followed.borrow_mut().insert(key) {
            return Ok(());
        }
        let part = unit.part(name, Methods::OfTheSchema).map_err(|(at, reason)| unit.doubt_at(at, reason))?;
        Walk::new(self.proof, unit, &part, self.depth + 1)?.body(part)
    }

    /// A value that nobody can change.
    fn constant(&self, unit: Unit<'a>, meaning: &'a Stmt) -> Proven {
        let (name, value) = match meaning {
            Stmt::Assign(assign) => (assign.targets.first(), Some(&*assign.value)),
            Stmt::AnnAssign(assign) => (Some(&*assign.target), assign.value.as_deref()),
            _ => (None, None),
        };
        let name = name.and_then(Expr::as_name_expr);
        let (Some(name), Some(value)) = (name, value) else {
            return Err(unit.doubt_at(meaning.start().to_usize(), "it has no value there"));
        };
        let changes = |expression: &Expr| {
            matches!(
                expression,
                Expr::List(_) | Expr::Dict(_) | Expr::ListComp(_) | Expr::DictComp(_) | Expr::Generator(_)
            ) || matches!(expression, Expr::Call(call) if matches!(&*call.func, Expr::Name(name) if ["list", "dict"].contains(&name.id.as_str())))
        };
        if any_over_expr(value, &changes) {
            return Err(unit.doubt_at(value.start().to_usize(), format!("it may change {}", name.id)));
        }
        let part = unit.part(name.id.as_str(), Methods::OfTheSchema);
        let part = part.map_err(|(at, reason)| unit.doubt_at(at, reason))?;
        Walk::new(self.proof, unit, &part, self.depth + 1)?.body(part)
    }
}

/// The dotted name that an import gives a name.
fn imported(unit: Unit<'_>, meaning: &Stmt, name: &str) -> Option<String> {
    if !matches!(meaning, Stmt::Import(_) | Stmt::ImportFrom(_)) {
        return None;
    }
    let found = super::bindings(&[meaning], unit.package).ok()?;
    found.imports.get(name).cloned()
}

/// Whether an attribute of a class is a literal that is written once.
fn constant_of(class: &StmtClassDef, member: &str) -> bool {
    let mut values = class.body.iter().filter_map(|statement| match statement {
        Stmt::Assign(assign) => match assign.targets.as_slice() {
            [Expr::Name(name)] if name.id.as_str() == member => Some(&*assign.value),
            _ => None,
        },
        Stmt::AnnAssign(assign) if matches!(&*assign.target, Expr::Name(name) if name.id.as_str() == member) => {
            assign.value.as_deref()
        }
        _ => None,
    });
    let is_decorated = !class.decorator_list.is_empty();
    let first = values.next().is_some_and(|value| value.is_literal_expr());
    first && values.next().is_none() && !is_decorated
}

/// Whether a class makes nothing else of its values.
fn is_plain(class: &StmtClassDef) -> bool {
    let is_special =
        |name: &str| ["value", "_value_", "__new__", "__init__", "__getattribute__", "__get__"].contains(&name);
    class.keywords().is_empty()
        && !class.body.iter().filter_map(Stmt::as_function_def_stmt).any(|function| is_special(function.name.as_str()))
}
