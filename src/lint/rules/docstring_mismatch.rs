use super::declare_rule;
use std::collections::BTreeSet;
use std::ops::Range;

use chrono::TimeDelta;

use crate::lint::{Applicability, DocstringHeader, Fix, LintContext, revises_line};

declare_rule! {
    /// The docstring of a revision contradicts its code.
    ///
    /// ## What it flags
    /// `Revision ID:` and `Revises:` in the docstring that differ from `revision` and `down_revision`, and a `Create Date:` of another day than
    /// the timestamp of the file name. Order and quotes do not matter; a docstring without these lines is fine.
    ///
    /// ## Why
    /// People read the docstring, Alembic reads the code. After a rebase or a copy the two tell different stories about where a revision
    /// belongs, and the next conflict is resolved by the wrong one.
    ///
    /// ## Example
    /// ```python file=20260131_140500_add_users.py
    /// """add users
    ///
    /// Revision ID: 1c5e90b2f7aa
    /// Revises:
    /// Create Date: 2026-01-31 14:05:00
    /// """
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
    ///
    /// ## Use instead
    /// ```python file=20260131_140500_add_users.py
    /// """add users
    ///
    /// Revision ID: 8f3a61c027d4
    /// Revises:
    /// Create Date: 2026-01-31 14:05:00
    /// """
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
    "docstring-mismatch" {
        group: Naming,
        level: Warning,
        dialects: [],
        since: "0.1.0",
        fix: Sometimes,
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let Some(script) = ctx.script() else { return };
    let header = DocstringHeader::of(&ctx.file().file);
    let revision = &script.revision;
    if let Some(found) =
        header.revision.as_ref().filter(|found| !found.text.is_empty() && !is_same(&found.text, revision.id.as_str()))
    {
        let fix = rewritten(ctx, &found.range, revision.id.as_str());
        ctx.report(
            found.range.clone(),
            format!("the docstring says `{}`, but the revision is `{}`", found.text, revision.id),
        )
        .help(format!("write `Revision ID: {}`", revision.id))
        .fix(fix);
    }
    if let (Some(found), Some(listed)) = (&header.revises, header.listed_down())
        && !is_listed(&listed, revision.down.iter().map(|down| down.as_str()))
    {
        let line = revises_line(&revision.down);
        let declared = if line.is_empty() { "`None`".to_owned() } else { format!("`{line}`") };
        let said = if found.text.is_empty() { "nothing" } else { &*format!("`{}`", found.text) };
        let fix = rewritten(ctx, &found.range, &line);
        ctx.report(
            found.range.clone(),
            format!("the docstring says that it revises {said}, but the down revision is {declared}"),
        )
        .help(format!("write `{}`", format!("Revises: {line}").trim_end()))
        .fix(fix);
    }
    let time = ctx.project().names.time(&ctx.file().file.path);
    if let (Some(found), Some(day), Some(time)) = (&header.create_date, header.day(), time)
        && (time.date() - day).abs() > TimeDelta::days(1)
    {
        ctx.report(found.range.clone(), format!("the docstring says {day}, but the file name says {}", time.date()))
            .help("let both tell when the revision was made");
    }
}

/// The header line as the code has it.
fn rewritten(ctx: &LintContext<'_>, range: &Range<usize>, value: &str) -> Fix {
    let text = ctx.text();
    // A blank goes with the value: `Revises:` of a base has none behind it, and needs one before a value.
    let has_blank = text.get(..range.start).is_some_and(|before| before.ends_with([' ', '\t']));
    let value = if has_blank || value.is_empty() { value.to_owned() } else { format!(" {value}") };
    let edits = vec![ctx.replace(range.clone(), value)];
    Fix { title: "let the docstring say what the code says".to_owned(), applicability: Applicability::Safe, edits }
}

fn is_same(written: &str, id: &str) -> bool {
    let written = written.trim_matches(['\'', '"', '`']);
    // Shortened, or followed by a remark.
    written == id || written.split_whitespace().next() == Some(id) || (written.len() >= 4 && id.starts_with(written))
}

fn is_listed<'i>(listed: &[&str], declared: impl Iterator<Item = &'i str>) -> bool {
    let declared: BTreeSet<&str> = declared.collect();
    let listed: BTreeSet<&str> = listed.iter().copied().collect();
    declared.len() == listed.len()
        && listed.iter().all(|written| declared.iter().any(|id| is_same(written, id)))
        && declared.iter().all(|id| listed.iter().any(|written| is_same(written, id)))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, fixed};

    const RULE: &str = "docstring-mismatch";

    fn found(docstring: &str, down: &str) -> String {
        let text =
            format!("\"\"\"add users\n\n{docstring}\n\"\"\"\nrevision = '8f3a61c027d4'\ndown_revision = {down}\n");
        History::new().named("20260131_140500_add_users.py", &text).findings(RULE)
    }

    #[test]
    fn contradictions_err() {
        assert_snapshot!(found("Revision ID: 1c5e90b2f7aa", "None"), @"
        3:14 warning: the docstring says `1c5e90b2f7aa`, but the revision is `8f3a61c027d4`
          help: write `Revision ID: 8f3a61c027d4`
        ");
        assert_snapshot!(found("Revises: 1c5e90b2f7aa", "'2c5e90b2f7aa'"), @"
        3:10 warning: the docstring says that it revises `1c5e90b2f7aa`, but the down revision is `2c5e90b2f7aa`
          help: write `Revises: 2c5e90b2f7aa`
        ");
        assert_snapshot!(found("Revises: 1c5e90b2f7aa", "None"), @"
        3:10 warning: the docstring says that it revises `1c5e90b2f7aa`, but the down revision is `None`
          help: write `Revises:`
        ");
        assert_snapshot!(found("Revises:", "'2c5e90b2f7aa'"), @"
        3:9 warning: the docstring says that it revises nothing, but the down revision is `2c5e90b2f7aa`
          help: write `Revises: 2c5e90b2f7aa`
        ");
        assert_snapshot!(found("Revises: aa11, bb22", "('aa11', 'cc33')"), @"
        3:10 warning: the docstring says that it revises `aa11, bb22`, but the down revision is `aa11, cc33`
          help: write `Revises: aa11, cc33`
        ");
        assert_snapshot!(found("Create Date: 2025-01-31 14:05:00.123", "None"), @"
        3:14 warning: the docstring says 2025-01-31, but the file name says 2026-01-31
          help: let both tell when the revision was made
        ");
    }

    #[test]
    fn header_fix() {
        let text = "\"\"\"add users\n\nRevision ID: 1c5e90b2f7aa\nRevises:\nCreate Date: 2026-01-01\n\"\"\"\nrevision = '8f3a61c027d4'\n\
                    down_revision = '2c5e90b2f7aa'\n";
        assert_snapshot!(fixed(RULE, text), @r#"
        """add users

        Revision ID: 8f3a61c027d4
        Revises: 2c5e90b2f7aa
        Create Date: 2026-01-01
        """
        revision = '8f3a61c027d4'
        down_revision = '2c5e90b2f7aa'
        "#);
    }

    #[test]
    fn other_ways_to_say_the_same_ok() {
        for (docstring, down) in [
            ("Revision ID: 8f3a61c027d4\nRevises: \nCreate Date: 2026-01-30 23:05:00", "None"),
            ("Revises: None", "None"),
            ("Revises: <base>", "None"),
            ("Revises: bb22, aa11", "('aa11', 'bb22')"),
            ("Revises: ('aa11', 'bb22')", "('aa11', 'bb22')"),
            ("Revises: the one before", "'aa11'"),
            ("Revision ID: 8f3a61c027d4 (replaces an older one)", "'aa11'"),
            ("Nothing about it", "'aa11'"),
        ] {
            assert_eq!(found(docstring, down), "", "{docstring}");
        }
    }
}
