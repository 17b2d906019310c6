use super::declare_rule;
use crate::lint::{Fix, LintContext, Standing, header, stamped_name};

declare_rule! {
    /// A revision file is not named as the project's convention asks for.
    ///
    /// ## What it flags
    /// File names other than `YYYYMMDD_HHMMSS_description.py`: digits that are no date and time, capitals, an empty description. Where the
    /// project has a `file_template` or a pattern in the settings, that is the convention. Names that begin with `_` are left alone.
    ///
    /// ## Why
    /// Files named alike sort in the order of history, in every listing, and say what they do. A name that another tool or a copy made is
    /// found late, and renaming gets harder once others have the file.
    ///
    /// ## Example
    /// ```python file=add_users.py
    /// def upgrade():
    ///     op.execute("ANALYZE")
    /// ```
    ///
    /// ## Use instead
    /// ```python file=20260101_140500_add_users.py
    /// def upgrade():
    ///     op.execute("ANALYZE")
    /// ```
    "nonstandard-file-name" {
        group: Naming,
        level: Error,
        dialects: [],
        since: "0.1.0",
        fix: Sometimes,
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let (path, names) = (&ctx.file().file.path, &ctx.project().names);
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return };
    if name.starts_with('_') || names.read(path).is_some() {
        return;
    }
    let help = if names.is_stamped() {
        "name it `YYYYMMDD_HHMMSS_description.py`, with the date and time (UTC) at which it was made, as `limbec new` does; \
         `file-names = \"template\"` in [tool.limbec.lint] keeps Alembic's names"
            .to_owned()
    } else {
        format!("name it as {} says", names.form())
    };
    let fix = renamed(ctx);
    let finding = ctx.report_file(format!("the file name `{name}` does not follow {}", names.form()));
    finding.help(help);
    finding.fix = fix;
}

/// The name by the default convention, where the docstring tells date and description. A published file keeps its name: others have it.
fn renamed(ctx: &LintContext<'_>) -> Option<Fix> {
    if !ctx.project().names.is_stamped() || ctx.file().standing == Standing::Published {
        return None;
    }
    Some(header::renamed(ctx, &stamped_name(ctx.project(), ctx.file_index())?))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use regex::Regex;

    use crate::lint::testing::History;
    use crate::lint::{Applicability, FileNames, LintSettings, Selection, fix};

    const RULE: &str = "nonstandard-file-name";
    const TEXT: &str = "def upgrade():\n    pass\n";

    fn found(name: &str) -> String {
        History::new().named(name, TEXT).findings(RULE)
    }

    #[test]
    fn other_names_err() {
        assert_snapshot!(found("ae1027a6acf_add_users.py"), @r#"
        1:1 error: the file name `ae1027a6acf_add_users.py` does not follow `YYYYMMDD_HHMMSS_description.py`
          help: name it `YYYYMMDD_HHMMSS_description.py`, with the date and time (UTC) at which it was made, as `limbec new` does; `file-names = "template"` in [tool.limbec.lint] keeps Alembic's names
        "#);
        for wrong in ["20260231_140500_a.py", "20260131_256000_a.py", "20260131_140500_Add.py", "20260131_140500_.py"] {
            assert_ne!(found(wrong), "", "{wrong}");
        }
    }

    #[test]
    fn stamped_ok() {
        assert_eq!(found("20240229_235959_add_users_2.py"), "");
        assert_eq!(found("_helpers.py"), "");
    }

    #[test]
    fn rename_fix() {
        let text = "\"\"\"Add users & co\n\nRevision ID: 8f3a61c027d4\nRevises:\nCreate Date: 2026-01-31 14:05:06.123456\n\n\"\"\"\n\
                    revision = '8f3a61c027d4'\ndown_revision = None\n";
        let selection = Selection { files: None, judges_published: false };
        let fixed =
            fix(History::new().named("8f3a61c027d4_add_users.py", text).project(), &selection, Applicability::Safe);
        let [rewrite] = &*fixed.rewrites else { panic!("{:?}", fixed.rewrites) };
        let to = rewrite.rename_to.as_ref().unwrap();
        assert_eq!(to.file_name().unwrap(), "20260131_140506_add_users_co.py");
        let published = History::new().named("8f3a61c027d4_add_users.py", text).published().project();
        assert!(fix(published, &selection, Applicability::Unsafe).rewrites.is_empty());
    }

    #[test]
    fn order_of_the_graph_fix() {
        let text = |id: &str, down: &str| {
            format!(
                "\"\"\"Step\n\nCreate Date: 2026-01-31 14:05:06+02:00\n\"\"\"\nrevision = '{id}'\ndown_revision = {down}\n"
            )
        };
        let history = History::new().named("b.py", &text("8f3a61c027d4", "None"));
        let history = history.named("a.py", &text("1f3a61c027d4", "'8f3a61c027d4'"));
        let fixed = fix(history.project(), &Selection { files: None, judges_published: false }, Applicability::Safe);
        let names = fixed.project.files.iter().map(|file| file.file.path.file_name().unwrap().to_str().unwrap());
        assert_eq!(names.collect::<Vec<_>>(), ["20260131_120506_step.py", "20260131_120507_step.py"]);
    }

    #[test]
    fn published_names_are_warnings_err() {
        let history = History::new().named("ae1027a6acf_add_users.py", TEXT).published();
        assert!(history.findings(RULE).starts_with("1:1 warning"));
    }

    #[test]
    fn own_pattern_err() {
        let pattern = Regex::new(r"^V\d+__[a-z_]+$").unwrap();
        let history = || {
            History::with(LintSettings { file_names: FileNames::Pattern(pattern.clone()), ..LintSettings::default() })
        };
        assert_eq!(history().named("V12__add_users.py", TEXT).findings(RULE), "");
        assert_snapshot!(history().named("20240229_235959_add.py", TEXT).findings(RULE), @r"
        1:1 error: the file name `20240229_235959_add.py` does not follow the pattern `^V\d+__[a-z_]+$`
          help: name it as the pattern `^V\d+__[a-z_]+$` says
        ");
    }

    #[test]
    fn alembics_own_template_ok() {
        let history = || History::with(LintSettings { file_names: FileNames::Template, ..LintSettings::default() });
        assert_eq!(history().named("ae1027a6acf_add_users.py", TEXT).findings(RULE), "");
        assert_ne!(history().named("add.py", TEXT).findings(RULE), "");
    }

    #[test]
    fn own_template_ok() {
        let history = || History::new().file_template("%(year)d/%(month).2d/%(rev)s_%(slug)s");
        assert_eq!(history().named("2024/02/ae1027a6acf_add_users.py", TEXT).findings(RULE), "");
        assert_snapshot!(history().named("20240229_235959_add.py", TEXT).findings(RULE), @"
        1:1 error: the file name `20240229_235959_add.py` does not follow `file_template` (`%(year)d/%(month).2d/%(rev)s_%(slug)s`)
          help: name it as `file_template` (`%(year)d/%(month).2d/%(rev)s_%(slug)s`) says
        ");
    }
}
