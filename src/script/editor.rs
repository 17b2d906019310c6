use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use thiserror::Error;

use super::python::repr_string;

/// Editors that Alembic looks for where nobody chose one.
const DEFAULT_EDITORS: [&str; 5] = ["sensible-editor", "editor", "nano", "vim", "code"];

/// Why a file was not edited; `Display` is Alembic's sentence (`FAILED:`, exit 255).
#[derive(Debug, Error)]
pub enum EditorError {
    /// No editor anywhere.
    #[error(
        "Error executing editor (No suitable editor found. Please set the \"EDITOR\" or \"VISUAL\" environment variables)"
    )]
    NotFound,
    /// The editor could not be started.
    #[error("Error executing editor ({})", os_error(.source, .editor))]
    Start {
        /// The program.
        editor: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The editor did not end well.
    #[error("Error executing editor (Command '[{}]' {})", command(.editor, .files), ending(.status))]
    Status {
        /// The program.
        editor: PathBuf,
        /// What it was given.
        files: Vec<PathBuf>,
        /// How it ended.
        status: ExitStatus,
    },
}

/// The environment variables that choose an editor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EditorVariables {
    /// `EDITOR`
    pub editor: Option<String>,
    /// `VISUAL`
    pub visual: Option<String>,
    /// `PATH`
    pub path: String,
}

impl EditorVariables {
    /// The editor to use (Alembic's `_find_editor`): a path that exists, else a name that is looked up on PATH, then the
    /// usual ones. Relative paths count from the directory of the process.
    pub fn find(&self) -> Result<PathBuf, EditorError> {
        let mut candidates = DEFAULT_EDITORS.to_vec();
        for (at, choice) in [&self.editor, &self.visual].into_iter().enumerate() {
            let Some(choice) = choice else { continue };
            if Path::new(choice).exists() {
                return Ok(PathBuf::from(choice));
            }
            if !choice.contains('/') {
                candidates.insert(at, choice);
            }
        }
        let found = candidates.iter().find_map(|candidate| {
            self.path.split(':').map(|folder| Path::new(folder).join(candidate)).find(|path| path.exists())
        });
        found.ok_or(EditorError::NotFound)
    }

    /// Opens files, all at once, and waits for the editor to end.
    pub fn open(&self, files: &[&Path]) -> Result<(), EditorError> {
        let editor = self.find()?;
        match Command::new(&editor).args(files).status() {
            Err(source) => Err(EditorError::Start { editor, source }),
            Ok(status) if status.success() => Ok(()),
            Ok(status) => {
                let files = files.iter().map(|file| (*file).to_owned()).collect();
                Err(EditorError::Status { editor, files, status })
            }
        }
    }
}

/// As Python shows the list of a command's words.
fn command(editor: &Path, files: &[PathBuf]) -> String {
    std::iter::once(editor).chain(files.iter().map(PathBuf::as_path)).map(quoted).collect::<Vec<_>>().join(", ")
}

fn quoted(path: &Path) -> String {
    repr_string(&path.to_string_lossy())
}

/// Python's `str(OSError)`.
fn os_error(error: &io::Error, path: &Path) -> String {
    match error.raw_os_error() {
        Some(code) => {
            let text = error.to_string();
            let words = text.split(" (os error").next().unwrap_or_default();
            format!("[Errno {code}] {words}: {}", quoted(path))
        }
        None => error.to_string(),
    }
}

/// The end of Python's `str(CalledProcessError)`.
fn ending(status: &ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("returned non-zero exit status {code}."),
        (None, Some(signal)) => format!("died with signal {signal}."),
        (None, None) => "died.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn choice_comes_before_path_and_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let nano = script(folder.path(), "nano", "");
        let mine = script(folder.path(), "mine", "");
        let path = format!("/nowhere:{}", folder.path().display());
        let find = |editor: Option<&str>, visual: Option<&str>| {
            let (editor, visual) = (editor.map(str::to_owned), visual.map(str::to_owned));
            EditorVariables { editor, visual, path: path.clone() }.find()
        };
        assert_eq!(find(None, None).unwrap(), nano);
        assert_eq!(find(None, Some("mine")).unwrap(), mine);
        assert_eq!(find(mine.to_str(), None).unwrap(), mine);
        assert_eq!(find(Some("/nowhere/x"), Some("absent")).unwrap(), nano);
        let nothing = EditorVariables { path: "/nowhere".to_owned(), ..EditorVariables::default() };
        assert!(matches!(nothing.find(), Err(EditorError::NotFound)));
    }

    #[test]
    fn failures_are_told_as_python_does() {
        let folder = tempfile::tempdir().unwrap();
        let failing = script(folder.path(), "failing", "#!/bin/sh\nexit 3\n");
        let variables = |editor: &Path| EditorVariables {
            editor: Some(editor.display().to_string()),
            ..EditorVariables::default()
        };
        let error = variables(&failing).open(&[Path::new("/a'b")]).unwrap_err();
        let editor = failing.display();
        assert_eq!(
            error.to_string(),
            format!("Error executing editor (Command '['{editor}', \"/a'b\"]' returned non-zero exit status 3.)")
        );
        let plain = folder.path().join("plain");
        fs::write(&plain, "x").unwrap();
        let error = variables(&plain).open(&[Path::new("x")]).unwrap_err().to_string();
        assert_eq!(error, format!("Error executing editor ([Errno 13] Permission denied: '{}')", plain.display()));
    }
}
