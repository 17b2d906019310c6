use super::declare_rule;
use crate::lint::header::assigned_at;
use crate::lint::{LintContext, Standing};
use crate::published::Source;
use crate::revision::RevisionId;

declare_rule! {
    /// A new revision comes after one that is no longer the published head.
    ///
    /// ## What it flags
    /// Revisions of this branch of git whose down revision has another child on the base branch or in the lock file, so that there will be two
    /// heads. Merges, revisions with a branch label and branches that a merge joins again are left alone.
    ///
    /// ## Why
    /// Both branches of git are fine for themselves, and merge without a conflict: the two heads show up in the deployment.
    ///
    /// ## Example
    /// ```text
    /// origin/main   a ─ b
    /// this branch   a ─ c
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// this branch   a ─ b ─ c
    /// ```
    "non-linear-revision" {
        group: Graph,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let (Some(script), Some(revision), project) = (ctx.script(), ctx.revision(), ctx.project()) else { return };
    let [down] = script.revision.down.as_slice() else { return };
    let published = &project.published;
    if ctx.file().standing == Standing::Published
        || !script.revision.branch_labels.is_empty()
        || published.fixed(down).is_none()
    {
        return;
    }
    let map = &project.graph.map;
    let is_joined = |other: &RevisionId| {
        let other = map.position(other.as_str());
        other.is_some_and(|other| map.descendants(revision).iter().any(|after| map.is_ancestor(other, *after)))
    };
    let sibling = published.iter().find_map(|other| {
        let id = other.id.as_ref().filter(|id| *id != &script.revision.id && published.fixed(id).is_some())?;
        let here = || map.position(id.as_str()).map(|other| &map.revision(other).down);
        let is_sibling = other.down.as_ref().or_else(here)?.contains(down);
        let has_label = map.position(id.as_str()).is_some_and(|other| !map.revision(other).branch_labels.is_empty());
        (is_sibling && !has_label && !is_joined(id)).then_some((id, other))
    });
    let Some((id, sibling)) = sibling else { return };
    let whose = match (&published.base, sibling.source) {
        (Ok(base), Source::Base | Source::Arrived) => format!(" on `{}`", base.name),
        _ => String::new(),
    };
    let place = map.position(id.as_str()).map(|other| project.file_of(other));
    let place = place.map(|file| project.location(file, assigned_at(&project.file(file).file, "down_revision")));
    let range = assigned_at(&ctx.file().file, "down_revision");
    let finding = ctx.report(range, format!("`{down}` is no longer a head: `{id}` comes after it{whose}"));
    finding.help("put this branch behind the published head with `limbec rebase`");
    if let Some(place) = place {
        finding.annotate(place, "comes after it already");
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::graph;

    const RULE: &str = "non-linear-revision";
    const B: &str = "revision = 'b'\ndown_revision = 'a'\n";

    #[test]
    fn base_has_moved_on_err() {
        assert_snapshot!(graph(&["a", "c a"]).on_base("a.py").arrived("b.py", B).findings(RULE), @"
        c.py:2:17 error: `a` is no longer a head: `b` comes after it on `origin/main`
          help: put this branch behind the published head with `limbec rebase`
        ");
        assert_snapshot!(graph(&["a", "b a", "c a"]).on_base("a.py").on_base("b.py").findings(RULE), @"
        c.py:2:17 error: `a` is no longer a head: `b` comes after it on `origin/main`
          help: put this branch behind the published head with `limbec rebase`
        ");
    }

    #[test]
    fn after_the_head_or_on_purpose_ok() {
        assert_eq!(graph(&["a", "c a"]).on_base("a.py").findings(RULE), "");
        assert_eq!(graph(&["a", "b a", "c b"]).on_base("a.py").on_base("b.py").findings(RULE), "");
        assert_eq!(graph(&["a", "b a", "c a @x"]).on_base("a.py").on_base("b.py").findings(RULE), "");
        assert_eq!(graph(&["a", "b a", "c a", "d b,c"]).on_base("a.py").on_base("b.py").findings(RULE), "");
        assert_eq!(graph(&["a", "b a", "c a"]).findings(RULE), "");
    }
}
