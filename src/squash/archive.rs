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

/// Options that say where revision files are.
const REPLACED: [&str; 4] = ["script_location", "version_locations", "recursive_version_locations", "sourceless"];

/// The ini file by which plain Alembic runs the squashed revisions: the project's own, with other places.
pub fn archive_ini(archive: &ArchiveIni<'_>) -> String {
    let mut text = format!(
        "# Written by `limbec squash`: the revisions before {revision}, for a database that is at one of them.\n\
         # From the project's folder: alembic -c …/alembic.ini upgrade {revision}; then go on with the project's own file.\n",
        revision = archive.revision
    );
    let own = format!(
        "script_location = %(here)s/{}\nversion_locations = %(here)s\nrecursive_version_locations = false\n",
        archive.to_scripts
    );
    let header = format!("[{}]", archive.section);
    let mut is_ours = false;
    let mut is_dropped = false;
    let mut has_section = false;
    for line in archive.text.unwrap_or_default().lines() {
        if line.starts_with('[') {
            is_ours = line.trim_end() == header;
            (is_dropped, has_section) = (false, has_section || is_ours);
            text.push_str(&format!("\n{}\n", line.trim_end()));
            if is_ours {
                text.push_str(&own);
            }
            continue;
        }
        let is_continued = line.starts_with([' ', '\t']) && !line.trim().is_empty();
        if !is_continued {
            is_dropped = is_ours && REPLACED.contains(&option(line).as_str());
        }
        let is_remark = line.trim().is_empty() || line.starts_with(['#', ';']);
        if !is_dropped && !is_remark {
            text.push_str(&here(line, archive.to_ini));
            text.push('\n');
        }
    }
    if !has_section {
        text.push_str(&format!("\n{header}\n{own}"));
    }
    text
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
        insta::assert_snapshot!(archive_ini(&archive), @"
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
        insta::assert_snapshot!(archive_ini(&none), @"
        # Written by `limbec squash`: the revisions before c, for a database that is at one of them.
        # From the project's folder: alembic -c …/alembic.ini upgrade c; then go on with the project's own file.

        [tenant]
        script_location = %(here)s/../..
        version_locations = %(here)s
        recursive_version_locations = false
        ");
    }
}
