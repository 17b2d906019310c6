//! limbec's command line, through the binary: what it prints where, and its exit status.

mod arguments;
mod branches;
mod broken;
mod fixes;
mod fixture;
mod freeze;
mod graph;
mod heads;
mod history;
mod list;
mod plan;
mod rebase;
mod report;
mod rule;
mod show;
mod sql_revisions;
mod validate;
mod without_python;

use std::fs;
use std::path::Path;

#[test]
fn every_file_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let main = fs::read_to_string(folder.join("main.rs")).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let stem = name.trim_end_matches(".rs");
        assert!(stem == "main" || main.contains(&format!("mod {stem};")), "{name}");
    }
}
