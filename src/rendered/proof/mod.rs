//! The proof that one direction of a revision sends the same statements wherever it runs, by reading its file.
//!
//! What is not known to be pure is not proven: the walk accepts names, calls and statements by list ([`allowed`]) and refuses everything else,
//! at the first place where it comes by something else. The clock, randomness, the environment, files, `context`, the results of statements,
//! reflection, and whatever needs a connection are among that.
//!
//! Only what the direction reaches is walked: functions and assignments that nothing of it names take no part, and an import alone does nothing
//! that is not seen otherwise (statements, listeners and hooks of a run are heard). What it uses of the project's own modules is followed into their
//! texts ([`follow`]): constants, functions, types, enumerations.

mod allowed;
mod bindings;
mod class;
mod expression;
mod follow;
mod reach;
mod statement;
mod unit;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use bindings::{Bindings, bindings};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged;
use unit::Unit;

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

/// What the walks of one proof share.
struct Proof<'a> {
    file: &'a RevisionFile,
    /// What was followed, or is being followed: text and position.
    followed: RefCell<HashSet<(usize, usize)>>,
    /// Types of the project's modules that turn values into parameters: that matters where a value is sent.
    binding_types: RefCell<Vec<(Unit<'a>, &'a str)>>,
    /// Whether more than the schema may be sent, so that values may pass through types.
    sends_values: Cell<bool>,
}

/// A walk through statements that share their names: a revision file, or a part of a module.
struct Walk<'p, 'a> {
    proof: &'p Proof<'a>,
    unit: Unit<'a>,
    bindings: Bindings<'a>,
    /// How many modules were followed on the way here.
    depth: usize,
}

type Proven = Result<(), Doubt>;

/// Whether `upgrade()` or `downgrade()` of a file is independent of everything but the dialect.
pub(crate) fn prove(file: &RevisionFile, direction: Direction) -> Proven {
    let wanted = match direction {
        Direction::Upgrade => "upgrade",
        Direction::Downgrade => "downgrade",
        Direction::Stamp => return Ok(()),
    };
    let Some(body) = file.body() else {
        return Err(Doubt { line: 1, reason: "it cannot be read".to_owned() });
    };
    let proof =
        Proof { file, followed: RefCell::default(), binding_types: RefCell::default(), sends_values: Cell::new(false) };
    let unit = Unit { text: file.text(), body, package: None };
    let (reached, functions) = unit.of_revision(wanted).map_err(|(at, reason)| unit.doubt_at(at, reason))?;
    if !functions.contains(wanted) {
        return Err(Doubt { line: 1, reason: format!("it does not define {wanted}() itself") });
    }
    Walk::new(&proof, unit, &reached, 0)?.body(reached)?;
    proof.values()
}

impl<'a> Proof<'a> {
    /// Where values are sent, types of the project take part in them.
    fn values(&self) -> Proven {
        while self.sends_values.get() {
            let Some((unit, class)) = self.binding_types.borrow_mut().pop() else { break };
            self.binds(unit, class)?;
        }
        Ok(())
    }
}

impl<'p, 'a> Walk<'p, 'a> {
    fn new(proof: &'p Proof<'a>, unit: Unit<'a>, body: &[&'a Stmt], depth: usize) -> Result<Self, Doubt> {
        let bindings = bindings(body, unit.package).map_err(|(at, reason)| unit.doubt_at(at, reason))?;
        Ok(Self { proof, unit, bindings, depth })
    }

    fn doubt(&self, node: &impl Ranged, reason: impl Into<String>) -> Doubt {
        self.unit.doubt_at(node.start().to_usize(), reason)
    }

    /// The dotted name of an imported object, or of an attribute of one.
    fn path(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::Name(name) => self.bindings.imports.get(name.id.as_str()).cloned(),
            Expr::Attribute(attribute) => Some(format!("{}.{}", self.path(&attribute.value)?, attribute.attr)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
