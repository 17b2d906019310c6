//! What a live database has, and no revision makes.

use std::collections::BTreeSet;

use crate::catalogue::{Catalogue, RelationKind};
use crate::database::{OWN_SCHEMA, quote_identifier};
use crate::operation::{ObjectKind, TableName};
use crate::schema::Schema;

/// An object of a live database that no revision makes, as far as that can be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unmanaged {
    /// In words, without an article: `table`, `extension`.
    pub object: String,
    /// With its schema, unless that is the default one; a function's with its arguments.
    pub name: String,
    is: Is,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Is {
    Schema,
    Relation(TableName),
    EnumType(TableName),
    Object(ObjectKind),
}

/// What the squashed revisions make.
#[derive(Debug, Clone, Copy)]
pub struct Managed<'a> {
    /// What they fold to.
    pub schema: &'a Schema,
    /// The tables that they work on, whoever has made them.
    pub tables: &'a BTreeSet<TableName>,
    /// Their texts: where something was not understood, a name in them counts.
    pub texts: &'a [String],
    /// The schema of names without one.
    pub default: &'a str,
}

impl Managed<'_> {
    /// What a catalogue has beside it, by kind and name. Of a schema that is not theirs only the schema is named.
    pub fn others(&self, catalogue: &Catalogue) -> Vec<Unmanaged> {
        let mut others = Vec::new();
        let schemas: BTreeSet<&String> = catalogue
            .objects
            .keys()
            .filter(|(kind, name)| *kind == ObjectKind::Schema && !self.makes_schema(catalogue, name))
            .map(|(_, name)| name)
            .collect();
        let is_elsewhere = |name: &TableName| name.schema.as_ref().is_some_and(|schema| schemas.contains(schema));
        for (name, relation) in catalogue.relations.iter().filter(|(name, _)| !is_elsewhere(name)) {
            if !self.makes_relation(name, relation.kind) {
                others.push(Unmanaged::new(relation.kind.word(), name.to_string(), Is::Relation(name.clone())));
            }
        }
        for name in catalogue.enums.keys().filter(|name| !is_elsewhere(name)) {
            if self.schema.enum_type(&self.bare(name).to_string()).is_none() && !self.names(&name.name) {
                others.push(Unmanaged::new("enum type", name.to_string(), Is::EnumType(name.clone())));
            }
        }
        for (kind, name) in catalogue.objects.keys() {
            let is_made = match kind {
                ObjectKind::Schema => !schemas.contains(name),
                _ => schema_of(catalogue, name).is_some_and(|of| schemas.contains(&of)) || self.makes(*kind, name),
            };
            if !(is_made || *kind == ObjectKind::Schema && name == OWN_SCHEMA) {
                let is = if *kind == ObjectKind::Schema { Is::Schema } else { Is::Object(*kind) };
                others.push(Unmanaged::new(kind.word(), name.clone(), is));
            }
        }
        others.sort();
        others
    }

    fn makes_schema(&self, catalogue: &Catalogue, name: &str) -> bool {
        catalogue.default_schema.as_deref() == Some(name)
            || name == self.default
            || name != OWN_SCHEMA && self.names(name)
            || self.schema.tables().any(|table| table.name.schema.as_deref() == Some(name))
            || self.schema.has_object(ObjectKind::Schema, name)
    }

    fn makes_relation(&self, name: &TableName, kind: RelationKind) -> bool {
        let bare = self.bare(name);
        let is_known = self.schema.table(&bare).is_some()
            || self.tables.contains(&bare)
            || [ObjectKind::View, ObjectKind::MaterializedView, ObjectKind::Table]
                .iter()
                .any(|object| self.schema.has_object(*object, &bare.to_string()));
        is_known || (!kind.is_table() || self.schema.may_be_incomplete()) && self.names(&name.name)
    }

    fn makes(&self, kind: ObjectKind, name: &str) -> bool {
        let bare = name.split('(').next().unwrap_or(name);
        let last = bare.rsplit('.').next().unwrap_or(bare);
        self.schema.has_object(kind, bare) || self.schema.has_object(kind, last) || self.names(last)
    }

    /// Without the default schema.
    fn bare(&self, name: &TableName) -> TableName {
        let schema = name.schema.clone().filter(|schema| schema != self.default);
        TableName { schema, name: name.name.clone() }
    }

    /// Whether a squashed file has this word.
    fn names(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let stands_alone = |text: &String| {
            text.match_indices(&word).any(|(at, _)| {
                let before = text[..at].chars().next_back();
                let after = text[at + word.len()..].chars().next();
                !before.is_some_and(is_part) && !after.is_some_and(is_part)
            })
        };
        !word.is_empty() && self.texts.iter().any(stands_alone)
    }
}

/// The schema before the first dot, where there is one of that name.
fn schema_of(catalogue: &Catalogue, name: &str) -> Option<String> {
    let (schema, _) = name.split('(').next().unwrap_or(name).split_once('.')?;
    catalogue.objects.contains_key(&(ObjectKind::Schema, schema.to_owned())).then(|| schema.to_owned())
}

impl Unmanaged {
    fn new(object: &str, name: String, is: Is) -> Self {
        Self { object: object.to_owned(), name, is }
    }

    /// For people.
    pub fn shown(&self) -> String {
        format!("{} {}", self.object, self.name)
    }

    /// The name of the schema, if it is one.
    pub(super) fn schema(&self) -> Option<&str> {
        (self.is == Is::Schema).then_some(self.name.as_str())
    }

    /// The name of the extension, if it is one.
    pub(super) fn extension(&self) -> Option<&str> {
        (self.is == Is::Object(ObjectKind::Extension)).then_some(self.name.as_str())
    }

    /// Takes it out of a catalogue.
    pub fn remove_from(&self, catalogue: &mut Catalogue) {
        match &self.is {
            Is::Schema => remove_schema(catalogue, &self.name),
            Is::Relation(name) => drop(catalogue.relations.remove(name)),
            Is::EnumType(name) => drop(catalogue.enums.remove(name)),
            Is::Object(kind) => drop(catalogue.objects.remove(&(*kind, self.name.clone()))),
        }
        let bare = self.name.split('(').next().unwrap_or_default();
        let is_its =
            |name: &str| name.strip_prefix(bare).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '(']));
        catalogue.comments.retain(|(_, name), _| !is_its(name));
    }

    /// The statement that drops it, without what depends on it; `None`: it is not in a copy to begin with.
    pub(super) fn drop_statement(&self) -> Option<String> {
        match &self.is {
            Is::Schema | Is::Object(ObjectKind::Extension) => None,
            Is::Relation(name) => {
                let kind = if self.object == "virtual table" { "TABLE".to_owned() } else { self.object.to_uppercase() };
                Some(format!("DROP {kind} {}", quoted(name)))
            }
            Is::EnumType(name) => Some(format!("DROP TYPE {}", quoted(name))),
            Is::Object(kind) => {
                let (name, arguments) = match self.name.find('(') {
                    Some(at) => self.name.split_at(at),
                    None => (self.name.as_str(), ""),
                };
                let name = match name.split_once('.') {
                    Some((schema, name)) => format!("{}.{}", quote_identifier(schema), quote_identifier(name)),
                    None => quote_identifier(name),
                };
                let word = match kind {
                    ObjectKind::Function | ObjectKind::Procedure => "ROUTINE".to_owned(),
                    kind => kind.word().to_uppercase(),
                };
                Some(format!("DROP {word} {name}{arguments}"))
            }
        }
    }
}

fn quoted(name: &TableName) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", quote_identifier(schema), quote_identifier(&name.name)),
        None => quote_identifier(&name.name),
    }
}

/// Takes a schema with all that is in it out of a catalogue.
pub fn remove_schema(catalogue: &mut Catalogue, schema: &str) {
    let is_there = |name: &TableName| name.schema.as_deref() == Some(schema);
    let begins = format!("{schema}.");
    catalogue.relations.retain(|name, _| !is_there(name));
    catalogue.enums.retain(|name, _| !is_there(name));
    catalogue
        .objects
        .retain(|(kind, name), _| !(name.starts_with(&begins) || *kind == ObjectKind::Schema && name == schema));
    catalogue.comments.retain(|(_, name), _| name != schema && !name.starts_with(&begins));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn others(catalogue: &Catalogue, texts: &[&str]) -> Vec<String> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let managed =
            Managed { schema: &Schema::default(), tables: &BTreeSet::new(), texts: &texts, default: "public" };
        managed.others(catalogue).iter().map(Unmanaged::shown).collect()
    }

    #[test]
    fn a_schema_of_somebody_else_is_one_thing() {
        let mut catalogue = Catalogue { default_schema: Some("public".to_owned()), ..Catalogue::default() };
        for schema in ["public", "cron", "limbec"] {
            catalogue.objects.insert((ObjectKind::Schema, schema.to_owned()), String::new());
        }
        catalogue.objects.insert((ObjectKind::Function, "cron.run(integer)".to_owned()), String::new());
        catalogue.objects.insert((ObjectKind::Function, "shout(text)".to_owned()), String::new());
        catalogue.objects.insert((ObjectKind::Extension, "citext".to_owned()), String::new());
        assert_eq!(others(&catalogue, &[]), ["extension citext", "function shout(text)", "schema cron"]);
        assert_eq!(others(&catalogue, &["create extension citext; create function shout()"]), ["schema cron"]);
        remove_schema(&mut catalogue, "cron");
        assert_eq!(others(&catalogue, &["citexts and shout_"]), ["extension citext", "function shout(text)"]);
    }

    #[test]
    fn names_are_quoted_where_they_are_dropped() {
        let drop = |name: &str, is| Unmanaged::new("table", name.to_owned(), is).drop_statement();
        let table = TableName { schema: Some("a b".to_owned()), name: "c\"d".to_owned() };
        assert_eq!(drop("", Is::Relation(table)).as_deref(), Some("DROP TABLE \"a b\".\"c\"\"d\""));
        let function = Is::Object(ObjectKind::Function);
        assert_eq!(drop("s.F(a integer)", function).as_deref(), Some("DROP ROUTINE \"s\".\"F\"(a integer)"));
    }
}
