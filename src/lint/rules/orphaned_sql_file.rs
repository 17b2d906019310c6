use super::declare_rule;
use crate::lint::ProjectContext;
use crate::script::SqlRevision;

declare_rule! {
    /// An SQL file whose revision is not there, so that nothing ever runs it.
    ///
    /// ## What it flags
    /// A file in the folders of the revisions that is named `NAME.up.sql` or `NAME.down.sql`, where there is no `NAME.py`.
    ///
    /// ## Why
    /// The Python file is what ties the SQL into the history; without it neither limbec nor Alembic knows the revision. It was renamed
    /// or deleted alone, was not added to a commit, or the SQL file has a typing error in its name.
    ///
    /// ## Example
    /// ```text
    /// versions/20260101_120000_users.up.sql
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// versions/20260101_120000_users.py
    /// versions/20260101_120000_users.up.sql
    /// ```
    "orphaned-sql-file" {
        group: Graph,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Project(check),
    }
}

fn check(ctx: &mut ProjectContext<'_>) {
    let project = ctx.project();
    for path in &project.orphans {
        let Some(python) = SqlRevision::python_of(path) else { continue };
        let name = python.file_name().unwrap_or_default().display().to_string();
        ctx.report_elsewhere(path.clone(), format!("there is no `{name}`, so that no revision runs this file"))
            .help(format!(
                "bring `{name}` back, or give the file the name of its revision; for a new revision `limbec new --sql MESSAGE` \
                 writes both; delete what nobody needs"
            ));
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::History;

    const RULE: &str = "orphaned-sql-file";

    #[test]
    fn without_a_revision_err() {
        let history = History::new().sql(Some("SELECT 1;"), None);
        assert_snapshot!(history.orphan("20260201_120000_x.down.sql").findings(RULE), @"
        1:1 error: there is no `20260201_120000_x.py`, so that no revision runs this file
          help: bring `20260201_120000_x.py` back, or give the file the name of its revision; for a new revision `limbec new --sql MESSAGE` writes both; delete what nobody needs
        ");
    }

    #[test]
    fn with_its_revision_ok() {
        assert_eq!(History::new().sql(Some("SELECT 1;"), None).findings(RULE), "");
    }
}
