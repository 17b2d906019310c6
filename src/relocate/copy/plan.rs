use sha2::{Digest, Sha256};

use super::definitions::{Definitions, search_path};
use super::obstacles;
use super::progress::{Phase, Progress, Record};
use crate::database::{Connection, quote_identifier};
use crate::relocate::ask::check_dialect;
use crate::relocate::target::Schemas;
use crate::relocate::{Inventory, RelocateError, Request, Warning, collisions, privileges, records, warnings};

/// A copy, looked at and possible, not yet done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyPlan {
    /// What is copied.
    pub inventory: Inventory,
    /// What people trip over afterwards.
    pub warnings: Vec<Warning>,
    pub(super) definitions: Definitions,
    pub(super) schema: Vec<String>,
    pub(super) record: Option<Record>,
    pub(super) has_history: bool,
    source: String,
}

impl CopyPlan {
    /// Finds out what would be done; nothing is changed.
    ///
    /// # Errors
    /// Schemas that are not there, names that are taken, rights that are missing, objects that would not be copied exactly.
    pub fn plan(connection: &mut Connection, request: &Request, is_resumed: bool) -> Result<Self, RelocateError> {
        check_dialect(connection)?;
        let schemas = Schemas::read(connection, request)?;
        let record = Progress::new(request).read(connection, schemas.has_target)?;
        check_record(request, record.as_ref(), is_resumed)?;
        let inventory = Inventory::read(connection, request)?;
        if schemas.has_target && !is_resumed {
            // Names of the source that are not copied would be found in the target first.
            let everything = Request { tables: Vec::new(), ..request.clone() };
            let everything = Inventory::read(connection, &everything)?;
            collisions::check(connection, request, &everything)?;
        }
        privileges::check(connection, request, &inventory)?;
        let mut warnings = schemas.warnings;
        let found = warnings::read(connection, request, &inventory)?;
        // What cannot be copied either is refused; the functions of a range are made with it.
        warnings.extend(found.into_iter().filter(|warning| warning.code != "not-moved"));
        let has_history = records::exists(connection, request)?;
        let mut transaction = connection.begin()?;
        transaction.run(&search_path(&[&request.from]))?;
        obstacles::check(transaction.connection(), request, &inventory)?;
        let definitions = Definitions::read(transaction.connection(), (&request.from, &request.to), &inventory)?;
        let source = request.from.clone();
        let schema = schemas.statements;
        Ok(Self { inventory, warnings, definitions, schema, record, has_history, source })
    }

    /// The statements that make the structure, in order.
    pub fn statements(&self) -> Vec<String> {
        let definitions = self.definitions.all().map(|definition| definition.sql.clone());
        self.schema.iter().cloned().chain(definitions).collect()
    }

    /// Of the structure that is copied.
    pub(super) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for definition in self.definitions.all() {
            hash.update(definition.sql.as_bytes());
            hash.update([0]);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The tables of the source that can be locked, as SQL.
    pub(super) fn lockable(&self) -> Vec<String> {
        let quoted = |name: &str| format!("{}.{}", quote_identifier(&self.source), quote_identifier(name));
        self.inventory.tables().map(quoted).collect()
    }
}

fn check_record(request: &Request, record: Option<&Record>, is_resumed: bool) -> Result<(), RelocateError> {
    let Request { from, to, .. } = request.clone();
    match record {
        None if is_resumed => Err(RelocateError::NothingToResume { from, to }),
        Some(record) if !is_resumed && record.phase != Phase::Complete => {
            Err(RelocateError::Unfinished { from, to, when: record.began.clone() })
        }
        _ => Ok(()),
    }
}
