use super::secret_options::SecretOptions;

/// A configuration for the files of an archive.
#[derive(Debug, Clone, Copy)]
pub struct ArchiveIni<'a> {
    /// The project's own ini file; `None`: it has none.
    pub text: Option<&'a str>,
    /// The section that the project is configured in.
    pub section: &'a str,
    /// From the archive to the folder of the project's ini file, with slashes.
    pub to_ini: &'a str,
    /// From the archive to the script directory, with slashes.
    pub to_scripts: &'a str,
    /// What the archive leads to.
    pub revision: &'a str,
}

/// A configuration for the files of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedIni {
    /// The file.
    pub text: String,
    /// Options of the project's that are not in it, because they hold a password.
    pub left_out: Vec<String>,
}

/// Options that say where revision files are.
const REPLACED: [&str; 4] = ["script_location", "version_locations", "recursive_version_locations", "sourceless"];

/// Its name in an archive.
pub const ARCHIVE_INI: &str = "alembic.ini";

/// The first words of every such file.
pub(super) const ARCHIVE_HEADER: &str = "# Written by `limbec squash`";

/// The ini file by which plain Alembic runs the squashed revisions: the project's own, with other places and without passwords.
pub fn archive_ini(archive: &ArchiveIni<'_>) -> ArchivedIni {
    let mut text = format!(
        "{ARCHIVE_HEADER}: the revisions before {revision}, for a database that is at one of them.\n\
         # From the project's folder: alembic -c …/alembic.ini upgrade {revision}; then go on with the project's own file.\n",
        revision = archive.revision
    );
    let own = format!(
        "script_location = %(here)s/{}\nversion_locations = %(here)s\nrecursive_version_locations = false\n",
        archive.to_scripts
    );
    let header = format!("[{}]", archive.section);
    let project = archive.text.unwrap_or_default();
    let secrets = SecretOptions::of(project);
    let (mut is_ours, mut has_section) = (false, false);
    let mut left_out = Vec::new();
    for item in items(project) {
        match item {
            Item::Section(line) => {
                is_ours = line == header;
                has_section |= is_ours;
                text.push_str(&format!("\n{line}\n"));
                if is_ours {
                    text.push_str(&own);
                }
            }
            Item::Option { name, .. } if is_ours && REPLACED.contains(&name.as_str()) => {}
            Item::Option { name, lines } if secrets.has(&name, &lines) => {
                text.push_str(&format!(
                    "# Left out, because it holds a password. Write it here where this file is used, and do not commit that.\n# {name} =\n"
                ));
                left_out.push(name);
            }
            Item::Option { lines, .. } => {
                for line in lines {
                    text.push_str(&here(line, archive.to_ini));
                    text.push('\n');
                }
            }
        }
    }
    if !has_section {
        text.push_str(&format!("\n{header}\n{own}"));
    }
    ArchivedIni { text, left_out }
}

/// A part of an ini file.
enum Item<'a> {
    /// `[name]`
    Section(&'a str),
    /// An option with the lines that it goes on in.
    Option { name: String, lines: Vec<&'a str> },
}

/// The file without remarks and empty lines.
fn items(text: &str) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    for line in text.lines() {
        if line.trim().is_empty() || line.trim_start().starts_with(['#', ';']) {
            continue;
        }
        match items.last_mut() {
            Some(Item::Option { lines, .. }) if line.starts_with([' ', '\t']) => lines.push(line),
            _ if line.starts_with('[') => items.push(Item::Section(line.trim_end())),
            _ => items.push(Item::Option { name: option(line), lines: vec![line] }),
        }
    }
    items
}

/// The name before `=` or `:`, as configparser reads it.
fn option(line: &str) -> String {
    line.split(['=', ':']).next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// `%(here)s` is the archive now.
fn here(line: &str, to_ini: &str) -> String {
    line.replace("%(here)s", &format!("%(here)s/{to_ini}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projects_own_options_stay() {
        let text = "# about\n[alembic]\n# where\nscript_location = %(here)s/alembic\nversion_locations =\n    %(here)s/a\n    b\n\
                    prepend_sys_path = .\nsqlalchemy.url = sqlite:///%(here)s/x.db\n\n[tenant]\nscript_location = t\n";
        let archive =
            ArchiveIni { text: Some(text), section: "alembic", to_ini: "../../..", to_scripts: "../..", revision: "c" };
        insta::assert_snapshot!(archive_ini(&archive).text, @"
        # Written by `limbec squash`: the revisions before c, for a database that is at one of them.
        # From the project's folder: alembic -c …/alembic.ini upgrade c; then go on with the project's own file.

        [alembic]
        script_location = %(here)s/../..
        version_locations = %(here)s
        recursive_version_locations = false
        prepend_sys_path = .
        sqlalchemy.url = sqlite:///%(here)s/../../../x.db

        [tenant]
        script_location = t
        ");
        let none = ArchiveIni { text: None, section: "tenant", ..archive };
        insta::assert_snapshot!(archive_ini(&none).text, @"
        # Written by `limbec squash`: the revisions before c, for a database that is at one of them.
        # From the project's folder: alembic -c …/alembic.ini upgrade c; then go on with the project's own file.

        [tenant]
        script_location = %(here)s/../..
        version_locations = %(here)s
        recursive_version_locations = false
        ");
    }

    #[test]
    fn passwords_stay_where_they_are() {
        let text = "[alembic]\nscript_location = m\nsqlalchemy.url = postgresql://u:s3cret@h/d\nprepend_sys_path = .\n\
                    [tenant]\nurls =\n    postgresql://h/a\n    postgresql://h/b?password=hidden\n";
        let archive =
            ArchiveIni { text: Some(text), section: "alembic", to_ini: "..", to_scripts: "..", revision: "c" };
        let ini = archive_ini(&archive);
        assert_eq!(ini.left_out, ["sqlalchemy.url", "urls"]);
        insta::assert_snapshot!(ini.text, @"
        # Written by `limbec squash`: the revisions before c, for a database that is at one of them.
        # From the project's folder: alembic -c …/alembic.ini upgrade c; then go on with the project's own file.

        [alembic]
        script_location = %(here)s/..
        version_locations = %(here)s
        recursive_version_locations = false
        # Left out, because it holds a password. Write it here where this file is used, and do not commit that.
        # sqlalchemy.url =
        prepend_sys_path = .

        [tenant]
        # Left out, because it holds a password. Write it here where this file is used, and do not commit that.
        # urls =
        ");
    }
}
