//! Which options of an ini file hold a secret.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

/// The password of a URL, as SQLAlchemy reads it: up to the last `@`.
static PASSWORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"([\w+.-]+)://[^/:@\s]*:(\S+)@").ok());

/// A password among the parameters of a URL, or in libpq's own form.
static PARAMETER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)(?:password|passwd|pwd)\s*=\s*([^\s&;]+)").ok());

/// `%(name)s`
static INTERPOLATED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"%\(([^)]+)\)s").ok());

/// Words in the name of an option that say what it is.
const NAMES: [&str; 6] = ["password", "passwd", "pwd", "secret", "token", "api_key"];

/// The driver of the URL in the ini file that `alembic init` writes, which is no URL of anybody's.
const TEMPLATE_DRIVER: &str = "driver";

/// The options that passwords are composed of.
pub(super) struct SecretOptions {
    components: BTreeSet<String>,
}

impl SecretOptions {
    pub(super) fn of(text: &str) -> Self {
        let components = passwords(text).into_iter().flat_map(|password| {
            let names = INTERPOLATED.iter().flat_map(move |regex| regex.captures_iter(password));
            names.map(|found| found[1].to_lowercase())
        });
        Self { components: components.filter(|name| name != "here").collect() }
    }

    /// Whether an option is not to be copied: it has a password of its own, or is a part of one.
    pub(super) fn has(&self, name: &str, lines: &[&str]) -> bool {
        let text = lines.join("\n");
        let value = text.split_once(['=', ':']).map_or("", |(_, value)| value);
        let is_named = NAMES.iter().any(|word| name.contains(word)) && is_literal(value);
        is_named || self.components.contains(name) || passwords(value).into_iter().any(is_literal)
    }
}

fn passwords(text: &str) -> Vec<&str> {
    let of_urls = PASSWORD.iter().flat_map(|regex| regex.captures_iter(text));
    let of_urls = of_urls.filter(|found| found.get(1).is_none_or(|driver| driver.as_str() != TEMPLATE_DRIVER));
    let of_urls = of_urls.filter_map(|found| found.get(2));
    let parameters = PARAMETER.iter().flat_map(|regex| regex.captures_iter(text)).filter_map(|found| found.get(1));
    of_urls.chain(parameters).map(|found| found.as_str()).collect()
}

/// Whether there is more than names of other options.
fn is_literal(value: &str) -> bool {
    let rest = INTERPOLATED.as_ref().map_or_else(|| value.into(), |regex| regex.replace_all(value, ""));
    !rest.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of the options are not copied.
    fn secret(text: &str) -> Vec<&str> {
        let options = SecretOptions::of(text);
        let lines = text.lines().filter(|line| options.has(line.split('=').next().unwrap().trim(), &[line]));
        lines.map(|line| line.split('=').next().unwrap().trim()).collect()
    }

    #[test]
    fn passwords_are_found() {
        for text in [
            "url = postgresql+psycopg2://u:p%%40x@h:5432/d",
            "url = postgresql://:p@h/d",
            "url = postgresql://u:a/b@c@h/d",
            "url = postgresql://h/d?user=u&password=p",
            "url = host=h user=u password = p",
            "db_password = x",
            "db.secret = x%(a)s",
        ] {
            assert_eq!(secret(text).len(), 1, "{text}");
        }
        assert_eq!(secret("url = postgresql://u:%(key)s@h/d\nkey = p\nother = q"), ["key"]);
    }

    #[test]
    fn what_is_none_is_copied() {
        for text in [
            "url = driver://user:pass@localhost/dbname",
            "url = postgresql://u@h:5432/d",
            "url = postgresql://h:5432/d",
            "url = postgresql://u:%(DB_PASSWORD)s@h/d",
            "url = sqlite:///%(here)s/x.db",
            "password =",
            "hooks = black",
        ] {
            assert_eq!(secret(text), Vec::<&str>::new(), "{text}");
        }
    }
}
