use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::definitions::{Definition, Definitions};
use super::event::Event;
use super::finish::sequences;
use super::plan::CopyPlan;
use super::removal::dependents;
use super::run::{Watch, prelude};
use super::tables::RowTable;
use crate::catalogue::{Catalogue, Scope};
use crate::database::{Connection, Transaction, quote_identifier};
use crate::relocate::ask::ask;
use crate::relocate::inventory::in_schema;
use crate::relocate::{Inventory, RelocateError, Request};

/// How the rows of both sides are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// Their number.
    Count,
    /// Their number, and a checksum over all values that does not depend on the order.
    Hash,
}

/// The rows of a table on both sides, which are alike.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Compared {
    /// The table.
    #[serde(skip)]
    pub name: String,
    /// How many there are.
    pub rows: u64,
    /// The checksum, if asked for.
    pub hash: Option<String>,
}

/// Compares everything: definitions, the catalogue as the rest of limbec reads it, sequences, rows.
///
/// # Errors
/// `Differs`, with all that differs.
pub(super) fn compare(
    connection: &mut Connection,
    request: &Request,
    (plan, tables, verify): (&CopyPlan, &[RowTable], Verify),
    watch: &mut Watch<'_>,
) -> Result<Vec<Compared>, RelocateError> {
    let mut transaction = connection.begin()?;
    transaction.run(&prelude(request))?;
    let mut differences = definitions(&mut transaction, request, plan)?;
    differences.extend(catalogues(&mut transaction, request, &plan.inventory)?);
    differences.extend(references(&mut transaction, request, &plan.inventory)?);
    differences.extend(values(&mut transaction, request, &plan.inventory)?);
    let mut compared = Vec::new();
    for table in tables {
        watch(&Event::Comparing { name: table.name.clone() })?;
        let is_hashed = verify == Verify::Hash;
        let mut side = |place: String| -> Result<Option<Compared>, RelocateError> {
            Ok(ask::<Compared>(transaction.connection(), &table.summary(&place, is_hashed), &[])?.into_iter().next())
        };
        let (source, target) = (side(table.source())?, side(table.target())?);
        if let (Some(source), Some(target)) = (source, target) {
            differences.extend(difference(&table.name, &source, &target));
            compared.push(Compared { name: table.name.clone(), ..source });
        }
    }
    if differences.is_empty() {
        return Ok(compared);
    }
    Err(RelocateError::Differs { from: request.from.clone(), differences })
}

fn difference(name: &str, source: &Compared, target: &Compared) -> Option<String> {
    if source.rows != target.rows {
        return Some(format!("table {name} has {} rows, its copy {}", source.rows, target.rows));
    }
    (source.hash != target.hash).then(|| format!("table {name} has other values than its copy"))
}

/// The statements that would make the copy anew are those that have made it.
fn definitions(
    transaction: &mut Transaction<'_>,
    request: &Request,
    plan: &CopyPlan,
) -> Result<Vec<String>, RelocateError> {
    let inventory = Inventory { objects: in_schema(transaction.connection(), &request.to)?, left: Vec::new() };
    let there = Definitions::read(transaction.connection(), (&request.to, &request.to), &inventory)?;
    let key = |definition: &Definition| (definition.kind.clone(), definition.name.clone());
    let made: BTreeMap<(String, String), &str> =
        there.all().map(|definition| (key(definition), definition.sql.as_str())).collect();
    let unlike = plan.definitions.all().filter_map(|wanted| match made.get(&key(wanted)) {
        Some(sql) if *sql == wanted.sql => None,
        Some(sql) => Some(format!("{} is `{sql}`, not `{}`", wanted.shown(), wanted.sql)),
        None => Some(format!("{} is missing", wanted.shown())),
    });
    Ok(unlike.collect())
}

/// The same by another reader, of the copied tables and what stands beside them.
fn catalogues(
    transaction: &mut Transaction<'_>,
    request: &Request,
    inventory: &Inventory,
) -> Result<Vec<String>, RelocateError> {
    let copied: BTreeSet<&str> = inventory.objects.iter().filter_map(|object| object.relation.as_deref()).collect();
    let mut sides = Vec::new();
    for schema in [&request.from, &request.to] {
        let path = [schema.as_str(), request.from.as_str()];
        transaction.run(&super::definitions::search_path(&path))?;
        let scope = Scope::schemas([schema.clone()]).with_default(schema.clone());
        let mut read = Catalogue::read(transaction.connection(), &scope)?;
        read.relations.retain(|name, _| copied.contains(name.name.as_str()));
        // Comments are compared by their statements. Extensions and schemas are none of the copy.
        read.comments.clear();
        without_schema(&mut read, schema);
        sides.push(read);
    }
    transaction.run(&prelude(request))?;
    let [source, target] = sides.as_mut_slice() else { return Ok(Vec::new()) };
    // What was in the target before is nobody's business, and with some tables alone most of the source is not copied.
    source.enums.retain(|name, _| target.enums.contains_key(name));
    source.objects.retain(|key, _| target.objects.contains_key(key));
    target.enums.retain(|name, _| source.enums.contains_key(name));
    target.objects.retain(|key, _| source.objects.contains_key(key));
    Ok(Catalogue::difference(source, target).iter().map(ToString::to_string).collect())
}

/// Some definitions name their own table or function with its schema, whatever the search path: the first name there is.
fn without_schema(catalogue: &mut Catalogue, schema: &str) {
    let quoted = format!("{}.", quote_identifier(schema));
    let bare = format!("{schema}.");
    let strip = |text: &mut String| {
        let prefix = if text.contains(&quoted) { &quoted } else { &bare };
        *text = text.replacen(prefix, "", 1);
    };
    for relation in catalogue.relations.values_mut() {
        relation.indexes.iter_mut().for_each(|index| strip(&mut index.definition));
        relation.parts.values_mut().for_each(strip);
    }
    catalogue.objects.values_mut().for_each(strip);
}

/// Nothing of the copy may need the source.
fn references(
    transaction: &mut Transaction<'_>,
    request: &Request,
    inventory: &Inventory,
) -> Result<Vec<String>, RelocateError> {
    let there: BTreeSet<String> =
        in_schema(transaction.connection(), &request.to)?.into_iter().map(|object| object.key).collect();
    let copied = inventory.keys();
    let found = dependents(transaction.connection(), &request.from)?;
    let wrong = found.into_iter().filter(|one| there.contains(&one.holder) && copied.contains(one.needed.as_str()));
    Ok(wrong.map(|one| format!("in the copy, {}", one.text)).collect())
}

/// Sequences that would not go on where the source's are.
fn values(
    transaction: &mut Transaction<'_>,
    request: &Request,
    inventory: &Inventory,
) -> Result<Vec<String>, RelocateError> {
    let mut differences = Vec::new();
    for sequence in sequences(transaction.connection(), request, inventory)? {
        let sql = format!(
            "SELECT (a.last_value = b.last_value AND a.is_called = b.is_called)::text FROM {} a, {} b",
            sequence.source, sequence.target
        );
        let same = transaction.connection().first_column(&sql, &[])?;
        if same.first().map(String::as_str) != Some("true") {
            differences.push(format!("sequence {} has another value than its copy", sequence.name));
        }
    }
    Ok(differences)
}
