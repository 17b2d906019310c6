//! What the argument parser has to know of each option: read off the clap definitions, plus which options Alembic has.

use clap::{Arg, ArgAction, Command};

/// Alembic's commands with the long names of the options that Alembic itself gives them (1.20.1).
const ALEMBIC: &[(&str, &[&str])] = &[
    ("branches", &["verbose"]),
    ("check", &[]),
    ("current", &["check-heads", "verbose"]),
    ("downgrade", &["sql", "tag"]),
    ("edit", &[]),
    ("ensure_version", &["sql"]),
    ("heads", &["verbose", "resolve-dependencies"]),
    ("history", &["rev-range", "verbose", "indicate-current"]),
    ("init", &["template", "package"]),
    ("list_templates", &[]),
    ("merge", &["message", "branch-label", "rev-id", "splice"]),
    (
        "revision",
        &["message", "autogenerate", "sql", "head", "splice", "branch-label", "version-path", "rev-id", "depends-on"],
    ),
    ("show", &[]),
    ("stamp", &["sql", "tag", "purge"]),
    ("upgrade", &["sql", "tag"]),
];

/// Alembic's options before the command; `x` has no long name.
const ALEMBIC_GLOBALS: &[&str] = &["version", "config", "name", "x", "raiseerr", "quiet"];

/// Who knows an option. Prefixes of Alembic's own options are looked at first, so that whatever Alembic accepts means
/// the same here, however many options limbec adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Alembic's parser has it at this place.
    Alembic,
    /// limbec adds it.
    Limbec,
}

/// What an option does with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Takes no value.
    Flag,
    /// Takes no value, and is counted.
    Count,
    /// Takes a value; the last one counts.
    Store,
    /// Takes a value only where one is attached to it by `=`.
    OptionalStore,
    /// Takes a value; all of them count.
    Append,
    /// Prints the help and stops.
    Help,
    /// Prints the version and stops.
    Version,
}

impl Effect {
    /// Whether a value has to follow.
    pub fn takes_value(self) -> bool {
        matches!(self, Effect::Store | Effect::Append)
    }
}

/// One option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionSpec {
    /// The spellings, dashes included: `-c`, `--config`.
    pub names: Vec<String>,
    /// What it does.
    pub effect: Effect,
    /// Who knows it.
    pub origin: Origin,
    /// Whether it belongs before the command.
    pub global: bool,
}

impl OptionSpec {
    /// The spelling for canonical arguments and error messages: the long one where there is one.
    pub fn canonical(&self) -> &str {
        self.names.iter().find(|name| name.starts_with("--")).or(self.names.first()).map_or("", String::as_str)
    }

    /// `-c/--config`, as argparse names an option in an error.
    pub fn label(&self) -> String {
        self.names.join("/")
    }
}

/// How positional arguments are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Positionals {
    /// None are.
    None,
    /// Exactly one, of this name.
    One(String),
    /// One or more in a row, of this name.
    Many(String),
    /// The command, and everything after it.
    Command,
    /// Anywhere, any number: limbec's own commands; clap counts them.
    Free,
}

/// What one level (before the command, or a command) accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grammar {
    /// Options in the order of their definition.
    pub options: Vec<OptionSpec>,
    /// Positional arguments.
    pub positionals: Positionals,
    /// What `--step N` puts before N to make a revision of it, where there is that option.
    pub step_sign: Option<char>,
}

/// Whether Alembic has a command of this (canonical) name.
pub fn is_alembic_command(name: &str) -> bool {
    alembic_options(name).is_some()
}

fn alembic_options(command: &str) -> Option<&'static [&'static str]> {
    ALEMBIC.iter().find(|(name, _)| *name == command).map(|(_, options)| *options)
}

/// The options before the command.
pub fn global_grammar(root: &Command) -> Grammar {
    let mut options = vec![help()];
    options.push(OptionSpec {
        names: vec!["--version".into()],
        effect: Effect::Version,
        origin: Origin::Alembic,
        global: true,
    });
    options.extend(root.get_arguments().map(|arg| option(arg, ALEMBIC_GLOBALS, true)));
    Grammar { options, positionals: Positionals::Command, step_sign: None }
}

/// The options of a command, those that belong before it included: limbec takes them here, too, unless the command has
/// an option of that spelling. `name` is canonical: `db init` is none of Alembic's commands, although `init` is.
pub fn command_grammar(root: &Command, command: &Command, name: &str) -> Grammar {
    let known = alembic_options(name);
    let mut options = vec![help()];
    let own = command.get_arguments().filter(|arg| !arg.is_positional());
    options.extend(own.map(|arg| option(arg, known.unwrap_or_default(), false)));
    for arg in root.get_arguments() {
        let mut global = option(arg, &[], true);
        global.names.retain(|name| !options.iter().any(|option| option.names.contains(name)));
        if !global.names.is_empty() {
            options.push(global);
        }
    }
    let positionals = match (known, command.get_positionals().next()) {
        (None, _) => Positionals::Free,
        (Some(_), None) => Positionals::None,
        (Some(_), Some(arg)) if matches!(arg.get_action(), ArgAction::Append) => {
            Positionals::Many(arg.get_id().to_string())
        }
        (Some(_), Some(arg)) => Positionals::One(arg.get_id().to_string()),
    };
    let step_sign = match name {
        "upgrade" => Some('+'),
        "downgrade" => Some('-'),
        _ => None,
    };
    Grammar { options, positionals, step_sign }
}

fn help() -> OptionSpec {
    OptionSpec {
        names: vec!["-h".into(), "--help".into()],
        effect: Effect::Help,
        origin: Origin::Alembic,
        global: false,
    }
}

fn option(arg: &Arg, alembic: &[&str], global: bool) -> OptionSpec {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let name = arg.get_long().unwrap_or_else(|| arg.get_id().as_str());
    OptionSpec {
        names: short.into_iter().chain(long).collect(),
        effect: match arg.get_action() {
            ArgAction::Set if arg.is_require_equals_set() => Effect::OptionalStore,
            ArgAction::Set => Effect::Store,
            ArgAction::Append => Effect::Append,
            ArgAction::Count => Effect::Count,
            _ => Effect::Flag,
        },
        origin: if alembic.contains(&name) { Origin::Alembic } else { Origin::Limbec },
        global,
    }
}
