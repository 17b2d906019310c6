//! The proof that one direction of a revision sends the same statements wherever it runs, by reading its file.
//!
//! What is not known to be pure is not proven: the walk accepts names, calls and statements by list ([`allowed`]) and refuses everything else,
//! at the first place where it comes by something else. The clock, randomness, the environment, files, other modules of the project, `context`,
//! the results of statements, reflection, and whatever needs a connection are among that.

mod allowed;
mod bindings;
mod expression;
mod statement;

use std::collections::HashMap;

use bindings::{Bindings, bindings};
use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;

use crate::plan::Direction;
use crate::script::RevisionFile;

/// Why something is not proven, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// From 1.
    pub(crate) line: usize,
    /// What the revision does, without a full stop: "it asks for the time (`datetime.now`)".
    pub(crate) reason: String,
}

/// A walk through one file.
struct Proof<'a> {
    file: &'a RevisionFile,
    bindings: Bindings<'a>,
    /// Functions of the file that are still to be walked, and those that were.
    functions: HashMap<&'a str, &'a StmtFunctionDef>,
}

type Proven = Result<(), Doubt>;

/// Whether `upgrade()` or `downgrade()` of a file is independent of everything but the dialect.
pub(crate) fn prove(file: &RevisionFile, direction: Direction) -> Proven {
    let Some(body) = file.body() else {
        return Err(Doubt { line: 1, reason: "it cannot be read".to_owned() });
    };
    let (wanted, other) = match direction {
        Direction::Upgrade => ("upgrade", "downgrade"),
        Direction::Downgrade => ("downgrade", "upgrade"),
        Direction::Stamp => return Ok(()),
    };
    let mut proof = Proof { file, bindings: Bindings::default(), functions: HashMap::new() };
    proof.bindings = bindings(body).map_err(|(at, reason)| proof.doubt_at(at, reason))?;
    for statement in body {
        if let Stmt::FunctionDef(function) = statement
            && proof.functions.insert(function.name.as_str(), function).is_some()
        {
            return Err(proof.doubt(statement, format!("it defines {}() twice", function.name)));
        }
    }
    let Some(function) = proof.functions.get(wanted).copied() else {
        return Err(Doubt { line: 1, reason: format!("it does not define {wanted}() itself") });
    };
    if proof.mentions(&function.body, other) {
        return Err(proof.doubt(function, format!("{wanted}() uses {other}()")));
    }
    body.iter()
        .filter(|statement| !matches!(statement, Stmt::FunctionDef(function) if function.name.as_str() == other))
        .try_for_each(|statement| proof.statement(statement))
}

impl<'a> Proof<'a> {
    fn doubt(&self, node: &impl Ranged, reason: impl Into<String>) -> Doubt {
        self.doubt_at(node.start().to_usize(), reason)
    }

    fn doubt_at(&self, at: usize, reason: impl Into<String>) -> Doubt {
        Doubt { line: self.file.position(at).0, reason: reason.into() }
    }

    /// The dotted name of an imported object, or of an attribute of one.
    fn path(&self, expression: &'a Expr) -> Option<String> {
        match expression {
            Expr::Name(name) => self.bindings.imports.get(name.id.as_str()).cloned(),
            Expr::Attribute(attribute) => Some(format!("{}.{}", self.path(&attribute.value)?, attribute.attr)),
            _ => None,
        }
    }

    /// Whether the text of these statements has a name in it.
    fn mentions(&self, body: &[Stmt], name: &str) -> bool {
        let text = |statement: &Stmt| self.file.text().get(statement.start().to_usize()..statement.end().to_usize());
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        body.iter().filter_map(text).any(|text| text.split(|letter| !is_word(letter)).any(|word| word == name))
    }
}

#[cfg(test)]
mod tests;
