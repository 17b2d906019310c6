use super::declare_rule;
use crate::lint::header::assigned_at;
use crate::lint::{LintFile, ProjectContext};
use crate::published::{LOCK_FILE, Source};

declare_rule! {
    /// A published revision means something else now.
    ///
    /// ## What it flags
    /// Revisions of the base branch or of `limbec.lock` whose code has changed: `upgrade()`, `down_revision`, constants. Comments, docstrings,
    /// formatting and line ends may change.
    ///
    /// ## Why
    /// Databases that have the revision do not run it again: they keep what it did before, and new databases get something else. From then on no two
    /// databases are alike.
    ///
    /// ## Example
    /// ```text
    /// origin/main   b.py: op.drop_table("x")
    /// this branch   b.py: op.drop_table("y")
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// this branch   b.py: op.drop_table("x")
    ///               c.py: op.drop_table("y")
    /// ```
    "published-revision-changed" {
        group: Published,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Project(check),
    }
}

fn check(ctx: &mut ProjectContext<'_>) {
    let project = ctx.project();
    for index in project.indexes() {
        let file = project.file(index);
        let Some(script) = file.script() else { continue };
        let id = &script.revision.id;
        let Some(published) = project.published.get(id) else { continue };
        let Some(by) = published.contradicted_by(&file.file) else { continue };
        let parts = published.changed_parts(&file.file);
        let whose = match (&project.published.base, by) {
            (Ok(base), Source::Base | Source::Arrived) => format!("is published on `{}`", base.name),
            _ => format!("is frozen in `{LOCK_FILE}`"),
        };
        let message = match parts.as_slice() {
            [] => format!("`{id}` {whose}, and does something else here"),
            [one] => format!("`{id}` {whose}, and {one} has changed since"),
            [several @ .., last] => format!("`{id}` {whose}, and {} and {last} have changed since", several.join(", ")),
        };
        let help = if project.published.fixed(id).is_some() {
            "take it back, and put the change into a revision of its own"
        } else {
            "take it back, or run `limbec freeze` if nobody else has it"
        };
        ctx.report(index, place(file, &parts), message).help(help).global();
    }
}

/// The first of the changed parts that is easily found.
fn place(file: &LintFile, parts: &[String]) -> std::ops::Range<usize> {
    let has = |name: &str| parts.iter().any(|part| part == name);
    let operations = &file.operations;
    if has("`down_revision`") {
        assigned_at(&file.file, "down_revision")
    } else if has("`upgrade()`") {
        operations.upgrade.definition.clone().unwrap_or(0..0)
    } else if has("`downgrade()`") {
        operations.downgrade.definition.clone().unwrap_or(0..0)
    } else {
        assigned_at(&file.file, "revision")
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, graph};

    const RULE: &str = "published-revision-changed";
    const OLD: &str = "# old\nrevision = 'b'\ndown_revision = 'a'\n\n\ndef upgrade():\n    op.drop_table('x')\n";

    fn changed(from: &str, to: &str) -> History {
        graph(&["a"]).file("b.py", &OLD.replace(from, to)).on_base("a.py").was_on_base("b.py", OLD)
    }

    #[test]
    fn other_meaning_err() {
        assert_snapshot!(changed("'x'", "'y'").findings(RULE), @"
        b.py:6:1 error: `b` is published on `origin/main`, and `upgrade()` has changed since
          help: take it back, and put the change into a revision of its own
        ");
        assert_snapshot!(changed("'a'", "None").findings(RULE), @"
        b.py:3:17 error: `b` is published on `origin/main`, and `down_revision` has changed since
          help: take it back, and put the change into a revision of its own
        ");
        assert_snapshot!(changed("def upgrade", "import os\nX = 1\n\n\ndef upgrade").findings(RULE), @"
        b.py:2:12 error: `b` is published on `origin/main`, and `X` and the imports have changed since
          help: take it back, and put the change into a revision of its own
        ");
    }

    #[test]
    fn other_looks_ok() {
        assert_eq!(changed("# old", "\"new\"  # comment").findings(RULE), "");
        assert_eq!(changed("'x'", "(\"x\")").findings(RULE), "");
        assert_eq!(graph(&["a", "b a"]).on_base("a.py").findings(RULE), "");
    }
}
