use crate::sqlfile::{Lexicon, TokenKind, Tokens};

/// What certainly keeps all rows and values, by its first word.
const KEEPING: &[&str] = &[
    "ANALYZE", "COMMENT", "CREATE", "GRANT", "INSERT", "LISTEN", "LOCK", "NOTIFY", "REFRESH", "REINDEX", "RESET",
    "REVOKE", "SELECT", "SET", "SHOW",
];

/// What can be altered, or dropped, without a row or a value going.
const HARMLESS: &[&str] = &[
    "AGGREGATE",
    "DATABASE",
    "DEFAULT",
    "EVENT",
    "FUNCTION",
    "INDEX",
    "MATERIALIZED",
    "POLICY",
    "PROCEDURE",
    "PUBLICATION",
    "ROLE",
    "ROUTINE",
    "RULE",
    "SEQUENCE",
    "SERVER",
    "STATISTICS",
    "SUBSCRIPTION",
    "TRIGGER",
    "USER",
    "VIEW",
];

/// What can be dropped of a table without a value going.
const PARTS: &[&str] = &["CONSTRAINT", "DEFAULT", "EXPRESSION", "IDENTITY", "NOT"];

/// What ALTER TABLE does that keeps all values.
const ALTERATIONS: &[&str] = &[
    "ADD",
    "ATTACH",
    "CLUSTER",
    "CONSTRAINT",
    "DETACH",
    "DISABLE",
    "ENABLE",
    "INHERIT",
    "OWNER",
    "RENAME",
    "REPLICA",
    "SET",
    "VALIDATE",
];

/// Whether SQL that is put together when it runs keeps all rows and values, by the texts that it is made of:
/// `format('ALTER TABLE %I ADD COLUMN a int', t)`, `'CREATE INDEX ' || n || ' ON t (a)'`. What begins with a computed part does not.
pub(super) fn keeps_data(expression: &str) -> bool {
    let Some(words) = words(expression) else { return false };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        // The database, not something that it was asked to alter.
        ["DROP", "DATABASE", ..] => false,
        ["ALTER", "TABLE", rest @ ..] => {
            let drops_values = |pair: &[&str]| pair[0] == "DROP" && !PARTS.contains(&pair[1]);
            let is_known = rest.iter().any(|word| ALTERATIONS.contains(word) || PARTS.contains(word));
            let loses = rest.windows(2).any(drops_values) || rest.last() == Some(&"DROP");
            is_known && !loses && !rest.contains(&"TYPE")
        }
        ["ALTER" | "DROP", object, ..] => HARMLESS.contains(object),
        [first, ..] => KEEPING.contains(first),
        [] => false,
    }
}

/// The words of the texts, upper case, where the first of them is the beginning of one statement.
fn words(expression: &str) -> Option<Vec<String>> {
    let tokens: Vec<_> = Tokens::new(expression, Lexicon::Any).collect();
    let text = |at: usize| tokens.get(at).and_then(|token| expression.get(token.range.clone())).unwrap_or_default();
    let is_formatted = text(0).eq_ignore_ascii_case("format") && text(1) == "(";
    let first = if is_formatted {
        2
    } else {
        tokens.iter().position(|token| expression.get(token.range.clone()) != Some("("))?
    };
    let is_literal = |kind: &TokenKind| matches!(kind, TokenKind::Text | TokenKind::DollarQuoted { .. });
    if !is_literal(&tokens.get(first)?.kind) {
        return None;
    }
    let mut words = Vec::new();
    for literal in tokens.iter().skip(first).filter(|token| is_literal(&token.kind)) {
        let written = expression.get(literal.range.clone())?;
        let inner = match literal.kind {
            TokenKind::DollarQuoted { tag } => written.get(tag..written.len().checked_sub(tag)?)?,
            _ => written.trim_start_matches(['e', 'E']).trim_matches('\''),
        };
        let inner = inner.trim();
        if inner.trim_end_matches(';').contains(';') {
            return None;
        }
        words.extend(
            inner
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .filter(|word| !word.is_empty())
                .map(str::to_uppercase),
        );
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::keeps_data;

    #[test]
    fn the_beginning_of_a_computed_text_tells_whether_data_may_go() {
        for kept in [
            "format('ALTER TABLE %I ADD COLUMN a int', t)",
            "'CREATE INDEX ' || n || ' ON t (a)'",
            "('GRANT ALL ON ' || quote_ident(t) || ' TO x;')",
            "format($f$ALTER TABLE %I.%I DROP CONSTRAINT %I$f$, s, t, c)",
            "E'ALTER DATABASE ' || current_database() || ' SET a = 1'",
            "'DROP TRIGGER ' || n || ' ON t'",
        ] {
            assert!(keeps_data(kept), "{kept}");
        }
        for lost in [
            "'DELETE FROM ' || n",
            "format('TRUNCATE %I', t)",
            "format('UPDATE %I SET a = NULL', t)",
            "'DROP TABLE ' || n",
            "format('ALTER TABLE %I DROP COLUMN a', t)",
            "format('ALTER TABLE %I ADD COLUMN a int, DROP b', t)",
            "'ALTER TABLE ' || t || ' DROP ' || c",
            "format('ALTER TABLE %I ALTER a TYPE int', t)",
            "format('ALTER TABLE %I %s', t, action)",
            "'SELECT 1; DELETE FROM ' || n",
            "format('%s', q)",
            "q || ' CREATE '",
            "q",
            "",
        ] {
            assert!(!keeps_data(lost), "{lost}");
        }
    }
}
