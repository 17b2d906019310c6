use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::package::PackageResolver;
use super::project::Project;
use super::toml::OptionValue;
use crate::script::python_text::{pure_path, strip};
use crate::script::{DEFAULT_FILE_TEMPLATE, HookConfig, Locations};

/// What Alembic's `ScriptDirectory.from_config` reads, checked in its order.
#[derive(Debug, Clone)]
pub struct ScriptSettings {
    /// The script directory as Alembic writes it in messages: as configured, not made absolute.
    pub script_location: String,
    /// Where revision files lie.
    pub locations: Locations,
    /// Whether `version_locations` was given (Alembic then creates a missing one when it writes a revision).
    pub has_version_locations: bool,
    /// `file_template`, percent signs already single.
    pub file_template: String,
    /// `truncate_slug_length`; 40 where it is absent or 0.
    pub truncate_slug_length: i64,
    /// `timezone`; may be empty.
    pub timezone: Option<String>,
    /// `output_encoding`
    pub output_encoding: String,
    /// `prepend_sys_path` as given: relative to the current directory.
    pub prepend_sys_path: Vec<String>,
    /// Post-write hooks in their order.
    pub hooks: Vec<HookConfig>,
    /// Hints on settings that Alembic takes silently and that cannot be meant.
    pub hints: Vec<String>,
}

impl Project {
    /// Where the revision files are; fails as any Alembic command does that needs a script directory.
    pub fn locations(&self, packages: &dyn PackageResolver) -> Result<Locations, ConfigError> {
        self.script_settings(packages).map(|settings| settings.locations)
    }

    /// Everything that Alembic reads before it looks at revision files. `packages` is asked for `package:directory` only.
    pub fn script_settings(&self, packages: &dyn PackageResolver) -> Result<ScriptSettings, ConfigError> {
        let script_location = self.alembic_option("script_location")?.ok_or(ConfigError::NoScriptLocation)?;
        let truncate_slug_length = self.truncate_slug_length()?;
        let mut hints = Vec::new();
        let prepend_sys_path = self.prepended_paths(&mut hints)?;
        let import_roots: Vec<PathBuf> = prepend_sys_path.iter().map(|path| self.cwd.join(path)).collect();
        let recursive = self.alembic_flag("recursive_version_locations")?;
        let OptionValue::Text(script_location) = script_location else {
            return Err(self.toml.wrong_shape("script_location", "a string"));
        };
        let script_location = resource(&script_location, packages, &import_roots)?;
        let file_template = self.alembic_text("file_template")?.unwrap_or_else(|| DEFAULT_FILE_TEMPLATE.to_owned());
        let sourceless = self.alembic_flag("sourceless")?;
        let output_encoding = self.alembic_text("output_encoding")?.unwrap_or_else(|| "utf-8".to_owned());
        let version_locations = self.version_locations(&mut hints)?;
        let timezone = self.alembic_text("timezone")?;
        let hooks = self.post_write_hooks()?;

        let directory = self.cwd.join(&script_location);
        if !directory.exists() {
            return Err(ConfigError::NoScriptDirectory(script_location));
        }
        let has_version_locations = !version_locations.is_empty();
        let mut versions = Vec::with_capacity(version_locations.len().max(1));
        for location in &version_locations {
            versions.push(self.absolute(&resource(location, packages, &import_roots)?));
        }
        if !has_version_locations {
            versions.push(self.absolute(&format!("{script_location}/versions")));
        }
        let directory = self.absolute(&script_location);
        let locations = Locations { script_location: directory, versions, recursive, sourceless, import_roots };
        Ok(ScriptSettings {
            script_location,
            locations,
            has_version_locations,
            file_template,
            truncate_slug_length,
            timezone,
            output_encoding,
            prepend_sys_path,
            hooks,
            hints,
        })
    }

    /// `prepend_sys_path` as given.
    pub fn prepend_sys_path(&self) -> Result<Vec<String>, ConfigError> {
        self.prepended_paths(&mut Vec::new())
    }

    fn prepended_paths(&self, hints: &mut Vec<String>) -> Result<Vec<String>, ConfigError> {
        const KEY: &str = "prepend_sys_path";
        if let Some(text) = self.ini.get(&self.section, KEY)?.filter(|text| !text.is_empty()) {
            return Ok(match self.separator(&["path_separator"])? {
                Some(separator) => split(&text, separator),
                None => legacy_split(&text, true),
            });
        }
        if let Some(OptionValue::Tables(_)) = self.toml.alembic_value(KEY)? {
            hints.push(self.list_hint(KEY, "holds tables, which Python's sys.path ignores"));
            return Ok(Vec::new());
        }
        self.toml_list(KEY, hints)
    }

    /// `version_locations` as given; empty means the default.
    fn version_locations(&self, hints: &mut Vec<String>) -> Result<Vec<String>, ConfigError> {
        const KEY: &str = "version_locations";
        if let Some(text) = self.ini.get(&self.section, KEY)?.filter(|text| !text.is_empty()) {
            return Ok(match self.separator(&["path_separator", "version_path_separator"])? {
                Some(separator) => split(&text, separator),
                None => legacy_split(&text, false),
            });
        }
        self.toml_list(KEY, hints)
    }

    /// A list in `[tool.alembic]`. Alembic iterates over whatever is there, which nobody can mean: hence the hints.
    fn toml_list(&self, key: &'static str, hints: &mut Vec<String>) -> Result<Vec<String>, ConfigError> {
        match self.toml.alembic_value(key)? {
            None | Some(OptionValue::Boolean(false) | OptionValue::Integer(0)) => Ok(Vec::new()),
            Some(OptionValue::List(items)) => Ok(items),
            Some(OptionValue::Text(text)) => {
                if !text.is_empty() {
                    hints.push(self.list_hint(key, "is a string, which Alembic reads character by character"));
                }
                Ok(text.chars().map(String::from).collect())
            }
            Some(OptionValue::Table(entries)) => {
                hints.push(self.list_hint(key, "is a table, of which Alembic reads the keys"));
                Ok(entries.into_iter().map(|(name, _)| name).collect())
            }
            Some(_) => Err(self.toml.wrong_shape(key, "a list of strings")),
        }
    }

    fn list_hint(&self, key: &str, what: &str) -> String {
        format!("'{key}' in {} {what}: write a list", self.toml.path().display())
    }

    /// `_get_file_separator_char`: the first of `keys` that the ini section has.
    fn separator(&self, keys: &[&'static str]) -> Result<Option<&'static str>, ConfigError> {
        for key in keys {
            let Some(value) = self.main_option(key)? else {
                continue;
            };
            return match value.as_str() {
                "space" => Ok(Some(" ")),
                "newline" => Ok(Some("\n")),
                "os" => Ok(Some(if cfg!(windows) { ";" } else { ":" })),
                ":" => Ok(Some(":")),
                ";" => Ok(Some(";")),
                _ => Err(ConfigError::Separator { value, key }),
            };
        }
        Ok(None)
    }

    fn truncate_slug_length(&self) -> Result<i64, ConfigError> {
        const KEY: &str = "truncate_slug_length";
        let length = match self.alembic_option(KEY)? {
            None => 0,
            Some(OptionValue::Integer(number)) => number,
            Some(OptionValue::Boolean(flag)) => i64::from(flag),
            Some(OptionValue::Text(text)) => python_int(&text).ok_or(ConfigError::SlugLength(text))?,
            Some(_) => return Err(self.toml.wrong_shape(KEY, "a whole number")),
        };
        Ok(if length == 0 { 40 } else { length })
    }

    /// Alembic's `get_hooks_list`: TOML's hooks count only if the ini has no `[post_write_hooks]`.
    pub fn post_write_hooks(&self) -> Result<Vec<HookConfig>, ConfigError> {
        const KEY: &str = "post_write_hooks";
        let Some(items) = self.ini.items(KEY)? else {
            return self.toml_hooks(KEY);
        };
        let names = items.iter().find(|(key, _)| key == "hooks").map_or("", |(_, names)| names.as_str());
        let hooks = legacy_split(names, false).into_iter().filter(|name| !name.is_empty()).map(|name| {
            let prefix = format!("{name}.");
            let own =
                items.iter().filter_map(|(key, value)| Some((key.strip_prefix(&prefix)?.to_owned(), value.clone())));
            HookConfig { options: own.collect(), name }
        });
        Ok(hooks.collect())
    }

    fn toml_hooks(&self, key: &'static str) -> Result<Vec<HookConfig>, ConfigError> {
        let tables = match self.toml.alembic_value(key)? {
            None => return Ok(Vec::new()),
            Some(OptionValue::Tables(tables)) => tables,
            Some(OptionValue::List(items)) if items.is_empty() => return Ok(Vec::new()),
            Some(_) => return Err(self.toml.wrong_shape(key, "a list of tables")),
        };
        let hooks = tables.into_iter().enumerate().map(|(index, mut options)| {
            let position = options.iter().position(|(key, _)| key == "name");
            let position = position
                .ok_or_else(|| ConfigError::HookName { path: self.toml.path().to_owned(), number: index + 1 })?;
            let (_, name) = options.remove(position);
            Ok(HookConfig { name, options: options.into_iter().collect() })
        });
        hooks.collect()
    }

    /// `Path(path).absolute()`
    fn absolute(&self, path: &str) -> PathBuf {
        match pure_path(path).as_str() {
            "." => self.cwd.clone(),
            path => self.cwd.join(path),
        }
    }
}

/// Alembic's `coerce_resource_to_filename`, as the text of a path: `package:directory` is looked up.
fn resource(location: &str, packages: &dyn PackageResolver, roots: &[PathBuf]) -> Result<String, ConfigError> {
    if Path::new(location).is_absolute() || !location.contains(':') {
        return Ok(pure_path(location));
    }
    let mut parts = location.split(':');
    let package = parts.next().unwrap_or_default();
    let mut directory = packages.resolve(package, roots).ok_or_else(|| ConfigError::NoPackage(location.to_owned()))?;
    directory.extend(parts);
    Ok(pure_path(&directory.to_string_lossy()))
}

/// `[part.strip() for part in text.split(separator) if part]`
fn split(text: &str, separator: &str) -> Vec<String> {
    text.split(separator).filter(|part| !part.is_empty()).map(|part| strip(part).to_owned()).collect()
}

/// `re.split(r", *|(?: +)", text)`, with `colons` also on `:`; empty parts stay, as in Alembic.
fn legacy_split(text: &str, colons: bool) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c| c == ',' || c == ' ' || (colons && c == ':')) {
        parts.push(rest[..at].to_owned());
        let after = &rest[at + 1..];
        rest = if rest[at..].starts_with(':') { after } else { after.trim_start_matches(' ') };
    }
    parts.push(rest.to_owned());
    parts
}

/// Python's `int(text)` for a number that fits.
fn python_int(text: &str) -> Option<i64> {
    let text = strip(text);
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let grouped = digits.split('_').all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    if !grouped {
        return None;
    }
    text.replace('_', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DEFAULT_INI_SECTION, PackageFolders, ProjectOptions};

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new(ini: &str, toml: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir(folder.path().join("m")).unwrap();
            std::fs::write(folder.path().join("alembic.ini"), ini).unwrap();
            std::fs::write(folder.path().join("pyproject.toml"), toml).unwrap();
            Self(folder)
        }

        fn settings(&self) -> Result<ScriptSettings, ConfigError> {
            let options = ProjectOptions {
                cwd: self.0.path().to_owned(),
                config: Vec::new(),
                alembic_config: None,
                script_location: None,
                section: DEFAULT_INI_SECTION.to_owned(),
            };
            Project::load(&options)?.script_settings(&PackageFolders::default())
        }

        fn versions(&self) -> Vec<String> {
            let prefix = format!("{}/", self.0.path().display());
            let versions = self.settings().unwrap().locations.versions;
            versions.iter().map(|path| path.display().to_string().replacen(&prefix, "", 1)).collect()
        }
    }

    fn ini(lines: &str) -> Folder {
        Folder::new(&format!("[alembic]\nscript_location = m\n{lines}"), "")
    }

    #[test]
    fn defaults() {
        let folder = ini("");
        let settings = folder.settings().unwrap();
        assert_eq!(folder.versions(), ["m/versions"]);
        assert_eq!((settings.truncate_slug_length, settings.file_template.as_str()), (40, "%(rev)s_%(slug)s"));
        assert_eq!((settings.output_encoding.as_str(), settings.timezone), ("utf-8", None));
        assert!(!settings.has_version_locations);
    }

    #[test]
    fn version_locations_split_by_separators_old_and_new() {
        let split = |lines: &str| ini(&format!("version_locations = {lines}\n")).versions();
        assert_eq!(split("a:b\npath_separator = os"), ["a", "b"]);
        assert_eq!(split("a;; b\npath_separator = ;"), ["a", "b"]);
        assert_eq!(split("\n  a x\n  b\npath_separator = newline"), ["a x", "b"]);
        assert_eq!(split("a b\nversion_path_separator = space"), ["a", "b"]);
        assert_eq!(split("a, b  c"), ["a", "b", "c"]);
        assert_eq!(split("a:b\npath_separator = os\nversion_path_separator = space"), ["a", "b"]);
    }

    #[test]
    fn legacy_splitting_keeps_empty_parts() {
        assert_eq!(legacy_split("a , b", false), ["a", "", "b"]);
        assert_eq!(legacy_split("a:b", false), ["a:b"]);
        assert_eq!(legacy_split("a: b", true), ["a", "", "b"]);
    }

    #[test]
    fn a_toml_string_is_read_by_character() {
        let folder = Folder::new("", "[tool.alembic]\nscript_location = \"m\"\nversion_locations = \"ab\"\n");
        assert_eq!(folder.versions(), ["a", "b"]);
        assert_eq!(folder.settings().unwrap().hints.len(), 1);
    }

    #[test]
    fn failures_are_alembics() {
        let error = |folder: &Folder| folder.settings().unwrap_err();
        let missing = error(&Folder::new("", ""));
        assert_eq!(missing.to_string(), "No 'script_location' key found in configuration.");
        assert!(missing.is_command_error());
        let directory = error(&Folder::new("[alembic]\nscript_location = ./no//where/\n", ""));
        assert_eq!(
            directory.to_string(),
            "Path doesn't exist: no/where.  Please use the 'init' command to create a new scripts folder."
        );
        assert!(directory.is_command_error());
        let separator = error(&ini("version_locations = a\npath_separator = |\n"));
        assert_eq!(
            separator.to_string(),
            "'|' is not a valid value for path_separator; expected 'space', 'newline', 'os', ':', ';'"
        );
        assert!(!separator.is_command_error());
        assert!(!error(&ini("truncate_slug_length = x\n")).is_command_error());
    }

    #[test]
    fn hooks_of_the_ini_hide_those_of_toml() {
        let toml = "[tool.alembic]\n[[tool.alembic.post_write_hooks]]\nname = \"t\"\ntype = \"exec\"\n";
        let names = |ini: &str| {
            let settings = Folder::new(&format!("[alembic]\nscript_location = m\n{ini}"), toml).settings().unwrap();
            settings.hooks.into_iter().map(|hook| (hook.name, hook.options)).collect::<Vec<_>>()
        };
        let options = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect::<std::collections::BTreeMap<_, _>>()
        };
        assert_eq!(names(""), [("t".to_owned(), options(&[("type", "exec")]))]);
        assert_eq!(names("[post_write_hooks]\n"), []);
        let ini = "[post_write_hooks]\nhooks = a, b\na.type = exec\na.options = REVISION_SCRIPT_FILENAME\nb.type = x\n";
        let a = options(&[("type", "exec"), ("options", "REVISION_SCRIPT_FILENAME")]);
        assert_eq!(names(ini), [("a".to_owned(), a), ("b".to_owned(), options(&[("type", "x")]))]);
    }

    #[test]
    fn slug_lengths_as_python_reads_integers() {
        for (text, expected) in [(" 1_0 ", Some(10)), ("-5", Some(-5)), ("1__0", None), ("", None), ("4.0", None)] {
            assert_eq!(python_int(text), expected, "{text}");
        }
    }
}
