use std::path::Path;

use sha2::{Digest, Sha256};

use super::settings::{SettingsError, bad};
use super::toml::{TomlTable, TomlValue};

/// What `limbec adopt` saw when it ran env.py once: enough to answer without running it, as long as the file stays as
/// it was. Written as `[tool.limbec.adopted]` in `pyproject.toml` or `[adopted]` in `limbec.toml`. It never holds a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// SHA-256 of env.py, in lower-case hexadecimal digits.
    pub env_sha256: String,
    /// `version_table`
    pub version_table: String,
    /// `version_table_schema`
    pub version_table_schema: Option<String>,
    /// `version_table_pk`
    pub version_table_pk: bool,
    /// `transaction_per_migration`
    pub transaction_per_migration: bool,
    /// Whether there was one `configure` and one `run_migrations`.
    pub single_run: bool,
    /// Whether `on_version_apply` was given: then a stamp runs code too.
    pub on_version_apply: bool,
}

/// Whether a record still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdoptedState {
    /// env.py is the file that was seen.
    Valid,
    /// env.py has changed.
    Changed,
}

impl Adopted {
    /// The hash that is recorded of an env.py.
    pub fn hash(env_source: &[u8]) -> String {
        Sha256::digest(env_source).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether the record is of this env.py.
    pub fn state(&self, env_source: &[u8]) -> AdoptedState {
        if self.env_sha256 == Self::hash(env_source) { AdoptedState::Valid } else { AdoptedState::Changed }
    }

    /// The table as `limbec adopt` writes it; what has Alembic's default is left out.
    pub fn to_toml(&self) -> toml_edit::Table {
        let mut table = toml_edit::Table::new();
        table["env_sha256"] = toml_edit::value(&self.env_sha256);
        table["version_table"] = toml_edit::value(&self.version_table);
        if let Some(schema) = &self.version_table_schema {
            table["version_table_schema"] = toml_edit::value(schema);
        }
        if !self.version_table_pk {
            table["version_table_pk"] = toml_edit::value(false);
        }
        table["transaction_per_migration"] = toml_edit::value(self.transaction_per_migration);
        table["single_run"] = toml_edit::value(self.single_run);
        if self.on_version_apply {
            table["on_version_apply"] = toml_edit::value(true);
        }
        table
    }

    pub(super) fn from_table(table: &TomlTable, path: &Path, line: usize) -> Result<Self, SettingsError> {
        let text = |key: &str| match table.get(key).map(|node| &node.value) {
            None => Ok(None),
            Some(TomlValue::Text(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(bad(path, table[key].line, key, "a text")),
        };
        let flag = |key: &str, default: bool| match table.get(key).map(|node| &node.value) {
            None => Ok(default),
            Some(TomlValue::Boolean(flag)) => Ok(*flag),
            Some(_) => Err(bad(path, table[key].line, key, "true or false")),
        };
        const KEYS: [&str; 7] = [
            "env_sha256",
            "version_table",
            "version_table_schema",
            "version_table_pk",
            "transaction_per_migration",
            "single_run",
            "on_version_apply",
        ];
        if let Some((key, node)) = table.iter().find(|(key, _)| !KEYS.contains(&key.as_str())) {
            let (path, key) = (path.to_owned(), key.clone());
            return Err(SettingsError::UnknownKey { path, line: node.line, key, similar: None });
        }
        Ok(Self {
            env_sha256: text("env_sha256")?.ok_or_else(|| bad(path, line, "env_sha256", "the hash of env.py"))?,
            version_table: text("version_table")?.unwrap_or_else(|| "alembic_version".to_owned()),
            version_table_schema: text("version_table_schema")?,
            version_table_pk: flag("version_table_pk", true)?,
            transaction_per_migration: flag("transaction_per_migration", false)?,
            // A record that does not say so must not be taken for one that does.
            single_run: flag("single_run", false)?,
            on_version_apply: flag("on_version_apply", false)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::{Places, Settings};
    use super::super::toml::Toml;
    use super::*;

    fn record() -> Adopted {
        Adopted {
            env_sha256: Adopted::hash(b"import os\n"),
            version_table: "app_version".into(),
            version_table_schema: Some("app".into()),
            version_table_pk: false,
            transaction_per_migration: true,
            single_run: true,
            on_version_apply: true,
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let plain = Adopted {
            version_table_schema: None,
            version_table_pk: true,
            transaction_per_migration: false,
            on_version_apply: false,
            ..record()
        };
        for adopted in [record(), plain] {
            let text = format!("[tool.limbec.adopted]\n{}", adopted.to_toml());
            let toml = Toml::parse(&text, Path::new("/p/pyproject.toml"), "/p").expect("TOML");
            let settings = Settings::load(&Places { pyproject: &toml, is_named: true, folders: &[] }, "alembic")
                .expect("settings");
            assert_eq!(settings.adopted, Some(adopted));
        }
    }

    #[test]
    fn a_changed_env_py_ends_it() {
        assert_eq!(record().state(b"import os\n"), AdoptedState::Valid);
        assert_eq!(record().state(b"import os\n\n"), AdoptedState::Changed);
        assert_eq!(Adopted::hash(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn a_record_with_faults_is_refused() {
        for (text, words) in [
            ("single_run = true", "'env_sha256' should be the hash of env.py"),
            ("env_sha256 = 'a'\nsingle_run = 'yes'", "line 3: 'single_run' should be true or false"),
            ("env_sha256 = 'a'\nurl = 'x'", "unknown setting 'url'"),
        ] {
            let toml = Toml::parse(&format!("[tool.limbec.adopted]\n{text}\n"), Path::new("/p/p.toml"), "/p");
            let pyproject = toml.expect("TOML");
            let places = Places { pyproject: &pyproject, is_named: true, folders: &[] };
            let error = Settings::load(&places, "alembic").expect_err("a fault").to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
