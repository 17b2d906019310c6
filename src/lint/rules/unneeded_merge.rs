use super::declare_rule;
use crate::lint::LintContext;
use crate::lint::header::assigned_at;

declare_rule! {
    /// A merge of revisions that already come after each other.
    ///
    /// ## What it flags
    /// A revision with several down revisions of which one is an ancestor of another, or is named twice.
    ///
    /// ## Why
    /// It joins nothing: the later one contains the earlier. The step costs every reader a look for the branch that is not there.
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
    /// down_revision = ("8f3a61c027d4", "1c5e90b2f7aa")
    ///
    ///
    /// def upgrade():
    ///     pass
    ///
    ///
    /// def downgrade():
    ///     pass
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
    "unneeded-merge" {
        group: Graph,
        level: Warning,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let (Some(revision), map) = (ctx.revision(), &ctx.project().graph.map) else { return };
    let down: Vec<_> = map.revision(revision).down.iter().filter_map(|id| map.position(id.as_str())).collect();
    let unneeded = down.iter().enumerate().find_map(|(position, earlier)| {
        let mut others = down.iter().enumerate().filter(|(other, _)| *other != position);
        let later = others
            .find(|(other, later)| (**later != *earlier || *other < position) && map.is_ancestor(*earlier, **later));
        later.map(|(_, later)| (*earlier, *later))
    });
    let Some((earlier, later)) = unneeded else { return };
    let (earlier, later) = (&map.revision(earlier).id, &map.revision(later).id);
    let message = if earlier == later {
        format!("this merge names `{earlier}` twice")
    } else {
        format!("this merge joins nothing: `{later}` comes after `{earlier}` already")
    };
    ctx.report(assigned_at(&ctx.file().file, "down_revision"), message)
        .help(format!("name `{later}` alone, or remove the revision"));
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::graph;

    const RULE: &str = "unneeded-merge";

    #[test]
    fn ancestor_err() {
        assert_snapshot!(graph(&["a", "b a", "c b", "d c,a"]).findings(RULE), @"
        d.py:2:17 warning: this merge joins nothing: `c` comes after `a` already
          help: name `c` alone, or remove the revision
        ");
        assert_snapshot!(graph(&["a", "b a,a"]).findings(RULE), @"
        b.py:2:17 warning: this merge names `a` twice
          help: name `a` alone, or remove the revision
        ");
    }

    #[test]
    fn branches_ok() {
        assert_eq!(graph(&["a", "b a", "c a", "d b,c"]).findings(RULE), "");
    }
}
