use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, TomlError};

use super::adopted::Adopted;

/// What is written into limbec's settings, and for which ini section.
#[derive(Debug)]
pub struct SettingsEdit<'a> {
    /// The ini section, where it is not the default one: its own table is written then.
    pub section: Option<&'a str>,
    /// `url`, such as `env:DATABASE_URL`; `None` leaves the key as it is.
    pub url: Option<&'a str>,
    /// What was seen of env.py; `None` leaves what is there as it is.
    pub adopted: Option<&'a Adopted>,
    /// Whether `history = true` is written, unless the key is there already; it is a setting of all sections.
    pub history: bool,
}

impl SettingsEdit<'_> {
    /// The text of a settings file with the edit made; comments and order are kept. `path` says whether the settings
    /// are the whole file (`limbec.toml`) or its table `tool.limbec` (`pyproject.toml`).
    ///
    /// # Errors
    /// The text is no TOML.
    pub fn apply(&self, text: &str, path: &Path) -> Result<String, TomlError> {
        let mut document: DocumentMut = text.parse()?;
        let mut keys: Vec<&str> = Vec::new();
        if path.file_name().is_some_and(|name| name == "pyproject.toml") {
            keys.extend(["tool", "limbec"]);
        }
        if let Some(section) = self.section {
            keys.extend(["sections", section]);
        }
        if self.history {
            let root = &keys[..keys.iter().position(|key| *key == "sections").unwrap_or(keys.len())];
            let table = table_at(&mut document, root);
            if table.get("history").is_none_or(|value| value.as_bool() == Some(false)) {
                table.insert("history", toml_edit::value(true));
            }
        }
        if self.url.is_some() || self.adopted.is_some() {
            let table = table_at(&mut document, &keys);
            if let Some(url) = self.url {
                table.insert("url", toml_edit::value(url));
            }
            if let Some(adopted) = self.adopted {
                table.insert("adopted", Item::Table(adopted.to_toml()));
            }
        }
        Ok(document.to_string())
    }
}

/// The table that these keys lead to, made where it is absent.
fn table_at<'a>(document: &'a mut DocumentMut, keys: &[&str]) -> &'a mut dyn toml_edit::TableLike {
    keys.iter().enumerate().fold(document.as_table_mut() as &mut dyn toml_edit::TableLike, |table, (depth, key)| {
        let last = depth + 1 == keys.len();
        let item = table.entry(key).or_insert_with(|| {
            let mut new = Table::new();
            new.set_implicit(!last);
            Item::Table(new)
        });
        // A value where a table belongs was refused when the settings were read.
        item.as_table_like_mut().unwrap_or_else(|| unreachable!("settings were read before they are edited"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adopted() -> Adopted {
        Adopted {
            env_sha256: "ab".repeat(32),
            version_table: "alembic_version".to_owned(),
            version_table_schema: None,
            version_table_pk: true,
            transaction_per_migration: false,
            single_run: true,
            on_version_apply: false,
        }
    }

    #[test]
    fn a_pyproject_keeps_what_it_has() {
        let text = "[project]\nname = \"a\" # the name\n\n[tool.black]\nline-length = 99\n";
        let edit = SettingsEdit { section: None, url: Some("env:DB"), adopted: Some(&adopted()), history: false };
        let edited = edit.apply(text, Path::new("/p/pyproject.toml")).unwrap();
        assert!(edited.starts_with(text), "{edited}");
        assert!(edited.contains("[tool.limbec]\nurl = \"env:DB\"\n"), "{edited}");
        assert!(edited.contains("[tool.limbec.adopted]\nenv_sha256 = "), "{edited}");
    }

    #[test]
    fn a_second_edit_replaces_the_first() {
        let edit = SettingsEdit { section: None, url: Some("env:DB"), adopted: Some(&adopted()), history: false };
        let once = edit.apply("", Path::new("limbec.toml")).unwrap();
        assert_eq!(edit.apply(&once, Path::new("limbec.toml")).unwrap(), once);
    }

    #[test]
    fn a_history_is_switched_on_for_all_sections() {
        let edit = SettingsEdit { section: Some("tenant"), url: None, adopted: Some(&adopted()), history: true };
        let edited = edit.apply("schema = \"s\"\n", Path::new("limbec.toml")).unwrap();
        assert!(edited.starts_with("schema = \"s\"\nhistory = true\n"), "{edited}");
        let own = "history = { schema = \"public\" }\n";
        assert!(edit.apply(own, Path::new("limbec.toml")).unwrap().starts_with(own));
        let edited = edit.apply("", Path::new("pyproject.toml")).unwrap();
        assert!(edited.starts_with("[tool.limbec]\nhistory = true\n"), "{edited}");
    }

    #[test]
    fn a_section_has_a_table_of_its_own() {
        let edit = SettingsEdit { section: Some("tenant"), url: None, adopted: Some(&adopted()), history: false };
        let edited = edit.apply("schema = \"s\"\n", Path::new("limbec.toml")).unwrap();
        assert!(edited.starts_with("schema = \"s\"\n"), "{edited}");
        assert!(edited.contains("[sections.tenant.adopted]\n"), "{edited}");
        assert!(!edited.contains("url"), "{edited}");
    }
}
