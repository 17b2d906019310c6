mod conditions;
mod data;
mod directives;
mod functions;
mod modules;
mod robustness;
mod values;

use std::path::Path;

use super::read;
use crate::operation::{Body, Operations, dump::dump};
use crate::script::{Imports, RevisionFile};

fn operations(source: &str) -> Operations {
    read(&RevisionFile::parse(Path::new("revision.py"), source.as_bytes().to_vec(), &Imports::new(&[])))
}

/// What `upgrade()` of a file does that begins with the usual imports.
fn body(source: &str) -> Body {
    operations(&format!("from alembic import op\nimport sqlalchemy as sa\n{source}")).upgrade
}

/// The same as text. `source`: the statements of `upgrade()`, not indented.
fn upgrade(source: &str) -> String {
    dump(&body(&function(source)))
}

/// The same for a whole file.
fn module(source: &str) -> String {
    dump(&body(source))
}

fn function(statements: &str) -> String {
    let lines: Vec<String> = statements.trim().lines().map(|line| format!("    {line}\n")).collect();
    format!("def upgrade():\n{}", lines.concat())
}
