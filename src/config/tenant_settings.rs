use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::deploy_settings::{texts, timed_command, unknown};
use super::settings::{SettingsError, bad, beside};
use super::toml::{TomlNode, TomlTable, TomlValue};
use super::url_source::UrlSource;

/// `[tenants]`: many databases, or many schemas, with one history.
///
/// Texts may have placeholders: `{name}` is the tenant's name, `{NAME}` the same in capitals with `_` for whatever an environment
/// variable cannot have, `{schema}` its schema and `{url}` its URL where they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantOptions {
    /// The ini section with the history of the tenants; `None`: the one in use.
    pub section: Option<String>,
    /// What a tenant is.
    pub mode: TenantMode,
    /// Where the tenants are listed; `None` where nothing says.
    pub source: Option<TenantSource>,
    /// Where a tenant's database is, unless the source says: `env:…`, `file:…` or a URL, with placeholders. In schema mode `None` is the
    /// project's own database.
    pub url: Option<String>,
    /// Where the password is if the URL has none: `env:…` or `file:…`, with placeholders.
    pub password: Option<String>,
    /// Schema of a tenant, unless the source says; in schema mode `None` is the tenant's name.
    pub schema: Option<String>,
    /// The common database: where tenants are queried, registered and queued.
    pub common: Option<CommonSource>,
    /// `-x` arguments of env.py; `None`: `tenant={name}`, and `schema={schema}` where there is one.
    pub arguments: Option<Vec<String>>,
    /// Environment variables that env.py reads, by name.
    pub variables: BTreeMap<String, String>,
    /// What of one tenant's Python the next one finds.
    pub isolation: Isolation,
    /// How many tenants are migrated at a time.
    pub jobs: Option<u16>,
    /// `wave`
    pub wave: Option<String>,
    /// `on-error`
    pub on_error: Option<String>,
    /// Whether provably independent revisions are rendered once; `None`: yes.
    pub render: Option<bool>,
    /// As whom roles, databases and schemas are made and dropped: `env:…`, `file:…` or a URL, with placeholders.
    pub admin_url: Option<String>,
    /// The role that owns a tenant's database, with placeholders.
    pub role: Option<String>,
    /// Where the generated password of that role is written, with placeholders; absolute but for those.
    pub secret_file: Option<PathBuf>,
    /// The statement that registers a tenant in the common database; `:name`, `:url`, `:schema` and `:tags` are its parameters.
    pub register: Option<String>,
    /// The statement that takes it back.
    pub unregister: Option<String>,
    /// A file or folder with seeds, absolute.
    pub seed: Option<PathBuf>,
    /// The folder of the settings file: relative paths are relative to it, and commands run there.
    pub folder: PathBuf,
}

/// What a tenant is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TenantMode {
    /// A database.
    #[default]
    Database,
    /// A schema.
    Schema,
}

/// What the Python that serves many tenants keeps from one to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Nothing: each tenant is served by a fork.
    #[default]
    Process,
    /// The modules that env.py and revisions have imported, with all that these remember.
    None,
}

/// Where tenants are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantSource {
    /// In the settings themselves.
    List(Vec<ListedTenant>),
    /// In a file, absolute.
    File(PathBuf),
    /// By what a command prints.
    Command {
        /// Its words.
        words: Vec<String>,
        /// How long it may take.
        timeout: Duration,
    },
    /// By what a query on the common database gives.
    Query(String),
    /// By the schemas of the database that match a glob.
    Schemas(String),
}

/// A tenant as a source has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedTenant {
    /// Its name.
    pub name: String,
    /// `env:…`, `file:…` or a URL, without placeholders.
    pub url: Option<String>,
    /// Its schema.
    pub schema: Option<String>,
    /// What it can be selected by.
    pub tags: Vec<String>,
}

/// Where the common database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommonSource {
    /// `env:…`, `file:…` or a URL.
    Url(UrlSource),
    /// `section:NAME`: the database of that ini section.
    Section(String),
}

const KEYS: [&str; 20] = [
    "admin-url",
    "section",
    "mode",
    "source",
    "url",
    "password",
    "schema",
    "common",
    "arguments",
    "variables",
    "isolation",
    "jobs",
    "wave",
    "on-error",
    "render",
    "role",
    "secret-file",
    "register",
    "unregister",
    "seed",
];

impl TenantOptions {
    /// Reads `[tenants]`.
    pub(super) fn apply(&mut self, node: &TomlNode, path: &Path) -> Result<(), SettingsError> {
        let TomlValue::Table(table) = &node.value else { return Err(bad(path, node.line, "tenants", "a table")) };
        self.folder = path.parent().unwrap_or(Path::new("")).to_owned();
        for (key, node) in table {
            self.apply_key(key, node, path)?;
        }
        // Who lists schemas has tenants that are schemas.
        if matches!(self.source, Some(TenantSource::Schemas(_))) && !table.contains_key("mode") {
            self.mode = TenantMode::Schema;
        }
        Ok(())
    }

    fn apply_key(&mut self, key: &str, node: &TomlNode, path: &Path) -> Result<(), SettingsError> {
        let fault = |expected| bad(path, node.line, &format!("tenants.{key}"), expected);
        let text = || match &node.value {
            TomlValue::Text(text) if !text.is_empty() => Ok(text.clone()),
            _ => Err(fault("a text")),
        };
        let lines = || match &node.value {
            TomlValue::List(nodes) => texts(nodes).ok_or_else(|| fault("a list of texts")),
            _ => Err(fault("a list of texts")),
        };
        match key {
            "section" => self.section = Some(text()?),
            "mode" => {
                self.mode = match text()?.as_str() {
                    "database" => TenantMode::Database,
                    "schema" => TenantMode::Schema,
                    _ => return Err(fault("'database' or 'schema'")),
                }
            }
            "source" => self.source = Some(source(node, path)?),
            "url" => self.url = Some(text()?),
            "password" => {
                let text = text()?;
                let is_reference = text.starts_with("env:") || text.starts_with("file:");
                self.password = Some(text).filter(|_| is_reference);
                self.password.as_ref().ok_or_else(|| fault("'env:NAME' or 'file:PATH'"))?;
            }
            "schema" => self.schema = Some(text()?),
            "common" => self.common = Some(common(&text()?, path).ok_or_else(|| fault(COMMON))?),
            "arguments" => self.arguments = Some(lines()?),
            "variables" => self.variables = variables(node, path)?,
            "isolation" => {
                self.isolation = match text()?.as_str() {
                    "process" => Isolation::Process,
                    "none" => Isolation::None,
                    _ => return Err(fault("'process' or 'none'")),
                }
            }
            "jobs" => self.jobs = Some(jobs(&node.value).ok_or_else(|| fault("a whole number from 1"))?),
            "wave" => self.wave = Some(text()?),
            "on-error" => self.on_error = Some(text()?),
            "render" => match node.value {
                TomlValue::Boolean(render) => self.render = Some(render),
                _ => return Err(fault("true or false")),
            },
            "admin-url" => self.admin_url = Some(text()?),
            "role" => self.role = Some(text()?),
            "secret-file" => self.secret_file = Some(beside(path, &text()?)),
            "register" => self.register = Some(text()?),
            "unregister" => self.unregister = Some(text()?),
            "seed" => self.seed = Some(beside(path, &text()?)),
            _ => return Err(unknown(path, node.line, &format!("tenants.{key}"), &KEYS)),
        }
        Ok(())
    }
}

const COMMON: &str = "'env:NAME', 'file:PATH', 'section:NAME' or a URL";

fn common(text: &str, path: &Path) -> Option<CommonSource> {
    match text.strip_prefix("section:") {
        Some(section) => (!section.is_empty()).then(|| CommonSource::Section(section.to_owned())),
        None => UrlSource::read(text, path).map(CommonSource::Url),
    }
}

fn jobs(value: &TomlValue) -> Option<u16> {
    match value {
        TomlValue::Integer(number) => u16::try_from(*number).ok().filter(|number| *number > 0),
        _ => None,
    }
}

fn variables(node: &TomlNode, path: &Path) -> Result<BTreeMap<String, String>, SettingsError> {
    let expected = "a table of texts by the names of environment variables";
    let TomlValue::Table(table) = &node.value else {
        return Err(bad(path, node.line, "tenants.variables", expected));
    };
    let pair = |(name, node): (&String, &TomlNode)| match &node.value {
        TomlValue::Text(text) if !name.contains(['=', '\0']) && !name.is_empty() => Ok((name.clone(), text.clone())),
        _ => Err(bad(path, node.line, "tenants.variables", expected)),
    };
    if let Some((_, node)) = table.iter().find(|(name, node)| leads_elsewhere(name, &node.value)) {
        let expected = "without what libpq alone reads, and limbec's own connections would not get: a tenant's server, user and \
                        search_path are in its URL (`?options=-csearch_path%3Dapp`)";
        return Err(bad(path, node.line, "tenants.variables", expected));
    }
    table.iter().map(pair).collect()
}

/// Whether libpq, and so Python, would take it for another place than limbec, which keeps the version table.
fn leads_elsewhere(name: &str, value: &TomlValue) -> bool {
    const PLACES: [&str; 9] = [
        "PGHOST",
        "PGHOSTADDR",
        "PGPORT",
        "PGDATABASE",
        "PGUSER",
        "PGPASSWORD",
        "PGPASSFILE",
        "PGSERVICE",
        "PGSERVICEFILE",
    ];
    PLACES.contains(&name)
        || (name == "PGOPTIONS" && matches!(value, TomlValue::Text(text) if text.contains("search_path")))
}

/// `source` is a table with one key that says of which kind it is, or a list of tenants.
fn source(node: &TomlNode, path: &Path) -> Result<TenantSource, SettingsError> {
    let fault = |line, expected| bad(path, line, "tenants.source", expected);
    let expected = "a list of tenants, or a table with one of 'file', 'command', 'query' and 'schemas'";
    match &node.value {
        TomlValue::List(nodes) => {
            nodes.iter().map(|node| listed(node, path)).collect::<Result<_, _>>().map(TenantSource::List)
        }
        TomlValue::Table(table) if table.len() == 1 => {
            let Some((key, node)) = table.iter().next() else { return Err(fault(node.line, expected)) };
            let text = || match &node.value {
                TomlValue::Text(text) if !text.is_empty() => Ok(text.clone()),
                _ => Err(bad(path, node.line, &format!("tenants.source.{key}"), "a text")),
            };
            match key.as_str() {
                "file" => Ok(TenantSource::File(beside(path, &text()?))),
                "query" => Ok(TenantSource::Query(text()?)),
                "schemas" => match text()? {
                    pattern if glob::Pattern::new(&pattern).is_ok() => Ok(TenantSource::Schemas(pattern)),
                    _ => Err(bad(path, node.line, "tenants.source.schemas", "a glob such as 'tenant_*'")),
                },
                "command" => {
                    let expected = "a command: a text, a list of words, or a table with 'command' and 'timeout'";
                    let command = timed_command(&node.value).filter(|(words, _)| !words.is_empty());
                    let command = command.ok_or_else(|| bad(path, node.line, "tenants.source.command", expected));
                    command.map(|(words, timeout)| TenantSource::Command { words, timeout })
                }
                _ => Err(unknown(path, node.line, &format!("tenants.source.{key}"), &[])),
            }
        }
        _ => Err(fault(node.line, expected)),
    }
}

fn listed(node: &TomlNode, path: &Path) -> Result<ListedTenant, SettingsError> {
    let expected = "a name, or a table with 'name', 'url', 'schema' and 'tags'";
    let fault = |line| bad(path, line, "tenants.source", expected);
    match &node.value {
        TomlValue::Text(name) if !name.is_empty() => Ok(ListedTenant { name: name.clone(), ..ListedTenant::default() }),
        TomlValue::Table(table) => {
            let tenant = table_of(table).ok_or_else(|| fault(node.line))?;
            (!tenant.name.is_empty()).then_some(tenant).ok_or_else(|| fault(node.line))
        }
        _ => Err(fault(node.line)),
    }
}

fn table_of(table: &TomlTable) -> Option<ListedTenant> {
    let mut tenant = ListedTenant::default();
    for (key, node) in table {
        match (key.as_str(), &node.value) {
            ("name", TomlValue::Text(text)) => tenant.name = text.clone(),
            ("url", TomlValue::Text(text)) => tenant.url = Some(text.clone()),
            ("schema", TomlValue::Text(text)) => tenant.schema = Some(text.clone()),
            ("tags", TomlValue::List(nodes)) => tenant.tags = texts(nodes)?,
            _ => return None,
        }
    }
    Some(tenant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::toml::Toml;

    fn options(text: &str) -> Result<TenantOptions, String> {
        let path = Path::new("/p/limbec.toml");
        let toml = Toml::parse(text, path, "/p").unwrap();
        let mut options = TenantOptions::default();
        options.apply(&toml.root()["tenants"], path).map_err(|error| error.to_string())?;
        Ok(options)
    }

    #[test]
    fn variables_that_lead_libpq_elsewhere_are_refused() {
        for variable in ["PGHOST = \"other\"", "PGUSER = \"{name}\"", "PGOPTIONS = \"-csearch_path={name}\""] {
            let fault = options(&format!("[tenants]\nvariables = {{ {variable} }}\n")).unwrap_err();
            assert!(fault.contains("line 2: 'tenants.variables' should be without what libpq alone reads"), "{fault}");
        }
        assert!(options("[tenants]\nvariables = { PGOPTIONS = \"-capp.tenant={name}\", PG_APP = \"x\" }\n").is_ok());
    }

    #[test]
    fn every_key_has_a_value() {
        let options = options(
            "[tenants]\nsection = \"tenant\"\nmode = \"schema\"\nsource = [\"acme\", { name = \"foo\", url = \"env:FOO\", \
             tags = [\"eu\"] }]\nurl = \"file:secrets/{name}\"\npassword = \"env:{NAME}_PASSWORD\"\nschema = \"t_{name}\"\n\
             common = \"section:common\"\narguments = [\"tenant={name}\"]\nvariables = { TENANT_URL = \"{url}\" }\nisolation = \"none\"\njobs = 4\n\
             wave = \"1,10%,rest\"\non-error = \"stop\"\nrender = false\nrole = \"{name}\"\nsecret-file = \"secrets/{name}\"\n\
             register = \"INSERT\"\nunregister = \"DELETE\"\nseed = \"seeds\"\n",
        )
        .unwrap();
        assert_eq!(options.mode, TenantMode::Schema);
        assert_eq!(options.common, Some(CommonSource::Section("common".to_owned())));
        assert_eq!(options.secret_file, Some(PathBuf::from("/p/secrets/{name}")));
        let Some(TenantSource::List(tenants)) = options.source else { panic!("no list") };
        assert_eq!(tenants[0].name, "acme");
        assert_eq!((tenants[1].url.as_deref(), tenants[1].tags.as_slice()), (Some("env:FOO"), &["eu".to_owned()][..]));
    }

    #[test]
    fn sources_are_of_one_kind() {
        let source = |text: &str| options(&format!("[tenants.source]\n{text}")).unwrap().source.unwrap();
        assert_eq!(source("file = \"t.json\""), TenantSource::File(PathBuf::from("/p/t.json")));
        let words = vec!["list".to_owned(), "a b".to_owned()];
        let command = |seconds| TenantSource::Command { words: words.clone(), timeout: Duration::from_secs(seconds) };
        assert_eq!(source("command = \"list 'a b'\""), command(60));
        assert_eq!(source("command = { command = \"list 'a b'\", timeout = \"5s\" }"), command(5));
        assert_eq!(source("schemas = \"t_*\""), TenantSource::Schemas("t_*".to_owned()));
        assert!(options("[tenants.source]\nfile = \"a\"\nquery = \"b\"").is_err());
        assert!(options("[tenants.source]\nschemas = \"[\"").is_err());
    }

    #[test]
    fn faults_name_file_and_line_and_never_a_secret() {
        assert_eq!(
            options("[tenants]\n\npassword = \"s3cret\"").unwrap_err(),
            "/p/limbec.toml, line 3: 'tenants.password' should be 'env:NAME' or 'file:PATH'"
        );
        assert_eq!(options("[tenants]\njob = 4").unwrap_err(), "/p/limbec.toml, line 2: unknown setting 'tenants.job'");
        assert!(options("[tenants]\njobs = 0").is_err());
        assert!(options("[tenants]\nsource = [{ nam = \"x\" }]").is_err());
    }
}
