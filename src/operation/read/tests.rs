use std::path::Path;

use insta::assert_snapshot;

use super::read;
use crate::operation::Operations;
use crate::script::{Imports, RevisionFile};

fn operations(source: &str) -> Operations {
    read(&RevisionFile::parse(Path::new("revision.py"), source.as_bytes().to_vec(), &Imports::new(&[])))
}

#[test]
fn nothing_is_made_of_nothing() {
    assert_eq!(operations(""), Operations::default());
    assert_snapshot!(operations("def upgrade(): pass").upgrade.is_empty, @"true");
}
