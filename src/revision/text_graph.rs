//! Graphs as text, for tests: one revision a line, `ID [< DOWN…] [~ DEPENDENCY…] [# LABEL…]`.

use super::{Revision, RevisionError, RevisionId, RevisionIndex, RevisionMap};

pub(crate) fn revisions(text: &str) -> Vec<Revision> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(revision).collect()
}

fn revision(line: &str) -> Revision {
    let mut words = line.split_whitespace();
    let mut revision = Revision {
        id: words.next().unwrap_or_default().into(),
        down: Vec::new(),
        depends_on: Vec::new(),
        branch_labels: Vec::new(),
    };
    let mut kind = "";
    for word in words {
        match (word, kind) {
            ("<" | "~" | "#", _) => kind = word,
            (_, "<") => revision.down.push(word.into()),
            (_, "~") => revision.depends_on.push(word.to_owned()),
            (_, "#") => revision.branch_labels.push(word.to_owned()),
            _ => panic!("{word:?} of {line:?} belongs to nothing"),
        }
    }
    revision
}

pub(crate) fn build(text: &str) -> Result<RevisionMap, RevisionError> {
    RevisionMap::build(revisions(text))
}

pub(crate) fn map(text: &str) -> RevisionMap {
    build(text).unwrap()
}

pub(crate) fn ids(map: &RevisionMap, indexes: &[RevisionIndex]) -> String {
    indexes.iter().map(|index| map.revision(*index).id.as_str()).collect::<Vec<_>>().join(" ")
}

pub(crate) fn rows(text: &str) -> Vec<RevisionId> {
    text.split_whitespace().map(RevisionId::from).collect()
}
