use std::path::Path;

use super::deploy_settings::texts;
use super::settings::{SettingsError, bad};
use super::toml::{TomlNode, TomlValue};

/// `search-path`: the schemas that the scripts' connection looks in, so that names without a schema lead to the one of the version
/// table. It follows from that one, whoever names it: a setting, an option, a tenant, or env.py.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchPath {
    /// As written, `{schema}` being the schema of the version table; none where the path is left as env.py and the server have it.
    templates: Vec<String>,
}

impl SearchPath {
    /// What stands for the schema of the version table.
    pub const SCHEMA: &'static str = "{schema}";

    /// Reads the setting: `true` is the schema alone.
    pub(super) fn read(key: &str, node: &TomlNode, path: &Path) -> Result<Self, SettingsError> {
        let templates = match &node.value {
            TomlValue::Boolean(true) => Some(vec![Self::SCHEMA.to_owned()]),
            TomlValue::Boolean(false) => Some(Vec::new()),
            TomlValue::List(nodes) => {
                texts(nodes).filter(|names| !names.is_empty() && !names.iter().any(String::is_empty))
            }
            _ => None,
        };
        let expected = "true, false or a list of names of schemas, such as [\"{schema}\", \"public\"]";
        templates.map(|templates| Self { templates }).ok_or_else(|| bad(path, node.line, key, expected))
    }

    /// The schema of the version table alone.
    pub fn of_schema() -> Self {
        Self { templates: vec![Self::SCHEMA.to_owned()] }
    }

    /// The path as it was written elsewhere, with `{schema}` for the schema of the version table.
    pub fn of_templates(templates: Vec<String>) -> Self {
        Self { templates }
    }

    /// Whether the path is set at all.
    pub fn is_set(&self) -> bool {
        !self.templates.is_empty()
    }

    /// As written, for the engine, which puts in the schema that env.py or an override names.
    pub fn templates(&self) -> &[String] {
        &self.templates
    }

    /// The schemas, first the one that things are made in, for a version table in `schema`; none where the path is left alone. Without
    /// a schema nothing runs: an unqualified version table would be looked for on another path than it was made on.
    pub fn resolve(&self, schema: Option<&str>) -> Vec<String> {
        let Some(schema) = schema else { return Vec::new() };
        self.templates.iter().map(|name| name.replace(Self::SCHEMA, schema)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::toml::Toml;

    fn read(setting: &str) -> Result<SearchPath, String> {
        let path = Path::new("/p/limbec.toml");
        let toml = Toml::parse(&format!("search-path = {setting}"), path, "/p").unwrap();
        SearchPath::read("search-path", &toml.root()["search-path"], path).map_err(|error| error.to_string())
    }

    #[test]
    fn the_schema_is_put_where_it_is_named() {
        assert_eq!(read("true").unwrap().resolve(Some("we\"ird")), ["we\"ird"]);
        let path = read("[\"{schema}\", \"{schema}_x\", \"public\"]").unwrap();
        assert_eq!(path.resolve(Some("a")), ["a", "a_x", "public"]);
        assert!(path.resolve(None).is_empty());
        assert!(!read("false").unwrap().is_set());
    }

    #[test]
    fn anything_else_is_refused() {
        for setting in ["\"app\"", "[]", "[\"\"]", "[1]"] {
            assert!(read(setting).unwrap_err().contains("line 1: 'search-path' should be"), "{setting}");
        }
    }
}
