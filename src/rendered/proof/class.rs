use ruff_python_ast::{Expr, Stmt, StmtClassDef, StmtFunctionDef};

use super::reach::Methods;
use super::unit::Unit;
use super::{Proof, Proven, Walk, allowed};

/// Classes of SQLAlchemy that types of the project are made of.
const TYPE_BASES: [&str; 2] = ["TypeDecorator", "UserDefinedType"];

/// What a class is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It holds values, as enumerations do.
    Values,
    /// A type of columns.
    Type,
}

impl<'a> Walk<'_, 'a> {
    /// Classes that hold values, and types of columns.
    pub(super) fn class(&self, class: &'a StmtClassDef) -> Proven {
        if !class.decorator_list.is_empty() || !class.keywords().is_empty() {
            return Err(self.doubt(class, format!("the class {} is decorated or has keywords", class.name)));
        }
        let kinds: Result<Vec<Kind>, _> = class.bases().iter().map(|base| self.base(class, base)).collect();
        let kind = if kinds?.contains(&Kind::Type) { Kind::Type } else { Kind::Values };
        if kind == Kind::Type {
            if self.unit.is_compiled_otherwise(class.name.as_str()) {
                return Err(self.doubt(class, format!("the SQL of {} is made by a function (`@compiles`)", class.name)));
            }
            let binds = class.body.iter().filter_map(Stmt::as_function_def_stmt);
            if binds.clone().any(|function| allowed::BINDING_METHODS.contains(&function.name.as_str())) {
                self.proof.binding_types.borrow_mut().push((self.unit, class.name.as_str()));
            }
        }
        class.body.iter().try_for_each(|statement| match statement {
            Stmt::Assign(_) | Stmt::AnnAssign(_) | Stmt::Pass(_) | Stmt::Expr(_) => self.statement(statement),
            Stmt::FunctionDef(function) if kind == Kind::Type => {
                let name = function.name.as_str();
                let is_later = allowed::BINDING_METHODS.contains(&name) || allowed::READING_METHODS.contains(&name);
                if is_later { Ok(()) } else { self.method(function) }
            }
            other => Err(self.doubt(other, format!("the class {} has more than values", class.name))),
        })
    }

    fn base(&self, class: &StmtClassDef, base: &'a Expr) -> Result<Kind, super::Doubt> {
        // `TypeDecorator[str]`: what is in brackets is for type checkers.
        let base = base.as_subscript_expr().map_or(base, |subscript| &*subscript.value);
        let unknown = || self.doubt(base, format!("the class {} has a base that may do anything", class.name));
        let Some(path) = self.path(base) else {
            let Expr::Name(name) = base else { return Err(unknown()) };
            let name = name.id.as_str();
            // A class of the same file is walked by itself.
            let own =
                self.unit.body.iter().filter_map(Stmt::as_class_def_stmt).find(|class| class.name.as_str() == name);
            return match own {
                Some(own) if self.bindings.definitions.contains(name) && !std::ptr::eq(own, class) => {
                    let kinds = own.bases().iter().map(|base| self.base(own, base)).collect::<Result<Vec<_>, _>>()?;
                    Ok(if kinds.contains(&Kind::Type) { Kind::Type } else { Kind::Values })
                }
                None if ["str", "int", "object"].contains(&name) => Ok(Kind::Values),
                _ => Err(unknown()),
            };
        };
        let last = path.rsplit('.').next().unwrap_or_default();
        let is_type = path.starts_with("sqlalchemy.") && last.starts_with(char::is_uppercase);
        let parts_of_types = ["sqlalchemy.types.", "sqlalchemy.dialects.", "sqlalchemy.sql.sqltypes."]
            .iter()
            .any(|start| path.starts_with(start));
        match path.strip_prefix("sqlalchemy.") {
            _ if path.starts_with("enum.") => Ok(Kind::Values),
            Some(name) if TYPE_BASES.contains(&last) || is_type && (parts_of_types || is_type_name(name)) => {
                Ok(Kind::Type)
            }
            _ => Err(unknown()),
        }
    }

    fn method(&self, function: &'a StmtFunctionDef) -> Proven {
        let name = |expression: &Expr| match expression {
            Expr::Name(name) => Some(name.id.to_string()),
            _ => None,
        };
        let decorators: Vec<Option<String>> =
            function.decorator_list.iter().map(|decorator| name(&decorator.expression)).collect();
        match decorators.as_slice() {
            [] => self.function_itself(function),
            [Some(name)] if name == "overload" => Ok(()),
            [Some(name)] if name == "property" => self.function_itself(function),
            _ => Err(self.doubt(function, format!("{}() is decorated", function.name))),
        }
    }
}

/// Types that SQLAlchemy has at its top.
fn is_type_name(name: &str) -> bool {
    const TYPES: [&str; 22] = [
        "BigInteger",
        "Boolean",
        "CHAR",
        "DATETIME",
        "Date",
        "DateTime",
        "Enum",
        "Float",
        "Integer",
        "Interval",
        "JSON",
        "LargeBinary",
        "Numeric",
        "SmallInteger",
        "String",
        "TEXT",
        "TIMESTAMP",
        "Text",
        "Time",
        "Unicode",
        "UnicodeText",
        "VARCHAR",
    ];
    TYPES.contains(&name)
}

impl<'a> Proof<'a> {
    /// The methods of a type by which values become parameters.
    pub(super) fn binds(&self, unit: Unit<'a>, name: &'a str) -> Proven {
        let part = unit.part(name, Methods::OfValues).map_err(|(at, reason)| unit.doubt_at(at, reason))?;
        let walk = Walk::new(self, unit, &part, 0)?;
        let classes = part.iter().filter_map(|statement| statement.as_class_def_stmt());
        let class = classes.filter(|class| class.name.as_str() == name);
        let methods = class.flat_map(|class| class.body.iter().filter_map(Stmt::as_function_def_stmt));
        let binding = methods.filter(|method| allowed::BINDING_METHODS.contains(&method.name.as_str()));
        let judged = binding.into_iter().try_for_each(|method| walk.method(method)).and_then(|()| {
            let others = part.iter().filter(|statement| !statement.is_class_def_stmt());
            walk.body(others.copied())
        });
        judged.map_err(|doubt| super::Doubt {
            reason: format!("it may send values of the type {name}, where {}", doubt.reason),
            line: 1,
        })
    }
}
