//! How revision files are named, and what their names say.

use std::path::Path;

use chrono::NaiveDateTime;
use regex::Regex;

use super::{FileNames, LintInput};
use crate::script::python::{FormatPart, format_parts};
use crate::script::{DEFAULT_FILE_TEMPLATE, NameStamps, StampedName};

/// The convention that a project names its revision files by.
#[derive(Debug)]
pub struct NameConvention {
    form: Form,
    /// Characters of the description, at most.
    pub description_length: usize,
}

#[derive(Debug)]
enum Form {
    /// `YYYYMMDD_HHMMSS_description.py`
    Stamped,
    /// By `file_template`.
    Template(Template),
    /// By a pattern of the settings.
    Pattern(Regex),
}

#[derive(Debug)]
struct Template {
    text: String,
    pattern: Regex,
    /// Folders that it makes.
    slashes: usize,
    /// Reads the time.
    stamps: NameStamps,
    tells_time: bool,
    /// Characters of the identifier; `None`: the template does not hold it.
    id: Option<usize>,
}

/// What a file name that follows the convention says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadName {
    /// When it was made, as precisely as the name tells; of which time zone is not known.
    pub time: Option<NaiveDateTime>,
    /// As it is written.
    pub description: Option<String>,
}

impl NameConvention {
    /// The convention that settings and `file_template` ask for. A template that cannot be understood asks for nothing.
    pub(super) fn new(input: &LintInput) -> Self {
        let length = input.settings.description_length;
        let configured = input.new_file_names.file_template.as_deref();
        let template = || configured.and_then(Template::new);
        let form = match &input.settings.file_names {
            FileNames::Pattern(pattern) => Form::Pattern(pattern.clone()),
            FileNames::Timestamp => template().map_or(Form::Stamped, Form::Template),
            FileNames::Template => {
                let template = template().or_else(|| Template::new(DEFAULT_FILE_TEMPLATE));
                template.map_or(Form::Stamped, Form::Template)
            }
        };
        let description_length = match form {
            // Alembic cuts slugs to this length, and may leave an underscore.
            Form::Template(_) => {
                usize::try_from(input.new_file_names.truncate_slug_length).map_or(length, |cut| length.max(cut + 1))
            }
            Form::Stamped | Form::Pattern(_) => length,
        };
        Self { form, description_length }
    }

    /// What a name says; `None`: it does not follow the convention.
    pub fn read(&self, path: &Path) -> Option<ReadName> {
        match &self.form {
            Form::Stamped => StampedName::parse(path.file_name()?.to_str()?).map(ReadName::from),
            Form::Template(template) => template.read(path),
            Form::Pattern(pattern) => {
                let found = pattern.captures(stem(path)?)?;
                let description = found.name("description").or_else(|| found.name("slug"));
                let time = StampedName::parse(path.file_name()?.to_str()?).map(|name| name.time);
                Some(ReadName { time, description: description.map(|group| group.as_str().to_owned()) })
            }
        }
    }

    /// When a file was made, if its name tells it, by this convention or by the default one.
    pub fn time(&self, path: &Path) -> Option<NaiveDateTime> {
        let stamped = || Some(StampedName::parse(path.file_name()?.to_str()?)?.time);
        self.read(path).and_then(|name| name.time).or_else(stamped)
    }

    /// What the name would have to hold of an identifier; `None`: nothing, or nothing that can be told.
    pub fn id_in_name<'i>(&self, id: &'i str) -> Option<&'i str> {
        let Form::Template(Template { id: Some(length), text, .. }) = &self.form else { return None };
        // By Alembic's default anything with an underscore begins with an identifier.
        if text == DEFAULT_FILE_TEMPLATE {
            return None;
        }
        let end = id.char_indices().nth(*length).map_or(id.len(), |(at, _)| at);
        id.get(..end)
    }

    /// Whether it is the default, `YYYYMMDD_HHMMSS_description.py`.
    pub fn is_stamped(&self) -> bool {
        matches!(self.form, Form::Stamped)
    }

    /// For people: what a name should be.
    pub fn form(&self) -> String {
        match &self.form {
            Form::Stamped => "`YYYYMMDD_HHMMSS_description.py`".to_owned(),
            Form::Template(template) => format!("`file_template` (`{}`)", template.text),
            Form::Pattern(pattern) => format!("the pattern `{pattern}`"),
        }
    }
}

impl From<StampedName> for ReadName {
    fn from(name: StampedName) -> Self {
        Self { time: Some(name.time), description: Some(name.slug) }
    }
}

fn stem(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()?.strip_suffix(".py")
}

impl Template {
    fn new(text: &str) -> Option<Self> {
        let mut pattern = String::from("^");
        let mut named: Vec<String> = Vec::new();
        let mut id = None;
        for part in format_parts(text).ok()? {
            let (key, spec, kind) = match part {
                FormatPart::Text(text) => {
                    pattern += &regex::escape(&text);
                    continue;
                }
                FormatPart::Conversion { key, spec, kind } => (key?, spec, kind),
            };
            if key == "rev" {
                id = Some(spec.precision.unwrap_or(usize::MAX));
            }
            let expression = token(&key, if kind == 's' { spec.width } else { spec.precision.unwrap_or(spec.width) })?;
            let is_repeated = named.contains(&key);
            pattern += &if is_repeated { format!("(?:{expression})") } else { format!("(?P<{key}>{expression})") };
            named.push(key);
        }
        let slashes = text.matches('/').count();
        let has = |key: &str| named.iter().any(|named| named == key);
        let tells_time = has("epoch") || ["year", "month", "day"].into_iter().all(has);
        let (pattern, stamps) = (Regex::new(&(pattern + "$")).ok()?, NameStamps::new(text, None));
        Some(Self { text: text.to_owned(), pattern, slashes, stamps, tells_time, id })
    }

    fn read(&self, path: &Path) -> Option<ReadName> {
        let stem = path.to_str()?.strip_suffix(".py")?;
        let start = stem.rmatch_indices('/').nth(self.slashes).map_or(0, |(at, _)| at + 1);
        let found = self.pattern.captures(stem.get(start..)?)?;
        let slug = found.name("slug").map(|slug| slug.as_str().to_owned());
        if slug.as_ref().is_some_and(|slug| slug.chars().all(|c| c == '_')) {
            return None;
        }
        let time = self.stamps.stamp(stem.get(start..)?).map(|stamp| stamp.time);
        // Digits in the right places that are no date.
        (time.is_some() || !self.tells_time).then_some(ReadName { time, description: slug })
    }
}

/// What a token of `file_template` may look like; `None`: there is no such token.
fn token(key: &str, least: usize) -> Option<String> {
    let digits = |most: usize| format!(r" *\d{{{},{most}}}", least.clamp(1, most));
    Some(match key {
        "rev" => "[^/]+?".to_owned(),
        "slug" => r"\w*".to_owned(),
        "year" => digits(4),
        "month" | "day" | "hour" | "minute" | "second" => digits(2),
        "epoch" => r" *\d+".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(template: &str, path: &str) -> Option<(String, String)> {
        let name = Template::new(template).unwrap().read(Path::new(path))?;
        let time = name.time.map(|time| time.to_string()).unwrap_or_default();
        Some((time, name.description.unwrap_or_default()))
    }

    fn both(time: &str, description: &str) -> Option<(String, String)> {
        Some((time.to_owned(), description.to_owned()))
    }

    #[test]
    fn templates_are_read_back() {
        let dated = "%(year)d_%(month).2d_%(day)02d_%(hour).2d%(minute).2d-%(rev)s_%(slug)s";
        assert_eq!(read(dated, "/v/2024_02_29_2359-abc_add_x.py"), both("2024-02-29 23:59:00", "add_x"));
        for wrong in ["/v/2023_02_29_2359-abc_add_x.py", "/v/2024_2_29_2359-abc_x.py", "/v/abc_x.py", "/v/a/b.py"] {
            assert_eq!(read(dated, wrong), None, "{wrong}");
        }
        assert_eq!(read("%(rev)s_%(slug)s", "/v/ab_c.py"), both("", "c"));
        assert_eq!(read("%(rev)s_%(slug)s", "/v/abc_.py"), None);
        assert_eq!(read("%(epoch)s_%(slug)s", "/v/1700000000_übergröße.py"), both("2023-11-14 22:13:20", "übergröße"));
        assert_eq!(read("%(year)d/%(month).2d%%/%(slug)s", "/v/2024/02%/x.py"), both("", "x"));
        assert_eq!(read("%(year)d/%(month).2d%%/%(slug)s", "/v/x.py"), None);
    }

    #[test]
    fn what_is_no_template_is_none() {
        for wrong in ["%(nope)s", "%(rev", "%s"] {
            assert!(Template::new(wrong).is_none(), "{wrong}");
        }
    }
}
