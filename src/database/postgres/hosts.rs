use std::path::Path;

use crate::database::{DatabaseUrl, UrlError};

/// A host and a port as written, each of which may be absent.
pub(crate) type HostAndPort = (Option<String>, Option<String>);

/// Hosts and ports as texts, as SQLAlchemy's `_split_multihost_from_url` finds them; one pair without both if none is
/// named. A host may hold several, separated by commas.
pub(crate) fn hosts_of(url: &DatabaseUrl) -> Result<Vec<HostAndPort>, UrlError> {
    let in_query = |key: &str| url.query.get(key).map(Vec::as_slice).unwrap_or_default();
    let url_port = url.port.map(|port| port.to_string());
    let ports = in_query("port");
    let mut pairs: Vec<HostAndPort> = match in_query("host") {
        [] => match &url.host {
            Some(host) => host.split(',').map(|host| (Some(host.to_owned()), None)).collect(),
            None => vec![(None, None)],
        },
        [one] if is_host_and_port(one) && ports.is_empty() => vec![split_port(one)],
        [one] => one.split(',').map(|host| (Some(host.to_owned()), None)).collect(),
        several => {
            if !ports.is_empty() {
                return Err(parameter("port", "cannot be given together with several host parameters: use host=h1:p1"));
            }
            several.iter().map(|host| split_port(host)).collect()
        }
    };
    let ports: Vec<&str> = ports.iter().flat_map(|port| port.split(',')).collect();
    if ports.len() > 1 && ports.len() != pairs.len() {
        return Err(parameter("port", "has another number of ports than there are hosts"));
    }
    for (position, (_, port)) in pairs.iter_mut().enumerate() {
        let given = ports.get(position).or(ports.first()).map(|port| (*port).to_owned());
        if port.is_none() {
            *port = given.or_else(|| url_port.clone()).filter(|port| !port.is_empty());
        }
    }
    Ok(pairs)
}

fn parameter(name: &str, reason: &str) -> UrlError {
    UrlError::Parameter { name: name.to_owned(), reason: reason.to_owned() }
}

/// `name:digits`, where the name can only be that of an internet host.
fn is_host_and_port(text: &str) -> bool {
    text.split_once(':').is_some_and(|(host, port)| {
        host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
            && port.bytes().all(|b| b.is_ascii_digit())
    })
}

fn split_port(text: &str) -> HostAndPort {
    match text.split_once(':') {
        Some((host, port)) => (Some(host.to_owned()), Some(port.to_owned()).filter(|port| !port.is_empty())),
        None => (Some(text.to_owned()), None),
    }
}

/// Where one server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    /// A host name or address, or the directory of a Unix socket.
    pub(super) host: String,
    /// The address to connect to instead of looking up `host`.
    pub(super) hostaddr: Option<std::net::IpAddr>,
    /// The port, which also names the socket's file.
    pub(super) port: u16,
}

impl Server {
    /// Whether `host` is the directory of a Unix socket (or an abstract one), as libpq tells.
    pub(super) fn is_unix(&self) -> bool {
        self.host.starts_with(['/', '@']) && self.hostaddr.is_none()
    }

    /// For sentences: `host:port` or the path of the socket.
    pub(super) fn display(&self) -> String {
        if self.is_unix() {
            format!("{}/.s.PGSQL.{}", self.host.trim_end_matches('/'), self.port)
        } else if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Where distributions put the socket; libpq has one of them compiled in.
pub(super) const SOCKET_DIRECTORIES: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// The host when none is named: the first usual directory with the socket of that port. Without any, drivers that are
/// not libpq go on to `localhost` and libpq fails on its directory.
pub(super) fn default_host(port: u16, driver: Option<&str>) -> String {
    let socket = SOCKET_DIRECTORIES.iter().find(|dir| Path::new(dir).join(format!(".s.PGSQL.{port}")).exists());
    match (socket, driver) {
        (_, Some("pg8000")) | (None, Some("asyncpg")) => "localhost".to_owned(),
        (Some(directory), _) => (*directory).to_owned(),
        (None, _) => SOCKET_DIRECTORIES[0].to_owned(),
    }
}
