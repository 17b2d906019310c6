//! All rules over a history of two files, of which the second is any file.

#![no_main]

use std::path::{Path, PathBuf};

use libfuzzer_sys::fuzz_target;
use limbec::lint::{self, LintInput, LintProject, LintSettings, NewFileNames, Selection};
use limbec::script::{Imports, Locations, RevisionFile};

const INITIAL: &[u8] = include_bytes!("../../tests/lint/initial.py");

fuzz_target!(|bytes: &[u8]| {
    let imports = Imports::new(&[]);
    let files = [("initial.py", INITIAL), ("20260102_030405_fuzz.py", bytes)];
    let files =
        files.map(|(name, bytes)| RevisionFile::parse(&Path::new("/versions").join(name), bytes.to_vec(), &imports));
    let project = LintProject::of(input(), files.into(), Vec::new());
    let report = lint::lint(&project, &Selection { files: None, judges_published: true });
    for diagnostic in &report.diagnostics {
        let location = &diagnostic.location;
        assert!(location.line >= 1 && location.column >= 1 && location.end_line >= location.line, "{diagnostic:?}");
        assert!(!diagnostic.message.is_empty(), "{diagnostic:?}");
    }
});

fn input() -> LintInput {
    LintInput {
        locations: Locations {
            script_location: PathBuf::from("/"),
            versions: vec![PathBuf::from("/versions")],
            recursive: false,
            sourceless: false,
            import_roots: Vec::new(),
        },
        root: PathBuf::from("/"),
        settings: LintSettings::default(),
        new_file_names: NewFileNames { file_template: None, truncate_slug_length: 40 },
        now: chrono::NaiveDateTime::default(),
    }
}
