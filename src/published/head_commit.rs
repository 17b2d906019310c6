use std::fs;
use std::path::{Path, PathBuf};

/// The commit that is checked out in the repository around a folder, as 40 or 64 hexadecimal digits; read from git's files, without
/// starting git. `None`: no repository, no commit yet, or one that stores its refs in another way (reftable).
pub fn head_commit(folder: &Path) -> Option<String> {
    let git = folder.ancestors().map(|folder| folder.join(".git")).find(|git| git.exists())?;
    let git = if git.is_file() { linked(&git)? } else { git };
    let head = fs::read_to_string(git.join("HEAD")).ok()?;
    let Some(name) = head.trim().strip_prefix("ref: ") else { return id(&head) };
    let common = match fs::read_to_string(git.join("commondir")) {
        Ok(path) => git.join(path.trim()),
        Err(_) => git.clone(),
    };
    let loose = [&git, &common].into_iter().find_map(|folder| fs::read_to_string(folder.join(name)).ok());
    loose.and_then(|text| id(&text)).or_else(|| packed(&common, name))
}

/// Of a worktree or a submodule `.git` is a file that says where the real one is.
fn linked(file: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(file).ok()?;
    let path = text.trim().strip_prefix("gitdir: ")?;
    Some(file.parent()?.join(path))
}

fn packed(git: &Path, name: &str) -> Option<String> {
    let text = fs::read_to_string(git.join("packed-refs")).ok()?;
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(_, found)| *found == name)
        .and_then(|(text, _)| id(text))
}

fn id(text: &str) -> Option<String> {
    let text = text.trim();
    let is_id = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn git(folder: &Path, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        let done = Command::new("git").current_dir(folder).args(identity).args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    #[test]
    fn what_git_says_is_found_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let repository = folder.path().join("r");
        fs::create_dir_all(repository.join("deep/er")).unwrap();
        git(&repository, &["init", "-q", "-b", "main"]);
        assert_eq!(head_commit(&repository), None, "no commit yet");
        git(&repository, &["commit", "-q", "--allow-empty", "-m", "one"]);
        let expected = Some(git(&repository, &["rev-parse", "HEAD"]));
        assert_eq!(head_commit(&repository.join("deep/er")), expected);
        git(&repository, &["pack-refs", "--all"]);
        assert_eq!(head_commit(&repository), expected, "packed");
        git(&repository, &["worktree", "add", "-q", "-b", "other", "../w"]);
        assert_eq!(head_commit(&folder.path().join("w")), expected, "a worktree");
        git(&repository, &["checkout", "-q", "--detach"]);
        assert_eq!(head_commit(&repository), expected, "detached");
        assert_eq!(head_commit(folder.path()), None);
    }
}
