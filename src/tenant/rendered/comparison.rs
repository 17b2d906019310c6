use crate::migrate::{RecordedStep, RenderedPart, RenderedStep};

/// More of a statement than this helps nobody.
const EXCERPT: usize = 60;

/// Whether what a step has sent to one tenant is what env.py prints offline for another; if not, why.
pub(super) fn compare(recorded: &RecordedStep, rendered: &RenderedStep) -> Result<(), String> {
    if let Some(failure) = &rendered.failure {
        let what = if failure.reads { "it reads the database" } else { "it cannot be rendered" };
        return Err(format!("{what}: {}", failure.failure.sentence().lines().next().unwrap_or_default()));
    }
    let script = rendered.statements.iter().filter(|statement| statement.part == RenderedPart::Script);
    if let Some(outside) = script.clone().find(|statement| statement.autocommit) {
        return Err(format!("outside of the transaction runs: {}", excerpt(&outside.sql)));
    }
    let mut printed = script.map(|statement| statement.sql.strip_suffix(';').unwrap_or(&statement.sql)).peekable();
    for sent in &recorded.statements {
        let Some(compared) = &sent.compared else {
            let reason = sent.reason.as_deref().unwrap_or_default();
            return Err(format!("a parameter is not a plain value ({reason}): {}", excerpt(&sent.sql)));
        };
        let Some(first) = printed.next() else {
            return Err(format!("it sends what it does not print offline: {}", excerpt(&sent.sql)));
        };
        let mut joined = first.to_owned();
        // Several rows of one INSERT are printed one by one.
        while joined.len() < compared.len()
            && let Some(row) = printed.peek().and_then(|next| row_of(next, first))
        {
            joined.push_str(", ");
            joined.push_str(row);
            printed.next();
        }
        if joined != *compared {
            return Err(format!("it sends something else than it prints offline: {}", excerpt(&sent.sql)));
        }
    }
    match printed.next() {
        None => Ok(()),
        Some(left) => Err(format!("it prints offline what it does not send: {}", excerpt(left))),
    }
}

/// What stands behind VALUES, where all before that is the same as in `first`.
fn row_of<'a>(statement: &'a str, first: &str) -> Option<&'a str> {
    let start = first.find(" VALUES ")? + " VALUES ".len();
    (first.starts_with("INSERT INTO ") && statement.get(..start)? == first.get(..start)?)
        .then(|| statement.get(start..))
        .flatten()
}

fn excerpt(sql: &str) -> String {
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(EXCERPT).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::{RecordedStatement, RenderedStatement};

    fn judged(sent: &[&str], printed: &[&str]) -> Result<(), String> {
        let statement =
            |sql: &&str| RecordedStatement { sql: (*sql).to_owned(), compared: Some((*sql).to_owned()), reason: None };
        let rendered =
            |sql: &&str| RenderedStatement { sql: format!("{sql};"), part: RenderedPart::Script, autocommit: false };
        let recorded = RecordedStep { statements: sent.iter().map(statement).collect() };
        compare(&recorded, &RenderedStep { statements: printed.iter().map(rendered).collect(), failure: None })
    }

    #[test]
    fn the_texts_are_the_same_or_the_rows_of_one_insert() {
        assert_eq!(judged(&["A", "B"], &["A", "B"]), Ok(()));
        let rows = ["INSERT INTO t (a) VALUES (1)", "INSERT INTO t (a) VALUES (2)"];
        assert_eq!(judged(&["INSERT INTO t (a) VALUES (1), (2)"], &rows), Ok(()));
        assert_eq!(judged(&rows, &rows), Ok(()));
        assert_eq!(judged(&["INSERT INTO t (a) VALUES (1), (2)", "C"], &[rows[0], rows[1], "C"]), Ok(()));
    }

    #[test]
    fn anything_else_is_told() {
        assert!(judged(&["A"], &["B"]).unwrap_err().starts_with("it sends something else"));
        assert!(judged(&["SELECT 1", "A"], &["A"]).is_err());
        assert!(judged(&["A"], &["A", "B"]).unwrap_err().starts_with("it prints offline what it does not send"));
        assert!(judged(&["A", "B"], &["A"]).unwrap_err().starts_with("it sends what it does not print"));
        assert!(
            judged(
                &["INSERT INTO t (a) VALUES (1), (3)"],
                &["INSERT INTO t (a) VALUES (1)", "INSERT INTO t (a) VALUES (2)"]
            )
            .is_err()
        );
        assert!(
            judged(
                &["INSERT INTO t (a) VALUES (1), (2)"],
                &["INSERT INTO t (a) VALUES (1)", "INSERT INTO u (a) VALUES (2)"]
            )
            .is_err()
        );
    }
}
