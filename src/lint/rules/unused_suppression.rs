use super::declare_rule;
use crate::lint::{
    Applicability, Directive, DirectiveKind, Edit, FileIndex, Fix, ProjectContext, Scope, Suppression, similar_rule,
};

declare_rule! {
    /// A comment for limbec that has no effect.
    ///
    /// ## What it flags
    /// `# limbec: ignore[…]` and `# limbec: allow[…]` where the rule that they name finds nothing, or where there is no such rule; and
    /// whatever else stands behind `limbec:` and means nothing.
    ///
    /// ## Why
    /// A comment that accepts a hazard outlives it, and then hides the next one. One with a typing error accepts nothing.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.execute("ANALYZE")  # limbec: ignore[index-without-concurrently] the table is small
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.create_index("ix_plans_name", "plans", ["name"])  # limbec: ignore[index-without-concurrently] the table is small
    /// ```
    "unused-suppression" {
        group: Hygiene,
        level: Warning,
        dialects: [],
        since: "0.1.0",
        fix: Sometimes,
        check: Suppressions(check),
    }
}

fn check(ctx: &mut ProjectContext<'_>, judged: &[FileIndex], suppressions: &[Suppression<'_>]) {
    for suppression in suppressions.iter().filter(|suppression| suppression.findings == 0 && !suppression.lacks_reason)
    {
        if crate::lint::rule(suppression.rule).is_none() {
            unknown_rule(ctx, suppression);
        } else if suppression.was_tried(ctx.project()) {
            unused(ctx, suppression);
        }
    }
    for file in judged {
        for directive in &ctx.project().file(*file).directives {
            meaningless(ctx, *file, directive);
        }
    }
}

fn unknown_rule(ctx: &mut ProjectContext<'_>, suppression: &Suppression<'_>) {
    let message = format!("this comment names `{}`, and there is no such rule", suppression.rule);
    let help = match similar_rule(suppression.rule) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => "`limbec rule --all` lists the rules".to_owned(),
    };
    ctx.report(suppression.file, suppression.directive.range.clone(), message).help(help);
}

fn unused(ctx: &mut ProjectContext<'_>, suppression: &Suppression<'_>) {
    let place = if suppression.directive.scope == Scope::File { "in this file" } else { "here" };
    let message = format!("`{}` finds nothing {place} that this comment could accept", suppression.rule);
    let fix = removal(ctx, suppression);
    let finding = ctx.report(suppression.file, suppression.directive.range.clone(), message);
    finding.help("remove it");
    finding.fix = fix;
}

/// Takes a comment out that names nothing else, with its line if it has one of its own.
fn removal(ctx: &ProjectContext<'_>, suppression: &Suppression<'_>) -> Option<Fix> {
    let (DirectiveKind::Ignore(rules) | DirectiveKind::Allow(rules)) = &suppression.directive.kind else { return None };
    let text = ctx.project().file(suppression.file).file.text();
    let comment = suppression.directive.range.clone();
    // Something else may stand in front of it in the same comment.
    if rules.len() != 1 || !text.get(comment.clone())?.trim_start_matches(['#', ' ']).starts_with("limbec:") {
        return None;
    }
    let before = text.get(..comment.start)?;
    let line = before.rfind('\n').map_or(0, |newline| newline + 1);
    let range = if before.get(line..)?.trim().is_empty() {
        line..(comment.end + usize::from(text.get(comment.end..)?.starts_with('\n')))
    } else {
        before.trim_end_matches([' ', '\t']).len()..comment.end
    };
    Some(Fix {
        title: "remove the comment".to_owned(),
        applicability: Applicability::Safe,
        edits: vec![Edit::Replace { file: suppression.file, range, text: String::new() }],
    })
}

fn meaningless(ctx: &mut ProjectContext<'_>, file: FileIndex, directive: &Directive) {
    let range = directive.range.clone();
    match &directive.kind {
        DirectiveKind::Unknown(word) => {
            let words = ["ignore", "allow", "irreversible"];
            let similar = words.iter().find(|known| strsim::jaro(word, known) > 0.8);
            let help = match similar {
                Some(similar) => format!("did you mean `# limbec: {similar}`?"),
                None => "write `ignore[rule] reason`, `allow[rule] reason` or `irreversible reason`".to_owned(),
            };
            let message = match word.as_str() {
                "" => "nothing stands behind `limbec:`".to_owned(),
                word => format!("`{word}` behind `limbec:` means nothing"),
            };
            ctx.report(file, range, message).help(help);
        }
        DirectiveKind::Ignore(rules) | DirectiveKind::Allow(rules) if rules.is_empty() => {
            let help = "write the name in brackets: `ignore[index-without-concurrently] reason`";
            ctx.report(file, range, "this comment names no rule").help(help);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, findings};
    use crate::lint::{Applicability, Selection, fix};

    const RULE: &str = "unused-suppression";

    #[test]
    fn nothing_found_err() {
        let text = "# limbec: allow[index-without-concurrently] everywhere\ndef upgrade():\n    op.execute('ANALYZE')  # limbec: ignore[index-without-concurrently] small\n";
        assert_snapshot!(findings(RULE, text), @"
        19:1 warning: `index-without-concurrently` finds nothing here that this comment could accept
          help: remove it
        21:28 warning: `index-without-concurrently` finds nothing here that this comment could accept
          help: remove it
        ");
    }

    #[test]
    fn names_and_words_that_do_not_exist_err() {
        let text = "def upgrade():\n    # limbec: ignore[index-without-concurently] why\n    op.create_index('i', 't', ['a'])\n    \
                    # limbec: ignor[x]\n    # limbec: ignore index-without-concurrently\n    # limbec:\n    x = 1  # noqa  # limbec: Ignore[x]\n";
        assert_snapshot!(findings(RULE, text), @"
        20:5 warning: this comment names `index-without-concurently`, and there is no such rule
          help: did you mean `index-without-concurrently`?
        22:5 warning: `ignor` behind `limbec:` means nothing
          help: did you mean `# limbec: ignore`?
        23:5 warning: this comment names no rule
          help: write the name in brackets: `ignore[index-without-concurrently] reason`
        24:5 warning: nothing stands behind `limbec:`
          help: write `ignore[rule] reason`, `allow[rule] reason` or `irreversible reason`
        25:12 warning: `Ignore` behind `limbec:` means nothing
          help: did you mean `# limbec: ignore`?
        ");
    }

    #[test]
    fn strings_are_no_comments_ok() {
        assert_eq!(findings(RULE, "def upgrade():\n    op.execute('''\n# limbec: ignore[x] why\n''')\n"), "");
    }

    #[test]
    fn the_comment_is_removed_fix() {
        let text = "def upgrade():\n    # limbec: ignore[index-without-concurrently] small\n    op.execute('ANALYZE')  # limbec: ignore[index-without-concurrently] small\n";
        let mut project = History::new().revision(text).project();
        let rules = [RULE, "index-without-concurrently"].map(|name| crate::lint::rule(name).unwrap());
        project.input.settings = project.input.settings.clone().only(&rules);
        let fixed = fix(project, &Selection { files: None, judges_published: false }, Applicability::Safe);
        let text = fixed.project.files[0].file.text();
        assert!(text.contains("def upgrade():\n    op.execute('ANALYZE')\n"), "{text}");
    }
}
