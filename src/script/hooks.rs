use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use thiserror::Error;

use super::announce::{Announce, WorkKind};
use super::python::{ShlexError, repr_string, shlex_split};

/// Stands for the path of the new file in a hook's options.
const TOKEN: &str = "REVISION_SCRIPT_FILENAME";

/// A configured post write hook: `[post_write_hooks]` or `[[tool.alembic.post_write_hooks]]`, interpolated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookConfig {
    /// Its name.
    pub name: String,
    /// `type`, `entrypoint`, `executable`, `module`, `options`, `cwd` and whatever else is there.
    pub options: BTreeMap<String, String>,
}

/// The project's Python, as far as hooks need it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HookPython {
    /// `sys.executable`; `None` where no interpreter is known.
    pub interpreter: Option<PathBuf>,
    /// Where its packages are.
    pub site_packages: Vec<PathBuf>,
}

/// Why a hook cannot run; the file has been written by then.
#[derive(Debug, Error)]
pub enum HookError {
    /// `type` is missing.
    #[error("Key '{name}.type' (or 'type' in toml) is required for post write hook {}", repr_string(.name))]
    NoType {
        /// The hook.
        name: String,
    },
    /// The option that the type requires is missing.
    #[error("Key {name}.{key} is required for post write hook {}", repr_string(.name))]
    NoKey {
        /// The hook.
        name: String,
        /// The option.
        key: &'static str,
    },
    /// `options` cannot be split into words; Alembic dies of a `ValueError`.
    #[error("the options of post write hook '{name}' cannot be split into words")]
    Options {
        /// The hook.
        name: String,
        /// Why.
        source: ShlexError,
    },
    /// The program could not be started; Alembic dies of an `OSError`.
    #[error("post write hook '{name}' cannot run {}", program.display())]
    Start {
        /// The hook.
        name: String,
        /// What it runs.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl HookError {
    /// Whether Alembic reports this by `FAILED:` (exit 255).
    pub fn is_command_error(&self) -> bool {
        matches!(self, Self::NoType { .. } | Self::NoKey { .. })
    }
}

/// Only Python can say what a hook is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("post write hook '{name}': {what}")]
pub struct HookNeedsPython {
    /// The hook.
    pub name: String,
    /// Why.
    pub what: String,
}

/// A hook whose program is known.
#[derive(Debug)]
pub struct PreparedHook {
    name: String,
    options: String,
    cwd: Option<PathBuf>,
    /// The program and its first arguments, or why there is none.
    command: Result<Vec<OsString>, HookError>,
}

/// Finds out what the configured hooks run, before anything is written.
pub fn prepare_hooks(hooks: &[HookConfig], python: &HookPython) -> Result<Vec<PreparedHook>, HookNeedsPython> {
    hooks
        .iter()
        .map(|hook| {
            let command = match hook.options.get("type").map(String::as_str) {
                Some("exec") => hook.required("executable").map(|program| vec![program.into()]),
                Some("console_scripts") => match hook.required("entrypoint") {
                    Ok(entrypoint) => Ok(console_script(hook, entrypoint, python)?),
                    Err(error) => Err(error),
                },
                Some("module") => match hook.required("module") {
                    Ok(module) => Ok(module_command(hook, module, python)?),
                    Err(error) => Err(error),
                },
                Some(other) => return Err(hook.needs_python(format!("its type '{other}' is registered in Python"))),
                None => Err(HookError::NoType { name: hook.name.clone() }),
            };
            Ok(PreparedHook {
                name: hook.name.clone(),
                options: hook.options.get("options").cloned().unwrap_or_default(),
                cwd: hook.options.get("cwd").map(PathBuf::from),
                command,
            })
        })
        .collect()
}

impl HookConfig {
    fn required(&self, key: &'static str) -> Result<&str, HookError> {
        let value = self.options.get(key).map(String::as_str);
        value.ok_or_else(|| HookError::NoKey { name: self.name.clone(), key })
    }

    fn needs_python(&self, what: String) -> HookNeedsPython {
        HookNeedsPython { name: self.name.clone(), what }
    }
}

impl PreparedHook {
    /// Runs the hook on a new file and waits for it; its exit status does not matter, as in Alembic.
    pub fn run(self, path: &Path, announce: &mut impl Announce) -> Result<(), HookError> {
        let Self { name, options, cwd, command } = self;
        let command = match command {
            Err(error @ HookError::NoType { .. }) => return Err(error),
            other => other,
        };
        let text = format!("Running post write hook {}", repr_string(&name));
        announce.announced(WorkKind::Hook, &text, |_| {
            let words = command?;
            let arguments =
                arguments(&options, path).map_err(|source| HookError::Options { name: name.clone(), source })?;
            let Some((program, first)) = words.split_first() else { return Ok(()) };
            let mut child = Command::new(program);
            child.args(first).args(arguments);
            if let Some(cwd) = cwd {
                child.current_dir(cwd);
            }
            match child.status() {
                Ok(_) => Ok(()),
                Err(source) => Err(HookError::Start { name, program: program.into(), source }),
            }
        })
    }
}

/// Alembic's `_parse_cmdline_options`.
fn arguments(options: &str, path: &Path) -> Result<Vec<String>, ShlexError> {
    let options = if options.contains(TOKEN) { options.to_owned() } else { format!("{TOKEN} {options}") };
    let path = path.to_string_lossy();
    Ok(shlex_split(&options)?.into_iter().map(|word| word.replace(TOKEN, &path)).collect())
}

fn interpreter(hook: &HookConfig, python: &HookPython) -> Result<OsString, HookNeedsPython> {
    let interpreter = python.interpreter.clone().map(OsString::from);
    interpreter.ok_or_else(|| hook.needs_python("it runs in the project's Python".to_owned()))
}

fn console_script(hook: &HookConfig, entrypoint: &str, python: &HookPython) -> Result<Vec<OsString>, HookNeedsPython> {
    let mut found: Vec<String> = python
        .site_packages
        .iter()
        .flat_map(|folder| entry_point_files(folder))
        .filter_map(|file| console_scripts(&fs::read_to_string(file).ok()?, entrypoint))
        .collect();
    found.dedup();
    let [value] = found.as_slice() else {
        return Err(hook.needs_python(format!("{} packages have a console script '{entrypoint}'", found.len())));
    };
    let Some((module, attribute)) = module_and_attribute(value) else {
        return Err(hook.needs_python(format!("the console script '{entrypoint}' is '{value}'")));
    };
    let program = format!("import {module}; {module}.{attribute}()");
    Ok(vec![interpreter(hook, python)?, "-c".into(), program.into()])
}

fn entry_point_files(site_packages: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(site_packages) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|kind| kind == "dist-info" || kind == "egg-info"))
        .map(|path| path.join("entry_points.txt"))
        .collect();
    files.sort();
    files
}

/// The value of a name in the section `[console_scripts]` of an `entry_points.txt`.
fn console_scripts(text: &str, name: &str) -> Option<String> {
    let mut section = "";
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(header) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = header;
        } else if section == "console_scripts"
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == name
        {
            return Some(value.trim().to_owned());
        }
    }
    None
}

/// `package.module:attribute`; an extra in brackets is of no matter.
fn module_and_attribute(value: &str) -> Option<(&str, &str)> {
    let (module, attribute) = value.split('[').next()?.split_once(':')?;
    let (module, attribute) = (module.trim(), attribute.trim());
    let dotted = |text: &str| text.split('.').all(|part| !part.is_empty() && part.chars().all(super::python::is_word));
    (dotted(module) && dotted(attribute)).then_some((module, attribute))
}

fn module_command(hook: &HookConfig, module: &str, python: &HookPython) -> Result<Vec<OsString>, HookNeedsPython> {
    let relative = module.replace('.', "/");
    let present = python.site_packages.iter().any(|folder| {
        folder.join(&relative).join("__init__.py").is_file() || folder.join(format!("{relative}.py")).is_file()
    });
    if !present {
        return Err(hook.needs_python(format!("no module '{module}' is found among the packages")));
    }
    Ok(vec![interpreter(hook, python)?, "-m".into(), module.into()])
}

#[cfg(test)]
#[path = "hooks_tests.rs"]
mod tests;
