use std::convert::Infallible;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::args::Format;
use super::environment::Environment;
use crate::config::{BackupSetting, DeployOptions, LockSetting, parse_duration};
use crate::gate::Permissions;

/// How a command that changes the database goes about it: options of `upgrade`, `downgrade` and `stamp`.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options of changing a database")]
pub struct ChangeArgs {
    /// How it is run.
    #[command(flatten)]
    pub run: RunArgs,
    /// Show what would be done, and do nothing: steps, SQL, locks, findings
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "plan")]
    pub dry_run: Option<DryRunArg>,
    /// Form of the dry run's result
    #[arg(long, value_name = "FORMAT", default_value = "text", requires = "dry_run")]
    pub format: Format,
}

/// How databases are changed, one or many.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options of changing a database")]
pub struct RunArgs {
    /// How runners of one database exclude each other [default: auto]
    #[arg(long, value_name = "METHOD")]
    pub lock: Option<LockArg>,
    /// How long another runner is waited for, such as 60s [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub lock_wait: Option<Duration>,
    /// How long a statement of a script waits for a lock, such as 5s; 0 is no limit [default: as the connection has it]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub lock_timeout: Option<Duration>,
    /// How long a statement of a script may take, such as 10m; 0 is no limit [default: as the connection has it]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub statement_timeout: Option<Duration>,
    /// How often a step is tried again after a lock time-out, a deadlock or a serialization failure [default: 3 with
    /// `--lock-timeout`, else 0]
    #[arg(long, value_name = "NUMBER")]
    pub retries: Option<u32>,
    /// How long a database that does not answer yet is waited for, such as 30s [default: not at all]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub wait_for_db: Option<Duration>,
    /// Answer yes to every question; in production required for a downgrade
    #[arg(short, long)]
    pub yes: bool,
    /// Agree to the loss of data that the plan brings
    #[arg(long)]
    pub allow_destructive: bool,
    /// Make a backup before a plan that destroys data, in this folder [default: beside the SQLite file, else the current one]
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, require_equals = true, default_missing_value = "", value_parser = backup)]
    pub backup: Option<BackupSetting>,
}

/// `--dry-run`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DryRunArg {
    /// Nothing is sent to the database but questions
    Plan,
    /// Everything is run in one transaction, timed, and rolled back
    Execute,
}

/// `--lock`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LockArg {
    /// By what the database and the way to it allow
    Auto,
    /// PostgreSQL's session advisory lock
    Advisory,
    /// A row with an expiry, for poolers in transaction mode
    Row,
    /// Not at all
    Off,
}

impl RunArgs {
    /// What the command line agrees to beforehand, and the environment for all commands.
    pub(super) fn permissions(&self, environment: &Environment) -> Permissions {
        let yes_by_environment =
            environment.variable("LIMBEC_YES").is_some_and(|value| !["0", "false"].contains(&value));
        Permissions { yes: self.yes, yes_by_environment, allow_destructive: self.allow_destructive }
    }

    /// The settings, with what the command line says over them.
    pub(super) fn over(&self, settings: &DeployOptions) -> DeployOptions {
        let mut options = settings.clone();
        let lock = self.lock.map(|lock| match lock {
            LockArg::Auto => LockSetting::Auto,
            LockArg::Advisory => LockSetting::Advisory,
            LockArg::Row => LockSetting::Row,
            LockArg::Off => LockSetting::Off,
        });
        options.lock = lock.or(options.lock);
        options.lock_wait = self.lock_wait.or(options.lock_wait);
        options.lock_timeout = self.lock_timeout.or(options.lock_timeout);
        options.statement_timeout = self.statement_timeout.or(options.statement_timeout);
        options.retries = self.retries.or(options.retries);
        options.backup = self.backup.clone().or(options.backup);
        options.wait_for_db = self.wait_for_db.or(options.wait_for_db);
        options
    }
}

/// Without a folder the text is empty.
fn backup(text: &str) -> Result<BackupSetting, Infallible> {
    Ok(if text.is_empty() { BackupSetting::Default } else { BackupSetting::Folder(text.into()) })
}

pub(super) fn time(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "a time such as 5s, 500ms or 2m is expected".to_owned())
}
