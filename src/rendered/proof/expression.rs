use ruff_python_ast::{CmpOp, Comprehension, Expr, ExprCall};

use super::bindings::CONNECTIONS;
use super::follow::Use;
use super::{Proven, Walk, allowed};

/// The object of a method.
pub(super) fn is_self(expression: &Expr) -> bool {
    matches!(expression, Expr::Name(name) if name.id.as_str() == "self")
}

impl<'a> Walk<'_, 'a> {
    pub(super) fn expression(&self, expression: &'a Expr) -> Proven {
        match expression {
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_) => Ok(()),
            Expr::FString(text) => {
                text.value.elements().filter_map(|element| element.as_interpolation()).try_for_each(|inner| {
                    if inner.format_spec.as_ref().is_some_and(|spec| spec.elements.interpolations().next().is_some()) {
                        return Err(self.doubt(inner, "a format of its own is computed"));
                    }
                    self.expression(&inner.expression)
                })
            }
            Expr::Name(name) => self.name(expression, name.id.as_str()),
            Expr::Attribute(_) => self.attribute(expression),
            Expr::Call(call) => self.call(call),
            Expr::BinOp(inner) => {
                self.may_compare(expression);
                self.all([&*inner.left, &*inner.right])
            }
            Expr::Lambda(inner) => {
                let parameters = inner.parameters.iter().flat_map(|parameters| parameters.iter());
                parameters.filter_map(|parameter| parameter.default()).try_for_each(|each| self.expression(each))?;
                self.expression(&inner.body)
            }
            Expr::BoolOp(inner) => self.all(&inner.values),
            Expr::UnaryOp(inner) => self.expression(&inner.operand),
            Expr::If(inner) => self.all([&*inner.test, &*inner.body, &*inner.orelse]),
            Expr::Compare(compare) => self.compare(compare),
            Expr::List(list) => self.all(&list.elts),
            Expr::Tuple(tuple) => self.all(&tuple.elts),
            Expr::Dict(dict) => {
                dict.items.iter().try_for_each(|item| self.all(item.key.iter().chain(std::iter::once(&item.value))))
            }
            Expr::Set(_) | Expr::SetComp(_) => Err(self.doubt(expression, "a set has another order in every run")),
            Expr::ListComp(inner) => {
                self.comprehension(&inner.generators)?;
                self.expression(&inner.elt)
            }
            Expr::Generator(inner) => {
                self.comprehension(&inner.generators)?;
                self.expression(&inner.elt)
            }
            Expr::DictComp(inner) => {
                self.comprehension(&inner.generators)?;
                self.all(inner.key.iter().map(|key| &**key).chain(std::iter::once(&*inner.value)))
            }
            Expr::Subscript(inner) => self.all([&*inner.value, &*inner.slice]),
            Expr::Slice(inner) => {
                self.all([&inner.lower, &inner.upper, &inner.step].into_iter().flatten().map(|part| &**part))
            }
            Expr::Starred(inner) => self.expression(&inner.value),
            Expr::Named(inner) => self.expression(&inner.value),
            _ => Err(self.doubt(expression, "it has an expression that limbec does not follow")),
        }
    }

    fn all(&self, expressions: impl IntoIterator<Item = &'a Expr>) -> Proven {
        expressions.into_iter().try_for_each(|expression| self.expression(expression))
    }

    fn comprehension(&self, generators: &'a [Comprehension]) -> Proven {
        generators.iter().try_for_each(|generator| {
            self.expression(&generator.iter)?;
            self.all(&generator.ifs)
        })
    }

    fn compare(&self, compare: &'a ruff_python_ast::ExprCompare) -> Proven {
        self.expression(&compare.left)?;
        compare.ops.iter().zip(&compare.comparators).try_for_each(|(operator, right)| match (operator, right) {
            // The order of a set does not matter to membership.
            (CmpOp::In | CmpOp::NotIn, Expr::Set(set)) => self.all(&set.elts),
            _ => self.expression(right),
        })
    }

    fn name(&self, expression: &'a Expr, name: &str) -> Proven {
        if self.bindings.binds.contains(name) {
            return Err(self.doubt(expression, format!("it hands on the connection ({name})")));
        }
        if let Some(path) = self.path(expression) {
            return self.pure(expression, &path, Use::Value);
        }
        let bindings = &self.bindings;
        let is_known = bindings.values.contains(name)
            || bindings.definitions.contains(name)
            || bindings.batches.contains(name)
            || allowed::BUILTINS.contains(&name);
        if is_known { Ok(()) } else { Err(self.doubt(expression, format!("it uses {name}"))) }
    }

    fn attribute(&self, expression: &'a Expr) -> Proven {
        if let Some(path) = self.path(expression) {
            return self.pure(expression, &path, Use::Value);
        }
        let Expr::Attribute(attribute) = expression else { return Ok(()) };
        let name = attribute.attr.as_str();
        // The dialect is the one thing of a connection that all databases share; of what leads there, engines alone have a name.
        if name == "name" && (self.is_dialect(&attribute.value) || self.is_bind(&attribute.value)) {
            return Ok(());
        }
        const DENIED: [&str; 8] =
            ["bind", "engine", "connection", "dialect", "impl", "migration_context", "opts", "dispatch"];
        let is_own = is_self(&attribute.value) && !name.starts_with("__");
        if name.starts_with('_') && !is_own || DENIED.contains(&name) && !(is_own && name == "impl") {
            return Err(self.doubt(expression, format!("it uses .{name}")));
        }
        if ["c", "columns"].contains(&name) {
            self.proof.sends_values.set(true);
        }
        self.expression(&attribute.value)
    }

    /// `op.get_bind()`, `op.get_context()`, a name of their results, or what leads from there to the same database.
    pub(super) fn is_bind(&self, expression: &'a Expr) -> bool {
        match expression {
            Expr::Call(call) => {
                let path = self.path(&call.func);
                let is_named = matches!(path.as_deref(), Some("alembic.op.get_bind" | "alembic.op.get_context"));
                is_named && call.arguments.is_empty()
            }
            Expr::Name(name) => self.bindings.binds.contains(name.id.as_str()),
            Expr::Attribute(attribute) => {
                CONNECTIONS.contains(&attribute.attr.as_str()) && self.is_bind(&attribute.value)
            }
            _ => false,
        }
    }

    fn is_dialect(&self, expression: &'a Expr) -> bool {
        let attribute = expression.as_attribute_expr();
        attribute.is_some_and(|attribute| attribute.attr.as_str() == "dialect" && self.is_bind(&attribute.value))
    }

    /// A statement of its own: what a call returns is not used, so that one on the connection may stand here.
    pub(super) fn on_its_own(&self, expression: &'a Expr) -> Proven {
        if let Expr::Call(call) = expression
            && let Expr::Attribute(attribute) = &*call.func
            && attribute.attr.as_str() == "execute"
            && self.is_bind(&attribute.value)
        {
            return self.arguments(call);
        }
        self.expression(expression)
    }

    fn call(&self, call: &'a ExprCall) -> Proven {
        if let Some(path) = self.path(&call.func) {
            self.pure(call, &path, Use::Call)?;
            return self.arguments(call);
        }
        if self.is_about_dialect(call) {
            return self.all(call.arguments.args.iter().skip(1));
        }
        if is_of_base(call) {
            return self.arguments(call);
        }
        match &*call.func {
            Expr::Name(name) => {
                let name = name.id.as_str();
                let is_shadowed = self.bindings.values.contains(name);
                let is_known = self.bindings.definitions.contains(name) || allowed::BUILTINS.contains(&name);
                if is_shadowed || !is_known {
                    return Err(self.doubt(call, format!("it calls {name}()")));
                }
            }
            Expr::Attribute(attribute) => {
                let method = attribute.attr.as_str();
                let on_batch =
                    attribute.value.as_name_expr().is_some_and(|name| self.bindings.batches.contains(name.id.as_str()));
                let is_known = if on_batch {
                    allowed::is_batch_operation(method)
                } else {
                    allowed::METHODS.contains(&method) || allowed::EXPRESSION_METHODS.contains(&method)
                };
                if !on_batch && allowed::EXPRESSION_METHODS.contains(&method) {
                    self.proof.sends_values.set(true);
                }
                if !is_known {
                    return Err(self.doubt(call, format!("it calls .{method}()")));
                }
                self.expression(&attribute.value)?;
            }
            _ => return Err(self.doubt(call, "it calls something that is computed")),
        }
        self.arguments(call)
    }

    /// `isinstance(bind.dialect, PGDialect)`
    fn is_about_dialect(&self, call: &'a ExprCall) -> bool {
        let is_asked = matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "isinstance");
        is_asked && call.arguments.args.first().is_some_and(|first| self.is_dialect(first))
    }

    /// Where something is compared or computed that is more than a text, it may be a column, and the other side a value for its type.
    pub(super) fn may_compare(&self, expression: &Expr) {
        let is_text = |expression: &Expr| expression.is_string_literal_expr() || expression.is_f_string_expr();
        match expression {
            Expr::Compare(_) => self.proof.sends_values.set(true),
            Expr::BinOp(inner) if inner.left.is_literal_expr() && inner.right.is_literal_expr() => {}
            Expr::BinOp(inner) if !is_text(&inner.left) && !is_text(&inner.right) => self.proof.sends_values.set(true),
            _ => {}
        }
    }

    fn arguments(&self, call: &'a ExprCall) -> Proven {
        call.arguments.iter_source_order().for_each(|argument| self.may_compare(argument.value()));
        self.all(&call.arguments.args)?;
        for keyword in &call.arguments.keywords {
            let Some(name) = keyword.arg.as_ref().map(|name| name.as_str()) else {
                return Err(self.doubt(keyword, "it gives arguments that are computed (`**`)"));
            };
            if allowed::KEYWORDS_DENIED.contains(&name) {
                return Err(
                    self.doubt(keyword, format!("it gives {name}=, which reads the database or leaves Alembic's way"))
                );
            }
            let is_false = matches!(&keyword.value, Expr::BooleanLiteral(literal) if !literal.value);
            if name.ends_with("_concurrently") && !is_false {
                return Err(self.doubt(keyword, "CONCURRENTLY cannot run inside of a transaction"));
            }
            let is_never =
                matches!(&keyword.value, Expr::StringLiteral(text) if ["never", "auto"].contains(&text.value.to_str()));
            if name == "recreate" && !is_never {
                return Err(self.doubt(keyword, "it copies a table, whose columns have to be read"));
            }
            self.expression(&keyword.value)?;
        }
        Ok(())
    }

    /// Whether an imported object is the same in every run.
    pub(super) fn pure(&self, node: &impl ruff_text_size::Ranged, path: &str, way: Use) -> Proven {
        let root = path.split('.').next().unwrap_or_default();
        let reason = match root {
            "sqlalchemy" => match self.of_sqlalchemy(path) {
                true => return Ok(()),
                false => format!("it uses {path}"),
            },
            "alembic" => match path.strip_prefix("alembic.op.") {
                Some(operation) if allowed::is_operation(operation) => {
                    if ["bulk_insert", "inline_literal"].contains(&operation) {
                        self.proof.sends_values.set(true);
                    }
                    return Ok(());
                }
                Some("get_bind" | "get_context") => {
                    "it uses the connection for more than its dialect's name".to_owned()
                }
                _ => format!("it uses {path}"),
            },
            _ => {
                let is_pure = allowed::PURE.iter().any(|pure| match pure.strip_suffix('.') {
                    Some(module) => path.strip_prefix(module).is_some_and(|rest| rest.starts_with('.')),
                    None => path == *pure,
                });
                if is_pure {
                    return Ok(());
                }
                if !allowed::KNOWN.contains(&root) {
                    return self.follow(node, path, way);
                }
                format!("it uses {path}, which may differ from run to run")
            }
        };
        Err(self.doubt(node, reason))
    }

    /// Whether a name of SQLAlchemy is pure; the module itself is not to be handed on.
    fn of_sqlalchemy(&self, path: &str) -> bool {
        let mut parts = path.split('.').skip(1).peekable();
        let is_module = parts.peek().is_none();
        for part in parts {
            // Types are made of it; those of the project are followed.
            if part.starts_with('_') || allowed::SQLALCHEMY_DENIED.contains(&part) {
                return false;
            }
            let is_lower = part.starts_with(char::is_lowercase);
            let has_values =
                is_lower && !allowed::WITHOUT_VALUES.contains(&part) && !path.starts_with("sqlalchemy.dialects.")
                    || allowed::WITH_VALUES.contains(&part)
                    || ["insert", "Insert"].contains(&part);
            if has_values {
                self.proof.sends_values.set(true);
            }
            if part == "func" {
                break;
            }
        }
        !is_module
    }
}

/// `super()` in a method, or a call of the base class's `__init__`, whose classes are known.
fn is_of_base(call: &ExprCall) -> bool {
    let is_super = |call: &ExprCall| {
        matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "super") && call.arguments.is_empty()
    };
    let Expr::Attribute(attribute) = &*call.func else { return is_super(call) };
    let is_init =
        ["__init__", "load_dialect_impl", "process_bind_param", "bind_processor"].contains(&attribute.attr.as_str());
    is_init && attribute.value.as_call_expr().is_some_and(is_super)
}
