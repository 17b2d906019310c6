use std::fmt;

use super::directive::{DirectiveKind, directives};
use crate::operation;
use crate::script::RevisionFile;

/// Why a revision cannot be undone, as its text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Irreversible {
    /// `# limbec: irreversible`, with its reason.
    Marked(Option<String>),
    /// `downgrade()` certainly raises.
    Raises,
    /// There is no `downgrade()`.
    Missing,
    /// `downgrade()` does nothing, but `upgrade()` does.
    Empty,
}

impl Irreversible {
    /// Reads a revision file; `None` where it can be undone, or where nobody can tell.
    pub fn of(file: &RevisionFile) -> Option<Self> {
        file.body()?;
        let marked = directives(file).into_iter().find(|directive| directive.kind == DirectiveKind::Irreversible);
        if let Some(directive) = marked {
            return Some(Self::Marked(directive.reason));
        }
        let operations = operation::read(file);
        let (upgrade, downgrade) = (&operations.upgrade, &operations.downgrade);
        // One that is imported is not defined here, and not analysed.
        if downgrade.definition.is_none() && downgrade.not_analysed.is_empty() {
            return Some(Self::Missing);
        }
        match (downgrade.raises.is_some(), downgrade.is_empty && !upgrade.is_empty) {
            (true, _) => Some(Self::Raises),
            (_, true) => Some(Self::Empty),
            _ => None,
        }
    }
}

impl fmt::Display for Irreversible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("irreversible: ")?;
        match self {
            Self::Marked(Some(reason)) => f.write_str(reason),
            Self::Marked(None) => f.write_str("the header says so"),
            Self::Raises => f.write_str("downgrade() always raises"),
            Self::Missing => f.write_str("there is no downgrade()"),
            Self::Empty => f.write_str("downgrade() does nothing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::script::Imports;

    fn read(functions: &str) -> Option<String> {
        let text = format!("from alembic import op\nrevision = 'a'\ndown_revision = None\n{functions}\n");
        let file = RevisionFile::parse(Path::new("/a.py"), text.into_bytes(), &Imports::new(&[]));
        Irreversible::of(&file).map(|found| found.to_string())
    }

    #[test]
    fn each_way_of_being_irreversible_is_named() {
        let upgrade = "def upgrade():\n    op.drop_table('t')\n";
        for (downgrade, expected) in [
            ("def downgrade():\n    raise NotImplementedError", Some("irreversible: downgrade() always raises")),
            ("def downgrade():\n    pass", Some("irreversible: downgrade() does nothing")),
            ("", Some("irreversible: there is no downgrade()")),
            ("def downgrade():\n    op.create_table('t')", None),
            ("from steps import downgrade", None),
        ] {
            assert_eq!(read(&format!("{upgrade}{downgrade}")).as_deref(), expected, "{downgrade}");
        }
        let marked = format!("# limbec: irreversible rows are gone\n{upgrade}");
        assert_eq!(read(&marked).as_deref(), Some("irreversible: rows are gone"));
        assert_eq!(read("def upgrade():\n    pass\ndef downgrade():\n    pass"), None);
    }
}
