//! env.py files made of random fragments: what limbec says they use is what Alembic used (recorded by record.py).

use limbec::script::env::{Sources, read_env};

/// The same list is in record.py.
const ENVIRONMENTS: [&[(&str, &str)]; 4] =
    [&[], &[("A", "x://a")], &[("A", "x://a"), ("B", "one"), ("C", "")], &[("B", "x://%b"), ("C", "A")]];

#[test]
fn no_env_py_is_wrongly_understood() {
    let recorded = match std::env::var("LIMBEC_TEST_ENV_READING") {
        Ok(path) => std::fs::read_to_string(path).expect("more records"),
        Err(_) => include_str!("recorded.jsonl").to_owned(),
    };
    let (mut files, mut confirmed, mut wrong) = (0, 0, Vec::new());
    for line in recorded.lines() {
        let record: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        let source = record["source"].as_str().expect("a text");
        files += 1;
        let Ok(mut summary) = read_env(source) else { continue };
        // The recorded application sets no variables: told so, limbec dares to say more.
        summary.imported = None;
        for (variables, answers) in ENVIRONMENTS.iter().zip(record["answers"].as_array().expect("a list")) {
            let sources = Sources {
                environment: &|name| {
                    variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
                },
                ini: &|name| (name == "sqlalchemy.url").then(|| "x://ini".to_owned()),
                imported: None,
            };
            let Ok(url) = summary.resolve_url(&sources) else { continue };
            let answers = answers.as_array().expect("a list");
            confirmed += usize::from(answers.iter().any(|answer| answer.as_str() == Some(&url)));
            for answer in answers {
                // Alembic may have died of an error in a line that has nothing to do with the URL.
                if answer.as_str().is_some_and(|answer| answer != url) {
                    wrong.push(format!("{source}\nwith {variables:?}: limbec says {url}, Alembic {answer}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong answers, the first:\n{}", wrong.len(), wrong[0]);
    assert!(files >= 300 && confirmed > files, "only {confirmed} answers were confirmed for {files} files");
}
