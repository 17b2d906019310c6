use std::sync::LazyLock;

use regex::Regex;

/// What PostgreSQL's grammar does not know and what stands for it there, in this order.
const REWRITES: &[(&str, &str)] = &[
    (r"`", "\""),
    (r"(^|[\s(,.])\[(\w+)\]", "$1\"$2\""),
    (r"(?i)^\s*(insert|replace)(\s+(low_priority|delayed|ignore|overwrite|or\s+\w+))*\s+into\b", "INSERT INTO"),
    (r"(?i)^\s*insert\s+ignore\b", "INSERT INTO"),
    (r"(?i)^\s*update\s+(ignore|or\s+\w+)\b", "UPDATE"),
    (r"(?i)^\s*create\s+(fulltext|spatial|(non)?clustered)\s+index\b", "CREATE INDEX"),
    (r"(?i)\)\s*(engine\s*=|default\s+charset|charset\s*=|without\s+rowid|strict\s*$)[^)]*$", ")"),
    (r"(?i)\b(auto_?increment)\b(\s*=\s*\d+)?", ""),
    (r"(?i)\b(unsigned|zerofill)\b", ""),
    (r"(?i)\b(tinyint|smallint|mediumint|bigint|int|integer)\s*\(\s*\d+\s*\)", "$1"),
    (r"(?i)\benum\s*\([^)]*\)", "\"enum\""),
    (r"(?i)\bcharacter\s+set\s*=?\s*\w+", ""),
    (r"(?i)\bcollate\s*=?\s*\w+", ""),
    (r"(?i)\bcomment\s*=?\s*'([^'\\]|''|\\.)*'", ""),
    (r"(?i)\bon\s+update\s+current_timestamp(\s*\(\s*\d*\s*\))?", ""),
    (r"(?i)\bunique\s+(key|index)\s+([\w\x22]+)\s*\(", "CONSTRAINT $2 UNIQUE ("),
    (r"(?i),\s*(key|index)\s+[\w\x22]+\s*\([^)]*\)", ""),
    (r"(?i)\s+(after\s+[\w\x22]+|first)\s*$", ""),
    (r"(?i)\bif\s+exists\s+if\s+exists\b", "IF EXISTS"),
    (r"\?", "NULL"),
];

static PATTERNS: LazyLock<Vec<(Regex, &'static str)>> =
    LazyLock::new(|| REWRITES.iter().filter_map(|(pattern, by)| Some((Regex::new(pattern).ok()?, *by))).collect());

/// The statement with the usual words of other databases taken off or put as PostgreSQL would.
pub(super) fn rewrite(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, by) in PATTERNS.iter() {
        if let std::borrow::Cow::Owned(changed) = pattern.replace_all(&text, *by) {
            text = changed;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_a_regular_expression() {
        assert_eq!(PATTERNS.len(), REWRITES.len());
    }
}
