//! A tenant as JSON or TOML has it. Values are never put into an error: one of them may be a URL with its password.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::config::ListedTenant;
use crate::tenant::one::check_name;

/// The tenants of a document: a list, or a table by their names; a table whose only key is `tenants` has either there.
pub(super) struct Listing(pub(super) Vec<ListedTenant>);

/// A value of JSON or TOML.
enum Value {
    Null,
    Text(String),
    Number(String),
    Boolean,
    List(Vec<Self>),
    Table(Vec<(String, Self)>),
}

/// What becomes of keys that a tenant does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Further {
    /// Somebody writes for limbec, and has misspelt it.
    Refused,
    /// Somebody has more columns than limbec asks for.
    Ignored,
}

const EXPECTED: &str = "a tenant is a name, or a table with 'name', 'url', 'schema' and 'tags'";

impl<'de> Deserialize<'de> for Listing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListingVisitor)
    }
}

/// Takes tenants one by one, so that the reader knows the line of the one that is wrong.
struct ListingVisitor;

impl<'de> Visitor<'de> for ListingVisitor {
    type Value = Listing;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of tenants, or a table by their names")
    }

    /// The default would put the text into the error.
    fn visit_str<E: Error>(self, _: &str) -> Result<Listing, E> {
        Err(E::custom("it should be a list of tenants, or a table by their names"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Listing, A::Error> {
        let mut tenants = Vec::new();
        while let Some(Entry(tenant)) = elements.next_element()? {
            tenants.push(tenant);
        }
        Ok(Listing(tenants))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Listing, A::Error> {
        let mut tenants = Vec::new();
        while let Some(name) = entries.next_key::<String>()? {
            tenants.extend(entries.next_value_seed(Under(name))?);
        }
        Ok(Listing(tenants))
    }
}

/// What is under a key of a table by names: read by the deserializer of the value, which knows its line.
struct Under(String);

impl<'de> DeserializeSeed<'de> for Under {
    type Value = Vec<ListedTenant>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Under {
    type Value = Vec<ListedTenant>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a URL, or a table with 'url', 'schema' and 'tags'")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        named(self.0, Value::Null).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        named(self.0, Value::Text(text.to_owned())).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        match self.0.as_str() {
            "tenants" => ListingVisitor.visit_seq(elements).map(|listing| listing.0),
            name => Err(A::Error::custom(wrong_value(name))),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        named(self.0, ValueVisitor.visit_map(entries)?).map_err(A::Error::custom)
    }
}

struct Entry(ListedTenant);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        listed(Value::deserialize(deserializer)?).map(Self).map_err(D::Error::custom)
    }
}

/// One element of a list.
fn listed(value: Value) -> Result<ListedTenant, String> {
    match value {
        Value::Text(name) => checked(ListedTenant { name, ..ListedTenant::default() }),
        Value::Table(fields) => tenant(fields, None, Further::Refused),
        _ => Err(EXPECTED.to_owned()),
    }
}

/// One entry of a table by names: a URL, a table, or nothing.
fn named(name: String, value: Value) -> Result<Vec<ListedTenant>, String> {
    let tenant = match value {
        Value::Null => checked(ListedTenant { name, ..ListedTenant::default() }),
        Value::Text(url) => checked(ListedTenant { name, url: Some(url), ..ListedTenant::default() }),
        Value::Table(fields) => tenant(fields, Some(name), Further::Refused),
        _ => Err(wrong_value(&name)),
    };
    tenant.map(|tenant| vec![tenant])
}

fn wrong_value(name: &str) -> String {
    format!("'{}' should be a URL, or a table with 'url', 'schema' and 'tags'", name.escape_debug())
}

/// A row of a query, as a JSON object.
pub(super) fn from_row(row: &str) -> Result<ListedTenant, String> {
    match serde_json::from_str(row) {
        Ok(Value::Table(fields)) => tenant(fields, None, Further::Ignored),
        _ => Err("a row cannot be read".to_owned()),
    }
}

fn tenant(fields: Vec<(String, Value)>, name: Option<String>, further: Further) -> Result<ListedTenant, String> {
    let mut tenant = ListedTenant { name: name.clone().unwrap_or_default(), ..ListedTenant::default() };
    let mut has_name = name.is_some();
    let columns: Vec<String> = fields.iter().map(|(key, _)| key.clone()).collect();
    let is_twice = |key: &&str| columns.iter().filter(|column| column == key).count() > 1;
    if let Some(twice) = ["name", "url", "schema", "tags"].iter().find(|key| is_twice(key)) {
        return Err(format!("'{twice}' is given twice"));
    }
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("name", Value::Text(text) | Value::Number(text)) if name.is_none() => {
                (tenant.name, has_name) = (text, true);
            }
            ("url" | "schema", Value::Null) => {}
            ("url", Value::Text(text)) => tenant.url = Some(text).filter(|text| !text.trim().is_empty()),
            ("schema", Value::Text(text)) => tenant.schema = Some(text).filter(|text| !text.is_empty()),
            ("tags", value) => tenant.tags = tags(value)?,
            ("name", _) if name.is_some() => return Err("'name' is given twice: it is the key".to_owned()),
            ("name" | "url" | "schema", _) => return Err(format!("'{key}' should be a text")),
            (_, _) if further == Further::Ignored => {}
            _ => return Err(format!("a tenant has no '{}'; it has name, url, schema and tags", key.escape_debug())),
        }
    }
    if !has_name {
        return Err(match further {
            Further::Refused => "a tenant has no 'name'".to_owned(),
            Further::Ignored => format!("there is no column 'name', only {}", columns.join(", ").escape_debug()),
        });
    }
    checked(tenant)
}

/// A list of texts, or a text that is such a list in JSON or has commas.
fn tags(value: Value) -> Result<Vec<String>, String> {
    let wrong = || "'tags' should be a list of texts, or a text with commas".to_owned();
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Text(text) => tags_of(&text).ok_or_else(wrong),
        Value::List(values) => {
            let text = |value| match value {
                Value::Text(text) | Value::Number(text) => Ok(text),
                _ => Err(wrong()),
            };
            values.into_iter().map(text).collect()
        }
        _ => Err(wrong()),
    }
}

/// The tags of a text: a JSON list, or separated by commas.
pub(super) fn tags_of(text: &str) -> Option<Vec<String>> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).ok();
    }
    Some(text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect())
}

/// Refuses a name where its place is still known.
pub(super) fn checked(tenant: ListedTenant) -> Result<ListedTenant, String> {
    match check_name(&tenant.name) {
        Ok(()) => Ok(tenant),
        Err(reason) => Err(format!("'{}' cannot be a tenant's name: {reason}", tenant.name.escape_debug())),
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Boolean)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    /// Whoever has such a name has not meant it.
    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Boolean)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = elements.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields: Vec<(String, Value)> = Vec::new();
        while let Some((key, value)) = entries.next_entry::<String, Value>()? {
            fields.push((key, value));
        }
        Ok(Value::Table(fields))
    }
}
