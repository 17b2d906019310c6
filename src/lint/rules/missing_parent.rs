use super::declare_rule;
use std::collections::BTreeMap;

use crate::lint::header::assigned_at;
use crate::lint::{FileIndex, LintProject, ProjectContext};
use crate::published::Source;
use crate::revision::{RevisionError, RevisionId};

declare_rule! {
    /// A revision names a down revision that no file declares.
    ///
    /// ## What it flags
    /// Identifiers in `down_revision` that are in no revision file of the version locations.
    ///
    /// ## Why
    /// Alembic cannot build the graph: no command works until the file is back. Mostly the parent is on a branch that was not merged, or its
    /// identifier was changed or mistyped.
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
    /// down_revision = "8f3a61c027d5"
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
    "missing-parent" {
        group: Graph,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Project(check),
    }
}

fn check(ctx: &mut ProjectContext<'_>) {
    let project = ctx.project();
    let mut by_parent: BTreeMap<&str, Vec<FileIndex>> = BTreeMap::new();
    for fault in &project.graph.faults {
        if let RevisionError::MissingDown { revision, down } = &fault.error {
            by_parent.entry(down.as_str()).or_default().extend(project.declaring(revision.as_str()));
        }
    }
    for (parent, mut files) in by_parent {
        files.sort_unstable();
        files.dedup();
        let Some((first, others)) = files.split_first() else { continue };
        if is_in_unread_file(project, parent) {
            continue;
        }
        let place = |index: FileIndex| assigned_at(&project.file(index).file, "down_revision");
        let other_places: Vec<_> = others.iter().map(|other| ctx.location(*other, place(*other))).collect();
        let similar = similar(project, parent);
        let similar_place =
            similar.map(|(_, file)| ctx.location(file, assigned_at(&project.file(file).file, "revision")));
        let help = help(project, parent, similar.map(|(id, _)| id));
        let finding = ctx.report(*first, place(*first), format!("no file declares the down revision `{parent}`"));
        finding.help(help).global();
        for place in other_places {
            finding.annotate(place, "named here, too");
        }
        if let Some(place) = similar_place {
            finding.annotate(place, "a similar identifier");
        }
    }
}

/// A file that cannot be understood may well be the one that is missing: what is wrong is said there.
fn is_in_unread_file(project: &LintProject, id: &str) -> bool {
    project.files.iter().any(|file| file.script().is_none() && file.file.text().contains(id))
}

fn help(project: &LintProject, parent: &str, similar: Option<&str>) -> String {
    let published = project.published.get(&RevisionId::from(parent));
    match (&project.published.base, published.map(|revision| revision.source), similar) {
        (Ok(base), Some(Source::Arrived), _) => {
            format!("`{}` has it: merge or rebase this branch of git onto it", base.name)
        }
        (Ok(base), Some(Source::Base), _) => format!("bring its file back: `{}` has it", base.name),
        (_, None, Some(similar)) => format!("did you mean `{similar}`?"),
        _ => "bring its file back, or let the revision come after one that is there".to_owned(),
    }
}

/// An identifier that was probably meant.
fn similar<'p>(project: &'p LintProject, id: &str) -> Option<(&'p str, FileIndex)> {
    let known = project.indexes().filter_map(|index| Some((project.file(index).script()?.revision.id.as_str(), index)));
    let is_part = |known: &str| id.len() >= 4 && (known.starts_with(id) || known.eq_ignore_ascii_case(id));
    let near = known.filter_map(|(known, index)| {
        let distance = if is_part(known) { 0 } else { strsim::osa_distance(known, id) };
        (distance <= id.chars().count() / 5).then_some((distance, known, index))
    });
    near.min_by_key(|(distance, _, _)| *distance).map(|(_, known, index)| (known, index))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::graph;

    const RULE: &str = "missing-parent";

    #[test]
    fn unknown_parent_err() {
        assert_snapshot!(graph(&["a", "b x", "c x"]).findings(RULE), @"
        b.py:2:17 error: no file declares the down revision `x`
          help: bring its file back, or let the revision come after one that is there
        ");
        let report = graph(&["a", "b x", "c x"]).report();
        let finding = report.diagnostics.iter().find(|finding| finding.rule == RULE).unwrap();
        assert_eq!(finding.annotations[0].message, "named here, too");
        assert_snapshot!(graph(&["8f3a61c027d4", "b 8f3a61c0"]).findings(RULE), @"
        b.py:2:17 error: no file declares the down revision `8f3a61c0`
          help: did you mean `8f3a61c027d4`?
        ");
        assert_snapshot!(graph(&["8f3a61c027d4", "b 8f3a61c072d4"]).findings(RULE), @"
        b.py:2:17 error: no file declares the down revision `8f3a61c072d4`
          help: did you mean `8f3a61c027d4`?
        ");
    }

    #[test]
    fn published_parent_err() {
        const B: &str = "revision = 'b'\ndown_revision = 'a'\n";
        assert_snapshot!(graph(&["a", "c b"]).on_base("a.py").arrived("b.py", B).findings(RULE), @"
        c.py:2:17 error: no file declares the down revision `b`
          help: `origin/main` has it: merge or rebase this branch of git onto it
        ");
        assert_snapshot!(graph(&["a", "c b"]).on_base("a.py").was_on_base("b.py", B).findings(RULE), @"
        c.py:2:17 error: no file declares the down revision `b`
          help: bring its file back: `origin/main` has it
        ");
    }

    #[test]
    fn unreadable_parent_ok() {
        let history = graph(&["b a"]).file("a.py", "revision = 'a'\ndown_revision = = None\n");
        assert_eq!(history.findings(RULE), "");
        assert_eq!(graph(&["a", "b a"]).findings(RULE), "");
    }
}
