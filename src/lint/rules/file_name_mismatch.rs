use super::declare_rule;
use crate::lint::header::renamed;
use crate::lint::{Fix, LintContext, Standing};

declare_rule! {
    /// The identifier in a file name is not the one that the file declares.
    ///
    /// ## What it flags
    /// File names that hold another identifier than `revision`: where `file_template` puts it into the name, where the name holds twelve
    /// hexadecimal digits that are not its identifier, or where name and identifier begin with different numbers.
    ///
    /// ## Why
    /// The file is looked up by its name: in a traceback, in a review, by `alembic edit`'s users. Such a name mostly comes from a copy, whose
    /// identifier was changed and whose name was not.
    ///
    /// ## Example
    /// ```python file=20260131_140500_1c5e90b2f7aa_add_users.py
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
    ///
    /// ## Use instead
    /// ```python file=20260131_140500_8f3a61c027d4_add_users.py
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
    "file-name-mismatch" {
        group: Naming,
        level: Warning,
        dialects: [],
        since: "0.1.0",
        fix: Sometimes,
        check: Revision(check),
    }
}

/// Digits of a generated identifier.
const ID_LENGTH: usize = 12;

fn check(ctx: &mut LintContext<'_>) {
    let Some(script) = ctx.script() else { return };
    let Some(name) = ctx.file().file.path.file_name().and_then(|name| name.to_str()) else { return };
    let id = script.revision.id.as_str();
    let stem = name.strip_suffix(".py").unwrap_or(name).to_lowercase();
    if stem.contains(&id.to_lowercase()) {
        return;
    }
    let names = &ctx.project().names;
    let wanted = names.id_in_name(id).filter(|_| names.read(&ctx.file().file.path).is_some());
    if wanted.is_some_and(|wanted| stem.contains(&wanted.to_lowercase())) {
        return;
    }
    let other = other_id(&stem).or_else(|| other_number(&stem, id));
    let fix = other.and_then(|other| with_own_id(ctx, name, other, id));
    let message = match other {
        Some(found) => format!("the file name says `{found}`, but the revision is `{id}`"),
        None if wanted.is_some() => {
            format!("the file name does not hold the identifier `{id}`, as `file_template` asks")
        }
        None => return,
    };
    let finding = ctx.report_file(message);
    finding.help("rename the file, or give the revision the identifier that others know it by");
    finding.fix = fix;
}

/// The name with the identifier that the file declares. A published file keeps its name: others have it.
fn with_own_id(ctx: &LintContext<'_>, name: &str, other: &str, id: &str) -> Option<Fix> {
    // A number stands for the whole identifier only where that is the number.
    let is_name = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let replaced = if other.len() == ID_LENGTH { id } else { id.get(..other.len())? };
    let at = name.to_lowercase().find(other)?;
    if ctx.file().standing == Standing::Published || !is_name {
        return None;
    }
    Some(renamed(ctx, &format!("{}{replaced}{}", name.get(..at)?, name.get(at + other.len()..)?)))
}

/// A part of the name that looks like a generated identifier.
fn other_id(stem: &str) -> Option<&str> {
    stem.split(['_', '-', '.']).find(|part| {
        let is_hexadecimal = part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_mixed =
            part.bytes().any(|byte| byte.is_ascii_digit()) && part.bytes().any(|byte| byte.is_ascii_alphabetic());
        part.len() == ID_LENGTH && is_hexadecimal && is_mixed
    })
}

/// The number that the name begins with, where the identifier begins with another of as many digits.
fn other_number<'s>(stem: &'s str, id: &str) -> Option<&'s str> {
    let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (in_name, in_id) = (digits(stem), digits(id));
    // Longer ones are dates; an identifier of digits and letters begins with digits by chance.
    let is_number = in_id > 1 && in_id < 8 && matches!(id.as_bytes().get(in_id), None | Some(b'_'));
    let number = stem.get(..in_name)?;
    (is_number && in_name == in_id && !id.starts_with(number)).then_some(number)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, fixed_name};

    const RULE: &str = "file-name-mismatch";

    fn found(name: &str, id: &str) -> String {
        let text = format!("revision = '{id}'\ndown_revision = None\n");
        History::new().named(name, &text).findings(RULE)
    }

    #[test]
    fn copied_err() {
        assert_snapshot!(found("1c5e90b2f7aa_add_users.py", "8f3a61c027d4"), @"
        1:1 warning: the file name says `1c5e90b2f7aa`, but the revision is `8f3a61c027d4`
          help: rename the file, or give the revision the identifier that others know it by
        ");
        assert_snapshot!(found("0012_add_users.py", "0013_add_orders"), @"
        1:1 warning: the file name says `0012`, but the revision is `0013_add_orders`
          help: rename the file, or give the revision the identifier that others know it by
        ");
        let text = "revision = 'abc'\ndown_revision = None\n";
        let history = History::new().file_template("%(year)d_%(rev)s_%(slug)s").named("2026_abd_add_users.py", text);
        assert_snapshot!(history.findings(RULE), @"
        1:1 warning: the file name does not hold the identifier `abc`, as `file_template` asks
          help: rename the file, or give the revision the identifier that others know it by
        ");
    }

    #[test]
    fn own_id_fix() {
        for (name, id, fixed) in [
            ("1c5e90b2f7aa_Add_users.py", "8f3a61c027d4", "8f3a61c027d4_Add_users.py"),
            ("20260131_140500_1C5E90B2F7AA_add.py", "8f3a61c027d4", "20260131_140500_8f3a61c027d4_add.py"),
            ("0012_add_users.py", "0013_add_orders", "0013_add_users.py"),
            ("1c5e90b2f7aa_add.py", "v1.2", "1c5e90b2f7aa_add.py"),
        ] {
            let text = format!("revision = '{id}'\ndown_revision = None\n");
            assert_eq!(fixed_name(RULE, History::new().named(name, &text)), fixed);
            assert_eq!(fixed_name(RULE, History::new().named(name, &text).published()), name);
        }
    }

    #[test]
    fn same_or_none_ok() {
        for (name, id) in [
            ("8f3a61c027d4_add_users.py", "8F3A61C027D4"),
            ("20260131_140500_add_users.py", "8f3a61c027d4"),
            ("202601311405_add_users.py", "8f3a61c027d4"),
            ("0012_add_users.py", "0012"),
            ("12_add_users.py", "8f3a61c027d4"),
            ("87_add_users.py", "88f361c027d4"),
            ("v1.2.0.a.py", "v1.2.0.a"),
            ("defaced_facade.py", "8f3a61c027d4"),
        ] {
            assert_eq!(found(name, id), "", "{name}");
        }
        let text = "revision = '8f3a61c027d4'\ndown_revision = None\n";
        let history = History::new().file_template("%(rev).8s_%(slug)s").named("8f3a61c0_add_users.py", text);
        assert_eq!(history.findings(RULE), "");
    }
}
