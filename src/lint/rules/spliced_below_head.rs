use super::declare_rule;
use crate::lint::header::assigned_at;
use crate::lint::{LintContext, Standing};
use crate::revision::RevisionIndex;

declare_rule! {
    /// A new revision is put in front of a published one.
    ///
    /// ## What it flags
    /// Revisions of this branch of git that a revision of the base branch or of `limbec.lock` comes after.
    ///
    /// ## Why
    /// Databases that are at the published revision are past the new one: they never run it, and nothing tells.
    ///
    /// ## Example
    /// ```text
    /// origin/main   a ─ b
    /// this branch   a ─ c ─ b
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// this branch   a ─ b ─ c
    /// ```
    "spliced-below-head" {
        group: Published,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let (Some(revision), project) = (ctx.revision(), ctx.project()) else { return };
    if ctx.file().standing == Standing::Published {
        return;
    }
    let map = &project.graph.map;
    let is_published = |index: &RevisionIndex| project.published.fixed(&map.revision(*index).id).is_some();
    // The nearest: a child if one is published, else any that comes later.
    let child = map.children(revision).iter().copied().find(is_published);
    let Some(later) = child.or_else(|| map.descendants(revision).into_iter().find(is_published)) else { return };
    let file = project.file_of(later);
    let place = project.location(file, assigned_at(&project.file(file).file, "down_revision"));
    let range = assigned_at(&ctx.file().file, "revision");
    let id = &map.revision(later).id;
    ctx.report(
        range,
        format!(
            "`{}` comes before `{id}`, which is published: databases that have it skip this one",
            map.revision(revision).id
        ),
    )
    .help("give the published revision its down revision again, and put this one behind the head with `limbec rebase`")
    .annotate(place, "published, and comes later");
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::graph;

    const RULE: &str = "spliced-below-head";
    const B: &str = "revision = 'b'\ndown_revision = 'a'\n";

    #[test]
    fn in_between_err() {
        let history = graph(&["a", "new a", "b new"]).on_base("a.py").was_on_base("b.py", B);
        assert_snapshot!(history.findings(RULE), @"
        new.py:1:12 error: `new` comes before `b`, which is published: databases that have it skip this one
          help: give the published revision its down revision again, and put this one behind the head with `limbec rebase`
        ");
    }

    #[test]
    fn behind_ok() {
        assert_eq!(graph(&["a", "b a", "new b"]).on_base("a.py").on_base("b.py").findings(RULE), "");
        assert_eq!(graph(&["a", "b a", "new a", "m b,new"]).on_base("a.py").on_base("b.py").findings(RULE), "");
    }
}
