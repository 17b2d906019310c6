use std::collections::BTreeMap;
use std::fmt;

use thiserror::Error;

use super::Dialect;
use super::percent::{parse_query, quote, quote_plus, unquote};

/// A text that is never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(pub(super) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A SQLAlchemy database URL. `Display` hides the password, as SQLAlchemy's `render_as_string()` does.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    pub(super) driver_name: String,
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) host: Option<String>,
    pub(super) port: Option<i64>,
    pub(super) database: Option<String>,
    /// By key; a key given several times has several values.
    pub(super) query: BTreeMap<String, Vec<String>>,
}

/// Why a text is no database URL. Never holds the text: it may have a password in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UrlError {
    /// No `name://` at the start.
    #[error("the database URL does not begin with a dialect, such as postgresql:// or sqlite:///")]
    NoDialect,
    /// `host:port` with something else than a number.
    #[error(
        "the port in the database URL is not a number (a '/', '?' or '#' in a password must be written as %2F, %3F or %23)"
    )]
    Port,
    /// SQLite has neither user nor host.
    #[error("an SQLite URL has no host, user or port: write sqlite:///relative/path.db or sqlite:////absolute/path.db")]
    SqliteHost,
    /// A parameter after the `?`.
    #[error("the parameter {name} of the database URL {reason}")]
    Parameter {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl DatabaseUrl {
    /// Reads a URL exactly as SQLAlchemy 2.1's `make_url` does: the same texts are accepted, with the same parts.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let name_end =
            text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '+')).ok_or(UrlError::NoDialect)?;
        let rest = text[name_end..].strip_prefix("://").ok_or(UrlError::NoDialect)?;
        if name_end == 0 {
            return Err(UrlError::NoDialect);
        }
        let (username, password, rest) = split_user_info(rest);
        let (host, rest) = split_host(rest);
        let (port, rest) = match rest.strip_prefix(':') {
            Some(after) => {
                let (digits, rest) = split_before(after, &['/', '?']);
                (Some(parse_port(digits)?), rest)
            }
            None => (None, rest),
        };
        let (database, rest) = match rest.strip_prefix('/') {
            Some(after) => {
                let (database, rest) = split_before(after, &['?']);
                (Some(unquote(database)), rest)
            }
            None => (None, rest),
        };
        let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
        if let Some(after) = rest.strip_prefix('?') {
            for (key, value) in parse_query(split_before(after, &['\n']).0) {
                query.entry(key).or_default().push(value);
            }
        }
        Ok(Self {
            driver_name: text[..name_end].to_owned(),
            username: username.map(unquote),
            password: password.map(|p| Secret(unquote(p))),
            host: host.map(str::to_owned),
            port,
            database,
            query,
        })
    }

    /// The same server with another database, whichever way this URL names its own.
    #[must_use]
    pub fn with_database(&self, database: &str) -> Self {
        let mut url = self.clone();
        url.query.remove("dbname");
        url.query.remove("database");
        url.database = Some(database.to_owned());
        url
    }

    /// The same URL with this password.
    #[must_use]
    pub fn with_secret(&self, password: String) -> Self {
        Self { password: Some(Secret(password)), ..self.clone() }
    }

    /// The same URL without a password, before the host or as a parameter.
    #[must_use]
    pub fn without_password(&self) -> Self {
        let mut url = Self { password: None, ..self.clone() };
        url.query.retain(|name, _| !is_secret(name));
        url
    }

    /// A text as it may stand anywhere in a URL.
    pub fn quote_part(text: &str) -> String {
        quote(text, "")
    }

    /// The database language.
    pub fn dialect(&self) -> Dialect {
        Dialect::of_driver_name(&self.driver_name)
    }

    /// SQLAlchemy's name of dialect and driver, such as `postgresql+psycopg2`.
    pub fn driver_name(&self) -> &str {
        &self.driver_name
    }

    /// The driver alone, when one is named.
    pub fn driver(&self) -> Option<&str> {
        self.driver_name.split_once('+').map(|(_, driver)| driver)
    }

    /// The database's name, or the path of SQLite's file.
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// The host before the `/`, without the brackets of an IPv6 address.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The user.
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// Whether a password is in the URL, before the host or as a parameter.
    pub fn has_password(&self) -> bool {
        self.password.is_some() || self.query.keys().any(|name| is_secret(name))
    }

    /// Whether this begins with `postgres://`: psql accepts it, but SQLAlchemy since 1.4 does not, so that running
    /// env.py with it fails ("Can't load plugin: sqlalchemy.dialects:postgres").
    pub fn is_refused_by_sqlalchemy(&self) -> bool {
        self.driver_name == "postgres" || self.driver_name.starts_with("postgres+")
    }

    /// The same URL with `postgresql` for `postgres`.
    #[must_use]
    pub fn accepted_by_sqlalchemy(&self) -> Self {
        let mut url = self.clone();
        if self.is_refused_by_sqlalchemy() {
            url.driver_name = self.driver_name.replacen("postgres", "postgresql", 1);
        }
        url
    }

    /// The same URL with the driver of another one of the same dialect, where none is named: SQLAlchemy's default driver
    /// need not be installed where the other one is in use.
    #[must_use]
    pub fn with_driver_of(&self, other: Option<&Self>) -> Self {
        let mut url = self.clone();
        if let Some(other) = other.filter(|other| self.driver().is_none() && other.backend() == self.backend()) {
            url.driver_name.clone_from(&other.driver_name);
        }
        url
    }

    /// The text with the password as `***`: SQLAlchemy's `render_as_string(hide_password=True)`, and beyond it with every
    /// parameter that is a secret (`?password=`), which SQLAlchemy shows.
    pub fn obfuscated(&self) -> String {
        self.render("***", |name, value| if is_secret(name) { "***".to_owned() } else { quote_plus(value) })
    }

    /// The text as patterns of URLs may mean it: with and without the driver, the user and `:***`.
    pub fn without_secrets(&self) -> Vec<String> {
        let of = |name: &str, username: Option<String>, password: Option<Secret>| {
            Self { driver_name: name.to_owned(), username, password, ..self.clone() }.obfuscated()
        };
        let dialect = self.driver_name.split('+').next().unwrap_or_default();
        let mut spellings = Vec::new();
        for name in [self.driver_name.as_str(), dialect] {
            spellings.push(of(name, self.username.clone(), self.password.clone()));
            spellings.push(of(name, self.username.clone(), None));
            spellings.push(of(name, None, None));
        }
        spellings
    }

    /// A text of somebody else, such as an error, with this URL's secrets as `***` wherever they occur in it.
    pub fn censored(&self, text: &str) -> String {
        self.secrets().iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }

    /// This URL's secrets as texts may have them, none of them empty: as they are, and as they stand in URLs (everything quoted,
    /// SQLAlchemy's way, a form's way). Never print, log or store them.
    pub fn secrets(&self) -> Vec<String> {
        let parameters = self.query.iter().filter(|(name, _)| is_secret(name)).flat_map(|(_, values)| values);
        let secrets = self.password.iter().map(|password| &password.0).chain(parameters);
        let spellings = |secret: &String| [secret.clone(), quote(secret, ""), quote(secret, " +"), quote_plus(secret)];
        secrets.filter(|secret| !secret.is_empty()).flat_map(spellings).collect()
    }

    /// The text with the password in clear, for the engine alone: never print, log or store it.
    pub fn with_password(&self) -> String {
        let password = self.password.as_ref().map(|p| quote(&p.0, " +")).unwrap_or_default();
        self.render(&password, |_, value| quote_plus(value))
    }

    fn render(&self, password: &str, parameter: impl Fn(&str, &str) -> String) -> String {
        let mut out = format!("{}://", self.driver_name);
        if let Some(username) = &self.username {
            out.push_str(&quote(username, " +"));
            if self.password.is_some() {
                out.push(':');
                out.push_str(password);
            }
            out.push('@');
        }
        match &self.host {
            Some(host) if host.contains(':') => out.push_str(&format!("[{host}]")),
            Some(host) => out.push_str(host),
            None => {}
        }
        if let Some(port) = self.port {
            out.push_str(&format!(":{port}"));
        }
        if let Some(database) = &self.database {
            out.push('/');
            out.push_str(&quote(database, " +/"));
        }
        let pairs = self.query.iter().flat_map(|(key, values)| values.iter().map(move |value| (key, value)));
        for (position, (key, value)) in pairs.enumerate() {
            out.push(if position == 0 { '?' } else { '&' });
            out.push_str(&format!("{}={}", quote_plus(key), parameter(key, value)));
        }
        out
    }

    /// Whether both name the same database: dialect, hosts, ports and database; driver, user and password do not matter.
    pub fn is_same_database(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.accepted_by_sqlalchemy(), other.accepted_by_sqlalchemy());
        mine.backend() == theirs.backend() && mine.place() == theirs.place()
    }

    /// Whether both are the same but for the driver (and `postgres` for `postgresql`): what `adopt` looks for.
    pub fn is_same_but_driver(&self, other: &Self) -> bool {
        let (mut mine, mut theirs) = (self.accepted_by_sqlalchemy(), other.accepted_by_sqlalchemy());
        mine.driver_name = mine.backend().to_owned();
        theirs.driver_name = theirs.backend().to_owned();
        mine == theirs
    }

    /// The hosts and ports; empty hosts are those of the environment.
    pub fn hosts(&self) -> Vec<(String, String)> {
        self.accepted_by_sqlalchemy().place().0
    }

    /// Dialect, hosts, ports and database in one spelling, without driver, user and password: equal where
    /// [`Self::is_same_database`] holds.
    pub fn identity(&self) -> String {
        let url = self.accepted_by_sqlalchemy();
        format!("{:?}", (url.backend(), url.place()))
    }

    fn backend(&self) -> &str {
        self.driver_name.split('+').next().unwrap_or_default()
    }

    /// What decides which database is meant, in one spelling.
    fn place(&self) -> (Vec<(String, String)>, Option<String>) {
        if self.dialect() != Dialect::Postgres {
            let host = (self.host.clone().unwrap_or_default(), self.port.map(|p| p.to_string()).unwrap_or_default());
            return (vec![host], self.database.clone());
        }
        let hosts = super::postgres::hosts_of(self)
            .unwrap_or_default()
            .into_iter()
            .map(|(host, port)| {
                let port = port.filter(|port| !port.is_empty()).unwrap_or_else(|| "5432".to_owned());
                (host.unwrap_or_default().to_lowercase(), port)
            })
            .collect();
        let named = self.query.get("dbname").and_then(|values| values.last()).cloned();
        (hosts, named.or_else(|| self.database.clone()).or_else(|| self.username.clone()))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.obfuscated())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({})", self.obfuscated())
    }
}

/// Whether a parameter of this name is a secret: libpq's `password` and `sslpassword`, MySQL's `passwd`, the connection
/// string of ODBC with its `PWD=`, and the tokens of hosted databases.
fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    name == "odbc_connect" || ["passw", "secret", "token"].iter().any(|part| name.contains(part))
}

fn split_before<'a>(text: &'a str, stops: &[char]) -> (&'a str, &'a str) {
    text.split_at(text.find(stops).unwrap_or(text.len()))
}

/// `user[:password]@`, by the rules of SQLAlchemy's pattern: a user may hold `@` but neither `:` nor `/`; a password
/// may hold anything but `@`.
fn split_user_info(text: &str) -> (Option<&str>, Option<&str>, &str) {
    let (name, after) = split_before(text, &[':', '/']);
    if let Some(after) = after.strip_prefix(':')
        && let Some((password, rest)) = after.split_once('@')
    {
        return (Some(name), Some(password), rest);
    }
    match name.rfind('@') {
        Some(at) => (Some(&name[..at]), None, &text[at + 1..]),
        None => (None, None, text),
    }
}

fn split_host(text: &str) -> (Option<&str>, &str) {
    if let Some(inner) = text.strip_prefix('[')
        && let Some(end) = split_before(inner, &['/', '?']).0.rfind(']').filter(|end| *end > 0)
    {
        return (Some(&inner[..end]), &inner[end + 1..]);
    }
    let (host, rest) = split_before(text, &['/', ':', '?']);
    ((!host.is_empty()).then_some(host), rest)
}

/// Python's `int(text)`: white space around, a sign, single underscores between digits.
fn parse_port(text: &str) -> Result<i64, UrlError> {
    let trimmed = text.trim();
    let digits = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    let well_formed = digits.split('_').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    if !well_formed {
        return Err(UrlError::Port);
    }
    trimmed.replace('_', "").parse().map_err(|_| UrlError::Port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> DatabaseUrl {
        DatabaseUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// Recorded from SQLAlchemy 2.1 by tests/database/record_urls.py.
    #[test]
    fn generated_urls_are_read_and_rendered_as_sqlalchemy_does() {
        let recorded = include_str!("../../tests/database/urls.jsonl");
        let mut compared = 0;
        for line in recorded.lines() {
            let record: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
            let text = record["url"].as_str().expect("a text");
            let ours = DatabaseUrl::parse(text).ok();
            if !ours.as_ref().is_some_and(|url| url.query.keys().any(|name| is_secret(name))) {
                let hidden = ours.as_ref().map(ToString::to_string);
                assert_eq!(hidden.as_deref(), record["answer"]["hidden"].as_str(), "{text}");
            }
            assert_eq!(ours.map(|url| url.with_password()).as_deref(), record["answer"]["shown"].as_str(), "{text}");
            compared += 1;
        }
        assert!(compared > 600, "only {compared} URLs were compared");
    }

    #[test]
    fn secrets_in_the_words_of_others_are_hidden() {
        let url = url("postgresql://u:s%2Fcret@h/d?sslpassword=other");
        assert_eq!(url.censored("no s/cret, no s%2Fcret, no other"), "no ***, no ***, no ***");
        let awkward = super::DatabaseUrl::parse("postgresql://u:p%40ss%3A%20w@h/d").unwrap();
        assert_eq!(awkward.censored(&awkward.with_password()), "postgresql://u:***@h/d");
        assert_eq!(awkward.censored("p@ss: w p%40ss%3A+w p%40ss%3A%20w"), "*** *** ***");
        assert_eq!(super::DatabaseUrl::parse("sqlite:///a.db").unwrap().censored("a.db"), "a.db");
    }

    #[test]
    fn no_text_for_people_holds_the_password() {
        let url = url("postgresql+asyncpg://me:hunter2@h:1/d");
        assert_eq!(format!("{url} {url:?}").matches("hunter2").count(), 0);
        assert_eq!(url.obfuscated(), "postgresql+asyncpg://me:***@h:1/d");
        let url = self::url("postgresql://me@h/d?sslmode=require&password=hunter2&sslpassword=hunter2");
        assert_eq!(url.obfuscated(), "postgresql://me@h/d?password=***&sslmode=require&sslpassword=***");
        assert!(url.has_password() && url.with_password().contains("password=hunter2"));
        let with_file = self::url("postgresql://me@h/d?passfile=x");
        assert!(!with_file.has_password() && with_file.obfuscated().ends_with("passfile=x"));
        for wrong in ["postgresql://me:hunter2/x@h:hunter2/d", "//me:hunter2@h"] {
            let error = DatabaseUrl::parse(wrong).expect_err("a wrong URL");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn dialects_are_told_by_name_and_driver() {
        for (text, dialect) in [
            ("postgresql+psycopg2cffi://", Dialect::Postgres),
            ("postgres://", Dialect::Postgres),
            ("sqlite+pysqlite://", Dialect::Sqlite),
            ("sqlite+pysqlcipher://", Dialect::Other("sqlite+pysqlcipher".into())),
            ("cockroachdb://", Dialect::Other("cockroachdb".into())),
        ] {
            assert_eq!(url(text).dialect(), dialect);
        }
    }

    #[test]
    fn the_same_database_is_known_in_other_spellings() {
        let same = |a: &str, b: &str| url(a).is_same_database(&url(b));
        assert!(same("postgresql+psycopg2://u:p@H/d", "postgres://v@h:5432/d?sslmode=require"));
        assert!(same("postgresql://u@/d?host=h1:1&host=h2:2", "postgresql://u@/d?host=h1,h2&port=1,2"));
        assert!(!same("postgresql://h/d", "postgresql://h/e"));
        assert!(!same("postgresql://h:5433/d", "postgresql://h/d"));
        assert!(same("sqlite+aiosqlite:///a.db", "sqlite:///a.db"));
        assert!(!same("sqlite:///a.db", "sqlite:////a.db"));
    }

    #[test]
    fn the_driver_alone_may_differ() {
        let same = |a: &str, b: &str| url(a).is_same_but_driver(&url(b));
        assert!(same("postgresql+asyncpg://u:p@h/d", "postgres://u:p@h/d"));
        assert!(!same("postgresql://u:p@h/d", "postgresql://u:q@h/d"));
    }

    #[test]
    fn the_old_name_of_postgresql_is_told_apart() {
        assert!(url("postgres://h/d").is_refused_by_sqlalchemy());
        assert_eq!(url("postgres+psycopg2://h/d").accepted_by_sqlalchemy().to_string(), "postgresql+psycopg2://h/d");
    }
}
