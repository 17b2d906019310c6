use std::collections::BTreeMap;

use serde::Deserialize;

use super::ask::ask;
use super::{Inventory, RelocateError, Request};
use crate::database::{Connection, DatabaseError, quote_identifier};

const RIGHTS: &str = "SELECT current_user::text AS role, current_database()::text AS database,
        pg_catalog.has_database_privilege(current_database(), 'CREATE') AS may_create_schemas,
        pg_catalog.has_schema_privilege($1, 'USAGE') AS may_use_source,
        (SELECT pg_catalog.has_schema_privilege(n.oid, 'CREATE') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
            FROM pg_catalog.pg_namespace n WHERE n.nspname = $2) AS may_create_objects,
        (SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
                AND pg_catalog.has_table_privilege(c.oid, 'INSERT') AND pg_catalog.has_table_privilege(c.oid, 'UPDATE')
                AND pg_catalog.has_table_privilege(c.oid, 'DELETE')
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = $3 AND c.relname = $4) AS may_write_history";

#[derive(Deserialize)]
struct Rights {
    role: String,
    database: String,
    may_create_schemas: bool,
    may_use_source: bool,
    /// `None`: the target is not there.
    may_create_objects: Option<bool>,
    /// `None`: there is no history.
    may_write_history: Option<bool>,
}

/// Refuses before anything is tried what the role may not do; every grant that it needs is named.
pub(super) fn check(
    connection: &mut Connection,
    request: &Request,
    inventory: &Inventory,
) -> Result<(), RelocateError> {
    let history = &request.history;
    let parameters = [&request.from, &request.to, history.schema.as_deref().unwrap_or_default(), &history.name];
    let Some(rights) = ask::<Rights>(connection, RIGHTS, &parameters)?.into_iter().next() else {
        return Ok(());
    };
    let role = quote_identifier(&rights.role);
    let (mut what, mut grants) = (Vec::new(), Vec::new());
    if !rights.may_use_source {
        what.push(format!("use the schema {}", request.from));
        grants.push(format!("GRANT USAGE ON SCHEMA {} TO {role};", quote_identifier(&request.from)));
    }
    match rights.may_create_objects {
        None if !rights.may_create_schemas => {
            what.push(format!("create the schema {}", request.to));
            grants.push(format!("GRANT CREATE ON DATABASE {} TO {role};", quote_identifier(&rights.database)));
        }
        Some(false) => {
            what.push(format!("create objects in the schema {}", request.to));
            grants.push(format!("GRANT USAGE, CREATE ON SCHEMA {} TO {role};", quote_identifier(&request.to)));
        }
        _ => {}
    }
    if rights.may_write_history == Some(false) {
        what.push(format!("write to the history {history}"));
        if let Some(schema) = &history.schema {
            grants.push(format!("GRANT USAGE ON SCHEMA {} TO {role};", quote_identifier(schema)));
        }
        grants.push(format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {role};", history.quoted()));
    }
    for (owner, objects) in foreign(inventory) {
        what.push(format!("alter what belongs to {owner} ({})", shortened(&objects)));
        grants.push(format!("GRANT {} TO {role};", quote_identifier(owner)));
    }
    if what.is_empty() {
        return Ok(());
    }
    let Rights { role, database, .. } = rights;
    Err(DatabaseError::MissingGrants { role, database, what, grants }.into())
}

/// What belongs to roles that the current one is no member of.
fn foreign(inventory: &Inventory) -> BTreeMap<&str, Vec<String>> {
    let mut owners: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for object in inventory.objects.iter().filter(|object| !object.is_mine) {
        owners.entry(&object.owner).or_default().push(object.shown());
    }
    owners
}

/// The first few.
pub(super) fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut text = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}
