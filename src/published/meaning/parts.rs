use std::collections::BTreeMap;

use ruff_python_ast::{Expr, Stmt};

use super::encoder::{Documents, Encoder};
use super::sql;
use crate::script::RevisionFile;

/// What a module defines, each with the hash of its statements: to say what has changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::published) struct Parts(BTreeMap<String, Vec<String>>);

impl Parts {
    pub(in crate::published) fn of(file: &RevisionFile) -> Self {
        let mut parts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for statement in file.body().unwrap_or_default() {
            let mut encoder = Encoder::new("part");
            encoder.body(std::slice::from_ref(statement), Documents::Yes);
            parts.entry(name(statement)).or_default().push(encoder.finish());
        }
        for (name, file) in
            ["`upgrade()`", "`downgrade()`"].into_iter().zip(file.sql().into_iter().flat_map(|sql| sql.files()))
        {
            parts.entry(name.to_owned()).or_default().push(sql::of_file(file));
        }
        // A docstring and `pass` mean nothing.
        parts.remove("");
        Self(parts)
    }

    /// The names of what differs, sorted.
    pub(in crate::published) fn differing(&self, other: &Self) -> Vec<String> {
        let of_self = self.0.iter().filter(|(name, hashes)| other.0.get(*name) != Some(*hashes));
        let of_other = other.0.iter().filter(|(name, _)| !self.0.contains_key(*name));
        let mut names: Vec<String> = of_self.chain(of_other).map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    }
}

/// For people: `upgrade()`, `down_revision`, `the imports`.
fn name(statement: &Stmt) -> String {
    let target = |target: &Expr| target.as_name_expr().map(|name| format!("`{}`", name.id));
    let named = match statement {
        Stmt::FunctionDef(function) => Some(format!("`{}()`", function.name)),
        Stmt::ClassDef(class) => Some(format!("`{}`", class.name)),
        Stmt::Assign(assign) => assign.targets.first().and_then(target),
        Stmt::AnnAssign(assign) => target(&assign.target),
        Stmt::Import(_) | Stmt::ImportFrom(_) => Some("the imports".to_owned()),
        Stmt::Pass(_) => Some(String::new()),
        Stmt::Expr(inner) if inner.value.is_string_literal_expr() => Some(String::new()),
        _ => None,
    };
    named.unwrap_or_else(|| "other code".to_owned())
}
