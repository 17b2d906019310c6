use super::declare_rule;
use crate::lint::ProjectContext;
use crate::lint::header::assigned_at;
use crate::revision::RevisionError;

declare_rule! {
    /// A label, dependency or identifier that Alembic refuses.
    ///
    /// ## What it flags
    /// Branch labels that are taken, dependencies on what does not exist, branch labels as down revision, and `@`, `-`, `+` or `:` in identifiers.
    ///
    /// ## Why
    /// Alembic refuses the whole graph: no command works.
    ///
    /// ## Example
    /// ```python file=20260110_140500_step_0.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "8f3a61c027d4"
    /// down_revision = None
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    /// ```python file=20260111_140500_step_1.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "1c5e90b2f7aa"
    /// down_revision = "8f3a61c027d4"
    /// depends_on = "billing"
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    ///
    /// ## Use instead
    /// ```python file=20260110_140500_step_0.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "8f3a61c027d4"
    /// down_revision = None
    /// branch_labels = "billing"
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    /// ```python file=20260111_140500_step_1.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "1c5e90b2f7aa"
    /// down_revision = "8f3a61c027d4"
    /// depends_on = "billing"
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    "broken-graph" {
        group: Graph,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Project(check),
    }
}

fn check(ctx: &mut ProjectContext<'_>) {
    let project = ctx.project();
    for fault in &project.graph.faults {
        let (id, variable, message, help, other) = match &fault.error {
            RevisionError::LabelTaken { label, revision, used_by } => (
                revision,
                "branch_labels",
                format!("the branch label `{label}` is already used by `{used_by}`"),
                "choose another label: descendants inherit theirs",
                Some(used_by),
            ),
            RevisionError::UnknownDependency { revision, dependency } => (
                revision,
                "depends_on",
                format!("`{dependency}` is neither a revision nor a branch label"),
                "name a revision or a label of the version locations",
                None,
            ),
            RevisionError::DownIsLabel { revision, label } => (
                revision,
                "down_revision",
                format!("`{label}` is a branch label, not a revision"),
                "name the revision that it comes after",
                project.graph.map.position(label.as_str()).map(|of| &project.graph.map.revision(of).id),
            ),
            RevisionError::IllegalCharacters { characters, id } => (
                id,
                "revision",
                format!("the identifier `{id}` holds `{characters}`, which Alembic gives a meaning of its own"),
                "use letters, digits and underscores",
                None,
            ),
            _ => continue,
        };
        let Some(file) = project.declaring(id.as_str()) else { continue };
        let other = other.and_then(|other| project.declaring(other.as_str())).filter(|other| *other != file);
        let other = other.map(|other| ctx.location(other, assigned_at(&project.file(other).file, "branch_labels")));
        let range = assigned_at(&project.file(file).file, variable);
        let finding = ctx.report(file, range, message);
        finding.help(help).global();
        if let Some(place) = other {
            finding.annotate(place, "the label is declared here");
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::graph;

    const RULE: &str = "broken-graph";

    #[test]
    fn refused_err() {
        assert_snapshot!(graph(&["a @x", "b a", "c @x"]).findings(RULE), @"
        c.py:3:17 error: the branch label `x` is already used by `a`
          help: choose another label: descendants inherit theirs
        ");
        assert_snapshot!(graph(&["a", "b a +nothing"]).findings(RULE), @"
        b.py:3:14 error: `nothing` is neither a revision nor a branch label
          help: name a revision or a label of the version locations
        ");
        assert_snapshot!(graph(&["a @x", "b x"]).findings(RULE), @"
        b.py:2:17 error: `x` is a branch label, not a revision
          help: name the revision that it comes after
        ");
        assert_snapshot!(graph(&["a-b"]).findings(RULE), @"
        1:12 error: the identifier `a-b` holds `-`, which Alembic gives a meaning of its own
          help: use letters, digits and underscores
        ");
    }

    #[test]
    fn accepted_ok() {
        assert_eq!(graph(&["a @x", "b a +a", "c b +x"]).findings(RULE), "");
    }
}
