use std::fmt::Write as _;

use super::python_text::quoted;
use crate::revision::RevisionId;
use crate::script::{REPLACED_FILES, REPLACES, sql_revision};

/// The file of a revision that stands for a history.
#[derive(Debug, Clone, Copy)]
pub struct Baseline<'a> {
    /// Its identifier, which is that of the last squashed revision.
    pub revision: &'a RevisionId,
    /// What that revision did, in one line.
    pub message: &'a str,
    /// When, as Alembic's template has it.
    pub created: &'a str,
    /// The tombstones.
    pub replaces: &'a [RevisionId],
    /// Where the old files are, relative to the script directory.
    pub files: &'a str,
    /// Branch labels.
    pub labels: &'a [String],
    /// What makes the schema.
    pub statements: &'a [String],
}

impl Baseline<'_> {
    /// The text of the Python file, which needs nothing but Alembic.
    pub fn python(&self) -> String {
        let count = self.replaces.len() + 1;
        let message = self.message.replace(['\\', '"', '\n', '\r'], " ");
        let docstring = format!(
            "\"\"\"{message} (baseline of {count} revisions)\n\nRevision ID: {id}\nRevises:\nCreate Date: {}\n\n\"\"\"\n\
             # limbec: irreversible nothing comes before a baseline",
            self.created,
            id = self.revision,
        );
        let mut identifiers = format!(
            "# revision identifiers, used by Alembic.\n\
             revision = {}\ndown_revision = None\nbranch_labels = {}\ndepends_on = None\n\n\
             # What was squashed into this revision by `limbec squash`, and where the files are, from\n\
             # the script directory: a database that is at one of these revisions is upgraded by them.\n\
             {REPLACES} = (\n",
            quoted(self.revision.as_str()),
            labels(self.labels),
        );
        for id in self.replaces {
            let _ = writeln!(identifiers, "    {},", quoted(id.as_str()));
        }
        let _ = writeln!(identifiers, ")\n{REPLACED_FILES} = {}", quoted(self.files));
        sql_revision(&docstring, &identifiers)
    }

    /// The text of the SQL file beside it.
    pub fn sql(&self) -> String {
        let mut text = format!("-- The schema at {}.\n", self.revision);
        for statement in self.statements {
            let _ = write!(text, "\n{statement};\n");
        }
        text
    }
}

fn labels(labels: &[String]) -> String {
    match labels {
        [] => "None".to_owned(),
        labels => format!("({},)", labels.iter().map(|label| quoted(label)).collect::<Vec<_>>().join(", ")),
    }
}
