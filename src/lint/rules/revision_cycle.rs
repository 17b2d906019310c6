use super::declare_rule;
use std::collections::BTreeSet;

use crate::lint::header::assigned_at;
use crate::lint::{LintProject, ProjectContext};
use crate::revision::{RevisionError, RevisionId};

declare_rule! {
    /// Revisions come after each other in a circle.
    ///
    /// ## What it flags
    /// A revision that is its own down revision or dependency, and revisions that lead back to themselves through `down_revision` and `depends_on`.
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
    /// down_revision = "6d04be7713c9"
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
    "revision-cycle" {
        group: Graph,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Project(check),
    }
}

fn check(ctx: &mut ProjectContext<'_>) {
    let project = ctx.project();
    let mut told = BTreeSet::new();
    for fault in &project.graph.faults {
        let (circle, variable) = match &fault.error {
            RevisionError::SelfLoop(id) => (vec![id.as_str()], "down_revision"),
            RevisionError::DependencySelfLoop(id) => (vec![id.as_str()], "depends_on"),
            RevisionError::Cycle(ids) => (circle(project, ids), "down_revision"),
            RevisionError::DependencyCycle(ids) => (circle(project, ids), "depends_on"),
            _ => continue,
        };
        let mut members = circle.clone();
        members.sort_unstable();
        if !told.insert(members) {
            continue;
        }
        let files: Vec<_> = circle.iter().filter_map(|id| project.declaring(id)).collect();
        let Some((first, others)) = files.split_first() else { continue };
        let place = |index| {
            let file = &project.file(index).file;
            let range = assigned_at(file, variable);
            if range.is_empty() { assigned_at(file, "down_revision") } else { range }
        };
        let other_places: Vec<_> = others.iter().map(|other| ctx.location(*other, place(*other))).collect();
        let message = match circle.as_slice() {
            [one] => format!("the revision `{one}` comes after itself"),
            several => {
                let names: Vec<String> = several.iter().chain(several.first()).map(|id| format!("`{id}`")).collect();
                format!("revisions come after each other in a circle: {}", names.join(", "))
            }
        };
        let finding = ctx.report(*first, place(*first), message);
        finding.help(format!("let the `{variable}` of one of them name an earlier revision")).global();
        for place in other_places {
            finding.annotate(place, "part of the circle");
        }
    }
}

/// A way from one of the revisions back to it; Alembic lists those in front of the circle and behind it, too.
fn circle<'e>(project: &'e LintProject, ids: &'e [RevisionId]) -> Vec<&'e str> {
    let up = |id: &str| -> Vec<&'e str> {
        let script = project.declaring(id).and_then(|file| project.file(file).script());
        let revision = script.map(|script| &script.revision);
        let named = revision.into_iter().flat_map(|revision| {
            revision.down.iter().map(RevisionId::as_str).chain(revision.depends_on.iter().map(String::as_str))
        });
        named.filter_map(|next| ids.iter().map(RevisionId::as_str).find(|listed| *listed == next)).collect()
    };
    // A depth-first walk that keeps its way; whoever has been left leads to no circle.
    let mut left: BTreeSet<&str> = BTreeSet::new();
    for start in ids {
        let mut way: Vec<(&str, Vec<&str>)> = vec![(start.as_str(), up(start.as_str()))];
        while let Some((id, next)) = way.last_mut() {
            let Some(next) = next.pop() else {
                left.insert(id);
                way.pop();
                continue;
            };
            if let Some(begin) = way.iter().position(|(seen, _)| *seen == next) {
                return way.split_off(begin).into_iter().map(|(id, _)| id).collect();
            }
            if !left.contains(next) {
                way.push((next, up(next)));
            }
        }
    }
    ids.iter().map(RevisionId::as_str).collect()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::graph;

    const RULE: &str = "revision-cycle";

    #[test]
    fn circles_err() {
        assert_snapshot!(graph(&["a", "b d", "c b", "d c", "e d"]).findings(RULE), @"
        b.py:2:17 error: revisions come after each other in a circle: `b`, `d`, `c`, `b`
          help: let the `down_revision` of one of them name an earlier revision
        ");
        assert_snapshot!(graph(&["a", "b b"]).findings(RULE), @"
        b.py:2:17 error: the revision `b` comes after itself
          help: let the `down_revision` of one of them name an earlier revision
        ");
        assert_snapshot!(graph(&["a", "b a +c", "c b"]).findings(RULE), @"
        b.py:3:14 error: revisions come after each other in a circle: `b`, `c`, `b`
          help: let the `depends_on` of one of them name an earlier revision
        ");
    }

    #[test]
    fn no_circle_ok() {
        assert_eq!(graph(&["a", "b a", "c a", "d b,c", "e d +a"]).findings(RULE), "");
    }
}
