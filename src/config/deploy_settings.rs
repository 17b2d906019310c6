use std::path::{Path, PathBuf};
use std::time::Duration;

use super::search_path::SearchPath;
use super::settings::{SettingsError, bad, closest_of};
use super::toml::{TomlNode, TomlTable, TomlValue};

/// Settings of running migrations safely; each has an option of `upgrade`, `downgrade` and `stamp` that wins over it. What is
/// absent is decided by whoever uses it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeployOptions {
    /// `lock`
    pub lock: Option<LockSetting>,
    /// `lock-wait`: how long another runner is waited for.
    pub lock_wait: Option<Duration>,
    /// `lock-timeout` of the script's own connection; zero switches it off.
    pub lock_timeout: Option<Duration>,
    /// `statement-timeout` of the script's own connection; zero switches it off.
    pub statement_timeout: Option<Duration>,
    /// `retries` of a step that failed for another transaction's sake.
    pub retries: Option<u32>,
    /// `search-path` of the script's own connection.
    pub search_path: SearchPath,
    /// `wait-for-db`: how long a database that does not answer is waited for.
    pub wait_for_db: Option<Duration>,
    /// `history`
    pub history: Option<HistorySetting>,
    /// `production`
    pub production: Option<ProductionSetting>,
    /// `destructive`
    pub destructive: Option<DestructiveSetting>,
    /// `backup`: whether destructive plans are preceded by one, and where it goes.
    pub backup: Option<BackupSetting>,
    /// `[hooks]`, in the order of the file.
    pub hooks: Vec<HookSetting>,
    /// `sql-revisions`
    pub sql_revisions: SqlRevisionsSetting,
}

/// Who runs revisions whose work is SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SqlRevisionsSetting {
    /// limbec, where it is certain that env.py adds nothing to them; Python otherwise.
    #[default]
    Auto,
    /// limbec, wherever env.py is understood: what the application's modules do to connections is not looked at.
    Native,
    /// Python, as Alembic does.
    Python,
}

/// How runners of one database exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LockSetting {
    /// By what the database and the way to it allow.
    #[default]
    Auto,
    /// PostgreSQL's session advisory lock.
    Advisory,
    /// A row with an expiry: works behind a pooler in transaction mode.
    Row,
    /// Not at all.
    Off,
}

/// Whether what was run is recorded, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistorySetting {
    /// `history = true`, or a table with `enabled`.
    pub enabled: bool,
    /// Its schema; `None`: the default of the dialect.
    pub schema: Option<String>,
    /// Its name; `None`: the default.
    pub table: Option<String>,
}

/// Which databases are production: prompts become required flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductionSetting {
    /// All, or none.
    Always(bool),
    /// Those whose URL (without its password) matches one of these globs.
    Urls(Vec<String>),
}

/// What a destructive plan needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DestructiveSetting {
    /// An answer at the terminal, or `--yes`.
    #[default]
    Confirm,
    /// `--allow-destructive`, whatever else is said.
    Flag,
}

/// Whether there is a backup before a destructive plan, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupSetting {
    /// `false`
    Off,
    /// `true`: beside the SQLite file, or in the current directory.
    Default,
    /// In this folder, absolute.
    Folder(PathBuf),
}

/// A command that is run at some point of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookSetting {
    /// When.
    pub point: HookPoint,
    /// Program and arguments; a single text is split as a shell would, and no shell is used.
    pub command: Vec<String>,
    /// After which it is stopped and counts as failed.
    pub timeout: Duration,
    /// Where it runs: the folder of the settings file.
    pub folder: PathBuf,
}

/// Points of a run at which commands are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookPoint {
    /// `before-upgrade`
    BeforeUpgrade,
    /// `after-upgrade`
    AfterUpgrade,
    /// `before-downgrade`
    BeforeDowngrade,
    /// `after-downgrade`
    AfterDowngrade,
    /// `before-step`
    BeforeStep,
    /// `after-step`
    AfterStep,
    /// `on-failure`
    OnFailure,
}

impl HookPoint {
    /// Every point, in the order of a run.
    pub const ALL: [Self; 7] = [
        Self::BeforeUpgrade,
        Self::AfterUpgrade,
        Self::BeforeDowngrade,
        Self::AfterDowngrade,
        Self::BeforeStep,
        Self::AfterStep,
        Self::OnFailure,
    ];

    /// Its key in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeUpgrade => "before-upgrade",
            Self::AfterUpgrade => "after-upgrade",
            Self::BeforeDowngrade => "before-downgrade",
            Self::AfterDowngrade => "after-downgrade",
            Self::BeforeStep => "before-step",
            Self::AfterStep => "after-step",
            Self::OnFailure => "on-failure",
        }
    }
}

/// Time limit of a hook that names none.
const HOOK_TIMEOUT: Duration = Duration::from_secs(60);

const DURATION: &str = "a time such as '5s', '500ms' or '2m'";

/// Keys of these settings, for [`super::settings`].
pub(super) const KEYS: [&str; 13] = [
    "lock",
    "lock-wait",
    "lock-timeout",
    "statement-timeout",
    "retries",
    "search-path",
    "wait-for-db",
    "history",
    "production",
    "destructive",
    "backup",
    "hooks",
    "sql-revisions",
];

impl DeployOptions {
    /// Takes one key; `false` if it is none of these settings.
    pub(super) fn apply(&mut self, key: &str, node: &TomlNode, path: &Path) -> Result<bool, SettingsError> {
        let fault = |expected| bad(path, node.line, key, expected);
        let time = || duration(&node.value).ok_or_else(|| fault(DURATION));
        match key {
            "lock" => self.lock = Some(lock(&node.value).ok_or_else(|| fault("'auto', 'advisory', 'row' or 'off'"))?),
            "lock-wait" => self.lock_wait = Some(time()?),
            "lock-timeout" => self.lock_timeout = Some(time()?),
            "statement-timeout" => self.statement_timeout = Some(time()?),
            "retries" => self.retries = Some(count(&node.value).ok_or_else(|| fault("a whole number from 0"))?),
            "search-path" => self.search_path = SearchPath::read(key, node, path)?,
            "wait-for-db" => self.wait_for_db = Some(time()?),
            "history" => self.history = Some(history(node, path)?),
            "production" => {
                self.production =
                    Some(production(&node.value).ok_or_else(|| fault("true, false or a list of patterns of URLs"))?)
            }
            "destructive" => {
                self.destructive = Some(destructive(&node.value).ok_or_else(|| fault("'confirm' or 'flag'"))?)
            }
            "backup" => self.backup = Some(backup(&node.value, path).ok_or_else(|| fault("true, false or a folder"))?),
            "hooks" => self.hooks = hooks(node, path)?,
            "sql-revisions" => {
                self.sql_revisions = sql_revisions(&node.value).ok_or_else(|| fault("'auto', 'native' or 'python'"))?
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// A time as people write it: `500ms`, `5s`, `2m`, `1h`, or a whole number of seconds.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    text.parse::<u32>()
        .ok()
        .map(|seconds| Duration::from_secs(seconds.into()))
        .or_else(|| humantime::parse_duration(text).ok())
}

fn duration(value: &TomlValue) -> Option<Duration> {
    match value {
        TomlValue::Text(text) => parse_duration(text),
        TomlValue::Integer(seconds) => u32::try_from(*seconds).ok().map(|seconds| Duration::from_secs(seconds.into())),
        _ => None,
    }
}

fn lock(value: &TomlValue) -> Option<LockSetting> {
    match value {
        TomlValue::Text(text) => match text.as_str() {
            "auto" => Some(LockSetting::Auto),
            "advisory" => Some(LockSetting::Advisory),
            "row" => Some(LockSetting::Row),
            "off" => Some(LockSetting::Off),
            _ => None,
        },
        TomlValue::Boolean(on) => Some(if *on { LockSetting::Auto } else { LockSetting::Off }),
        _ => None,
    }
}

fn count(value: &TomlValue) -> Option<u32> {
    match value {
        TomlValue::Integer(number) => u32::try_from(*number).ok(),
        _ => None,
    }
}

fn production(value: &TomlValue) -> Option<ProductionSetting> {
    match value {
        TomlValue::Boolean(always) => Some(ProductionSetting::Always(*always)),
        TomlValue::List(nodes) => {
            let patterns = texts(nodes)?;
            patterns
                .iter()
                .all(|pattern| glob::Pattern::new(pattern).is_ok())
                .then_some(ProductionSetting::Urls(patterns))
        }
        _ => None,
    }
}

fn sql_revisions(value: &TomlValue) -> Option<SqlRevisionsSetting> {
    match value {
        TomlValue::Text(text) if text == "auto" => Some(SqlRevisionsSetting::Auto),
        TomlValue::Text(text) if text == "native" => Some(SqlRevisionsSetting::Native),
        TomlValue::Text(text) if text == "python" => Some(SqlRevisionsSetting::Python),
        _ => None,
    }
}

fn destructive(value: &TomlValue) -> Option<DestructiveSetting> {
    match value {
        TomlValue::Text(text) if text == "confirm" => Some(DestructiveSetting::Confirm),
        TomlValue::Text(text) if text == "flag" => Some(DestructiveSetting::Flag),
        _ => None,
    }
}

fn backup(value: &TomlValue, path: &Path) -> Option<BackupSetting> {
    match value {
        TomlValue::Boolean(true) => Some(BackupSetting::Default),
        TomlValue::Boolean(false) => Some(BackupSetting::Off),
        TomlValue::Text(text) if !text.is_empty() => Some(BackupSetting::Folder(folder_of(path).join(text))),
        _ => None,
    }
}

fn history(node: &TomlNode, path: &Path) -> Result<HistorySetting, SettingsError> {
    let mut setting = HistorySetting { enabled: true, schema: None, table: None };
    match &node.value {
        TomlValue::Boolean(enabled) => setting.enabled = *enabled,
        TomlValue::Table(table) => {
            for (key, node) in table {
                match (key.as_str(), &node.value) {
                    ("enabled", TomlValue::Boolean(enabled)) => setting.enabled = *enabled,
                    ("schema", TomlValue::Text(text)) if !text.is_empty() => setting.schema = Some(text.clone()),
                    ("table", TomlValue::Text(text)) if !text.is_empty() => setting.table = Some(text.clone()),
                    ("enabled", _) => return Err(bad(path, node.line, "history.enabled", "true or false")),
                    ("schema", _) => return Err(bad(path, node.line, "history.schema", "the name of a schema")),
                    ("table", _) => return Err(bad(path, node.line, "history.table", "the name of a table")),
                    _ => return Err(unknown(path, node.line, &format!("history.{key}"), &[])),
                }
            }
        }
        _ => return Err(bad(path, node.line, "history", "true, false or a table with 'schema' and 'table'")),
    }
    Ok(setting)
}

fn hooks(node: &TomlNode, path: &Path) -> Result<Vec<HookSetting>, SettingsError> {
    let TomlValue::Table(table) = &node.value else { return Err(bad(path, node.line, "hooks", "a table")) };
    let names = HookPoint::ALL.map(HookPoint::name);
    let mut found = Vec::new();
    for (key, node) in table {
        let Some(point) = HookPoint::ALL.into_iter().find(|point| point.name() == key) else {
            return Err(unknown(path, node.line, key, &names));
        };
        let expected = "a command: a text, a list of words, or a table with 'command' and 'timeout'";
        let hook = hook(point, &node.value, path).filter(|hook| !hook.command.is_empty());
        found.push(hook.ok_or_else(|| bad(path, node.line, &format!("hooks.{key}"), expected))?);
    }
    Ok(found)
}

fn hook(point: HookPoint, value: &TomlValue, path: &Path) -> Option<HookSetting> {
    let (command, timeout) = timed_command(value)?;
    Some(HookSetting { point, command, timeout, folder: folder_of(path).to_owned() })
}

/// A command and its time limit: a text, a list of words, or a table with `command` and `timeout`.
pub(super) fn timed_command(value: &TomlValue) -> Option<(Vec<String>, Duration)> {
    match value {
        TomlValue::Table(table) => table_of_command(table),
        value => Some((words(value)?, HOOK_TIMEOUT)),
    }
}

fn table_of_command(table: &TomlTable) -> Option<(Vec<String>, Duration)> {
    let known = table.keys().all(|key| key == "command" || key == "timeout");
    let timeout = match table.get("timeout") {
        Some(node) => duration(&node.value)?,
        None => HOOK_TIMEOUT,
    };
    known.then_some((words(&table.get("command")?.value)?, timeout))
}

pub(super) fn words(value: &TomlValue) -> Option<Vec<String>> {
    match value {
        TomlValue::Text(text) => shlex::split(text),
        TomlValue::List(nodes) => texts(nodes),
        _ => None,
    }
}

pub(super) fn texts(nodes: &[TomlNode]) -> Option<Vec<String>> {
    let text = |node: &TomlNode| match &node.value {
        TomlValue::Text(text) => Some(text.clone()),
        _ => None,
    };
    nodes.iter().map(text).collect()
}

pub(super) fn unknown(path: &Path, line: usize, key: &str, names: &[&'static str]) -> SettingsError {
    SettingsError::UnknownKey { path: path.to_owned(), line, key: key.to_owned(), similar: closest_of(key, names) }
}

fn folder_of(settings: &Path) -> &Path {
    settings.parent().unwrap_or(Path::new(""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::toml::Toml;

    fn options(text: &str) -> Result<DeployOptions, String> {
        let path = Path::new("/p/limbec.toml");
        let toml = Toml::parse(text, path, "/p").unwrap();
        let mut options = DeployOptions::default();
        for (key, node) in toml.root() {
            assert!(options.apply(key, node, path).map_err(|error| error.to_string())?, "{key}");
        }
        Ok(options)
    }

    #[test]
    fn every_key_has_a_value() {
        let text = "lock = \"row\"\nlock-wait = 90\nlock-timeout = \"500ms\"\nstatement-timeout = \"2m\"\nretries = 3\n\
                    wait-for-db = \"30s\"\nhistory = true\nproduction = [\"postgresql://*prod*\"]\n\
                    destructive = \"flag\"\nbackup = \"backups\"\n[hooks]\nafter-upgrade = \"notify --to 'the team'\"\n";
        let options = options(text).unwrap();
        assert_eq!(options.lock, Some(LockSetting::Row));
        assert_eq!(options.lock_wait, Some(Duration::from_secs(90)));
        assert_eq!(options.lock_timeout, Some(Duration::from_millis(500)));
        assert_eq!(options.statement_timeout, Some(Duration::from_secs(120)));
        assert_eq!(options.history, Some(HistorySetting { enabled: true, schema: None, table: None }));
        assert_eq!(options.backup, Some(BackupSetting::Folder(PathBuf::from("/p/backups"))));
        assert_eq!(options.hooks[0].command, ["notify", "--to", "the team"]);
        assert_eq!(options.hooks[0].timeout, HOOK_TIMEOUT);
    }

    #[test]
    fn faults_name_file_and_line() {
        assert_eq!(
            options("lock-wait = \"soon\"").unwrap_err(),
            "/p/limbec.toml, line 1: 'lock-wait' should be a time such as '5s', '500ms' or '2m'"
        );
        assert_eq!(
            options("[hooks]\nafter-upgrad = \"x\"").unwrap_err(),
            "/p/limbec.toml, line 2: unknown setting 'after-upgrad'; did you mean 'after-upgrade'?"
        );
        assert!(options("[hooks]\non-failure = []").is_err());
        assert!(options("[history]\nschema = \"\"").is_err());
        assert!(options("retries = -1").is_err());
        assert!(options("production = [\"[\"]").is_err());
    }
}
