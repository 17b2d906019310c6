use std::rc::Rc;

use ruff_python_ast as ast;

use super::reader::Reader;
use super::value::Value;
use crate::script::imported_as;

impl<'a> Reader<'a> {
    pub(super) fn import(&mut self, import: &'a ast::StmtImport) {
        for alias in &import.names {
            let module = alias.name.as_str();
            let value = match &alias.asname {
                Some(_) => dotted(module),
                // `import a.b` binds `a`.
                None => dotted(module.split('.').next().unwrap_or(module)),
            };
            self.bind(imported_as(alias), value);
        }
    }

    pub(super) fn import_from(&mut self, import: &'a ast::StmtImportFrom) {
        let module = import.module.as_ref().map_or("", |name| name.as_str());
        for alias in &import.names {
            let name = alias.name.as_str();
            let value = if let Some(module) = self.absolute(import) {
                Value::Imported(Rc::from(format!("{module}.{name}")))
            } else if import.level > 0 {
                let dots = ".".repeat(import.level as usize);
                Value::Imported(Rc::from(format!("{dots}{module}.{name}")))
            } else {
                self.attribute(dotted(module), name)
            };
            self.bind(imported_as(alias), value);
        }
    }

    /// The dotted name behind a relative import of a module of the project.
    fn absolute(&self, import: &ast::StmtImportFrom) -> Option<String> {
        if import.level == 0 {
            return None;
        }
        let mut package = self.modules.package(self.module())?;
        for _ in 1..import.level {
            package = package.rsplit_once('.')?.0;
        }
        Some(match &import.module {
            Some(name) => format!("{package}.{name}"),
            None => package.to_owned(),
        })
    }
}

/// A module.
fn dotted<'a>(module: &'a str) -> Value<'a> {
    match module {
        "alembic.op" => Value::Op,
        "alembic.context" => Value::Environment,
        _ if module == "sqlalchemy" || module.starts_with("sqlalchemy.") => {
            Value::Sqlalchemy(module.rsplit_once('.').map_or("", |(_, last)| last))
        }
        _ => Value::Imported(Rc::from(module)),
    }
}
