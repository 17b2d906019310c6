use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::lint::{Diagnostic, LintProject};

/// Tells findings apart in a way that lines above them do not change: rule, path, the text that is flagged, and a number among those
/// that are the same in all of it.
#[derive(Debug, Default)]
pub(super) struct Fingerprints {
    seen: HashMap<String, usize>,
}

impl Fingerprints {
    /// Of the next finding, 32 hexadecimal digits.
    pub(super) fn next(&mut self, project: &LintProject, diagnostic: &Diagnostic) -> String {
        let flagged = diagnostic
            .location
            .file
            .and_then(|file| project.file(file).file.text().get(diagnostic.location.range.clone()));
        let mut hasher = Sha256::new();
        for part in [diagnostic.rule, &project.shown_path(&diagnostic.location.path)] {
            hasher.update(part);
            hasher.update([0]);
        }
        for word in flagged.unwrap_or_default().split_whitespace() {
            hasher.update(word);
            hasher.update(b" ");
        }
        let base: String = hasher.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let number = self.seen.entry(base.clone()).or_default();
        *number += 1;
        format!("{base}{number:08x}")
    }
}
