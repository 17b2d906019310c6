use super::declare_rule;
use crate::lint::LintContext;

declare_rule! {
    /// The description in a file name is too long.
    ///
    /// ## What it flags
    /// Descriptions of more characters than `description-length` (50; with a `file_template` at least `truncate_slug_length`).
    ///
    /// ## Why
    /// Long names are cut in listings, logs and reviews just where they begin to differ. What does not fit belongs into the docstring.
    ///
    /// ## Example
    /// ```python file=20260101_140500_add_the_table_of_users_with_all_their_preferences_and_addresses.py
    /// def upgrade():
    ///     op.execute("ANALYZE")
    /// ```
    ///
    /// ## Use instead
    /// ```python file=20260101_140500_add_users.py
    /// def upgrade():
    ///     op.execute("ANALYZE")
    /// ```
    "long-description" {
        group: Naming,
        level: Warning,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let names = &ctx.project().names;
    let Some(description) = names.read(&ctx.file().file.path).and_then(|name| name.description) else { return };
    let (length, limit) = (description.chars().count(), names.description_length);
    if length > limit {
        ctx.report_file(format!("the description in the file name has {length} characters, more than {limit}"))
            .help("shorten it, and say the rest in the docstring");
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::History;

    fn found(length: usize) -> String {
        let name = format!("20260131_140500_{}.py", "a".repeat(length));
        History::new().named(&name, "def upgrade():\n    pass\n").findings("long-description")
    }

    #[test]
    fn more_than_fifty_err() {
        assert_snapshot!(found(51), @"
        1:1 warning: the description in the file name has 51 characters, more than 50
          help: shorten it, and say the rest in the docstring
        ");
    }

    #[test]
    fn fifty_ok() {
        assert_eq!(found(50), "");
    }
}
