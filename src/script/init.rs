use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::announce::{Announce, WorkKind};
use super::bundled::{BundledFile, TEMPLATES};
use super::paths::{absolute, python_path, relative_to, shown};
use super::python::Value;
use super::template::{NeedsPython, TemplateContext, render};

/// Why a script directory was not made.
#[derive(Debug, Error)]
pub enum InitError {
    /// The directory has something in it.
    #[error("Directory {0} already exists and is not empty")]
    NotEmpty(String),
    /// No template of that name. As Alembic prints it, with the folder of the templates where there is one.
    #[error("No such template {0}")]
    NoTemplate(String),
    /// The template writes no ini file: Alembic dies of an `AssertionError`.
    #[error("the template {0} has no alembic.ini.mako")]
    NoIni(String),
    /// A file of the template uses what only Mako can do.
    #[error("{} cannot be rendered without Python", file.display())]
    NeedsPython {
        /// The file.
        file: PathBuf,
        /// Where and what.
        source: NeedsPython,
    },
    /// An existing `pyproject.toml` is no TOML: Alembic dies of an exception.
    #[error("{} is not valid TOML", file.display())]
    Toml {
        /// The file.
        file: PathBuf,
        /// Why.
        source: Box<toml::de::Error>,
    },
    /// The file system said no.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried: "read", "create", "write".
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl InitError {
    /// Whether Alembic reports this by `FAILED:` (exit 255).
    pub fn is_command_error(&self) -> bool {
        matches!(self, Self::NotEmpty(_) | Self::NoTemplate(_))
    }

    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

/// The templates that `init` can use: those of the project's own Alembic, else those that limbec brings along.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates {
    /// `site-packages/alembic/templates`
    pub installed: Option<PathBuf>,
}

/// What `init` is asked for. Paths may be relative to `current_dir`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitRequest {
    /// The script directory, as typed.
    pub directory: PathBuf,
    /// Name of the template, or the path of a custom one (absolute).
    pub template: String,
    /// Whether to write `__init__.py` files.
    pub package: bool,
    /// The ini file, existing or not.
    pub ini: PathBuf,
    /// The `pyproject.toml`, existing or not.
    pub toml: PathBuf,
    /// The current directory.
    pub current_dir: PathBuf,
}

/// One file of a template.
struct TemplateFile {
    name: String,
    bytes: Cow<'static, [u8]>,
    /// Where it is copied from, so that its mode is kept.
    source: Option<PathBuf>,
}

impl Templates {
    /// Names of all templates with the first line of their README.
    pub fn list(&self) -> Result<Vec<(String, String)>, InitError> {
        let Some(folder) = &self.installed else {
            return Ok(TEMPLATES.iter().map(|(name, files)| ((*name).to_owned(), synopsis(files))).collect());
        };
        let mut list = Vec::new();
        for entry in fs::read_dir(folder).map_err(InitError::io("read", folder))? {
            let path = entry.map_err(InitError::io("read", folder))?.path();
            // A folder without a README (`__pycache__`) is no template.
            if let Ok(readme) = fs::read_to_string(path.join("README")) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                list.push((name, first_line(&readme)));
            }
        }
        Ok(list)
    }

    fn files(&self, name: &str) -> Result<Vec<TemplateFile>, InitError> {
        let folder = match &self.installed {
            Some(installed) => installed.join(name),
            None if Path::new(name).is_absolute() => PathBuf::from(name),
            None => {
                let found = TEMPLATES.iter().find(|(bundled, _)| *bundled == name);
                let (_, files) = found.ok_or_else(|| InitError::NoTemplate(name.to_owned()))?;
                return Ok(files.iter().map(TemplateFile::bundled).collect());
            }
        };
        if !folder.exists() {
            return Err(InitError::NoTemplate(shown(&python_path(&folder))));
        }
        let mut files = Vec::new();
        for entry in fs::read_dir(&folder).map_err(InitError::io("read", &folder))? {
            let path = entry.map_err(InitError::io("read", &folder))?.path();
            if path.is_file() {
                let bytes = Cow::Owned(fs::read(&path).map_err(InitError::io("read", &path))?);
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                files.push(TemplateFile { name, bytes, source: Some(path) });
            }
        }
        Ok(files)
    }
}

impl TemplateFile {
    fn bundled((name, bytes): &BundledFile) -> Self {
        Self { name: (*name).to_owned(), bytes: Cow::Borrowed(bytes), source: None }
    }

    fn rendered(&self, script_location: &str) -> Result<String, InitError> {
        let variables = BTreeMap::from([("script_location", Value::Str(script_location.to_owned()))]);
        let main_option = |_: &str| Err("the configuration".to_owned());
        render(&self.bytes, &TemplateContext { variables, main_option: &main_option }).map_err(|source| {
            let file = self.source.clone().unwrap_or_else(|| PathBuf::from(&self.name));
            InitError::NeedsPython { file, source }
        })
    }

    fn copy(&self, target: &Path) -> Result<(), InitError> {
        match &self.source {
            Some(source) => fs::copy(source, target).map(|_| ()),
            None => fs::write(target, &self.bytes),
        }
        .map_err(InitError::io("write", target))
    }
}

fn synopsis(files: &[BundledFile]) -> String {
    let readme = files.iter().find(|(name, _)| *name == "README").map_or(&b""[..], |(_, bytes)| bytes);
    first_line(&String::from_utf8_lossy(readme))
}

fn first_line(readme: &str) -> String {
    readme.lines().next().unwrap_or_default().trim_end().to_owned()
}

/// A file to write, decided before anything is written.
enum Action {
    Copy { file: TemplateFile, target: PathBuf },
    Generate { target: PathBuf, text: String },
    Append { target: PathBuf, text: String },
    Skip { text: String, silenced: bool },
}

impl Action {
    fn run(&self, announce: &mut impl Announce) -> Result<(), InitError> {
        match self {
            Self::Copy { file, target } => {
                announce
                    .announced(WorkKind::Unsilenced, &format!("Generating {}", target.display()), |_| file.copy(target))
            }
            Self::Generate { target, text } => {
                announce.announced(WorkKind::Unsilenced, &format!("Generating {}", target.display()), |_| {
                    append(OpenOptions::new().write(true).create_new(true), target, text)
                })
            }
            Self::Append { target, text } => {
                announce.announced(WorkKind::Unsilenced, &format!("Appending to existing {}", target.display()), |_| {
                    append(OpenOptions::new().append(true), target, &format!("\n\n{text}"))
                })
            }
            Self::Skip { text, silenced } => {
                if *silenced {
                    announce.message(text)
                } else {
                    announce.unsilenced_message(text)
                }
                Ok(())
            }
        }
    }
}

fn append(options: &mut OpenOptions, target: &Path, text: &str) -> Result<(), InitError> {
    let written = options.open(target).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(InitError::io("write", target))
}

/// Makes a script directory as `alembic init` does.
pub fn init(request: &InitRequest, templates: &Templates, announce: &mut impl Announce) -> Result<(), InitError> {
    let directory = python_path(&request.directory);
    let target = absolute(&directory, &request.current_dir);
    let exists = target.exists();
    if exists && fs::read_dir(&target).map_err(InitError::io("read", &target))?.next().is_some() {
        return Err(InitError::NotEmpty(shown(&directory)));
    }
    let files = templates.files(&request.template)?;
    let plan = Plan::make(request, &directory, &target, files)?;
    let versions = target.join("versions");
    if !exists {
        create(&target, announce)?;
    }
    create(&versions, announce)?;
    for action in &plan.actions {
        action.run(announce)?;
    }
    if request.package {
        for path in [target.join("__init__.py"), versions.join("__init__.py")] {
            announce.announced(WorkKind::Work, &format!("Adding {}", path.display()), |_| {
                fs::write(&path, "").map_err(InitError::io("write", &path))
            })?;
        }
    }
    announce.message(&plan.farewell);
    Ok(())
}

fn create(path: &Path, announce: &mut impl Announce) -> Result<(), InitError> {
    announce.announced(WorkKind::Work, &format!("Creating directory {}", path.display()), |_| {
        fs::create_dir_all(path).map_err(InitError::io("create", path))
    })
}

struct Plan {
    actions: Vec<Action>,
    farewell: String,
}

impl Plan {
    fn make(
        request: &InitRequest,
        directory: &Path,
        target: &Path,
        files: Vec<TemplateFile>,
    ) -> Result<Self, InitError> {
        let ini = absolute(&request.ini, &request.current_dir);
        let toml = absolute(&request.toml, &request.current_dir);
        let mut actions = Vec::new();
        let (mut has_ini, mut has_toml) = (false, false);
        for file in files {
            match file.name.as_str() {
                "alembic.ini.mako" => {
                    has_ini = true;
                    actions.push(ini_action(&file, &ini, &script_location(directory, target, &ini))?);
                }
                "pyproject.toml.mako" => {
                    has_toml = true;
                    actions.push(toml_action(&file, &toml, &script_location(directory, target, &toml))?);
                }
                _ => {
                    let target = target.join(&file.name);
                    actions.push(Action::Copy { file, target });
                }
            }
        }
        if !has_ini {
            return Err(InitError::NoIni(request.template.clone()));
        }
        let settings = if has_toml {
            format!("Please edit configuration settings in {} and configuration/connection/logging ", toml.display())
        } else {
            "Please edit configuration/connection/logging ".to_owned()
        };
        let farewell = format!("{settings}settings in {} before proceeding.", ini.display());
        Ok(Self { actions, farewell })
    }
}

/// `script_location` as the configuration file states it.
fn script_location(directory: &Path, target: &Path, config: &Path) -> String {
    if directory.is_absolute() {
        return shown(directory);
    }
    let folder = config.parent().unwrap_or(config);
    shown(&python_path(&Path::new("%(here)s").join(relative_to(target, folder))))
}

fn ini_action(file: &TemplateFile, ini: &Path, script_location: &str) -> Result<Action, InitError> {
    if ini.exists() {
        let text = format!("File {} already exists, skipping", ini.display());
        return Ok(Action::Skip { text, silenced: true });
    }
    Ok(Action::Generate { target: ini.to_owned(), text: file.rendered(script_location)? })
}

fn toml_action(file: &TemplateFile, toml: &Path, script_location: &str) -> Result<Action, InitError> {
    let target = toml.to_owned();
    if !toml.exists() {
        return Ok(Action::Generate { target, text: file.rendered(script_location)? });
    }
    let text = fs::read_to_string(toml).map_err(InitError::io("read", toml))?;
    let table: toml::Table =
        text.parse().map_err(|source| InitError::Toml { file: target.clone(), source: Box::new(source) })?;
    if table.get("tool").and_then(toml::Value::as_table).is_some_and(|tool| tool.contains_key("alembic")) {
        let text = format!("File {} already exists and already has a [tool.alembic] section, skipping", toml.display());
        return Ok(Action::Skip { text, silenced: false });
    }
    Ok(Action::Append { target, text: file.rendered(script_location)? })
}

#[cfg(test)]
#[path = "init_tests.rs"]
mod tests;
