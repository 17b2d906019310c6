use std::fmt::Write as _;

use super::python_text::{for_execute, long, quoted};
use crate::revision::RevisionId;
use crate::script::{REPLACED_FILES, REPLACES};

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
        let mut text = self.header();
        text.push_str("\n\ndef upgrade() -> None:\n");
        for statement in self.statements {
            let _ = writeln!(text, "    op.execute({})", long(&for_execute(statement)));
        }
        if self.statements.is_empty() {
            text.push_str("    pass\n");
        }
        let sentence = format!("{} is a baseline: nothing comes before it", self.revision);
        let _ = write!(text, "\n\ndef downgrade() -> None:\n    raise NotImplementedError({})\n", quoted(&sentence));
        text
    }

    fn header(&self) -> String {
        let count = self.replaces.len() + 1;
        let message = self.message.replace(['\\', '"', '\n', '\r'], " ");
        let mut text = format!(
            "\"\"\"{message} (baseline of {count} revisions)\n\nRevision ID: {id}\nRevises:\nCreate Date: {}\n\n\"\"\"\n\
             # limbec: irreversible a baseline has nothing before it\n\n\
             from alembic import op\n\n\
             revision = {}\ndown_revision = None\nbranch_labels = {}\ndepends_on = None\n\n\
             # What was squashed into this revision by `limbec squash`, and where the files are, from the script directory:\n\
             # a database that is at one of these revisions is upgraded by them.\n",
            self.created,
            quoted(self.revision.as_str()),
            labels(self.labels),
            id = self.revision,
        );
        let _ = writeln!(text, "{REPLACES} = (");
        for id in self.replaces {
            let _ = writeln!(text, "    {},", quoted(id.as_str()));
        }
        let _ = writeln!(text, ")\n{REPLACED_FILES} = {}", quoted(self.files));
        text
    }
}

fn labels(labels: &[String]) -> String {
    match labels {
        [] => "None".to_owned(),
        labels => format!("({},)", labels.iter().map(|label| quoted(label)).collect::<Vec<_>>().join(", ")),
    }
}
