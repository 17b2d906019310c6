use super::declare_rule;
use crate::lint::header::assigned_at;
use crate::lint::heads::accidental_heads;
use crate::lint::{FileIndex, ProjectContext, Standing};

declare_rule! {
    /// The history has several heads where one is meant.
    ///
    /// ## What it flags
    /// Two or more revisions that nothing comes after, on the same branch: they share an ancestor and carry the same branch labels, or none.
    /// Branches with labels of their own are heads on purpose.
    ///
    /// ## Why
    /// `upgrade head` fails with "Multiple head revisions are present" on every database. It happens when two branches of git each add a revision: git
    /// merges the files without a conflict.
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
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    /// ```python file=20260112_140500_step_2.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "6d04be7713c9"
    /// down_revision = "8f3a61c027d4"
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
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    /// ```python file=20260112_140500_step_2.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "6d04be7713c9"
    /// down_revision = "1c5e90b2f7aa"
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    "several-heads" {
        group: Graph,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Project(check),
    }
}

fn check(ctx: &mut ProjectContext<'_>) {
    let project = ctx.project();
    let map = &project.graph.map;
    for mut heads in accidental_heads(map) {
        // The finding is at the one that came last, and can still be changed.
        heads.sort_by_cached_key(|head| {
            let file = project.file(project.file_of(*head));
            (file.standing == Standing::New, project.names.time(&file.file.path), head.0)
        });
        let Some((last, others)) = heads.split_last() else { continue };
        let place = |index: FileIndex, name: &str| ctx.location(index, assigned_at(&project.file(index).file, name));
        let other_places: Vec<_> = others.iter().map(|head| place(project.file_of(*head), "revision")).collect();
        let ancestor = others.first().and_then(|other| map.common_ancestor(*last, *other));
        let ancestor =
            ancestor.map(|ancestor| (map.revision(ancestor).id.clone(), place(project.file_of(ancestor), "revision")));
        let names: Vec<String> = others.iter().map(|head| format!("`{}`", map.revision(*head).id)).collect();
        let file = project.file_of(*last);
        let range = assigned_at(&project.file(file).file, "revision");
        let message = match names.as_slice() {
            [one] => format!("`{}` and {one} are both heads", map.revision(*last).id),
            several => format!("`{}`, {} are all heads", map.revision(*last).id, several.join(", ")),
        };
        let finding = ctx.report(file, range, message);
        finding
            .help("put this branch behind the other with `limbec rebase`, or join them with `limbec merge heads`")
            .global();
        for place in other_places {
            finding.annotate(place, "the other head");
        }
        if let Some((id, place)) = ancestor {
            finding.annotate(place, format!("both come after `{id}`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, graph};

    const RULE: &str = "several-heads";

    #[test]
    fn fork_err() {
        assert_snapshot!(graph(&["a", "b a", "c a"]).findings(RULE), @"
        c.py:1:12 error: `c` and `b` are both heads
          help: put this branch behind the other with `limbec rebase`, or join them with `limbec merge heads`
        ");
        let report = graph(&["a", "b a", "c a"]).report();
        let finding = report.diagnostics.iter().find(|finding| finding.rule == RULE).unwrap();
        let places: Vec<_> = finding.annotations.iter().map(|other| other.message.as_str()).collect();
        assert_eq!(places, ["the other head", "both come after `a`"]);
    }

    #[test]
    fn fork_below_a_label_err() {
        assert_snapshot!(graph(&["a @x", "b a", "c a", "d c"]).findings(RULE), @"
        d.py:1:12 error: `d` and `b` are both heads
          help: put this branch behind the other with `limbec rebase`, or join them with `limbec merge heads`
        ");
    }

    #[test]
    fn the_new_one_is_told_err() {
        let history = graph(&["a", "b a", "c a"]).published().file("d.py", "revision = 'd'\ndown_revision = 'b'\n");
        assert_snapshot!(history.findings(RULE), @"
        d.py:1:12 error: `d` and `c` are both heads
          help: put this branch behind the other with `limbec rebase`, or join them with `limbec merge heads`
        ");
    }

    #[test]
    fn branches_on_purpose_ok() {
        for revisions in [
            &["a", "b a", "c b"][..],
            &["a", "b a", "c a", "d b,c"],
            &["a @x", "b @y", "c a", "d b"],
            &["a", "b a @expand", "c a @contract", "d b", "e c"],
            &["a", "b a", "c @plugin", "d c"],
        ] {
            assert_eq!(graph(revisions).findings(RULE), "", "{revisions:?}");
        }
        assert_eq!(History::new().findings(RULE), "");
    }
}
