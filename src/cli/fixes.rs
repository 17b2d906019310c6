//! What `--fix` and `--diff` do with changes of files.

use std::path::Path;

use similar::TextDiff;

use super::context::CommandContext;
use super::error::CommandError;
use crate::script::{Rewrite, rewrite};

/// Writes the changes, all or none.
///
/// # Errors
/// A file that cannot be written or that changed in the meantime.
pub(super) fn write(rewrites: &[Rewrite]) -> Result<(), CommandError> {
    rewrite(rewrites).map_err(|error| CommandError::from_error(&error, false).hint("no file was changed; run it again"))
}

/// Prints the changes as a unified diff that `git apply` and `patch -p1` take.
///
/// # Errors
/// Changes that contradict each other.
pub(super) fn print_diff(context: &mut CommandContext, rewrites: &[Rewrite]) -> Result<(), CommandError> {
    let root = context.environment.current_dir.clone();
    for rewrite in rewrites {
        let new = rewrite.rewritten().map_err(|error| CommandError::from_error(&error, false))?;
        // `lines` would take the carriage returns away, and the patch would not apply.
        let text = unified(rewrite, &new, &root);
        for line in text.strip_suffix('\n').unwrap_or(&text).split('\n') {
            context.ui.result(line);
        }
    }
    Ok(())
}

fn unified(rewrite: &Rewrite, new: &[u8], root: &Path) -> String {
    let shown = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let (old_path, new_path) = (shown(&rewrite.path), shown(rewrite.rename_to.as_ref().unwrap_or(&rewrite.path)));
    let (old_text, new_text) = (String::from_utf8_lossy(&rewrite.original), String::from_utf8_lossy(new));
    let rename = if old_path == new_path {
        String::new()
    } else {
        format!("diff --git a/{old_path} b/{new_path}\nrename from {old_path}\nrename to {new_path}\n")
    };
    let diff = TextDiff::from_lines(&*old_text, &*new_text);
    let changes = diff.unified_diff().header(&format!("a/{old_path}"), &format!("b/{new_path}")).to_string();
    format!("{rename}{changes}")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::script::Replacement;

    #[test]
    fn a_change_with_a_new_name() {
        let rewrite = Rewrite {
            path: "/p/versions/a.py".into(),
            original: b"one\ntwo\n".to_vec(),
            replacements: vec![Replacement { range: 4..7, bytes: b"three".to_vec() }],
            rename_to: Some("/p/versions/b.py".into()),
        };
        assert_snapshot!(unified(&rewrite, &rewrite.rewritten().unwrap(), Path::new("/p")), @r"
        diff --git a/versions/a.py b/versions/b.py
        rename from versions/a.py
        rename to versions/b.py
        --- a/versions/a.py
        +++ b/versions/b.py
        @@ -1,2 +1,2 @@
         one
        -two
        +three
        ");
    }
}
