use std::collections::BTreeMap;
use std::fmt;

use super::{Catalogue, Column, Constraint, Generation, Index, Relation};

/// Something in which two readings of a catalogue differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In words, without an article: `table`, `column`, `foreign key`.
    pub object: String,
    /// Its name, with those of its schema (unless it is the default one) and its table: `sales.orders.id`.
    pub name: String,
    /// In what.
    pub change: Change,
}

/// What has become of an object from one reading to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Only the second reading has it.
    Left,
    /// Only the first reading has it.
    Gone,
    /// Both have it, and it is not the same.
    Changed {
        /// What of it, in words; `None`: what it is (a column's type).
        attribute: Option<&'static str>,
        /// In the first reading; `None`: nothing.
        before: Option<String>,
        /// In the second.
        after: Option<String>,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.object, self.name)?;
        match &self.change {
            Change::Left => f.write_str(" is left"),
            Change::Gone => f.write_str(" is gone"),
            Change::Changed { attribute, before, after } => {
                let text = |value: &Option<String>| one_line(value.as_deref().unwrap_or("none"));
                f.write_str(": ")?;
                if let Some(attribute) = attribute {
                    write!(f, "{attribute} ")?;
                }
                write!(f, "{} → {}", text(before), text(after))
            }
        }
    }
}

/// A definition of several lines as one, cut where it would be a page.
fn one_line(text: &str) -> String {
    const MOST: usize = 200;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= MOST { text } else { format!("{}…", text.chars().take(MOST).collect::<String>()) }
}

impl Catalogue {
    /// What has changed from one reading to another. What goes with a table that is left or gone (its columns, indexes …) is
    /// not named apart; the order of columns does not count.
    pub fn difference(before: &Self, after: &Self) -> Vec<Difference> {
        let mut found = Findings::default();
        let (old, new) = (&before.relations, &after.relations);
        found.objects(old, new, |name, relation| (relation.kind.word().to_owned(), name.to_string()));
        for (old, new) in common(old, new) {
            relations(old, new, &mut found);
        }
        found.objects(&before.enums, &after.enums, |name, _| ("enum type".to_owned(), name.to_string()));
        for (name, (old, new)) in common_entries(&before.enums, &after.enums) {
            let list = |labels: &[String]| {
                Some(labels.iter().map(|label| format!("'{label}'")).collect::<Vec<_>>().join(", "))
            };
            found.changed(("enum type", &name.to_string()), None, list(old), list(new));
        }
        let word = |(kind, name): &(crate::operation::ObjectKind, String)| (kind.word().to_owned(), name.clone());
        found.objects(&before.objects, &after.objects, |key, _| word(key));
        for (key, (old, new)) in common_entries(&before.objects, &after.objects) {
            found.changed((key.0.word(), &key.1), None, Some(old.clone()), Some(new.clone()));
        }
        comments(before, after, &mut found);
        found.0
    }
}

/// Comments of what is left or gone go with it.
fn comments(before: &Catalogue, after: &Catalogue, found: &mut Findings) {
    let is_whole = |difference: &Difference| !matches!(difference.change, Change::Changed { .. });
    let whole: Vec<String> =
        found.0.iter().filter(|one| is_whole(one)).map(|difference| difference.name.clone()).collect();
    let goes_with = |name: &str| {
        whole
            .iter()
            .any(|of| name.strip_prefix(of.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    };
    let mut keys: Vec<_> = before.comments.keys().chain(after.comments.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys.into_iter().filter(|(_, name)| !goes_with(name)) {
        let comment = |catalogue: &Catalogue| catalogue.comments.get(key).cloned();
        found.changed((&key.0, &key.1), Some("comment"), comment(before), comment(after));
    }
}

#[derive(Default)]
struct Findings(Vec<Difference>);

impl Findings {
    fn push(&mut self, (object, name): (impl Into<String>, impl Into<String>), change: Change) {
        self.0.push(Difference { object: object.into(), name: name.into(), change });
    }

    /// What only one of two maps has.
    fn objects<K: Ord, V>(
        &mut self,
        old: &BTreeMap<K, V>,
        new: &BTreeMap<K, V>,
        words: impl Fn(&K, &V) -> (String, String),
    ) {
        for (key, value) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
            self.push(words(key, value), Change::Gone);
        }
        for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
            self.push(words(key, value), Change::Left);
        }
    }

    fn changed(
        &mut self,
        (object, name): (&str, &str),
        attribute: Option<&'static str>,
        before: Option<String>,
        after: Option<String>,
    ) {
        if before != after {
            self.push((object, name), Change::Changed { attribute, before, after });
        }
    }
}

fn common_entries<'a, K: Ord, V>(
    old: &'a BTreeMap<K, V>,
    new: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = (&'a K, (&'a V, &'a V))> {
    old.iter().filter_map(|(key, value)| Some((key, (value, new.get(key)?))))
}

fn common<'a, K: Ord, V>(old: &'a BTreeMap<K, V>, new: &'a BTreeMap<K, V>) -> impl Iterator<Item = (&'a V, &'a V)> {
    common_entries(old, new).map(|(_, values)| values)
}

fn relations(old: &Relation, new: &Relation, found: &mut Findings) {
    let name = old.name.to_string();
    let word = old.kind.word();
    if old.kind != new.kind {
        let kinds = (old.kind.word().to_owned(), new.kind.word().to_owned());
        found.changed((word, &name), None, Some(kinds.0), Some(kinds.1));
        return;
    }
    found.changed((word, &name), Some("definition"), old.definition.clone(), new.definition.clone());
    let list = |properties: &[String]| Some(properties.join(", ")).filter(|text| !text.is_empty());
    found.changed((word, &name), Some("properties"), list(&old.properties), list(&new.properties));
    let of = |part: &str| format!("{name}.{part}");
    let columns =
        |relation: &Relation| by_name(relation.columns.iter().map(|column| (column.name.clone(), column.clone())));
    let (mine, theirs) = (columns(old), columns(new));
    found.objects(&mine, &theirs, |column, _| ("column".to_owned(), of(column)));
    for (old, new) in common(&mine, &theirs) {
        column(&of(&old.name), old, new, found);
    }
    constraints(old, new, found);
    let indexes =
        |relation: &Relation| by_name(relation.indexes.iter().map(|index| (index.name.clone(), index.clone())));
    let (mine, theirs) = (indexes(old), indexes(new));
    found.objects(&mine, &theirs, |index, _| ("index".to_owned(), of(index)));
    for (old, new) in common(&mine, &theirs) {
        index(&of(&old.name), old, new, found);
    }
    found.objects(&old.parts, &new.parts, |(kind, part), _| (kind.word().to_owned(), of(part)));
    for ((kind, part), (old, new)) in common_entries(&old.parts, &new.parts) {
        found.changed((kind.word(), &of(part)), None, Some(old.clone()), Some(new.clone()));
    }
}

fn by_name<V>(entries: impl Iterator<Item = (String, V)>) -> BTreeMap<String, V> {
    entries.collect()
}

fn column(name: &str, old: &Column, new: &Column, found: &mut Findings) {
    let object = ("column", name);
    found.changed(object, None, Some(old.type_.clone()), Some(new.type_.clone()));
    let null = |column: &Column| Some(if column.nullable { "NULL" } else { "NOT NULL" }.to_owned());
    found.changed(object, None, null(old), null(new));
    found.changed(object, Some("default"), old.default.clone(), new.default.clone());
    let generation = |column: &Column| column.generation.as_ref().map(generation_text);
    found.changed(object, Some("generated"), generation(old), generation(new));
    found.changed(object, Some("collation"), old.collation.clone(), new.collation.clone());
    found.changed(object, Some("sequence"), old.sequence.clone(), new.sequence.clone());
}

fn generation_text(generation: &Generation) -> String {
    match generation {
        Generation::IdentityAlways => "always as identity".to_owned(),
        Generation::IdentityByDefault => "by default as identity".to_owned(),
        Generation::Computed { expression, stored } => {
            format!("as {expression} {}", if *stored { "stored" } else { "virtual" })
        }
    }
}

/// By name where they have one, by what they say where they have none.
fn constraints(old: &Relation, new: &Relation, found: &mut Findings) {
    let key = |constraint: &Constraint| {
        (constraint.name.clone(), constraint.name.is_none().then(|| constraint.definition.clone()))
    };
    let keyed = |relation: &Relation| -> BTreeMap<_, _> {
        relation.constraints.iter().map(|constraint| (key(constraint), constraint.clone())).collect()
    };
    let (mine, theirs) = (keyed(old), keyed(new));
    let shown = |constraint: &Constraint| {
        let name = constraint.name.as_ref().unwrap_or(&constraint.definition);
        format!("{}.{name}", old.name)
    };
    let word = |constraint: &Constraint| constraint.kind.word().to_owned();
    found.objects(&mine, &theirs, |_, constraint| (word(constraint), shown(constraint)));
    for (one, other) in common(&mine, &theirs) {
        let definition = |constraint: &Constraint| Some(constraint.definition.clone());
        found.changed((&word(one), &shown(one)), None, definition(one), definition(other));
    }
}

fn index(name: &str, old: &Index, new: &Index, found: &mut Findings) {
    found.changed(("index", name), None, Some(old.definition.clone()), Some(new.definition.clone()));
    let validity = |index: &Index| Some(if index.valid { "valid" } else { "invalid" }.to_owned());
    found.changed(("index", name), None, validity(old), validity(new));
}
