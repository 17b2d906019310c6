use super::declare_rule;
use crate::lint::header::assigned_at;
use crate::lint::{LintContext, Standing};

declare_rule! {
    /// A new revision comes after one that is no longer the published head.
    ///
    /// ## What it flags
    /// Revisions of this branch of git whose down revision got another child on the base branch since this branch began, so that there will
    /// be two heads. Merges and revisions with a branch label are left alone; where the other child is here, `several-heads` tells.
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
    let (Some(script), project) = (ctx.script(), ctx.project()) else { return };
    let [down] = script.revision.down.as_slice() else { return };
    let published = &project.published;
    if ctx.file().standing == Standing::Published
        || !script.revision.branch_labels.is_empty()
        || published.fixed(down).is_none()
    {
        return;
    }
    // Where the other child is here already, there are several heads, which has a rule of its own.
    let sibling = published.missing().find(|other| other.down.as_ref().is_some_and(|down_of| down_of.contains(down)));
    let (Some(id), Ok(base)) = (sibling.and_then(|sibling| sibling.id.as_ref()), &published.base) else { return };
    let range = assigned_at(&ctx.file().file, "down_revision");
    ctx.report(range, format!("`{down}` is no longer a head: `{id}` comes after it on `{}`", base.name)).help(
        "merge the base branch into this one, and put the revision behind the published head with `limbec rebase`",
    );
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
          help: merge the base branch into this one, and put the revision behind the published head with `limbec rebase`
        ");
    }

    #[test]
    fn after_the_head_or_on_purpose_ok() {
        assert_eq!(graph(&["a", "c a"]).on_base("a.py").findings(RULE), "");
        assert_eq!(graph(&["a", "b a", "c b"]).on_base("a.py").on_base("b.py").findings(RULE), "");
        assert_eq!(graph(&["a", "c a @x"]).on_base("a.py").arrived("b.py", B).findings(RULE), "");
        assert_eq!(graph(&["a", "b a", "c a", "d b,c"]).on_base("a.py").on_base("b.py").findings(RULE), "");
        assert_eq!(graph(&["a", "b a", "c a"]).findings(RULE), "");
    }
}
