use std::path::PathBuf;
use std::rc::Rc;

use super::argparse::Invocation;
use super::args::GlobalArgs;
use super::engine::Engine;
use super::environment::Environment;
use super::error::{CommandError, ErrorKind};
use super::render::path_text;
use super::ui::Ui;
use super::unsquash::unfinished_squash;
use crate::config::{ConfigError, DatabaseTarget, Project, ProjectOptions, ScriptSettings};
use crate::revision::{Revision, RevisionMap};
use crate::script::{self, Script, ScriptDirectory, Undecided};
use crate::squash::Unfinished;

/// What a command works with. Everything expensive is made on first use and kept.
#[derive(Debug)]
pub struct CommandContext {
    /// Prints.
    pub ui: Ui,
    /// Variables, current directory, terminal.
    pub environment: Environment,
    /// Options of every command.
    pub globals: GlobalArgs,
    /// The command line, canonical.
    pub invocation: Invocation,
    project: Option<Rc<Project>>,
    pub(super) script_settings: Option<Rc<ScriptSettings>>,
    pub(super) scripts: Option<Rc<ScriptDirectory>>,
    pub(super) engine: Engine,
    pub(super) target: Option<Rc<DatabaseTarget>>,
}

impl CommandContext {
    /// A context that has looked at nothing yet.
    pub fn new(ui: Ui, environment: Environment, globals: GlobalArgs, invocation: Invocation) -> Self {
        Self {
            ui,
            environment,
            globals,
            invocation,
            project: None,
            script_settings: None,
            scripts: None,
            engine: Engine::default(),
            target: None,
        }
    }

    /// Works on another ini section from now on, as `-n` would have it.
    pub(super) fn use_section(&mut self, section: &str) {
        self.globals.name = section.to_owned();
        self.invocation.alembic.retain(|word| !word.starts_with("--name="));
        self.invocation.alembic.insert(0, format!("--name={section}"));
        self.forget_project();
    }

    /// Reads everything about the project again when it is next asked for.
    pub(super) fn forget_project(&mut self) {
        (self.project, self.script_settings, self.scripts, self.target) = (None, None, None, None);
    }

    /// The project's configuration.
    ///
    /// # Errors
    /// Files that cannot be read, or that Alembic would choke on whatever the command.
    pub fn project(&mut self) -> Result<Rc<Project>, CommandError> {
        if let Some(project) = &self.project {
            return Ok(Rc::clone(project));
        }
        let project = Project::load(&ProjectOptions {
            cwd: self.environment.current_dir.clone(),
            config: self.globals.config.clone(),
            alembic_config: self.environment.variable("ALEMBIC_CONFIG").map(str::to_owned),
            script_location: self.environment.variable("LIMBEC_SCRIPT_LOCATION").map(str::to_owned),
            section: self.globals.name.clone(),
        })?;
        Ok(Rc::clone(self.project.insert(Rc::new(project))))
    }

    /// What Alembic reads of the configuration before it looks at revision files (`ScriptDirectory.from_config`).
    ///
    /// # Errors
    /// Above all: no script location, or one that does not exist.
    pub fn script_settings(&mut self) -> Result<Rc<ScriptSettings>, CommandError> {
        if let Some(settings) = &self.script_settings {
            return Ok(Rc::clone(settings));
        }
        let project = self.project()?;
        let settings = project.script_settings(&self.package_resolver());
        self.keep_script_settings(&project, settings)
    }

    /// The same for commands that never start Python: a `package:directory` is found only where packages lie.
    ///
    /// # Errors
    /// As `script_settings`.
    pub fn script_settings_without_python(&mut self) -> Result<Rc<ScriptSettings>, CommandError> {
        let project = self.project()?;
        let settings = project.script_settings(&self.static_package_resolver());
        self.keep_script_settings(&project, settings)
    }

    fn keep_script_settings(
        &mut self,
        project: &Project,
        settings: Result<ScriptSettings, ConfigError>,
    ) -> Result<Rc<ScriptSettings>, CommandError> {
        let settings = match settings {
            Ok(settings) => settings,
            Err(error @ ConfigError::NoScriptLocation) => return Err(self.without_script_location(project, error)),
            Err(error) => return Err(error.into()),
        };
        for hint in &settings.hints {
            self.ui.hint(hint);
        }
        Ok(Rc::clone(self.script_settings.insert(Rc::new(settings))))
    }

    /// The revision files and their graph.
    ///
    /// # Errors
    /// Those of `script_settings`, files that cannot be read or understood, and a broken graph.
    pub fn scripts(&mut self) -> Result<Rc<ScriptDirectory>, CommandError> {
        self.load(|error| error)
    }

    /// The same where Alembic builds the graph outside its error handling (`heads`, `current --check-heads`): a broken
    /// graph is a traceback there.
    ///
    /// # Errors
    /// As `scripts`.
    pub fn scripts_unhandled(&mut self) -> Result<Rc<ScriptDirectory>, CommandError> {
        self.load(|error| CommandError { kind: ErrorKind::Crashed, ..error })
    }

    fn load(&mut self, broken: fn(CommandError) -> CommandError) -> Result<Rc<ScriptDirectory>, CommandError> {
        if let Some(scripts) = &self.scripts {
            return Ok(Rc::clone(scripts));
        }
        let settings = self.script_settings()?;
        let loaded = script::load(&settings.locations)?;
        for warning in &loaded.warnings {
            self.ui.warning(warning);
        }
        let mut scripts = self.decide(loaded.files)?;
        self.dedent_docstrings(&mut scripts);
        if let Some(unfinished) = Unfinished::find(&scripts) {
            return Err(unfinished_squash(&unfinished, &self.environment));
        }
        let revisions: Vec<Revision> = scripts.iter().map(|script| script.revision.clone()).collect();
        let map = RevisionMap::build(revisions).map_err(|error| broken(error.into()))?;
        for warning in map.warnings() {
            self.ui.warning(&warning.to_string());
        }
        Ok(Rc::clone(self.scripts.insert(Rc::new(ScriptDirectory { scripts, map, restored: Vec::new() }))))
    }

    /// Python 3.13 and later compile docstrings without their indentation, which is what Alembic prints then. Python is looked
    /// for (not started) only where a docstring has indentation.
    pub(super) fn dedent_docstrings(&mut self, scripts: &mut [Script]) {
        let is_indented = |docstring: &String| docstring.split('\n').any(|line| line.starts_with([' ', '\t']));
        let mut indented =
            scripts.iter_mut().filter_map(|script| script.docstring.as_mut()).filter(|doc| is_indented(doc));
        let Some(first) = indented.next() else { return };
        if self.python_version().is_some_and(|version| (version.major, version.minor) >= (3, 13)) {
            for docstring in std::iter::once(first).chain(indented) {
                *docstring = script::dedent_docstring(docstring);
            }
        }
    }

    /// Puts Python's answers where parsing could not decide, each with a warning that says what it costs.
    pub(super) fn decide(
        &mut self,
        files: Vec<Result<Script, (PathBuf, Undecided)>>,
    ) -> Result<Vec<Script>, CommandError> {
        let open: Vec<&(PathBuf, Undecided)> = files.iter().filter_map(|file| file.as_ref().err()).collect();
        if open.is_empty() {
            return Ok(files.into_iter().flatten().collect());
        }
        for (path, undecided) in &open {
            let Undecided { name, line, reason } = undecided;
            let file = path_text(path);
            self.ui
                .warning(&format!("{file}, line {line}: `{name}` {reason}, so Python has to be asked for this file"));
        }
        let paths = open.into_iter().map(|(path, _)| path.clone()).collect();
        let mut answers = self.ask_python(paths)?.into_iter();
        files
            .into_iter()
            .map(|file| file.or_else(|(path, _)| answers.next().ok_or_else(|| unanswered(&path))))
            .collect()
    }

    /// The database that was named explicitly: `--url`, else LIMBEC_URL.
    pub fn url_override(&self) -> Option<&str> {
        self.globals.url.as_deref().or_else(|| self.environment.variable("LIMBEC_URL"))
    }

    /// The schema that was named explicitly: `--schema`, else LIMBEC_SCHEMA.
    pub fn schema_override(&self) -> Option<&str> {
        self.globals.schema.as_deref().or_else(|| self.environment.variable("LIMBEC_SCHEMA"))
    }

    /// The schema of the version table, as far as it is named to limbec: an option, a variable, a setting.
    ///
    /// # Errors
    /// A configuration that cannot be read.
    pub fn configured_schema(&mut self) -> Result<Option<String>, CommandError> {
        let setting = self.project()?.settings.schema.clone();
        Ok(self.schema_override().map(str::to_owned).or(setting))
    }

    fn without_script_location(&self, project: &Project, error: ConfigError) -> CommandError {
        let directory = path_text(&self.environment.current_dir);
        let named = !self.globals.config.is_empty() || self.environment.variable("ALEMBIC_CONFIG").is_some();
        let failure = CommandError::from(error);
        match (project.ini_path().exists(), project.toml_path().exists()) {
            (false, false) if named => failure.hint(format!("{} does not exist", path_text(&project.ini_path()))),
            (false, false) => failure.hint(format!(
                "{directory} has no alembic.ini: go to the project's directory, name the file by `-c FILE`, or start a \
                 project by `limbec init DIRECTORY`"
            )),
            (true, _) => {
                let has_location = |section: &&str| project.ini.has_option(section, "script_location");
                let sections: Vec<String> =
                    project.ini.sections().filter(has_location).map(|name| format!("`-n {name}`")).collect();
                if !sections.is_empty() {
                    return failure.hint(format!("name one of the sections that have it: {}", sections.join(", ")));
                }
                failure.hint(format!(
                    "section [{}] of {} should have the line `script_location = DIRECTORY`",
                    project.section,
                    path_text(&project.ini_path())
                ))
            }
            (false, true) => failure.hint(format!(
                "[tool.alembic] of {} should have the line `script_location = \"DIRECTORY\"`",
                path_text(&project.toml_path())
            )),
        }
    }
}

fn unanswered(path: &std::path::Path) -> CommandError {
    CommandError::crashed(format!("Python did not say what {} declares", path_text(path)))
}
