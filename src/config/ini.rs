use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::error::{ConfigError, IniFault};
use super::interpolation;
use crate::script::python_text::strip;

/// The section whose options every other section inherits.
pub const DEFAULT_SECTION: &str = "DEFAULT";

/// An ini file as Python's `ConfigParser` reads it: strict, basic interpolation, no inline comments.
///
/// Values are interpolated when they are read, so a bad `%` fails only then.
#[derive(Debug, Clone, Default)]
pub struct Ini {
    path: PathBuf,
    present: bool,
    defaults: IniSection,
    sections: IndexMap<String, IniSection>,
}

/// Options of one section by their folded name, in the order of their first appearance.
pub(super) type IniSection = IndexMap<String, IniOption>;

/// One option as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IniOption {
    /// The value before interpolation.
    pub(super) raw: String,
    /// Line of the key, from 1; 0 for `here`, which is in no file.
    pub(super) line: usize,
}

impl Ini {
    /// Reads the ini file at `path`; a file that cannot be opened counts as an empty one, as for `ConfigParser.read`.
    ///
    /// `here` is the value of `%(here)s`, a default that exists in every section.
    pub fn read(path: &Path, here: &str) -> Result<Self, ConfigError> {
        match std::fs::read(path) {
            Ok(bytes) => {
                let text = String::from_utf8(bytes).map_err(|error| {
                    let valid = error.utf8_error().valid_up_to();
                    let line = 1 + error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count();
                    ConfigError::IniSyntax { path: path.to_owned(), line, fault: IniFault::NotUtf8 }
                })?;
                Self::parse(&text, path, here)
            }
            Err(_) => Ok(Self { path: path.to_owned(), defaults: default_options(here), ..Self::default() }),
        }
    }

    /// Parses the text of an ini file; `path` is for messages.
    pub fn parse(text: &str, path: &Path, here: &str) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(path, here);
        for (index, line) in UniversalLines::new(text).enumerate() {
            reader.line(index + 1, line)?;
        }
        reader.finish()
    }

    /// Where the file is, or would be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file could be opened.
    pub fn is_present(&self) -> bool {
        self.present
    }

    /// Whether `[section]` is in the file; false for `DEFAULT`.
    pub fn has_section(&self, section: &str) -> bool {
        self.sections.contains_key(section)
    }

    /// Names of the sections in the order of the file, without `DEFAULT`.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.sections.keys().map(String::as_str)
    }

    /// `ConfigParser.has_option`: in the section or inherited; never in a section that does not exist.
    pub fn has_option(&self, section: &str, option: &str) -> bool {
        let key = option.to_lowercase();
        if section.is_empty() || section == DEFAULT_SECTION {
            return self.defaults.contains_key(&key);
        }
        self.sections.get(section).is_some_and(|own| own.contains_key(&key) || self.defaults.contains_key(&key))
    }

    /// `ConfigParser.get(section, option, fallback=None)`: the interpolated value.
    pub fn get(&self, section: &str, option: &str) -> Result<Option<String>, ConfigError> {
        if section != DEFAULT_SECTION && !self.has_section(section) {
            return Ok(None);
        }
        let key = option.to_lowercase();
        match self.option(section, &key) {
            Some(found) => interpolation::expand(self, section, &key, &found.raw).map(Some),
            None => Ok(None),
        }
    }

    /// The value before interpolation.
    pub fn raw(&self, section: &str, option: &str) -> Option<&str> {
        self.option(section, &option.to_lowercase()).map(|found| found.raw.as_str())
    }

    /// Line of the key, from 1; `None` where it is absent or comes from no file (`here`).
    pub fn line(&self, section: &str, option: &str) -> Option<usize> {
        self.option(section, &option.to_lowercase()).map(|found| found.line).filter(|line| *line > 0)
    }

    /// `dict(ConfigParser.items(section))`: inherited options first, all interpolated; `None` without such a section.
    ///
    /// One bad value fails the whole section, as in Python.
    pub fn items(&self, section: &str) -> Result<Option<Vec<(String, String)>>, ConfigError> {
        let Some(own) = self.sections.get(section) else {
            return Ok(None);
        };
        let mut names: Vec<&str> = self.defaults.keys().map(String::as_str).collect();
        names.extend(own.keys().map(String::as_str).filter(|name| !self.defaults.contains_key(*name)));
        let mut items = Vec::with_capacity(names.len());
        for name in names {
            if let Some(found) = self.option(section, name) {
                items.push((name.to_owned(), interpolation::expand(self, section, name, &found.raw)?));
            }
        }
        Ok(Some(items))
    }

    /// An option by its folded name, the section's own before an inherited one.
    pub(super) fn option(&self, section: &str, key: &str) -> Option<&IniOption> {
        self.sections.get(section).and_then(|own| own.get(key)).or_else(|| self.defaults.get(key))
    }
}

fn default_options(here: &str) -> IniSection {
    IndexMap::from([("here".to_owned(), IniOption { raw: here.to_owned(), line: 0 })])
}

/// Lines as Python's text mode yields them (`\n`, `\r\n` and `\r` end a line), without their ends.
struct UniversalLines<'a> {
    rest: &'a str,
}

impl<'a> UniversalLines<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text }
    }
}

impl<'a> Iterator for UniversalLines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let Some(end) = self.rest.find(['\n', '\r']) else {
            return Some(std::mem::take(&mut self.rest));
        };
        let line = &self.rest[..end];
        let width = if self.rest[end..].starts_with("\r\n") { 2 } else { 1 };
        self.rest = &self.rest[end + width..];
        Some(line)
    }
}

/// Which of the sections a line belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Current {
    Default,
    Named(String),
}

/// The state of `RawConfigParser._read` between two lines.
struct Reader<'a> {
    path: &'a Path,
    defaults: IniSection,
    sections: IndexMap<String, IniSection>,
    current: Option<Current>,
    /// Options of the current section that were seen in the file (`here` is a default, not an element of the file).
    seen: std::collections::HashSet<(String, String)>,
    option: Option<String>,
    indent: usize,
    /// Python goes on after a line that is no option, and reports at the end unless something worse comes first.
    first_bad_line: Option<(usize, String)>,
}

impl<'a> Reader<'a> {
    fn new(path: &'a Path, here: &str) -> Self {
        Self {
            path,
            defaults: default_options(here),
            sections: IndexMap::new(),
            current: None,
            seen: std::collections::HashSet::new(),
            option: None,
            indent: 0,
            first_bad_line: None,
        }
    }

    fn line(&mut self, number: usize, line: &str) -> Result<(), ConfigError> {
        let text = strip(line);
        if text.starts_with(['#', ';']) {
            return Ok(());
        }
        if text.is_empty() {
            self.append("");
            return Ok(());
        }
        let indent = line.chars().take_while(|c| crate::script::python_text::is_space(*c)).count();
        if self.current.is_some() && self.option.as_deref().is_some_and(|key| !key.is_empty()) && indent > self.indent {
            self.append(text);
            return Ok(());
        }
        self.indent = indent;
        if let Some(name) = header(text) {
            return self.section(number, name);
        }
        if self.current.is_none() {
            return Err(self.fault(number, IniFault::NoSection { text: text.to_owned() }));
        }
        self.assignment(number, text)
    }

    fn section(&mut self, number: usize, name: &str) -> Result<(), ConfigError> {
        self.option = None;
        if self.sections.contains_key(name) {
            return Err(self.fault(number, IniFault::DuplicateSection { name: name.to_owned() }));
        }
        if name == DEFAULT_SECTION {
            self.current = Some(Current::Default);
        } else {
            self.sections.insert(name.to_owned(), IniSection::new());
            self.current = Some(Current::Named(name.to_owned()));
        }
        Ok(())
    }

    fn assignment(&mut self, number: usize, text: &str) -> Result<(), ConfigError> {
        let Some(at) = text.find(['=', ':']) else {
            self.first_bad_line.get_or_insert_with(|| (number, text.to_owned()));
            return Ok(());
        };
        let key = crate::script::python_text::strip_end(&text[..at]).to_lowercase();
        if key.is_empty() {
            self.first_bad_line.get_or_insert_with(|| (number, text.to_owned()));
        }
        let value = strip(&text[at + 1..]).to_owned();
        let section = match &self.current {
            Some(Current::Named(name)) => name.clone(),
            _ => DEFAULT_SECTION.to_owned(),
        };
        if !self.seen.insert((section.clone(), key.clone())) {
            return Err(self.fault(number, IniFault::DuplicateOption { section, option: key }));
        }
        if let Some(options) = self.options() {
            options.insert(key.clone(), IniOption { raw: value, line: number });
        }
        self.option = Some(key);
        Ok(())
    }

    /// Adds a continuation line; trailing empty ones are dropped in the end.
    fn append(&mut self, text: &str) {
        let Some(key) = self.option.clone().filter(|key| !key.is_empty()) else {
            return;
        };
        if let Some(option) = self.options().and_then(|options| options.get_mut(&key)) {
            option.raw.push('\n');
            option.raw.push_str(text);
        }
    }

    fn options(&mut self) -> Option<&mut IniSection> {
        match &self.current {
            Some(Current::Default) => Some(&mut self.defaults),
            Some(Current::Named(name)) => self.sections.get_mut(name),
            None => None,
        }
    }

    fn finish(mut self) -> Result<Ini, ConfigError> {
        if let Some((line, text)) = self.first_bad_line.take() {
            return Err(self.fault(line, IniFault::NoDelimiter { text }));
        }
        for option in self.sections.values_mut().flat_map(IniSection::values_mut).chain(self.defaults.values_mut()) {
            if option.line > 0 {
                option.raw.truncate(crate::script::python_text::strip_end(&option.raw).len());
            }
        }
        Ok(Ini { path: self.path.to_owned(), present: true, defaults: self.defaults, sections: self.sections })
    }

    fn fault(&self, line: usize, fault: IniFault) -> ConfigError {
        ConfigError::IniSyntax { path: self.path.to_owned(), line, fault }
    }
}

/// The name in a section header: from the first `[` to the last `]` of the line; what follows is ignored.
fn header(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?;
    let end = inner.rfind(']')?;
    (end > 0).then(|| &inner[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ini(text: &str) -> Ini {
        Ini::parse(text, Path::new("alembic.ini"), "/project").unwrap()
    }

    fn fault(text: &str) -> String {
        Ini::parse(text, Path::new("alembic.ini"), "/project").unwrap_err().to_string()
    }

    #[test]
    fn keys_are_folded_and_sections_inherit_from_default() {
        let ini = ini("[DEFAULT]\nRoot = /r\n[alembic]\nScript_Location: %(root)s/m # kept\n");
        assert_eq!(ini.get("alembic", "SCRIPT_LOCATION").unwrap().as_deref(), Some("/r/m # kept"));
        assert_eq!(ini.get("alembic", "here").unwrap().as_deref(), Some("/project"));
        assert_eq!(ini.get("other", "root").unwrap(), None);
        assert_eq!(ini.line("alembic", "script_location"), Some(4));
    }

    #[test]
    fn continuation_lines_join_and_comments_inside_vanish() {
        let ini = ini("[a]\nk = one\n\n    two\n# gone\n  ; gone\n    three\n\n\nj=\n");
        assert_eq!(ini.get("a", "k").unwrap().as_deref(), Some("one\n\ntwo\nthree"));
        assert_eq!(ini.get("a", "j").unwrap().as_deref(), Some(""));
    }

    #[test]
    fn faults_name_the_line() {
        assert_eq!(fault("k = v\n"), "alembic.ini, line 1: 'k = v' stands before any section header such as [alembic]");
        assert_eq!(fault("[a]\nk=1\nK : 2\n"), "alembic.ini, line 3: option 'k' appears twice in section [a]");
        assert_eq!(fault("[a]\n[b]\n[a]\n"), "alembic.ini, line 3: section [a] appears twice");
        assert_eq!(fault("[a]\njunk\n"), "alembic.ini, line 2: 'junk' is neither 'key = value' nor a section header");
    }

    #[test]
    fn bad_interpolation_fails_only_when_the_key_is_read() {
        let ini = ini("[a]\ngood = 1\nbad = 100%\n");
        assert_eq!(ini.get("a", "good").unwrap().as_deref(), Some("1"));
        assert!(ini.get("a", "bad").is_err());
        assert!(ini.items("a").is_err());
    }

    #[test]
    fn items_list_inherited_options_first() {
        let ini = ini("[DEFAULT]\nx = 1\n[a]\ny = 2\nx = 3\n");
        let items = ini.items("a").unwrap().unwrap();
        let expected = [("here", "/project"), ("x", "3"), ("y", "2")];
        assert_eq!(items, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }
}
