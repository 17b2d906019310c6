use super::*;
use crate::script::announce::Transcript;

fn hook(options: &[(&str, &str)]) -> HookConfig {
    let options = options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    HookConfig { name: "mine".to_owned(), options }
}

fn run(hook: HookConfig, python: &HookPython, path: &Path) -> (Result<(), HookError>, String) {
    let mut transcript = Transcript::default();
    let prepared = prepare_hooks(&[hook], python).unwrap().remove(0);
    let outcome = prepared.run(path, &mut transcript);
    (outcome, transcript.0)
}

#[test]
fn exec_gets_the_path_and_its_status_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a b.py");
    fs::write(&file, "old").unwrap();
    let script = "sh -c 'echo new > \"$1\"; pwd > out; exit 3' x REVISION_SCRIPT_FILENAME";
    let hook =
        hook(&[("type", "exec"), ("executable", "env"), ("options", script), ("cwd", folder.path().to_str().unwrap())]);
    let (outcome, text) = run(hook, &HookPython::default(), &file);
    outcome.unwrap();
    assert_eq!(text, "Running post write hook 'mine' ...\n  done\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), "new\n");
    assert!(folder.path().join("out").exists());
}

#[test]
fn without_the_token_the_path_comes_first() {
    assert_eq!(arguments("-l 79", Path::new("/a b")).unwrap(), ["/a b", "-l", "79"]);
    assert_eq!(arguments("--f=REVISION_SCRIPT_FILENAME", Path::new("/a")).unwrap(), ["--f=/a"]);
}

#[test]
fn missing_keys_are_told_in_alembics_words() {
    let python = HookPython::default();
    let (outcome, text) = run(hook(&[]), &python, Path::new("x"));
    let expected = "Key 'mine.type' (or 'type' in toml) is required for post write hook 'mine'";
    assert_eq!((outcome.unwrap_err().to_string().as_str(), text.as_str()), (expected, ""));
    let (outcome, text) = run(hook(&[("type", "exec")]), &python, Path::new("x"));
    assert_eq!(outcome.unwrap_err().to_string(), "Key mine.executable is required for post write hook 'mine'");
    assert_eq!(text, "Running post write hook 'mine' ...\n  FAILED\n");
    let absent = hook(&[("type", "exec"), ("executable", "/nowhere/x")]);
    assert!(!run(absent, &python, Path::new("x")).0.unwrap_err().is_command_error());
}

#[test]
fn console_scripts_and_modules_of_the_projects_packages() {
    let site = tempfile::tempdir().unwrap();
    let info = site.path().join("tool-1.0.dist-info");
    fs::create_dir_all(&info).unwrap();
    fs::create_dir(site.path().join("tool")).unwrap();
    fs::write(site.path().join("tool/__init__.py"), "").unwrap();
    fs::write(info.join("entry_points.txt"), "[other]\nt = no:no\n[console_scripts]\nt = tool.cli:app.main [x]\n")
        .unwrap();
    let python = HookPython { interpreter: Some("python3".into()), site_packages: vec![site.path().to_owned()] };
    let command = |hook: HookConfig| prepare_hooks(&[hook], &python).map(|mut hooks| hooks.remove(0).command.unwrap());
    let script = hook(&[("type", "console_scripts"), ("entrypoint", "t")]);
    assert_eq!(command(script).unwrap(), ["python3", "-c", "import tool.cli; tool.cli.app.main()"]);
    let module = hook(&[("type", "module"), ("module", "tool")]);
    assert_eq!(command(module.clone()).unwrap(), ["python3", "-m", "tool"]);
    for unknown in [
        hook(&[("type", "console_scripts"), ("entrypoint", "other")]),
        hook(&[("type", "module"), ("module", "other")]),
        hook(&[("type", "registered")]),
    ] {
        assert!(command(unknown).is_err());
    }
    assert!(prepare_hooks(&[module], &HookPython { interpreter: None, ..python.clone() }).is_err());
}
