use super::*;
use crate::script::announce::Transcript;
use crate::script::load;

const TEMPLATE: &str = "\"\"\"${message}\"\"\"\nrevision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n\
                        branch_labels = ${repr(branch_labels)}\ndepends_on = ${repr(depends_on)}\n";

struct Project {
    folder: tempfile::TempDir,
    settings: WriteSettings,
}

impl Project {
    fn new(template: &str, locations: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("m")).unwrap();
        fs::write(root.join("m/script.py.mako"), template).unwrap();
        let locations = Locations {
            script_location: root.join("m"),
            versions: locations.iter().map(|name| root.join(name)).collect(),
            recursive: false,
            sourceless: false,
            import_roots: Vec::new(),
        };
        let settings = WriteSettings {
            locations,
            has_version_locations: true,
            naming: Naming::default(),
            timezone: Some("UTC".to_owned()),
            output_encoding: "utf-8".to_owned(),
            hooks: Vec::new(),
            python: HookPython::default(),
            current_dir: root,
        };
        Self { folder, settings }
    }

    fn write(&self, new: &NewRevision) -> (Result<Written, WriteError>, String) {
        let scripts: Vec<Script> =
            load(&self.settings.locations).unwrap().files.into_iter().collect::<Result<_, _>>().unwrap();
        let map = RevisionMap::build(scripts.iter().map(|script| script.revision.clone()).collect()).unwrap();
        let main_option = |_: &str| Ok(None);
        let directory = ScriptDirectory { scripts, map, restored: Vec::new() };
        let writer = RevisionWriter { settings: &self.settings, directory: &directory, main_option: &main_option };
        let mut transcript = Transcript::default();
        let outcome = writer.write(new, &mut transcript);
        (outcome, transcript.0.replace(&self.settings.current_dir.display().to_string(), "$"))
    }

    fn files(&self) -> Vec<String> {
        let files = walkdir::WalkDir::new(self.folder.path()).into_iter().map(|entry| entry.unwrap());
        let files = files.filter(|entry| entry.file_type().is_file() && entry.file_name() != "script.py.mako");
        let mut names: Vec<String> = files.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn new(id: &str, parents: &[&str]) -> NewRevision {
    NewRevision {
        id: id.to_owned(),
        message: Some("A message".to_owned()),
        parents: parents.iter().map(|parent| (*parent).to_owned()).collect(),
        splice: false,
        branch_label: None,
        version_path: None,
        depends_on: Vec::new(),
        file_name: None,
        created: "2026-01-02T03:04:05Z".parse().unwrap(),
        work: NewWork::default(),
    }
}

#[test]
fn a_chain_and_a_merge() {
    let project = Project::new(TEMPLATE, &["m/versions"]);
    let (outcome, text) = project.write(&new("a1", &["head"]));
    let written = outcome.unwrap();
    assert_eq!(text, "Creating directory $/m/versions ...  done\nGenerating $/m/versions/a1_a_message.py ...  done\n");
    assert!(written.script.unwrap().revision.down.is_empty());
    project.write(&new("b1", &["head"])).0.unwrap();
    project.write(&NewRevision { splice: true, ..new("b2", &["a1"]) }).0.unwrap();
    let merge = project.write(&new("c1", &["heads"])).0.unwrap();
    let source = fs::read_to_string(merge.path).unwrap();
    assert!(source.contains("\ndown_revision = ('b1', 'b2')\n"), "{source}");
    let both = NewRevision { depends_on: vec!["b1".to_owned(), "b2".to_owned()], ..new("d1", &["base"]) };
    let source = fs::read_to_string(project.write(&both).0.unwrap().path).unwrap();
    assert!(source.contains("\ndown_revision = None\n") && source.contains("\ndepends_on = ['b1', 'b2']\n"));
}

#[test]
fn refusals_leave_nothing_behind() {
    let project = Project::new(TEMPLATE, &["m/versions"]);
    project.write(&new("a1", &["head"])).0.unwrap();
    project.write(&new("b1", &["head"])).0.unwrap();
    let refused = |new: NewRevision| {
        let (outcome, text) = project.write(&new);
        assert_eq!((text.as_str(), project.files().len()), ("", 2));
        outcome.unwrap_err()
    };
    assert!(matches!(refused(new("b1", &["head"])), WriteError::Exists(_)));
    let own_parent = NewRevision { message: None, ..new("b1", &["head"]) };
    assert_eq!(refused(own_parent).to_string(), "Self-loop is detected in revisions (b1)");
    let sentence =
        "Revision a1 is not a head revision; please specify --splice to create a new branch from this revision";
    assert_eq!(refused(new("c1", &["a1"])).to_string(), sentence);
    assert!(refused(new("a-1", &["head"])).is_command_error());
    assert!(refused(new("c1", &["nope"])).is_command_error());
    let elsewhere = NewRevision { version_path: Some("./x//y".to_owned()), ..new("c1", &["head"]) };
    assert_eq!(refused(elsewhere).to_string(), "Path x/y is not represented in current version locations");
    let base = NewRevision { depends_on: vec!["base".to_owned()], ..new("c1", &["head"]) };
    assert!(!refused(base).is_command_error());
    let broken = NewRevision { message: Some("\"\"\"".to_owned()), ..new("c1", &["head"]) };
    assert!(matches!(refused(broken), WriteError::Broken { .. }));
    let taken = NewRevision { file_name: Some("a1_a_message.py".to_owned()), ..new("c1", &["head"]) };
    assert!(matches!(refused(taken), WriteError::Exists(_)));
    let hidden = NewRevision { branch_label: Some("a1".to_owned()), ..new("c1", &["head"]) };
    assert!(matches!(refused(hidden), WriteError::DoesNotFit(_)));
}

#[test]
fn what_only_python_can_do_is_said_before_anything_is_written() {
    let mut project = Project::new("<%def name=\"x()\"></%def>\n", &["m/versions"]);
    let need = |project: &Project| match project.write(&new("a1", &["head"])) {
        (Err(WriteError::NeedsPython(need)), text) if text.is_empty() && project.files().is_empty() => need,
        other => panic!("{other:?}"),
    };
    assert!(matches!(
        need(&project),
        NeedsPython::Template { need: crate::script::template::NeedsPython { line: 1, .. }, .. }
    ));
    fs::write(project.settings.locations.script_location.join("script.py.mako"), TEMPLATE).unwrap();
    project.settings.output_encoding = "cp1252".to_owned();
    assert!(matches!(need(&project), NeedsPython::Encoding(_)));
    project.settings.output_encoding = "utf-8".to_owned();
    project.settings.naming.file_template = "%s".to_owned();
    assert!(matches!(need(&project), NeedsPython::FileTemplate(_)));
    project.settings.naming = Naming::default();
    let options = [("type".to_owned(), "mine".to_owned())].into();
    project.settings.hooks = vec![HookConfig { name: "h".to_owned(), options }];
    assert!(matches!(need(&project), NeedsPython::Hook(_)));
}

#[test]
fn several_locations_follow_the_parent() {
    let project = Project::new(TEMPLATE, &["one", "two"]);
    assert!(matches!(project.write(&new("a1", &["head"])).0, Err(WriteError::MultipleLocations)));
    let second = NewRevision { version_path: Some("two".to_owned()), ..new("a1", &["head"]) };
    assert_eq!(project.write(&second).0.unwrap().path, Path::new("two/a1_a_message.py"));
    let written = project.write(&new("b1", &["head"])).0.unwrap();
    assert_eq!(written.path, project.settings.current_dir.join("two/b1_a_message.py"));
}

#[test]
fn a_template_without_labels_is_told_after_the_fact() {
    let project = Project::new("revision = ${repr(up_revision)}\ndown_revision = None\n", &["m/versions"]);
    let labelled = NewRevision { branch_label: Some("label".to_owned()), ..new("a1", &["head"]) };
    let error = project.write(&labelled).0.unwrap_err();
    assert!(error.is_command_error());
    assert!(error.to_string().starts_with("Version a1 specified branch_labels label, however the migration file "));
    assert_eq!(project.files(), ["a1_a_message.py"]);
}
