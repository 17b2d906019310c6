use super::declare_rule;
use crate::lint::LintContext;
use crate::lint::header::assigned_at;

declare_rule! {
    /// A revision identifier imitates a random one and is none.
    ///
    /// ## What it flags
    /// Identifiers of eight or more letters and digits that follow a pattern: `a1b2c3d4e5f6`, `123456789abc`, `abcabcabcabc`, `000000000000`,
    /// `deadbeef`. Numbers such as `0012` and words such as `add_users` are conventions of their own, and fine.
    ///
    /// ## Why
    /// Whoever makes up an identifier makes up the same one as the next person who does: two branches, or two products, meet with one identifier
    /// for different revisions.
    ///
    /// ## Example
    /// ```python file=20260131_140500_add_users.py
    /// """add users
    ///
    /// Revision ID: a1b2c3d4e5f6
    /// Revises:
    /// Create Date: 2026-01-31 14:05:00
    /// """
    /// from alembic import op
    ///
    /// revision = "a1b2c3d4e5f6"
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
    "placeholder-revision-id" {
        group: Naming,
        level: Warning,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let Some(script) = ctx.script() else { return };
    let id = &script.revision.id;
    if is_placeholder(&id.as_str().to_lowercase()) {
        let range = assigned_at(&ctx.file().file, "revision");
        ctx.report(range, format!("the identifier `{id}` is made up: others will make up the same"))
            .help("let `limbec new` or `alembic revision` choose one");
    }
}

/// Shorter ones are numbers, versions or words.
const LEAST: usize = 8;

/// What is written with the letters that hexadecimal digits have.
const WORDS: &[&str] = &["deadbeef", "cafebabe", "feedface", "baadf00d", "badc0ffee", "c0ffee", "facefeed", "deadc0de"];

fn is_placeholder(id: &str) -> bool {
    let characters = id.as_bytes();
    if characters.len() < LEAST || !characters.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z')) {
        return false;
    }
    let is_hexadecimal = characters.iter().all(u8::is_ascii_hexdigit);
    let is_number = characters.iter().all(u8::is_ascii_digit);
    // Only what could be taken for a random identifier: words have no digits.
    let is_mixed = characters.iter().any(u8::is_ascii_digit) && !is_number;
    if is_hexadecimal && WORDS.iter().any(|word| id.contains(word)) {
        return true;
    }
    if is_number {
        return has_period(characters, 1) || is_run(characters, 10);
    }
    (is_hexadecimal
        && (is_run(characters, 16) || (1..=characters.len() / 2).any(|period| has_period(characters, period))))
        || (is_mixed && is_braided(characters))
        || (is_hexadecimal && is_mixed && is_doubled(characters))
}

/// The same few characters again and again.
fn has_period(characters: &[u8], period: usize) -> bool {
    characters.len() >= 2 * period && characters.iter().zip(characters.iter().skip(period)).all(|(a, b)| a == b)
}

/// `123456789abc`, `fedcba987654`: every digit next to the one before, but for one.
fn is_run(characters: &[u8], radix: u32) -> bool {
    let digits: Vec<u32> = characters.iter().filter_map(|byte| char::from(*byte).to_digit(radix)).collect();
    [1, radix - 1].iter().any(|step| {
        let breaks = digits.iter().zip(digits.iter().skip(1)).filter(|(a, b)| (**a + step) % radix != **b);
        breaks.count() <= 1
    })
}

/// `112233445566`, `aabbccddeeff`
fn is_doubled(characters: &[u8]) -> bool {
    characters.chunks(2).all(|pair| matches!(pair, [a, b] if a == b))
}

/// `a1b2c3d4e5f6`: letters and digits in turn, each going up; one slip is allowed, and wherever either begins again.
fn is_braided(characters: &[u8]) -> bool {
    let is_in_turn =
        characters.iter().zip(characters.iter().skip(1)).all(|(a, b)| a.is_ascii_digit() != b.is_ascii_digit());
    let follows = |a: u8, b: u8| match a {
        b'9' => matches!(b, b'0' | b'1'),
        b'f' => matches!(b, b'a' | b'g'),
        b'z' => b == b'a',
        _ => a + 1 == b,
    };
    let pairs = characters.iter().zip(characters.iter().skip(2));
    let (up, all) = pairs.fold((0, 0), |(up, all), (a, b)| (up + usize::from(follows(*a, *b)), all + 1));
    is_in_turn && all > 0 && up + 2 >= all
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    fn found(id: &str) -> String {
        findings("placeholder-revision-id", &format!("revision = '{id}'\ndown_revision = None\n"))
    }

    #[test]
    fn patterns_err() {
        assert_snapshot!(found("a1b2c3d4e5f6"), @"
        1:12 warning: the identifier `a1b2c3d4e5f6` is made up: others will make up the same
          help: let `limbec new` or `alembic revision` choose one
        ");
        for id in [
            "b2c3d4e5f6a7",
            "1a2b3c4d5e6f",
            "8f9a0b1c2d3e",
            "g7h8i9j0k1l2",
            "123456789abc",
            "abcdef123456",
            "0123456789ab",
            "fedcba987654",
            "000000000000",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "abcd1234abcd1234",
            "deadbeef0001",
            "aabbcc112233",
            "12345678",
            "f1e2a3b4c5d6",
        ] {
            assert_ne!(found(id), "", "{id}");
        }
    }

    #[test]
    fn conventions_and_chance_ok() {
        for id in [
            "8f3a61c027d4",
            "ae1027a6acf",
            "0001",
            "000000000001",
            "00000012",
            "20240131",
            "202401311405",
            "add_users",
            "v1_2_0",
            "initial_schema",
            "baseline",
            "defaced",
            "kilo",
            "a1b2",
            "c3d41f9b27e6",
            "1e2841a4128",
            "e7b6dcb09efd",
            "initialize",
        ] {
            assert_eq!(found(id), "", "{id}");
        }
    }
}
