use super::entry::{checked, tags_of};
use super::file::Fault;
use crate::config::ListedTenant;

/// Whether a column has the names.
pub(super) fn is_name(heading: &str) -> bool {
    heading.trim().trim_matches('"').eq_ignore_ascii_case("name")
}

/// Tenants as a table (RFC 4180) whose heading names the columns, in any order; others than limbec's are passed over.
pub(super) fn read(text: &str, separator: u8) -> Result<Vec<ListedTenant>, Fault> {
    // Short rows have empty columns at their end: spreadsheets leave these out.
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let headings = reader.headers().map_err(|error| fault(&error))?.clone();
    let place = |name: &str| headings.iter().position(|heading| heading.trim().eq_ignore_ascii_case(name));
    let Some(name) = place("name") else {
        if headings.is_empty() {
            return Ok(Vec::new());
        }
        let columns: Vec<&str> = headings.iter().collect();
        let columns = columns.join(", ");
        return Err(Fault::at(1, format!("there is no column 'name', only {}", columns.escape_debug())));
    };
    let (url, schema, tags) = (place("url"), place("schema"), place("tags"));
    let mut tenants = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| fault(&error))?;
        let line = || line_of(text, &record);
        if record.len() > headings.len() {
            let reason = format!("it has {} columns, and the heading has {}", record.len(), headings.len());
            return Err(Fault::at(line(), reason));
        }
        let column = |place: Option<usize>| place.and_then(|place| record.get(place)).map(str::trim);
        let text_in = |place| column(place).filter(|text| !text.is_empty()).map(str::to_owned);
        let tags = tags_of(column(tags).unwrap_or_default())
            .ok_or_else(|| Fault::at(line(), "'tags' should be a list of texts, or a text with commas"))?;
        let name = text_in(Some(name)).unwrap_or_default();
        let tenant = ListedTenant { name, url: text_in(url), schema: text_in(schema), tags };
        tenants.push(checked(tenant).map_err(|reason| Fault::at(line(), reason))?);
    }
    Ok(tenants)
}

/// Where a record begins: the reader counts the empty lines before it as part of it.
fn line_of(text: &str, record: &csv::StringRecord) -> usize {
    let start = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or_default();
    let (before, after) = text.as_bytes().split_at(start.min(text.len()));
    let empty = after.iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
    1 + before.iter().chain(empty).filter(|byte| **byte == b'\n').count()
}

fn fault(error: &csv::Error) -> Fault {
    let line = error.position().and_then(|position| usize::try_from(position.line()).ok());
    Fault { line, reason: "it is no CSV".to_owned() }
}
