use std::sync::atomic::{AtomicU32, Ordering};

use limbec::database::{Access, Connection, DatabaseUrl, Environment};
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// An own database on the test server, dropped at the end.
pub(crate) struct TestDatabase {
    admin: String,
    name: String,
}

static COUNTER: AtomicU32 = AtomicU32::new(0);

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
/// The value of a variable that switches tests on; without it a skip is printed, which CI does not allow.
pub(crate) fn server(variable: &str) -> Option<String> {
    match std::env::var(variable) {
        Ok(url) if !url.is_empty() => Some(url),
        _ => {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{variable} is not set, and CI skips nothing");
            eprintln!("skipped: {variable} is not set");
            None
        }
    }
}

impl TestDatabase {
    /// `None`: there is no server, and the skip has been printed.
    pub(crate) fn create() -> Option<Self> {
        let admin = server("LIMBEC_TEST_POSTGRES")?;
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("limbec_test_{}_{number}", std::process::id());
        run_sql(&admin, &format!("CREATE DATABASE {name}"));
        Some(Self { admin, name })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A URL of this database; `query` as after the `?`.
    pub(crate) fn url(&self, query: &str) -> String {
        with_database(&self.admin, &self.name, query)
    }

    /// Runs statements in this database.
    pub(crate) fn sql(&self, statements: &str) {
        run_sql(&self.url(""), statements);
    }

    /// Runs a statement that the server has to refuse.
    pub(crate) fn fails(&self, statement: &str) {
        block_on(async { client(&self.url("")).await.batch_execute(statement).await.expect_err(statement) });
    }

    /// The first column of the rows, as text.
    pub(crate) fn column(&self, query: &str) -> Vec<String> {
        column(&self.url(""), query)
    }

    pub(crate) fn connect(&self, query: &str) -> Connection {
        connect(&self.url(query))
    }

    /// As a role of the server that is made by the test.
    pub(crate) fn connect_as(&self, role: &str, password: &str) -> Connection {
        let url = self.url("");
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        connect(&format!("{scheme}://{role}:{password}@{place}"))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        run_sql(&self.admin, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// The URL of another database of the same server.
pub(crate) fn with_database(url: &str, name: &str, query: &str) -> String {
    let (base, rest) = url.split_once("://").expect("a URL");
    let (place, _) = rest.split_once('/').expect("a URL with a database");
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    format!("{base}://{place}/{name}{query}")
}

pub(crate) fn connect(url: &str) -> Connection {
    let url = DatabaseUrl::parse(url).expect("a URL");
    Connection::open(&url, &Environment::default(), Access::Write).unwrap_or_else(|error| panic!("{url}: {error}"))
}

/// What opening it for reading says.
pub(crate) fn refusal(url: &str) -> limbec::database::DatabaseError {
    let url = DatabaseUrl::parse(url).expect("a URL");
    match Connection::open(&url, &Environment::default(), Access::Read) {
        Ok(_) => panic!("{url} was accepted"),
        Err(error) => error,
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

async fn client(url: &str) -> tokio_postgres::Client {
    let scheme = url.split_once("://").expect("a URL").1;
    let (client, connection) =
        tokio_postgres::connect(&format!("postgresql://{scheme}"), NoTls).await.expect("the test server answers");
    tokio::spawn(connection);
    client
}

pub(crate) fn run_sql(url: &str, statements: &str) {
    block_on(async { client(url).await.batch_execute(statements).await.expect(statements) });
}

pub(crate) fn column(url: &str, query: &str) -> Vec<String> {
    block_on(async {
        let rows = client(url).await.query(query, &[]).await.expect(query);
        rows.iter().map(|row| row.get::<_, String>(0)).collect()
    })
}

/// What the server answers to texts that are sent one after the other in one session, by the simple protocol: every row, and
/// every statement that was completed.
pub(crate) fn answers(url: &str, texts: &[&str]) -> Result<Vec<String>, String> {
    block_on(async {
        let client = client(url).await;
        let mut answers = Vec::new();
        for text in texts {
            let messages = client.simple_query(text).await.map_err(|error| format!("{error:?}"))?;
            answers.extend(messages.iter().filter_map(shown));
        }
        Ok(answers)
    })
}

fn shown(message: &SimpleQueryMessage) -> Option<String> {
    match message {
        SimpleQueryMessage::Row(row) => Some(format!("{:?}", (0..row.len()).map(|at| row.get(at)).collect::<Vec<_>>())),
        SimpleQueryMessage::CommandComplete(rows) => Some(format!("completed: {rows}")),
        _ => None,
    }
}
