use std::path::Path;

use super::csv;
use super::entry::{Listing, checked};
use crate::config::ListedTenant;
use crate::tenant::TenantError;

/// How a file lists tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Toml,
    /// With a heading; the character is what separates its columns.
    Csv(u8),
    /// One name a line.
    Lines,
}

/// Why a text lists no tenants, and where: a line from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: Option<usize>,
    pub(super) reason: String,
}

impl Fault {
    pub(super) fn at(line: usize, reason: impl Into<String>) -> Self {
        Self { line: Some(line), reason: reason.into() }
    }

    /// The error for a place that has lines.
    pub(super) fn of(self, place: &str) -> TenantError {
        let line = self.line.map(|line| format!(", line {line}")).unwrap_or_default();
        TenantError::Source { place: format!("{place}{line}"), reason: self.reason }
    }
}

/// The tenants of a file: JSON, TOML, CSV with a heading or one name a line, by its extension or else by how it begins.
pub(super) fn read(path: &Path) -> Result<Vec<ListedTenant>, TenantError> {
    let place = path.display().to_string();
    let failed = |error: std::io::Error| TenantError::Source { place: place.clone(), reason: error.to_string() };
    let bytes = std::fs::read(path).map_err(failed)?;
    let text = text_of(&bytes).map_err(|fault| fault.of(&place))?;
    let listed = match format_of(path, text) {
        Format::Json => json(text),
        Format::Toml => toml(text),
        Format::Csv(separator) => csv::read(text, separator),
        Format::Lines => lines(text),
    };
    listed.map_err(|fault| fault.of(&place))
}

/// UTF-8, without the mark that Windows programs put before it.
pub(super) fn text_of(bytes: &[u8]) -> Result<&str, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        Fault::at(1 + before.iter().filter(|byte| **byte == b'\n').count(), "it is not UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn format_of(path: &Path, text: &str) -> Format {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("json") => return Format::Json,
        Some("toml") => return Format::Toml,
        Some("csv") => return Format::Csv(b','),
        Some("tsv") => return Format::Csv(b'\t'),
        Some("txt" | "list") => return Format::Lines,
        _ => {}
    }
    let mut start = text.trim_start().chars();
    match start.next() {
        Some('{') => Format::Json,
        Some('[') => match start.as_str().trim_start().chars().next() {
            Some('"' | '{' | ']') => Format::Json,
            _ => Format::Toml,
        },
        _ => {
            let heading = text.lines().next().unwrap_or_default();
            let has_name = |separator| heading.contains(separator) && heading.split(separator).any(csv::is_name);
            match [',', '\t'].into_iter().find(|separator| has_name(*separator)) {
                Some(',') => Format::Csv(b','),
                Some(_) => Format::Csv(b'\t'),
                None => Format::Lines,
            }
        }
    }
}

/// A JSON list of tenants, or an object by their names.
pub(super) fn json(text: &str) -> Result<Vec<ListedTenant>, Fault> {
    serde_json::from_str(text).map(|Listing(tenants)| tenants).map_err(|error| {
        let sentence = error.to_string();
        // The place is said once, in words of ours.
        let reason = sentence.split(" at line ").next().unwrap_or_default().to_owned();
        Fault { line: Some(error.line()).filter(|line| *line > 0), reason: is_no(error.is_data(), "JSON", reason) }
    })
}

fn toml(text: &str) -> Result<Vec<ListedTenant>, Fault> {
    match toml::from_str(text) {
        Ok(Listing(tenants)) => Ok(tenants),
        Err(error) => {
            let line = |span: std::ops::Range<usize>| {
                let before = text.as_bytes().get(..span.start).unwrap_or_default();
                1 + before.iter().filter(|byte| **byte == b'\n').count()
            };
            // What is no TOML has no values either.
            let is_data = toml::from_str::<toml::Table>(text).is_ok();
            let reason = is_no(is_data, "TOML", error.message().to_owned());
            Err(Fault { line: error.span().map(line), reason })
        }
    }
}

fn is_no(is_data: bool, format: &str, reason: String) -> String {
    if is_data { reason } else { format!("it is no {format}: {reason}") }
}

/// One name a line; empty lines and those that begin with `#` are none.
fn lines(text: &str) -> Result<Vec<ListedTenant>, Fault> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let names = numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    names
        .map(|(number, name)| {
            let tenant = ListedTenant { name: name.to_owned(), ..ListedTenant::default() };
            checked(tenant).map_err(|reason| Fault::at(number, reason))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(name: &str, text: impl AsRef<[u8]>) -> Result<Vec<ListedTenant>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        read(&path).map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
    }

    fn names(name: &str, text: &str) -> Vec<String> {
        read_as(name, text).unwrap().into_iter().map(|tenant| tenant.name).collect()
    }

    fn foo() -> ListedTenant {
        ListedTenant {
            name: "foo".to_owned(),
            url: Some("env:FOO".to_owned()),
            schema: Some("f".to_owned()),
            tags: vec!["eu".to_owned(), "big".to_owned()],
        }
    }

    #[test]
    fn every_format_has_the_same_tenants() {
        let full = "\"url\": \"env:FOO\", \"schema\": \"f\", \"tags\": [\"eu\", \"big\"]";
        for (name, text) in [
            ("t.json", format!("[\"acme\", {{\"name\": \"foo\", {full}}}]")),
            ("t.json", format!("{{\"acme\": null, \"foo\": {{{full}}}}}")),
            ("t", format!("\u{feff} {{\"tenants\": [\"acme\", {{\"name\": \"foo\", {full}}}]}}")),
            ("t.toml", "tenants = [\"acme\", { name = \"foo\", url = \"env:FOO\", schema = \"f\", tags = [\"eu\", \"big\"] }]".into()),
            ("t.toml", "[acme]\n[foo]\nurl = \"env:FOO\"\nschema = \"f\"\ntags = \"eu, big\"\n".into()),
            ("t.conf", "[[tenants]]\nname = \"acme\"\n[[tenants]]\nname = \"foo\"\nurl = \"env:FOO\"\nschema = \"f\"\ntags = \"eu,big\"".into()),
            ("t.csv", "name,url,schema,tags\r\nacme,,,\r\nfoo,env:FOO,f,\"eu, big\"\r\n".into()),
            ("t", "Tags,NAME,url,schema,founded\n,acme,,,2001\n\"[\"\"eu\"\",\"\"big\"\"]\",foo,env:FOO,f,2002\n".into()),
            ("t.tsv", "name\turl\tschema\ttags\nacme\nfoo\tenv:FOO\tf\teu,big\n".into()),
        ] {
            let tenants = read_as(name, &text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(tenants.len(), 2, "{text}");
            assert_eq!((tenants[0].name.as_str(), tenants[0].url.as_deref()), ("acme", None), "{text}");
            assert_eq!(tenants[1], foo(), "{text}");
        }
        assert_eq!(
            names("tenants", "# ours\nacme\r\n\n  foo  \nname, with a comma\n"),
            ["acme", "foo", "name, with a comma"]
        );
        assert_eq!(names("t.csv", "name\nacme\n\n"), ["acme"]);
        assert_eq!(names("t.json", "{\"acme\": \"sqlite:///a\"}"), ["acme"]);
        for nothing in [("t.json", "[]"), ("t.json", "{}"), ("t.toml", ""), ("t", ""), ("t.csv", "name\n")] {
            assert!(names(nothing.0, nothing.1).is_empty());
        }
    }

    #[test]
    fn faults_have_file_and_line_and_no_values() {
        let fault = |name: &str, text: &[u8]| read_as(name, text).unwrap_err();
        let cannot = |rest: &str| format!("cannot read the tenants from {rest}");
        for (name, text, expected) in [
            (
                "t.json",
                "[\n\"acme\",\n{\"nam\": \"s3cret\"}]",
                "t.json, line 3: a tenant has no 'nam'; it has name, url, schema and tags",
            ),
            ("t.json", "[\n{\"url\": \"s3cret\"}]", "t.json, line 2: a tenant has no 'name'"),
            ("t.json", "[\n{\"name\": \"a\", \"name\": \"b\"}]", "t.json, line 2: 'name' is given twice"),
            (
                "t.json",
                "[\n1]",
                "t.json, line 2: a tenant is a name, or a table with 'name', 'url', 'schema' and 'tags'",
            ),
            ("t.json", "{\"a\": {\"name\": \"b\"}}", "t.json, line 1: 'name' is given twice: it is the key"),
            (
                "t.json",
                "{\"a\":\n[\"s3cret\"]}",
                "t.json, line 2: 'a' should be a URL, or a table with 'url', 'schema' and 'tags'",
            ),
            ("t.json", "[\n\"../x\"]", "t.json, line 2: '../x' cannot be a tenant's name: it has a slash"),
            (
                "t.json",
                "[{\"name\": \"a\", \"tags\": [{}]}]",
                "t.json, line 1: 'tags' should be a list of texts, or a text with commas",
            ),
            ("t.json", "[\"a\",\n", "t.json, line 2: it is no JSON: EOF while parsing a value"),
            ("t.json", "\"s3cret\"", "t.json, line 1: it should be a list of tenants, or a table by their names"),
            (
                "t.toml",
                "\n[acme]\nurl = s3cret\n",
                "t.toml, line 3: it is no TOML: string values must be quoted, expected literal string",
            ),
            ("t.toml", "\n[acme]\nurl = 5\n", "t.toml, line 2: 'url' should be a text"),
            ("t.csv", "nam,url\na,s3cret\n", "t.csv, line 1: there is no column 'name', only nam, url"),
            ("t.csv", "name,url\na,s3cret,x\n", "t.csv, line 2: it has 3 columns, and the heading has 2"),
            (
                "t.csv",
                "name\n\n\"a\nb\"\n",
                "t.csv, line 3: 'a\\nb' cannot be a tenant's name: it has a control character",
            ),
            (
                "t.csv",
                "name,tags\na,[s3cret\n",
                "t.csv, line 2: 'tags' should be a list of texts, or a text with commas",
            ),
            ("t", "acme\n-rf\n", "t, line 2: '-rf' cannot be a tenant's name: it begins with a dash"),
            (
                "t",
                "acme\n\u{202e}foo\n",
                "t, line 2: '\\u{202e}foo' cannot be a tenant's name: it has an invisible character",
            ),
        ] {
            assert_eq!(fault(name, text.as_bytes()), cannot(expected), "{text}");
        }
        assert_eq!(fault("t.json", b"[\n\"a\xff\"]"), cannot("t.json, line 2: it is not UTF-8"));
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap_err().to_string().contains("Is a directory"));
        assert!(read(&folder.path().join("t.json")).unwrap_err().to_string().contains("No such file"));
    }

    #[test]
    fn a_million_lines_are_read() {
        let text: String = (0..1_000_000).map(|number| format!("tenant_{number}\n")).collect();
        assert_eq!(read_as("tenants.txt", &text).unwrap().len(), 1_000_000);
    }
}
