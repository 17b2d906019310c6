//! Python as the commands see it: found on first use, started by the first request, told what the command line says.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use super::argparse::Invocation;
use super::context::CommandContext;
use super::error::{CommandError, ErrorKind, Obstacle};
use super::exit::ExitStatus;
use crate::config::{PackageFolders, PackageResolver, Place, Settings, UrlOrigin};
use crate::database::DatabaseUrl;
use crate::revision::{Revision, RevisionId};
use crate::runtime::{
    self, FailureKind, Interpreter, Metadata, Mode, NoCalls, Overrides, Packages, PythonFailure, PythonVersion,
    Request, Runtime, RuntimeError, RuntimeOptions, ScriptEntry, Search, Wrappers,
};
use crate::script::{Imports, Script, Spans};

/// The project's Python; nothing is looked for before it is needed.
#[derive(Default)]
pub(super) struct Engine {
    runtime: Option<Rc<Runtime>>,
    interpreter: Option<Interpreter>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("interpreter", &self.interpreter).finish_non_exhaustive()
    }
}

/// Whether env.py's version table may be created by the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutation {
    /// As Alembic's command does.
    Allowed,
    /// `dont_mutate`
    Forbidden,
    /// Besides, nothing of what env.py itself writes stays.
    Undone,
}

impl CommandContext {
    /// The project's interpreter, found without starting it.
    ///
    /// # Errors
    /// There is none, or it is not one that limbec can use.
    pub(super) fn interpreter(&mut self) -> Result<Interpreter, CommandError> {
        if let Some(interpreter) = &self.engine.interpreter {
            return Ok(interpreter.clone());
        }
        let interpreter = self.find_interpreter(Wrappers::Ask)?;
        Ok(self.engine.interpreter.insert(interpreter).clone())
    }

    /// The modules that revision files may import, as texts: those of the project and of the packages that are installed for its Python.
    ///
    /// # Errors
    /// Those of the configuration.
    pub(super) fn module_texts(&mut self) -> Result<Imports, CommandError> {
        let mut roots = self.script_settings()?.locations.import_roots.clone();
        let known = self.engine.interpreter.clone();
        if let Some(interpreter) = known.or_else(|| self.find_interpreter(Wrappers::Refuse).ok()) {
            roots.extend(interpreter.packages().folders);
        }
        Ok(Imports::new(&roots))
    }

    /// The version of the project's Python, where it can be told without starting a process.
    pub(super) fn python_version(&mut self) -> Option<PythonVersion> {
        let interpreter = match &self.engine.interpreter {
            Some(interpreter) => interpreter.clone(),
            None => self.find_interpreter(Wrappers::Refuse).ok()?,
        };
        Some(interpreter.version)
    }

    fn find_interpreter(&mut self, wrappers: Wrappers) -> Result<Interpreter, CommandError> {
        let settings = self.project()?.settings.clone();
        let explicit = self.explicit_python(&settings);
        let executable = own_executable();
        Ok(Interpreter::find(&Search {
            explicit: explicit.as_deref(),
            virtual_env: self.environment.variable("VIRTUAL_ENV").map(std::path::Path::new),
            path: self.environment.variables.get("PATH").map(std::ffi::OsString::as_os_str),
            home: self.environment.variable("HOME").map(std::path::Path::new),
            directory: &self.environment.current_dir,
            executable: executable.as_deref(),
            wrappers,
        })?)
    }

    /// Ready to run requests.
    ///
    /// # Errors
    /// As `interpreter`, and a wrong LIMBEC_PYTHON_MODE.
    pub(super) fn runtime(&mut self) -> Result<Rc<Runtime>, CommandError> {
        if let Some(runtime) = &self.engine.runtime {
            return Ok(Rc::clone(runtime));
        }
        let mode = match self.environment.variable("LIMBEC_PYTHON_MODE") {
            None => None,
            Some("child") => Some(Mode::Child),
            Some("embedded") => Some(Mode::Embedded),
            Some(other) => {
                return Err(CommandError::usage(format!("LIMBEC_PYTHON_MODE is `{other}`"))
                    .hint("set it to `embedded` or `child`, or leave it to limbec"));
            }
        };
        let engine = self.environment.variable("LIMBEC_ENGINE").map(PathBuf::from);
        let options = RuntimeOptions { mode, engine, executable: own_executable(), ..RuntimeOptions::default() };
        let runtime = Runtime::new(self.interpreter()?, &options)?;
        Ok(Rc::clone(self.engine.runtime.insert(Rc::new(runtime))))
    }

    /// Finds the directory of a package for `package:directory` in the configuration; looks for Python only then.
    pub(super) fn package_resolver(&mut self) -> impl PackageResolver {
        InstalledPackages(RefCell::new(self))
    }

    /// Finds packages without starting Python, and therefore not all.
    pub(super) fn static_package_resolver(&mut self) -> impl PackageResolver {
        let packages = self.find_interpreter(Wrappers::Refuse).ok().map(|interpreter| interpreter.packages());
        FoundPackages(packages)
    }

    /// A request on this command's project, in the words of an Alembic command line.
    ///
    /// # Errors
    /// Those of reading the revision files.
    pub(super) fn engine_invocation(
        &mut self,
        argv: Vec<String>,
        mutation: Mutation,
    ) -> Result<runtime::Invocation, CommandError> {
        let overrides = self.overrides()?;
        self.engine_invocation_with(argv, mutation, overrides)
    }

    /// As `engine_invocation`, with these words against env.py and the configuration.
    ///
    /// # Errors
    /// Those of reading the revision files.
    pub(super) fn engine_invocation_with(
        &mut self,
        argv: Vec<String>,
        mutation: Mutation,
        overrides: Overrides,
    ) -> Result<runtime::Invocation, CommandError> {
        let scripts = self.scripts()?;
        Ok(runtime::Invocation {
            argv,
            scripts: Some(scripts.scripts.iter().map(ScriptEntry::from).collect()),
            overrides,
            dont_mutate: mutation != Mutation::Allowed,
            untouched: mutation == Mutation::Undone,
            environment: BTreeMap::new(),
            isolated: false,
            tenant_schema: None,
            json_logs: self.ui.logs_json(),
            record: false,
        })
    }

    /// The command line of `command` with this command line's options before the command.
    pub(super) fn alembic_argv(&self, command: &[&str]) -> Vec<String> {
        let Invocation { command: own, alembic, .. } = &self.invocation;
        let globals = alembic.iter().take_while(|word| *word != own).cloned();
        globals.chain(command.iter().map(|word| (*word).to_owned())).collect()
    }

    /// Lets Alembic's own function do the command that was typed, over the revision files that limbec has read.
    ///
    /// # Errors
    /// Whatever it raises.
    pub(super) fn run_alembic_command(&mut self) -> Result<ExitStatus, CommandError> {
        let argv = self.invocation.alembic.clone();
        let invocation = self.engine_invocation(argv, Mutation::Allowed)?;
        self.run_request(&Request::Command(invocation))?;
        Ok(ExitStatus::Success)
    }

    /// Runs a request during which the engine asks nothing.
    ///
    /// # Errors
    /// Whatever happens in Python.
    pub(super) fn run_request(&mut self, request: &Request) -> Result<serde_json::Value, CommandError> {
        let runtime = self.runtime()?;
        self.ui.flush();
        runtime.run(request, &mut NoCalls).map_err(|error| self.python_error(error))
    }

    /// Joins Python's threads, runs its exit handlers and flushes its streams, if it was started.
    ///
    /// # Errors
    /// Its last output could not be written.
    pub(super) fn finish_engine(&mut self) -> Result<(), CommandError> {
        match self.engine.runtime.take().and_then(Rc::into_inner) {
            Some(runtime) => Ok(runtime.finish()?),
            None => Ok(()),
        }
    }

    /// What Python says about revision files that parsing could not decide, in the order of `paths`.
    ///
    /// # Errors
    /// No interpreter, or a file that cannot be imported.
    pub(super) fn ask_python(&mut self, paths: Vec<PathBuf>) -> Result<Vec<Script>, CommandError> {
        let sys_path = self.script_settings()?.prepend_sys_path.clone();
        let runtime = self.runtime()?;
        self.ui.flush();
        let request = Request::Metadata { paths: paths.clone(), sys_path };
        let answer = runtime.run(&request, &mut NoCalls).map_err(|error| self.python_error_in(error, &paths))?;
        let answers: Vec<Metadata> = serde_json::from_value(answer).map_err(|error| {
            CommandError::crashed("the engine's answer was not understood").caused_by(error.to_string())
        })?;
        paths.into_iter().zip(answers).map(|(path, metadata)| script_of(path, metadata)).collect()
    }

    /// A failure of Python with the place in a revision file or env.py, and the traceback where it was asked for.
    pub(super) fn python_error(&mut self, error: RuntimeError) -> CommandError {
        let scripts = self.scripts.clone();
        let mut files: Vec<PathBuf> =
            scripts.iter().flat_map(|scripts| &scripts.scripts).map(|script| script.path.clone()).collect();
        files.extend(self.script_settings().ok().map(|settings| settings.locations.script_location.join("env.py")));
        self.python_error_in(error, &files)
    }

    /// As [`Self::python_error`], where the project's own code is these files.
    pub(super) fn python_error_in(&mut self, error: RuntimeError, files: &[PathBuf]) -> CommandError {
        let RuntimeError::Python(failure) = error else { return error.into() };
        let mut told = match failure.kind {
            FailureKind::CommandError | FailureKind::Refused => CommandError::failed(&failure.message),
            FailureKind::SystemExit => exit_of(&failure),
            FailureKind::Interrupt => CommandError::interrupted(),
            FailureKind::Exception => CommandError::crashed(placed(&failure, files)),
        }
        .by(Obstacle::Script);
        if self.ui.verbosity() > 0 || (self.globals.raiseerr && failure.kind == FailureKind::CommandError) {
            told = told.caused_by(failure.traceback.trim_end());
        } else if failure.type_name == "ModuleNotFoundError" && failure.message == "No module named 'alembic'" {
            told = told.hint(
                "this Python has no Alembic: activate the project's virtualenv, or name its interpreter by `--python PATH`",
            );
        } else if failure.kind == FailureKind::Exception {
            told = told.hint("put -v before the command for the traceback");
        }
        told
    }

    fn explicit_python(&self, settings: &Settings) -> Option<PathBuf> {
        let variable = self.environment.variable("LIMBEC_PYTHON").map(PathBuf::from);
        self.globals.python.clone().or(variable).or_else(|| settings.python.clone())
    }

    /// What the command line, the environment and limbec's settings say against env.py, in this order.
    fn overrides(&mut self) -> Result<Overrides, CommandError> {
        let target = self.database_target()?;
        let project = self.project()?;
        let url = match &target.place {
            // These two are what env.py uses anyway.
            Place::Known { origin: UrlOrigin::Ini { .. } | UrlOrigin::EnvPy { .. }, .. } | Place::Unknown { .. } => {
                None
            }
            Place::Known { url, .. } => {
                let configured = project.main_option("sqlalchemy.url").ok().flatten();
                let driver = configured.and_then(|text| DatabaseUrl::parse(&text).ok());
                Some(url.accepted_by_sqlalchemy().with_driver_of(driver.as_ref()).with_password())
            }
        };
        Ok(Overrides {
            url,
            schema: self.schema_override().map(str::to_owned).or_else(|| project.settings.schema.clone()),
            search_path: project.settings.deploy.search_path.templates().to_vec(),
            transaction: self.globals.transaction.or(project.settings.transaction),
            options: project.given_options(),
        })
    }
}

/// The packages of the project's interpreter; none where there is no Python.
struct InstalledPackages<'a>(RefCell<&'a mut CommandContext>);

impl PackageResolver for InstalledPackages<'_> {
    fn resolve(&self, package: &str, first: &[PathBuf]) -> Option<PathBuf> {
        let interpreter = self.0.borrow_mut().interpreter().ok();
        let folders = interpreter.as_ref().map(|interpreter| interpreter.packages().folders).unwrap_or_default();
        let found = PackageFolders(folders).resolve(package, first);
        found.or_else(|| interpreter?.packages().directory(package)).or_else(|| {
            let sys_path = first.iter().map(|folder| folder.to_string_lossy().into_owned()).collect();
            let request = Request::Locate { resource: package.to_owned(), sys_path };
            // Python's own words add nothing to the sentence that follows: the package was not found. Putting them in order
            // would ask for the script directory, which is what is being looked for.
            let runtime = self.0.borrow_mut().runtime().ok()?;
            let answer = runtime.run(&request, &mut NoCalls).ok()?;
            answer.as_str().map(PathBuf::from)
        })
    }
}

/// What lies in the folders of an interpreter that was not started.
struct FoundPackages(Option<Packages>);

impl PackageResolver for FoundPackages {
    fn resolve(&self, package: &str, first: &[PathBuf]) -> Option<PathBuf> {
        let folders = self.0.as_ref().map(|packages| packages.folders.clone()).unwrap_or_default();
        let found = PackageFolders(folders).resolve(package, first);
        found.or_else(|| self.0.as_ref()?.directory(package))
    }
}

/// The binary itself, symlinks resolved: the engine lies near it.
pub(super) fn own_executable() -> Option<PathBuf> {
    std::env::current_exe().ok().and_then(|path| path.canonicalize().ok())
}

/// `sys.exit()` in user code: its own status, and its words if it has any.
fn exit_of(failure: &PythonFailure) -> CommandError {
    let code = failure.exit_code.and_then(|code| u8::try_from(code.rem_euclid(256)).ok()).unwrap_or(1);
    let sentence = if failure.message.is_empty() || failure.message.parse::<i64>().is_ok() {
        format!("env.py or a revision script called sys.exit({code})")
    } else {
        failure.message.clone()
    };
    CommandError { kind: ErrorKind::Exited(code), ..CommandError::crashed(sentence) }
}

fn placed(failure: &PythonFailure, files: &[PathBuf]) -> String {
    match failure.location(files) {
        Some((file, line)) => format!("{}, line {line}: {}", super::render::path_text(file), failure.sentence()),
        None => failure.sentence(),
    }
}

fn script_of(path: PathBuf, metadata: Metadata) -> Result<Script, CommandError> {
    let Some(revision) = metadata.revision else {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        return Err(CommandError::failed(format!(
            "Could not determine revision id from filename {name}. Be sure the 'revision' variable is declared inside the \
             script (please see 'Upgrading from Alembic 0.1 to 0.2' in the documentation)."
        )));
    };
    let revision = Revision {
        id: RevisionId::from(revision.as_str()),
        down: metadata.down_revision.iter().map(|id| RevisionId::from(id.as_str())).collect(),
        depends_on: metadata.depends_on,
        branch_labels: metadata.branch_labels,
    };
    Ok(Script { revision, path, docstring: metadata.doc, spans: Spans::default(), squash: None })
}
