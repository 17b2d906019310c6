//! Where every tenant stands, read concurrently without Python: one short connection a database.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Tenant, TenantError};
use crate::database::{Access, Connection, DatabaseError, DatabaseUrl, Dialect, Environment, VersionTableName};
use crate::migrate::Operation;
use crate::plan::Plan;
use crate::revision::{RevisionId, RevisionMap};

/// How tenants are looked at.
#[derive(Clone, Copy)]
pub struct SurveyRequest<'a> {
    /// The history.
    pub map: &'a RevisionMap,
    /// What they are planned for.
    pub operation: &'a Operation,
    /// Their version table; its schema is that of the tenant, if that has one.
    pub table: &'a VersionTableName,
    /// What a connection may take from the environment.
    pub environment: &'a Environment,
    /// Variables of the environment.
    pub variable: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// How many connections there are at a time, at most.
    pub connections: usize,
}

/// A tenant that was looked at.
#[derive(Debug, Clone)]
pub struct Surveyed {
    /// The tenant.
    pub tenant: Arc<Tenant>,
    /// Its database, where the URL could be found.
    pub url: Option<DatabaseUrl>,
    /// Its version table.
    pub table: VersionTableName,
    /// What was found.
    pub standing: Standing,
}

/// Where a tenant stands, as its version table says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is to be done.
    AtTarget {
        /// The rows.
        rows: Vec<RevisionId>,
    },
    /// These steps lead to the target.
    Behind {
        /// The rows; none where there is no version table either.
        rows: Vec<RevisionId>,
        /// Shared by all tenants with the same rows.
        plan: Arc<Plan>,
    },
    /// The rows make no sense to this history: unknown, or one above the other.
    Inconsistent {
        /// The rows.
        rows: Vec<RevisionId>,
        /// Why, without a full stop.
        reason: String,
    },
    /// The version table could not be read.
    Unreachable {
        /// Why, without a full stop.
        reason: String,
    },
}

impl Standing {
    /// The rows of the version table, as far as they are known.
    pub fn rows(&self) -> &[RevisionId] {
        match self {
            Self::AtTarget { rows } | Self::Behind { rows, .. } | Self::Inconsistent { rows, .. } => rows,
            Self::Unreachable { .. } => &[],
        }
    }

    /// In one word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AtTarget { .. } => "current",
            Self::Behind { .. } => "behind",
            Self::Inconsistent { .. } => "inconsistent",
            Self::Unreachable { .. } => "unreachable",
        }
    }

    /// How many steps lead to the target.
    pub fn pending(&self) -> usize {
        match self {
            Self::Behind { plan, .. } => plan.steps.len(),
            _ => 0,
        }
    }

    /// Why that is not known.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Inconsistent { reason, .. } | Self::Unreachable { reason } => Some(reason),
            Self::AtTarget { .. } | Self::Behind { .. } => None,
        }
    }
}

/// Tenants of one database.
struct Group {
    url: DatabaseUrl,
    /// Positions in the list of tenants.
    members: Vec<usize>,
}

/// Looks at every tenant; the order stays.
pub fn survey(request: &SurveyRequest<'_>, tenants: Vec<Tenant>) -> Vec<Surveyed> {
    let urls: Vec<Result<DatabaseUrl, TenantError>> =
        tenants.iter().map(|tenant| tenant.database_url(request.variable)).collect();
    let groups = groups(&tenants, &urls);
    let found = Mutex::new(HashMap::new());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..request.connections.clamp(1, groups.len().max(1)) {
            scope.spawn(|| {
                while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let read = rows_of(request, group, &tenants);
                    found.lock().unwrap_or_else(PoisonError::into_inner).extend(read);
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut judge = Judge { request, plans: HashMap::new() };
    let each = tenants.into_iter().zip(urls).enumerate();
    each.map(|(position, (tenant, url))| {
        let table = table_of(request.table, &tenant);
        let standing = match (&url, found.remove(&position)) {
            (Err(error), _) => Standing::Unreachable { reason: error.to_string() },
            (Ok(_), Some(Ok(rows))) => judge.standing(rows),
            (Ok(_), Some(Err(reason))) => Standing::Unreachable { reason },
            (Ok(_), None) => Standing::Unreachable { reason: "it was not looked at".to_owned() },
        };
        Surveyed { tenant: Arc::new(tenant), url: url.ok(), table, standing }
    })
    .collect()
}

/// Tenants that somebody else has looked at, and the rows that were found: nothing is asked of their databases.
///
/// # Errors
/// The URL of one of them is not where the settings say.
pub fn recorded(
    request: &SurveyRequest<'_>,
    tenants: Vec<(Tenant, Vec<RevisionId>)>,
) -> Result<Vec<Surveyed>, TenantError> {
    let mut judge = Judge { request, plans: HashMap::new() };
    let each = tenants.into_iter().map(|(tenant, rows)| {
        let url = Some(tenant.database_url(request.variable)?);
        let table = table_of(request.table, &tenant);
        Ok(Surveyed { tenant: Arc::new(tenant), url, table, standing: judge.standing(rows) })
    });
    each.collect()
}

/// Tells tenants apart that lead to one database and schema: they would be migrated as two, and each count as done.
///
/// # Errors
/// Two of them do.
pub fn check_apart(surveyed: &[Surveyed]) -> Result<(), TenantError> {
    let mut known: HashMap<(String, Option<&str>), &str> = HashMap::new();
    for found in surveyed {
        let Some(url) = &found.url else { continue };
        if url.dialect() == Dialect::Sqlite && !matches!(url.sqlite_file(), Ok(Some(_))) {
            continue;
        }
        // A role may have a search path of its own: the user counts. The driver does not.
        let text = url.accepted_by_sqlalchemy().without_password().with_password();
        let place = text.split_once("://").map_or(text.as_str(), |(_, place)| place);
        let schema = found.tenant.schema.as_deref();
        let key = (format!("{:?} {place}", url.dialect()), schema);
        if let Some(one) = known.insert(key, &found.tenant.name) {
            let schema = schema.map(|schema| format!(", schema {schema}")).unwrap_or_default();
            let (one, other) = (one.to_owned(), found.tenant.name.clone());
            return Err(TenantError::SamePlace { one, other, place: format!("{}{schema}", url.obfuscated()) });
        }
    }
    Ok(())
}

/// The version table of a tenant.
fn table_of(table: &VersionTableName, tenant: &Tenant) -> VersionTableName {
    match &tenant.schema {
        Some(schema) => table.clone().in_schema(Some(schema.clone())),
        None => table.clone(),
    }
}

fn groups(tenants: &[Tenant], urls: &[Result<DatabaseUrl, TenantError>]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut by_url: HashMap<String, usize> = HashMap::new();
    for (position, url) in urls.iter().enumerate() {
        let Ok(url) = url else { continue };
        let has_schema = tenants.get(position).is_some_and(|tenant| tenant.schema.is_some());
        let key = url.with_password();
        match by_url.get(&key).and_then(|group| groups.get_mut(*group)).filter(|_| has_schema) {
            Some(group) => group.members.push(position),
            None => {
                by_url.insert(key, groups.len());
                groups.push(Group { url: url.clone(), members: vec![position] });
            }
        }
    }
    groups
}

type Rows = Result<Vec<RevisionId>, String>;

fn rows_of(request: &SurveyRequest<'_>, group: &Group, tenants: &[Tenant]) -> Vec<(usize, Rows)> {
    let all = |rows: Rows| group.members.iter().map(|position| (*position, rows.clone())).collect();
    let mut connection = match Connection::open(&group.url, request.environment, Access::Read) {
        Ok(connection) => connection,
        Err(error) => return all(Err(error.to_string())),
    };
    let members: Vec<(usize, &Tenant)> =
        group.members.iter().filter_map(|position| Some((*position, tenants.get(*position)?))).collect();
    let schemas: Vec<&str> = members.iter().filter_map(|(_, tenant)| tenant.schema.as_deref()).collect();
    if schemas.len() == members.len()
        && members.len() > 1
        && let Ok(mut rows) = connection.version_rows_in(&request.table.name, &schemas)
    {
        let mut rows_in =
            |schema: &Option<String>| rows.remove(schema.as_deref().unwrap_or_default()).unwrap_or_default();
        return members.iter().map(|(position, tenant)| (*position, Ok(rows_in(&tenant.schema)))).collect();
    }
    // One that cannot be read does not keep the others from being read.
    members
        .into_iter()
        .map(|(position, tenant)| {
            let rows: Result<_, DatabaseError> = connection.version_rows(&table_of(request.table, tenant));
            (position, rows.map(Option::unwrap_or_default).map_err(|error| error.to_string()))
        })
        .collect()
}

/// Plans once for all tenants with the same rows.
struct Judge<'a> {
    request: &'a SurveyRequest<'a>,
    plans: HashMap<Vec<RevisionId>, Standing>,
}

impl Judge<'_> {
    fn standing(&mut self, rows: Vec<RevisionId>) -> Standing {
        let mut key = rows.clone();
        key.sort();
        if let Some(known) = self.plans.get(&key) {
            return known.clone();
        }
        let standing = self.judge(rows);
        self.plans.insert(key, standing.clone());
        standing
    }

    fn judge(&self, rows: Vec<RevisionId>) -> Standing {
        let map = self.request.map;
        if let Some(unknown) = rows.iter().find(|row| map.position(row.as_str()).is_none()) {
            let reason = format!(
                "its version table has {unknown}, which no file here has: it is ahead of this code, or the file was deleted"
            );
            return Standing::Inconsistent { rows, reason };
        }
        if let Some((above, below)) = overlapping(map, &rows) {
            let reason = format!("its version table has both {below} and {above}, which builds on it");
            return Standing::Inconsistent { rows, reason };
        }
        match self.request.operation.plan(map, &rows) {
            // Without rows Alembic's upgrade creates the table even if there is nothing else to do.
            Ok(plan) if plan.steps.is_empty() && (!rows.is_empty() || self.is_downgrade()) => {
                Standing::AtTarget { rows }
            }
            Ok(plan) => Standing::Behind { rows, plan: Arc::new(plan) },
            Err(error) => Standing::Inconsistent { rows, reason: error.to_string() },
        }
    }

    fn is_downgrade(&self) -> bool {
        matches!(self.request.operation, Operation::Downgrade { .. })
    }
}

/// Two rows of which the first builds on the second.
fn overlapping<'a>(map: &RevisionMap, rows: &'a [RevisionId]) -> Option<(&'a RevisionId, &'a RevisionId)> {
    let builds_on = |above: &RevisionId, below: &RevisionId| {
        let (above, below) = (map.position(above.as_str())?, map.position(below.as_str())?);
        Some(above != below && map.is_ancestor(below, above))
    };
    rows.iter().find_map(|above| {
        let below = rows.iter().find(|below| builds_on(above, below).unwrap_or(false))?;
        Some((above, below))
    })
}
