use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::hosts::{HostAndPort, Server, default_host, hosts_of};
use super::{passfile, service};
use crate::database::tls::{SslMode, TlsSettings};
use crate::database::url::Secret;
use crate::database::{DatabaseError, DatabaseUrl, Environment};

/// Everything that is known before connecting: the URL, completed by service file, environment and defaults as libpq
/// does (`conninfo_add_defaults`).
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) servers: Vec<Server>,
    pub(super) user: String,
    pub(super) database: String,
    password: Option<Secret>,
    passfile: Option<PathBuf>,
    pub(super) tls: TlsSettings,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) options: Option<String>,
    pub(super) application_name: String,
    pub(super) target_session_attrs: Option<String>,
    pub(super) keepalives: bool,
    pub(super) keepalives_idle: Duration,
    pub(super) keepalives_interval: Duration,
    pub(super) keepalives_count: u32,
    /// After which data that nobody acknowledges end the connection; `None`: as the operating system has it.
    pub(super) tcp_user_timeout: Option<Duration>,
    pub(super) channel_binding: Option<String>,
}

/// Without `connect_timeout` libpq waits as long as TCP does, minutes: nobody waits that long for a command line.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// libpq's names of settings, with the variable that supplies each when it is absent.
const VARIABLES: [(&str, &str); 24] = [
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("dbname", "PGDATABASE"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("passfile", "PGPASSFILE"),
    ("options", "PGOPTIONS"),
    ("application_name", "PGAPPNAME"),
    ("sslmode", "PGSSLMODE"),
    ("sslnegotiation", "PGSSLNEGOTIATION"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("service", "PGSERVICE"),
    ("keepalives", ""),
    ("keepalives_idle", ""),
    ("keepalives_interval", ""),
    ("keepalives_count", ""),
    ("tcp_user_timeout", ""),
    ("fallback_application_name", ""),
];

/// Settings of libpq and of the other drivers that make no difference to what limbec does.
const WITHOUT_EFFECT: [&str; 20] = [
    "client_encoding",
    "gssencmode",
    "gssdelegation",
    "gsslib",
    "krbsrvname",
    "load_balance_hosts",
    "requirepeer",
    "sslcompression",
    "sslcertmode",
    "sslsni",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "require_auth",
    "prepare_threshold",
    "prepared_statement_cache_size",
    "statement_cache_size",
    "max_cached_statement_lifetime",
    "max_cacheable_statement_size",
    "command_timeout",
    "async_fallback",
];

impl Settings {
    pub(super) fn of(url: &DatabaseUrl, environment: &Environment) -> Result<Self, DatabaseError> {
        let mut values = from_url(url)?;
        let name = values.get("service").cloned().or_else(|| environment.get("PGSERVICE").map(str::to_owned));
        if let Some(name) = name {
            for (key, value) in service::settings(&name, environment)? {
                values.entry(key).or_insert(value);
            }
        }
        for (key, variable) in VARIABLES {
            if let Some(value) = environment.get(variable) {
                values.entry(key.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
        let user = take(&mut values, "user").or_else(os_user).ok_or_else(|| DatabaseError::Setting {
            name: "user".into(),
            reason: "is not given, and the operating system names none".into(),
        })?;
        let database = take(&mut values, "dbname").unwrap_or_else(|| user.clone());
        let application_name = take(&mut values, "application_name")
            .or_else(|| take(&mut values, "fallback_application_name"))
            .unwrap_or_else(|| "limbec".to_owned());
        Ok(Self {
            servers: servers(&mut values, url.driver())?,
            connect_timeout: connect_timeout(take(&mut values, "connect_timeout").as_deref())?,
            password: take(&mut values, "password").map(Secret),
            passfile: take(&mut values, "passfile")
                .map(PathBuf::from)
                .or_else(|| environment.home().map(|home| home.join(".pgpass"))),
            tls: TlsSettings {
                mode: SslMode::parse(take(&mut values, "sslmode").as_deref().unwrap_or("prefer"))?,
                root_certificate: take(&mut values, "sslrootcert"),
                certificate: take(&mut values, "sslcert").map(PathBuf::from),
                key: take(&mut values, "sslkey").map(PathBuf::from),
                direct: take(&mut values, "sslnegotiation").as_deref() == Some("direct"),
                home: environment.home(),
            },
            options: take(&mut values, "options"),
            target_session_attrs: take(&mut values, "target_session_attrs").filter(|wanted| wanted != "any"),
            keepalives: take(&mut values, "keepalives").as_deref() != Some("0"),
            // The operating system would notice a dead network after two hours: too late for a lock.
            keepalives_idle: Duration::from_secs(whole(&mut values, "keepalives_idle")?.unwrap_or(30)),
            keepalives_interval: Duration::from_secs(whole(&mut values, "keepalives_interval")?.unwrap_or(10)),
            keepalives_count: whole(&mut values, "keepalives_count")?.unwrap_or(3).try_into().unwrap_or(3),
            tcp_user_timeout: whole(&mut values, "tcp_user_timeout")?.map(Duration::from_millis),
            channel_binding: take(&mut values, "channel_binding"),
            user,
            database,
            application_name,
        })
    }

    /// The password for one server: given, or from the password file. libpq ignores a file that others can read.
    pub(super) fn password(&self, server: &Server) -> Option<String> {
        if let Some(password) = &self.password {
            return Some(password.0.clone());
        }
        let path = self.passfile.as_ref()?;
        let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
        if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
            return None;
        }
        passfile::password(&std::fs::read_to_string(path).ok()?, server, &self.database, &self.user)
    }
}

/// The variables by which a program of PostgreSQL's own connects to where a URL leads: those of the URL, and for the rest what is
/// in the environment.
pub(in crate::database) fn libpq_variables(
    url: &DatabaseUrl,
    environment: &Environment,
) -> Result<BTreeMap<&'static str, String>, DatabaseError> {
    let mut values = from_url(url)?;
    let given = VARIABLES.iter().filter(|(_, variable)| !variable.is_empty());
    Ok(given
        .filter_map(|(key, variable)| {
            let value = values.remove(*key).or_else(|| environment.get(variable).map(str::to_owned))?;
            Some((*variable, value))
        })
        .collect())
}

/// What the URL itself says, under libpq's names. The query wins over the parts before it, as in psycopg.
fn from_url(url: &DatabaseUrl) -> Result<BTreeMap<String, String>, DatabaseError> {
    let mut values = BTreeMap::new();
    for (key, found) in &url.query {
        let Some(value) = found.last() else { continue };
        let key = match key.as_str() {
            "host" | "port" => continue,
            "database" => "dbname",
            "ssl" => "sslmode",
            "timeout" => "connect_timeout",
            "unix_sock" => "host",
            known if VARIABLES.iter().any(|(name, _)| *name == known) => known,
            ignored if WITHOUT_EFFECT.contains(&ignored) => continue,
            other => {
                let reason = "is none that PostgreSQL's client library knows".to_owned();
                return Err(DatabaseError::Setting { name: other.to_owned(), reason });
            }
        };
        let value = if key == "host" { socket_directory(value) } else { value.clone() };
        values.insert(key.to_owned(), value);
    }
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            values.entry(key.to_owned()).or_insert(value);
        }
    };
    let hosts = hosts_of(url)?;
    let joined = |part: fn(&HostAndPort) -> &Option<String>| {
        let parts: Vec<&str> = hosts.iter().map(|pair| part(pair).as_deref().unwrap_or_default()).collect();
        Some(parts.join(",")).filter(|text| text.chars().any(|c| c != ','))
    };
    put("host", joined(|pair| &pair.0));
    put("port", joined(|pair| &pair.1));
    put("user", url.username.clone());
    put("password", url.password.as_ref().map(|password| password.0.clone()));
    put("dbname", url.database.clone());
    Ok(values)
}

/// pg8000 is told the socket's file, libpq its directory.
fn socket_directory(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((directory, file)) if file.starts_with(".s.PGSQL.") => directory.to_owned(),
        _ => path.to_owned(),
    }
}

fn take(values: &mut BTreeMap<String, String>, key: &str) -> Option<String> {
    values.remove(key).filter(|value| !value.is_empty())
}

/// A number from 1; libpq takes 0 for the default.
fn whole(values: &mut BTreeMap<String, String>, key: &str) -> Result<Option<u64>, DatabaseError> {
    let Some(text) = take(values, key) else { return Ok(None) };
    let number: u32 = text
        .trim()
        .parse()
        .map_err(|_| DatabaseError::Setting { name: key.to_owned(), reason: "is not a whole number".to_owned() })?;
    Ok((number > 0).then_some(number.into()))
}

fn servers(values: &mut BTreeMap<String, String>, driver: Option<&str>) -> Result<Vec<Server>, DatabaseError> {
    let split = |text: Option<String>| -> Vec<String> {
        text.map(|text| text.split(',').map(|part| part.trim().to_owned()).collect()).unwrap_or_default()
    };
    let setting = |name: &str, reason: &str| DatabaseError::Setting { name: name.into(), reason: reason.into() };
    let (hosts, addresses) = (split(take(values, "host")), split(take(values, "hostaddr")));
    let ports = split(take(values, "port"));
    let count = hosts.len().max(addresses.len()).max(1);
    if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
        return Err(setting("hostaddr", "has another number of addresses than there are hosts"));
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(setting("port", "has another number of ports than there are hosts"));
    }
    (0..count)
        .map(|position| {
            let port = ports.get(position).or(ports.first()).filter(|port| !port.is_empty());
            let port = port.map_or(Ok(5432), |port| port.parse::<u16>()).ok().filter(|port| *port > 0);
            let port = port.ok_or_else(|| setting("port", "is not a number between 1 and 65535"))?;
            let address = addresses.get(position).filter(|text| !text.is_empty());
            let hostaddr = address
                .map(|text| text.parse().map_err(|_| setting("hostaddr", "is not an IP address")))
                .transpose()?;
            let host = hosts.get(position).filter(|host| !host.is_empty()).or(address).cloned();
            Ok(Server { host: host.unwrap_or_else(|| default_host(port, driver)), hostaddr, port })
        })
        .collect()
}

/// libpq: absent is no limit (here 30 s), 0 and below are none, 1 counts as 2.
fn connect_timeout(text: Option<&str>) -> Result<Option<Duration>, DatabaseError> {
    let Some(text) = text else { return Ok(Some(CONNECT_TIMEOUT)) };
    let seconds: f64 = text.trim().parse().map_err(|_| DatabaseError::Setting {
        name: "connect_timeout".into(),
        reason: "is not a number of seconds".into(),
    })?;
    Ok((seconds > 0.0 && seconds.is_finite()).then(|| Duration::from_secs_f64(seconds.clamp(2.0, 1e9))))
}

/// The name of the effective user, libpq's default user.
fn os_user() -> Option<String> {
    let mut entry = std::mem::MaybeUninit::<libc::passwd>::uninit();
    let mut buffer = vec![0_u8; 16 * 1024];
    let mut result = std::ptr::null_mut();
    // SAFETY: all pointers are to live memory of the stated size; `entry` is read only where `result` says it was set.
    unsafe {
        let status = libc::getpwuid_r(
            libc::geteuid(),
            entry.as_mut_ptr(),
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            &mut result,
        );
        if status != 0 || result.is_null() {
            return None;
        }
        let name = std::ffi::CStr::from_ptr((*result).pw_name);
        name.to_str().ok().map(str::to_owned)
    }
}
