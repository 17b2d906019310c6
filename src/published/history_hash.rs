use sha2::{Digest, Sha256};

use super::Fingerprint;
use super::meaning::hexadecimal;
use crate::revision::RevisionId;
use crate::script::ScriptDirectory;

/// What a whole history does: SHA-256 over the identifiers of all revisions, what each builds on and depends on, and the meaning of each
/// file. Comments, formatting, names and folders of files do not count. 64 hexadecimal digits.
pub fn history_hash(scripts: &ScriptDirectory) -> String {
    let mut lines: Vec<String> = scripts
        .scripts
        .iter()
        .map(|script| {
            let revision = &script.revision;
            // A file without a source, or one that is gone since it was loaded, is told apart by its graph alone.
            let meaning = Fingerprint::read(&script.path).map(|(fingerprint, _)| fingerprint.meaning.to_string());
            let down: Vec<&str> = revision.down.iter().map(RevisionId::as_str).collect();
            let parts = [revision.id.as_str(), &down.join(","), &revision.depends_on.join(",")];
            format!("{} {}\n", parts.join(" "), meaning.unwrap_or_default())
        })
        .collect();
    lines.sort_unstable();
    hexadecimal(&Sha256::digest(lines.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{self, Locations};

    fn hash_of(files: &[(&str, &str)]) -> String {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let locations = Locations {
            script_location: folder.path().to_owned(),
            versions: vec![folder.path().to_owned()],
            recursive: false,
            sourceless: false,
            import_roots: Vec::new(),
        };
        let scripts: Vec<_> = script::load(&locations).unwrap().files.into_iter().map(Result::unwrap).collect();
        let map = crate::revision::RevisionMap::build(scripts.iter().map(|script| script.revision.clone()).collect());
        history_hash(&ScriptDirectory { scripts, map: map.unwrap(), restored: Vec::new() })
    }

    #[test]
    fn what_a_history_does_counts_and_how_it_is_written_does_not() {
        let a = "revision = 'a'\ndown_revision = None\ndef upgrade(): pass\n";
        let b = "revision = 'b'\ndown_revision = 'a'\ndef upgrade(): op.execute('SELECT 1')\n";
        let whole = hash_of(&[("a.py", a), ("b.py", b)]);
        assert_eq!(whole.len(), 64);
        let rewritten = format!("# a comment\n{}", b.replace("'a'", "\"a\""));
        assert_eq!(hash_of(&[("z.py", a), ("y.py", &rewritten)]), whole);
        assert_ne!(hash_of(&[("a.py", a), ("b.py", &b.replace("SELECT 1", "SELECT 2"))]), whole);
        assert_ne!(hash_of(&[("a.py", a)]), whole);
    }
}
