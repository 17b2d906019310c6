//! Where every tenant stands, read concurrently without Python: one short connection a database.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{Tenant, TenantError};
use crate::database::{
    Access, Connection, DatabaseError, DatabaseUrl, Dialect, Environment, VersionTableName, wait_for_database,
};
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
    /// How long databases that do not answer yet are waited for, all together.
    pub patience: Option<Duration>,
    /// Whether migrating a tenant may make its schema: env.py does what limbec does not know of.
    pub makes_schemas: bool,
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
    /// Where it is not there: a sentence without a full stop. Some are made by migrating them, and are behind.
    pub absence: Option<String>,
    /// Which database and schema it is, however the URL spells it, where that could be told.
    pub place: Option<String>,
}

impl Surveyed {
    /// Where it stands, in one word; what is not there is missing.
    pub fn state(&self) -> &'static str {
        if self.absence.is_some() { MISSING } else { self.standing.name() }
    }

    /// Why it is not current, where more is known than how many steps it is behind.
    pub fn reason(&self) -> Option<&str> {
        self.standing.reason().or(self.absence.as_deref())
    }
}

const MISSING: &str = "missing";

/// How many tenants are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TenantTotals {
    /// All.
    pub tenants: usize,
    /// At the newest revision.
    pub current: usize,
    /// With steps to do.
    pub behind: usize,
    /// Whose database or schema is not there.
    pub missing: usize,
    /// With a version table that makes no sense.
    pub inconsistent: usize,
    /// With a version table that could not be read.
    pub unreachable: usize,
}

impl TenantTotals {
    /// Counts.
    pub fn of(surveyed: &[Surveyed]) -> Self {
        let mut totals = Self { tenants: surveyed.len(), ..Self::default() };
        for found in surveyed {
            *match (&found.absence, &found.standing) {
                (Some(_), _) | (None, Standing::Missing { .. }) => &mut totals.missing,
                (None, Standing::AtTarget { .. }) => &mut totals.current,
                (None, Standing::Behind { .. }) => &mut totals.behind,
                (None, Standing::Inconsistent { .. }) => &mut totals.inconsistent,
                (None, Standing::Unreachable { .. }) => &mut totals.unreachable,
            } += 1;
        }
        totals
    }
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
    /// Its database or its schema is not there, and migrating it would not make it.
    Missing {
        /// What is not there, without a full stop.
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
            Self::Missing { .. } | Self::Unreachable { .. } => &[],
        }
    }

    /// In one word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AtTarget { .. } => "current",
            Self::Behind { .. } => "behind",
            Self::Inconsistent { .. } => "inconsistent",
            Self::Missing { .. } => MISSING,
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
            Self::Inconsistent { reason, .. } | Self::Missing { reason } | Self::Unreachable { reason } => Some(reason),
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
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..request.connections.clamp(1, groups.len().max(1)) {
            scope.spawn(|| {
                while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let read = read(request, group, &tenants, began);
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
        let reading = found.remove(&position).unwrap_or_default();
        let standing = match (&url, reading.rows) {
            (Err(error), _) => Standing::Unreachable { reason: error.to_string() },
            (Ok(_), Ok(rows)) => judge.standing(rows),
            (Ok(_), Err(standing)) => standing,
        };
        let (absence, place) = (reading.absence, reading.place);
        Surveyed { tenant: Arc::new(tenant), url: url.ok(), table, standing, absence, place }
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
        let standing = judge.standing(rows);
        Ok(Surveyed { tenant: Arc::new(tenant), url, table, standing, absence: None, place: None })
    });
    each.collect()
}

/// Tells tenants apart that lead to one database and schema, however their URLs spell it: they would be migrated as two, and each count as done.
///
/// # Errors
/// Two of them do.
pub fn check_apart(surveyed: &[Surveyed]) -> Result<(), TenantError> {
    let mut known: HashMap<String, &str> = HashMap::new();
    for found in surveyed {
        let Some(url) = &found.url else { continue };
        let spelled = spelling(url, found.tenant.schema.as_deref());
        for key in spelled.into_iter().chain(found.place.as_ref().map(|place| format!("place {place}"))) {
            match known.insert(key, &found.tenant.name) {
                Some(one) if one != found.tenant.name => {
                    let schema = found.tenant.schema.as_deref();
                    let schema = schema.map(|schema| format!(", schema {schema}")).unwrap_or_default();
                    let (one, other) = (one.to_owned(), found.tenant.name.clone());
                    return Err(TenantError::SamePlace { one, other, place: format!("{}{schema}", url.obfuscated()) });
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// A URL with the schema, where two that are the same lead to the same place. A role may have a search path of its own: the user counts. The driver does not.
fn spelling(url: &DatabaseUrl, schema: Option<&str>) -> Option<String> {
    if url.dialect() == Dialect::Sqlite && !matches!(url.sqlite_file(), Ok(Some(_))) {
        return None;
    }
    let text = url.accepted_by_sqlalchemy().without_password().with_password();
    let place = text.split_once("://").map_or(text.as_str(), |(_, place)| place);
    Some(format!("{:?} {place} {schema:?}", url.dialect()))
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

/// What was read of a tenant.
#[derive(Debug, Clone)]
struct Reading {
    /// Or why there are none to judge.
    rows: Result<Vec<RevisionId>, Standing>,
    absence: Option<String>,
    place: Option<String>,
}

impl Default for Reading {
    fn default() -> Self {
        Self::unreachable("it was not looked at".to_owned())
    }
}

impl Reading {
    fn unreachable(reason: String) -> Self {
        Self { rows: Err(Standing::Unreachable { reason }), absence: None, place: None }
    }

    /// `is_made`: by migrating it.
    fn missing(reason: String, is_made: bool) -> Self {
        let rows = if is_made { Ok(Vec::new()) } else { Err(Standing::Missing { reason: reason.clone() }) };
        Self { rows, absence: Some(reason), place: None }
    }

    fn of(rows: Result<Vec<RevisionId>, DatabaseError>) -> Self {
        let rows = rows.map_err(|error| Standing::Unreachable { reason: error.to_string() });
        Self { rows, absence: None, place: None }
    }
}

fn read(request: &SurveyRequest<'_>, group: &Group, tenants: &[Tenant], began: Instant) -> Vec<(usize, Reading)> {
    let all = |reading: Reading| group.members.iter().map(|position| (*position, reading.clone())).collect();
    let mut connection = match open(request, &group.url, began) {
        Ok(connection) => connection,
        Err(error @ DatabaseError::NoDatabase { .. }) => return all(Reading::missing(error.to_string(), false)),
        Err(error) => return all(Reading::unreachable(error.to_string())),
    };
    if let Ok(Some(path)) = group.url.sqlite_file() {
        // As Alembic, limbec makes the file.
        let absence = (!path.exists()).then(|| format!("there is no file {}", path.display()));
        let place = canonical(&path);
        let read = |position: &usize| {
            let tenant = tenants.get(*position)?;
            let rows = connection.version_rows(&table_of(request.table, tenant)).map(Option::unwrap_or_default);
            let place = place.as_ref().map(|place| format!("{place} {:?}", tenant.schema));
            Some((*position, Reading { absence: absence.clone(), place, ..Reading::of(rows) }))
        };
        return group.members.iter().filter_map(read).collect();
    }
    // It tells what two spellings have in common; without it they are compared as they are.
    let place = connection.place().ok().flatten();
    let place_of = |tenant: &Tenant| {
        let (server, current) = place.as_ref()?;
        Some(format!("{server} {}", tenant.schema.as_ref().or(current.as_ref())?))
    };
    let readings = rows_of(request, &mut connection, group, tenants);
    let placed = readings.into_iter().map(|(position, reading)| {
        let place = tenants.get(position).and_then(place_of).filter(|_| reading.absence.is_none());
        (position, Reading { place, ..reading })
    });
    placed.collect()
}

fn open(request: &SurveyRequest<'_>, url: &DatabaseUrl, began: Instant) -> Result<Connection, DatabaseError> {
    let open = || Connection::open(url, request.environment, Access::Read);
    match (open(), request.patience) {
        (Err(error), Some(patience)) if error.is_absence() => {
            let left = patience.saturating_sub(began.elapsed());
            wait_for_database(url, request.environment, left, &mut |_| ())?;
            open()
        }
        (opened, _) => opened,
    }
}

/// Without symbolic links; of a file that is not there yet, its folder is.
fn canonical(path: &Path) -> Option<String> {
    let found = path.canonicalize().ok().or_else(|| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(folder.canonicalize().ok()?.join(path.file_name()?))
    });
    found.map(|path| path.display().to_string())
}

fn rows_of(
    request: &SurveyRequest<'_>,
    connection: &mut Connection,
    group: &Group,
    tenants: &[Tenant],
) -> Vec<(usize, Reading)> {
    let members: Vec<(usize, &Tenant)> =
        group.members.iter().filter_map(|position| Some((*position, tenants.get(*position)?))).collect();
    let schemas: Vec<&str> = members.iter().filter_map(|(_, tenant)| tenant.schema.as_deref()).collect();
    let no_schema =
        |schema: &str| Reading::missing(format!("there is no schema {schema} in its database"), request.makes_schemas);
    if schemas.len() == members.len()
        && let Ok(mut rows) = connection.version_rows_in(&request.table.name, &schemas)
    {
        let mut reading = |tenant: &Tenant| {
            let schema = tenant.schema.as_deref().unwrap_or_default();
            rows.remove(schema).map_or_else(|| no_schema(schema), |rows| Reading::of(Ok(rows)))
        };
        return members.iter().map(|(position, tenant)| (*position, reading(tenant))).collect();
    }
    // One that cannot be read does not keep the others from being read.
    let reading = |(position, tenant): (usize, &Tenant)| {
        let rows = connection.version_rows(&table_of(request.table, tenant));
        (position, Reading::of(rows.map(Option::unwrap_or_default)))
    };
    members.into_iter().map(reading).collect()
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
