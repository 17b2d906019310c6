use super::declare_rule;
use crate::lint::ProjectContext;
use crate::lint::header::assigned_at;
use crate::published::{LOCK_FILE, PublishedRevision, Source};

declare_rule! {
    /// A published revision is no longer there.
    ///
    /// ## What it flags
    /// Revisions of the base branch or of `limbec.lock` that no file declares any more: deleted, or with another identifier now.
    ///
    /// ## Why
    /// The version table of a database that has it holds an identifier that nobody knows: "Can't locate revision identified by …", for every command.
    ///
    /// ## Example
    /// ```text
    /// origin/main   a ─ b
    /// this branch   a
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// this branch   a ─ b ─ c    (c takes back what b did)
    /// ```
    "published-revision-missing" {
        group: Published,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Project(check),
    }
}

fn check(ctx: &mut ProjectContext<'_>) {
    let project = ctx.project();
    let gone: Vec<&PublishedRevision> = project.published.gone().collect();
    for revision in gone {
        let name = match &revision.id {
            Some(id) => format!("`{id}`"),
            None => format!("of `{}`", project.shown_path(&revision.path)),
        };
        let whose = match (&project.published.base, revision.source) {
            (Ok(base), Source::Base | Source::Arrived) => format!("`{}` has it", base.name),
            _ => format!("`{LOCK_FILE}` lists it"),
        };
        let here = project.indexes().find(|index| project.file(*index).file.path == revision.path);
        let declared = here.and_then(|index| Some((index, &project.file(index).script()?.revision.id)));
        if let Some((index, id)) = declared {
            let range = assigned_at(&project.file(index).file, "revision");
            ctx.report(index, range, format!("the published revision {name} is called `{id}` here"))
                .help("give it its identifier again: databases know it by that")
                .note(format!("{whose}."))
                .global();
        } else {
            ctx.report_elsewhere(revision.path.clone(), format!("the published revision {name} is gone"))
                .help("bring its file back; to undo what it did, write a new revision")
                .note(format!("{whose}."));
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::graph;

    const RULE: &str = "published-revision-missing";
    const B: &str = "revision = 'b'\ndown_revision = 'a'\n";

    #[test]
    fn deleted_or_renamed_err() {
        assert_snapshot!(graph(&["a", "c a"]).on_base("a.py").was_on_base("b.py", B).findings(RULE), @"
        b.py:1:1 error: the published revision `b` is gone
          help: bring its file back; to undo what it did, write a new revision
        ");
        assert_snapshot!(graph(&["a"]).file("b.py", &B.replace("'b'", "'c'")).on_base("a.py").was_on_base("b.py", B).findings(RULE), @"
        b.py:1:12 error: the published revision `b` is called `c` here
          help: give it its identifier again: databases know it by that
        ");
    }

    #[test]
    fn moved_file_or_not_here_yet_ok() {
        assert_eq!(graph(&["a"]).file("new.py", B).on_base("a.py").was_on_base("b.py", B).findings(RULE), "");
        assert_eq!(graph(&["a"]).on_base("a.py").arrived("b.py", B).findings(RULE), "");
    }
}
