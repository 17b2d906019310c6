use std::ffi::{CString, OsString};
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::error::Words;
use super::{TrialError, programs};
use crate::database::{self, DatabaseUrl, PostgresServer};
use crate::runtime::Interruption;

/// The superuser of a cluster.
const USER: &str = "limbec";

/// How long a server may take to start and to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is asked of a cluster.
#[derive(Debug, Clone, Default)]
pub struct ClusterRequest {
    /// PATH, where PostgreSQL's programs are looked for first.
    pub search_path: Option<OsString>,
    /// A folder that stays, for the cluster and its snapshots; `None`: everything is removed at the end.
    pub cache: Option<PathBuf>,
    /// Where a cluster that does not stay is made.
    pub temporary: PathBuf,
}

/// A PostgreSQL of local programs that runs as long as this value lives, on a free port of 127.0.0.1 and behind a random password.
/// It does not wait for the disk.
#[derive(Debug)]
pub struct Cluster {
    server: PostgresServer,
    process: Child,
    /// A cluster that stays is used by one run at a time.
    _lock: Option<File>,
    /// A folder that goes with it.
    _temporary: Option<tempfile::TempDir>,
    keeps_snapshots: bool,
}

/// Where a cluster lies and who runs it.
struct Site {
    programs: PathBuf,
    folder: PathBuf,
    /// The server's user where we are root: user and group.
    user: Option<(u32, u32)>,
}

impl Cluster {
    /// Starts a cluster: the one of the cache, or a fresh one where there is no cache or another run has it.
    ///
    /// # Errors
    /// No PostgreSQL is installed, or it does not start.
    pub fn start(request: &ClusterRequest) -> Result<Self, TrialError> {
        let programs = programs::find(request.search_path.as_deref())?;
        let user = server_user()?;
        if let Some(folder) = &request.cache
            && let Some(lock) = lock(folder)?
        {
            let site = Site { programs: programs.clone(), folder: folder.clone(), user };
            let started = site.start().or_else(|error| match error {
                TrialError::Interrupted => Err(error),
                // Made by another version, or damaged when the machine went down: it never waits for the disk.
                _ => site.clear().and_then(|()| site.start()),
            });
            let (process, server) = started?;
            return Ok(Self { server, process, _lock: Some(lock), _temporary: None, keeps_snapshots: true });
        }
        let made = tempfile::Builder::new().prefix("limbec-test-").tempdir_in(&request.temporary);
        let temporary = made.map_err(TrialError::file("make a folder in", &request.temporary))?;
        let site = Site { programs, folder: temporary.path().to_owned(), user };
        let (process, server) = site.start()?;
        Ok(Self { server, process, _lock: None, _temporary: Some(temporary), keeps_snapshots: false })
    }

    /// The server.
    pub fn server(&self) -> &PostgresServer {
        &self.server
    }

    /// Whether snapshots outlive it.
    pub fn keeps_snapshots(&self) -> bool {
        self.keeps_snapshots
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one.
        let signals = if self.keeps_snapshots { [libc::SIGINT, libc::SIGQUIT] } else { [libc::SIGQUIT, libc::SIGKILL] };
        for signal in signals {
            stop(&mut self.process, signal);
        }
    }
}

fn stop(process: &mut Child, signal: libc::c_int) {
    let Ok(pid) = libc::pid_t::try_from(process.id()) else { return };
    if matches!(process.try_wait(), Ok(Some(_))) {
        return;
    }
    // SAFETY: the process is our child and has not been waited for, so that the number is still its own.
    unsafe { libc::kill(pid, signal) };
    let began = Instant::now();
    while began.elapsed() < PATIENCE && matches!(process.try_wait(), Ok(None)) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Site {
    fn start(&self) -> Result<(Child, PostgresServer), TrialError> {
        let data = self.folder.join("data");
        if !data.join("PG_VERSION").exists() {
            self.initialise(&data)?;
        }
        let password = self.folder.join("password");
        let password = fs::read_to_string(&password).map_err(TrialError::file("read", password))?;
        let port = free_port().map_err(TrialError::file("find a free port for", &self.folder))?;
        let log_path = self.folder.join("log");
        let log = File::create(&log_path).map_err(TrialError::file("write", &log_path))?;
        let output = log.try_clone().map_err(TrialError::file("write", &log_path))?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(&data).stdout(output).stderr(log);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.args(["-c", &format!("port={port}")]);
        // Ctrl-C of a terminal must not stop the server before its databases are dropped; the end of this process must.
        command.process_group(0);
        // SAFETY: prctl is async-signal-safe.
        unsafe {
            command.pre_exec(|| {
                #[cfg(target_os = "linux")]
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGINT);
                Ok(())
            });
        }
        let process = command.spawn().map_err(TrialError::file("run", self.programs.join("postgres")))?;
        let text = format!("postgresql://{USER}:{}@127.0.0.1:{port}/postgres", password.trim());
        let url = DatabaseUrl::parse(&text).map_err(database::DatabaseError::from)?;
        let server = PostgresServer::new(url, database::Environment::default());
        self.wait(process, server)
    }

    /// Waits until the server answers.
    fn wait(&self, mut process: Child, server: PostgresServer) -> Result<(Child, PostgresServer), TrialError> {
        let began = Instant::now();
        loop {
            let answer = server.version();
            let is_over = matches!(process.try_wait(), Ok(Some(_)));
            match answer {
                Ok(_) if !is_over => return Ok((process, server)),
                _ if Interruption::is_requested() => {
                    stop(&mut process, libc::SIGQUIT);
                    return Err(TrialError::Interrupted);
                }
                _ if is_over || began.elapsed() > PATIENCE => {
                    stop(&mut process, libc::SIGQUIT);
                    let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                    return Err(failed(self.programs.join("postgres"), &log));
                }
                _ => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    fn initialise(&self, data: &Path) -> Result<(), TrialError> {
        self.clear()?;
        let password = self.folder.join("password");
        write_secret(&password, &uuid::Uuid::new_v4().simple().to_string())
            .map_err(TrialError::file("write", &password))?;
        if let Some((user, group)) = self.user {
            for path in [&self.folder, &password] {
                chown(path, Some(user), Some(group)).map_err(TrialError::file("give away", path))?;
            }
        }
        let mut command = self.command("initdb");
        command.args([
            "--username",
            USER,
            "--auth",
            "scram-sha-256",
            "--encoding",
            "UTF8",
            "--locale",
            "C",
            "--no-sync",
        ]);
        let output = command.arg("--pwfile").arg(&password).arg("-D").arg(data).output();
        let output = output.map_err(TrialError::file("run", self.programs.join("initdb")))?;
        if !output.status.success() {
            return Err(failed(self.programs.join("initdb"), &String::from_utf8_lossy(&output.stderr)));
        }
        Ok(())
    }

    /// One of PostgreSQL's programs, as the user who may run it.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(&self.folder).env("LC_ALL", "C").env("TZ", "UTC").stdin(Stdio::null());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    fn clear(&self) -> Result<(), TrialError> {
        let data = self.folder.join("data");
        if data.exists() {
            fs::remove_dir_all(&data).map_err(TrialError::file("remove", data))?;
        }
        Ok(())
    }
}

/// Nothing has to survive the machine; everything has to be there at once.
const SETTINGS: [&str; 10] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "logging_collector=off",
    "log_min_messages=fatal",
    "timezone=UTC",
];

/// The lock of a cluster that stays; `None` where another run has it.
fn lock(folder: &Path) -> Result<Option<File>, TrialError> {
    let parent = folder.parent().unwrap_or(folder);
    fs::create_dir_all(parent).map_err(TrialError::file("make the folder", parent))?;
    let made = fs::create_dir(folder).or_else(|error| if folder.is_dir() { Ok(()) } else { Err(error) });
    made.map_err(TrialError::file("make the folder", folder))?;
    fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(TrialError::file("protect", folder))?;
    let path = folder.with_extension("lock");
    let file = File::options().create(true).append(true).open(&path).map_err(TrialError::file("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(_) => Ok(None),
    }
}

/// Whom the server runs as: us, or, where we are root, the first of these users that there is.
fn server_user() -> Result<Option<(u32, u32)>, TrialError> {
    // SAFETY: it cannot fail.
    if unsafe { libc::geteuid() } != 0 {
        return Ok(None);
    }
    ["postgres", "nobody"].iter().find_map(|name| user(name)).map(Some).ok_or(TrialError::NoUser)
}

fn user(name: &str) -> Option<(u32, u32)> {
    let name = CString::new(name).ok()?;
    // SAFETY: the name is a C string; the entry is copied before anybody else can ask for another.
    unsafe {
        let entry = libc::getpwnam(name.as_ptr());
        (!entry.is_null()).then(|| ((*entry).pw_uid, (*entry).pw_gid))
    }
}

/// Where a cluster that stays is kept. Root's own cache cannot be entered by the server's user: then it is a folder of root's that
/// others can enter but not change.
///
/// # Errors
/// The folder belongs to somebody else.
pub fn cluster_folder(cache: &Path) -> Result<PathBuf, TrialError> {
    // SAFETY: it cannot fail.
    if unsafe { libc::geteuid() } != 0 {
        return Ok(cache.join("postgresql"));
    }
    let parent = Path::new("/var/tmp/limbec-test-root");
    let made = fs::create_dir(parent).or_else(|error| if parent.is_dir() { Ok(()) } else { Err(error) });
    made.map_err(TrialError::file("make the folder", parent))?;
    let metadata = fs::symlink_metadata(parent).map_err(TrialError::file("read", parent))?;
    if !metadata.is_dir() || metadata.uid() != 0 || metadata.mode() & 0o022 != 0 {
        return Err(TrialError::file("trust", parent)(std::io::Error::other("it is not root's alone")));
    }
    Ok(parent.join("postgresql"))
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let _ = fs::remove_file(path);
    let mut file = File::options().create_new(true).write(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn failed(program: PathBuf, words: &str) -> TrialError {
    let lines: Vec<&str> = words.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines.get(lines.len().saturating_sub(6)..).unwrap_or_default().join("\n");
    TrialError::Program { program, words: Words(last) }
}
