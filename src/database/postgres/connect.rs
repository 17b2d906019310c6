use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_postgres::config::{ChannelBinding, SslMode as WireSslMode, SslNegotiation};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

use super::hosts::Server;
use super::settings::Settings;
use crate::database::DatabaseError;
use crate::database::tls::{LazyTls, SslMode};

/// A client whose connection is driven by a task of the current runtime.
pub(super) struct Connected {
    pub(super) client: Client,
    pub(super) task: JoinHandle<()>,
    /// Whether a backslash in a plain string escapes, as the server has said last.
    pub(super) backslashes: Arc<AtomicBool>,
}

/// How long a place is waited for where a server, database or role has no connection left: PostgreSQL gives the place of a closed one
/// free only when its process has ended, a moment after.
const WAIT_FOR_A_PLACE: Duration = Duration::from_secs(2);

/// Connects, and does so again for a moment where all places are taken.
pub(super) async fn connect(settings: &Settings) -> Result<Connected, DatabaseError> {
    let began = Instant::now();
    let mut pause = Duration::from_millis(10);
    loop {
        let connected = connect_once(settings).await;
        let is_full = matches!(&connected, Err(DatabaseError::Server { code, .. }) if code == SqlState::TOO_MANY_CONNECTIONS.code());
        if !is_full || began.elapsed() >= WAIT_FOR_A_PLACE {
            return connected;
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
}

/// Connects as libpq does: servers in order, and for each the encrypted and plain attempts that `sslmode` allows. The
/// next server is tried when one does not answer or is of the wrong kind, not when it refuses the user.
async fn connect_once(settings: &Settings) -> Result<Connected, DatabaseError> {
    let wanted = settings.target_session_attrs.as_deref();
    let rounds: &[Option<&str>] = match wanted {
        Some("prefer-standby") => &[Some("standby"), None],
        _ => &[wanted],
    };
    let mut errors = Vec::new();
    for wanted in rounds {
        errors.clear();
        for server in &settings.servers {
            match connect_to(settings, server, *wanted).await {
                Ok(connected) => return Ok(connected),
                Err(error) if may_try_next(&error) => errors.push(error),
                Err(error) => return Err(error),
            }
        }
    }
    Err(if errors.len() == 1 { errors.remove(0) } else { DatabaseError::NoServer(errors) })
}

fn may_try_next(error: &DatabaseError) -> bool {
    matches!(
        error,
        DatabaseError::Unreachable { .. }
            | DatabaseError::ConnectTimeout { .. }
            | DatabaseError::Tls { .. }
            | DatabaseError::WrongKindOfServer { .. }
    )
}

async fn connect_to(settings: &Settings, server: &Server, wanted: Option<&str>) -> Result<Connected, DatabaseError> {
    let attempts: &[WireSslMode] = match settings.tls.mode {
        _ if server.is_unix() => &[WireSslMode::Disable],
        SslMode::Disable => &[WireSslMode::Disable],
        SslMode::Allow => &[WireSslMode::Disable, WireSslMode::Require],
        SslMode::Prefer => &[WireSslMode::Prefer, WireSslMode::Disable],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[WireSslMode::Require],
    };
    let mut first = None;
    for mode in attempts {
        match attempt(settings, server, *mode).await {
            Ok(connected) => {
                check_kind(&connected.client, settings, server, wanted).await?;
                return Ok(connected);
            }
            // Only a refusal or a failed handshake can turn out otherwise with the other kind of encryption.
            Err(error) if !depends_on_encryption(&error) => return Err(first.unwrap_or(error)),
            Err(error) => {
                let better = matches!(error, DatabaseError::Password { .. });
                if better || first.is_none() {
                    first = Some(error);
                }
            }
        }
    }
    Err(first.unwrap_or_else(|| unreachable_server(settings, server, "no attempt was made".to_owned())))
}

fn depends_on_encryption(error: &DatabaseError) -> bool {
    matches!(error, DatabaseError::Password { .. } | DatabaseError::Refused { .. } | DatabaseError::Tls { .. })
}

async fn attempt(settings: &Settings, server: &Server, mode: WireSslMode) -> Result<Connected, DatabaseError> {
    let config = wire_config(settings, server, mode);
    let connecting = async {
        if mode == WireSslMode::Disable {
            let (client, connection) = config.connect(NoTls).await?;
            let (task, backslashes) = attend(connection);
            Ok(Connected { client, task, backslashes })
        } else {
            let (client, connection) = config.connect(LazyTls::new(&settings.tls)).await?;
            let (task, backslashes) = attend(connection);
            Ok(Connected { client, task, backslashes })
        }
    };
    // No limit is a limit that is never reached: a year.
    let limit = settings.connect_timeout.unwrap_or(Duration::from_secs(365 * 24 * 3600));
    match tokio::time::timeout(limit, connecting).await {
        Ok(Ok(connected)) => Ok(connected),
        Ok(Err(error)) => Err(connect_error(settings, server, &error)),
        Err(_) => Err(DatabaseError::ConnectTimeout {
            server: server.display(),
            database: settings.database.clone(),
            seconds: limit.as_secs(),
        }),
    }
}

/// Works for the connection until it ends, and keeps what the server has said last of how it reads strings: whether a backslash in `'…'`
/// escapes (`standard_conforming_strings` is off).
fn attend<S, T>(mut connection: tokio_postgres::Connection<S, T>) -> (JoinHandle<()>, Arc<AtomicBool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let backslashes = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&backslashes);
    let task = tokio::spawn(async move {
        let ended = poll_fn(|context| {
            let polled = Pin::new(&mut connection).poll(context);
            told.store(connection.parameter("standard_conforming_strings") == Some("off"), Ordering::Relaxed);
            polled
        });
        drop(ended.await);
    });
    (task, backslashes)
}

fn wire_config(settings: &Settings, server: &Server, mode: WireSslMode) -> Config {
    let mut config = Config::new();
    config
        .user(&settings.user)
        .dbname(&settings.database)
        .application_name(&settings.application_name)
        .port(server.port)
        .keepalives(settings.keepalives)
        .keepalives_idle(settings.keepalives_idle)
        .keepalives_interval(settings.keepalives_interval)
        .keepalives_retries(settings.keepalives_count)
        .ssl_mode(mode);
    if let Some(limit) = settings.tcp_user_timeout {
        config.tcp_user_timeout(limit);
    }
    if server.is_unix() {
        config.host_path(&server.host);
    } else {
        config.host(&server.host);
        if let Some(address) = server.hostaddr {
            config.hostaddr(address);
        }
    }
    if let Some(password) = settings.password(server) {
        config.password(password);
    }
    if let Some(options) = &settings.options {
        config.options(options);
    }
    if settings.tls.direct && mode == WireSslMode::Require {
        config.ssl_negotiation(SslNegotiation::Direct);
    }
    config.channel_binding(match settings.channel_binding.as_deref() {
        Some("disable") => ChannelBinding::Disable,
        Some("require") => ChannelBinding::Require,
        _ => ChannelBinding::Prefer,
    });
    config
}

async fn check_kind(
    client: &Client,
    settings: &Settings,
    server: &Server,
    wanted: Option<&str>,
) -> Result<(), DatabaseError> {
    let Some(wanted) = wanted else { return Ok(()) };
    let query = "SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only') = 'on'";
    let row = client.query_typed(query, &[]).await.map_err(|error| connect_error(settings, server, &error))?;
    let flag = |column: usize| row.first().and_then(|row| row.try_get::<_, bool>(column).ok()).unwrap_or_default();
    let (standby, read_only) = (flag(0), flag(1));
    let matches = match wanted {
        "read-write" => !read_only,
        "read-only" => read_only,
        "primary" => !standby,
        "standby" => standby,
        other => {
            return Err(DatabaseError::Setting {
                name: "target_session_attrs".into(),
                reason: format!("is {other}, which libpq does not know"),
            });
        }
    };
    if matches {
        return Ok(());
    }
    Err(DatabaseError::WrongKindOfServer { server: server.display(), wanted: wanted.to_owned() })
}

fn unreachable_server(settings: &Settings, server: &Server, reason: String) -> DatabaseError {
    DatabaseError::Unreachable { server: server.display(), database: settings.database.clone(), reason }
}

fn connect_error(settings: &Settings, server: &Server, error: &tokio_postgres::Error) -> DatabaseError {
    let (place, user, database) = (server.display(), settings.user.clone(), settings.database.clone());
    let Some(said) = error.as_db_error() else {
        let mut reason = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            // rustls and tokio-postgres repeat the inner text in the outer one.
            let text = inner.to_string();
            if !reason.contains(&text) {
                reason = format!("{reason}: {text}");
            }
            cause = inner.source();
        }
        if reason.contains("password missing") {
            let reason = "it asks for one and none is given".to_owned();
            return DatabaseError::Password { server: place, user, database, reason };
        }
        if reason.contains("error performing TLS handshake") {
            let reason = reason.replacen("error performing TLS handshake: ", "", 1);
            return DatabaseError::Tls { server: place, database, reason };
        }
        return unreachable_server(settings, server, reason);
    };
    let reason = said.message().to_owned();
    match said.code() {
        code if *code == SqlState::INVALID_PASSWORD => {
            DatabaseError::Password { server: place, user, database, reason }
        }
        code if code.code().starts_with("28") => DatabaseError::Refused { server: place, user, database, reason },
        code if *code == SqlState::INVALID_CATALOG_NAME => DatabaseError::NoDatabase { server: place, database },
        code if *code == SqlState::INSUFFICIENT_PRIVILEGE => DatabaseError::Permission { database, reason },
        code if *code == SqlState::CANNOT_CONNECT_NOW => unreachable_server(settings, server, reason),
        code => DatabaseError::Server { database, code: code.code().to_owned(), reason },
    }
}
