use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Begins the name of every ephemeral database.
pub(super) const TEST_PREFIX: &str = "limbec_test_";

/// Begins the name of every snapshot.
pub(super) const SNAPSHOT_PREFIX: &str = "limbec_snapshot_";

/// A database whose run cannot be asked (another host) is a leftover after this time: no test takes a day.
const LEFTOVER_SECONDS: u64 = 24 * 60 * 60;

/// Whose database it is: its comment on the server, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owner {
    /// Host of the run that made it.
    pub(super) host: String,
    /// Process of that run.
    pub(super) pid: u32,
    /// When it was made or last used, in seconds since 1970.
    pub(super) used: u64,
}

impl Owner {
    /// This process, now.
    pub(super) fn this() -> Self {
        Self { host: host_name(), pid: std::process::id(), used: now() }
    }

    pub(super) fn comment(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A name that no other run has and that needs no quoting: the prefix, the time in hexadecimal, and 64 random bits.
pub(super) fn new_name() -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("{TEST_PREFIX}{:x}_{}", now(), &random[..16])
}

/// Whether an ephemeral database is left over from a run that was killed.
pub(super) fn is_leftover(name: &str, comment: &str) -> bool {
    let Some(rest) = name.strip_prefix(TEST_PREFIX) else { return false };
    if let Ok(owner) = serde_json::from_str::<Owner>(comment)
        && owner.host == host_name()
    {
        return !is_alive(owner.pid);
    }
    let made = rest.split('_').next().and_then(|time| u64::from_str_radix(time, 16).ok());
    made.is_some_and(|made| made + LEFTOVER_SECONDS < now())
}

/// Whether a process of this host runs.
pub(super) fn is_alive(pid: u32) -> bool {
    let Ok(pid) = libc::pid_t::try_from(pid) else { return false };
    // SAFETY: signal 0 only asks.
    let status = unsafe { libc::kill(pid, 0) };
    status == 0 || std::io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Containers of one image may share a name but neither processes nor this file.
fn host_name() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let boot = read("/proc/sys/kernel/random/boot_id");
    let namespace = std::fs::read_link("/proc/self/ns/pid").map(|link| link.display().to_string()).unwrap_or_default();
    format!("{} {boot} {namespace}", read("/proc/sys/kernel/hostname"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_databases_of_dead_runs_are_leftovers() {
        let mine = Owner::this();
        assert!(!is_leftover(&new_name(), &mine.comment()));
        let dead = Owner { pid: 4_194_304 + 1, ..mine.clone() };
        assert!(is_leftover(&new_name(), &dead.comment()));
        let elsewhere = Owner { host: "another".to_owned(), ..dead };
        assert!(!is_leftover(&new_name(), &elsewhere.comment()));
        assert!(is_leftover("limbec_test_5f000000_0123456789abcdef", &elsewhere.comment()));
        assert!(is_leftover("limbec_test_5f000000_0123456789abcdef", ""));
        assert!(!is_leftover("limbec_test_mine", ""));
        assert!(!is_leftover("production", ""));
    }

    #[test]
    fn names_are_plain_and_short() {
        let name = new_name();
        assert!(name.len() <= 63 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
    }
}
