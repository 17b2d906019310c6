use super::declare_rule;
use std::path::Path;

use crate::lint::header::assigned_at;
use crate::lint::{LintProject, ProjectContext, Standing};
use crate::revision::RevisionIndex;

declare_rule! {
    /// A revision starts a history of its own that nothing leads to.
    ///
    /// ## What it flags
    /// Bases (`down_revision = None`) besides the first, in the same version location, without a branch label or a dependency, and without a merge
    /// that joins them.
    ///
    /// ## Why
    /// The lost parent makes a second head: `upgrade head` fails. Where it does not, the revision runs in no particular order, mostly before the
    /// tables that it needs.
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
    "orphaned-revision" {
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
    let mut bases: Vec<RevisionIndex> = map.bases().iter().copied().filter(|base| is_plain(project, *base)).collect();
    // With a duplicate id, a base may be listed twice.
    bases.sort_unstable();
    bases.dedup();
    // The first history: published rather than new, then the longest.
    bases.sort_by_cached_key(|base| {
        let file = project.file(project.file_of(*base));
        (file.standing == Standing::New, std::cmp::Reverse(map.descendants(*base).len()), base.0)
    });
    for (position, base) in bases.iter().enumerate() {
        let alike = bases.iter().take(position).find(|other| location(project, **other) == location(project, *base));
        let Some(first) = alike.filter(|_| !is_joined(project, *base)) else { continue };
        let file = project.file_of(*base);
        let first_file = project.file_of(*first);
        let place = ctx.location(first_file, assigned_at(&project.file(first_file).file, "down_revision"));
        let range = assigned_at(&project.file(file).file, "down_revision");
        let message = format!(
            "`{}` comes after nothing, and the history begins at `{}`",
            map.revision(*base).id,
            map.revision(*first).id
        );
        ctx.report(file, range, message)
            .help("set `down_revision` to the head, or a branch label if it is a branch of its own")
            .global()
            .annotate(place, "the history begins here");
    }
}

/// Nothing says that it is a base on purpose; one whose parents are missing is none.
fn is_plain(project: &LintProject, base: RevisionIndex) -> bool {
    let declared = project.file(project.file_of(base)).script();
    let is_base =
        declared.is_some_and(|script| script.revision.down.is_empty() && script.revision.depends_on.is_empty());
    is_base
        && project.graph.map.labels(base).is_empty()
        && project.graph.map.position(project.graph.map.revision(base).id.as_str()) == Some(base)
}

/// The version location that its file lies in.
fn location(project: &LintProject, revision: RevisionIndex) -> &Path {
    let path = &project.file(project.file_of(revision)).file.path;
    let locations = project.input.locations.versions.iter().filter(|location| path.starts_with(location));
    let deepest = locations.max_by_key(|location| location.components().count());
    deepest.map_or_else(|| path.parent().unwrap_or(path), |location| location.as_path())
}

/// Whether a merge joins it with another base, or something depends on it.
fn is_joined(project: &LintProject, base: RevisionIndex) -> bool {
    let map = &project.graph.map;
    let mut heads = map.heads().iter();
    let is_joined = heads.any(|head| {
        map.is_ancestor(base, *head) && map.bases().iter().any(|other| *other != base && map.is_ancestor(*other, *head))
    });
    is_joined
        || map
            .descendants(base)
            .iter()
            .any(|descendant| !map.is_effective_head(*descendant) && map.is_head(*descendant))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::graph;

    const RULE: &str = "orphaned-revision";

    #[test]
    fn second_base_err() {
        assert_snapshot!(graph(&["a", "b", "c b"]).findings(RULE), @"
        a.py:2:17 error: `a` comes after nothing, and the history begins at `b`
          help: set `down_revision` to the head, or a branch label if it is a branch of its own
        ");
        assert_snapshot!(graph(&["b", "c b"]).published().file("a.py", "revision = 'a'\ndown_revision = None\n").findings(RULE), @"
        a.py:2:17 error: `a` comes after nothing, and the history begins at `b`
          help: set `down_revision` to the head, or a branch label if it is a branch of its own
        ");
    }

    #[test]
    fn on_purpose_or_lost_parent_ok() {
        for revisions in [
            &["a", "b a"][..],
            &["a", "b @x"],
            &["a", "b", "c a,b"],
            &["a", "b +a"],
            &["a", "b", "c a +b"],
            &["a", "b x"],
        ] {
            assert_eq!(graph(revisions).findings(RULE), "", "{revisions:?}");
        }
    }
}
