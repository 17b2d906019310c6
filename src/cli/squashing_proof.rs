//! The databases of a squash: what the history makes beside what the baseline makes.

use super::error::CommandError;
use crate::catalogue::{Catalogue, Change, Difference, Scope};
use crate::database::{Access, Connection, Environment, VersionTableName};
use crate::revision::RevisionMap;
use crate::squash::{Dump, RowPolicy};
use crate::trial::{EnvRuns, Ephemeral, Place, TrialError, build};

/// Where databases are made.
pub(super) struct Site<'a> {
    pub(super) place: &'a Place,
    pub(super) environment: &'a Environment,
    /// The schema of names without one.
    pub(super) default: String,
}

/// A database in which a history has run, with what it has.
pub(super) struct Built {
    pub(super) database: Ephemeral,
    pub(super) table: VersionTableName,
    pub(super) catalogue: Catalogue,
}

impl Built {
    pub(super) fn connect(&self, environment: &Environment) -> Result<Connection, CommandError> {
        Ok(Connection::open(&self.database.url()?, environment, Access::Write)?)
    }
}

/// Everything but the version table.
pub(super) fn scope(table: &VersionTableName) -> Scope {
    Scope::everything().keeping(table.schema.clone()).without(table.clone())
}

impl Site<'_> {
    pub(super) fn built(&self, map: &RevisionMap, python: &mut EnvRuns<'_>, target: &str) -> Result<Built, TrialError> {
        let (database, table) = build(map, self.place, python, target)?;
        let mut connection = Connection::open(&database.url()?, self.environment, Access::Write)?;
        let catalogue = Catalogue::read(&mut connection, &scope(&table))?;
        Ok(Built { database, table, catalogue })
    }

    /// Whether both have the same schema and, with rows, the same rows.
    pub(super) fn compare(&self, history: &Built, baseline: &Built) -> Result<(), CommandError> {
        let differences = Catalogue::difference(&history.catalogue, &baseline.catalogue);
        if differences.is_empty() {
            return Ok(());
        }
        if !matches!(self.place, Place::Server { .. }) {
            return Err(differing(&differences));
        }
        let database = self.place.create()?;
        let connect = || Connection::open(&database.url()?, self.environment, Access::Write).map_err(TrialError::from);
        Dump::reload((&history.database.url()?, self.environment), &mut connect()?)?;
        // Another one: a dump sets a search path for its session.
        let mut connection = connect()?;
        let reloaded = Catalogue::read(&mut connection, &scope(&history.table)).map_err(TrialError::from)?;
        drop(connection);
        database.discard()?;
        match Catalogue::difference(&reloaded, &baseline.catalogue) {
            differences if differences.is_empty() => Ok(()),
            differences => Err(differing(&differences)),
        }
    }

    pub(super) fn privileges(&self, built: &Built) -> Result<Vec<String>, CommandError> {
        let mut connection = built.connect(self.environment)?;
        let url = built.database.url()?;
        Ok(Dump::privileges((&url, self.environment), &mut connection, &built.table, &self.default)?)
    }

    pub(super) fn dump(&self, built: &Built, rows: &RowPolicy) -> Result<Dump, CommandError> {
        let mut connection = built.connect(self.environment)?;
        let url = built.database.url()?;
        let source = (&url, self.environment);
        Ok(Dump::of_ephemeral(source, &mut connection, &built.table, &self.default, rows)?)
    }
}

/// Whether the baseline puts in what the history has put in.
pub(super) fn compare_rows(history: &Dump, baseline: &Dump) -> Result<(), CommandError> {
    let (wanted, made) = (history.rows(), baseline.rows());
    let odd = wanted.symmetric_difference(&made).next();
    let Some(odd) = odd else { return Ok(()) };
    let line: String = odd.lines().next().unwrap_or_default().chars().take(200).collect();
    Err(CommandError::crashed("the baseline does not put the same rows into the tables")
        .caused_by(line)
        .hint("nothing was written"))
}

pub(super) fn differing(differences: &[Difference]) -> CommandError {
    named(CommandError::crashed("the baseline does not make the schema that the history makes"), differences)
}

fn named(failure: CommandError, differences: &[Difference]) -> CommandError {
    const MOST: usize = 10;
    let failure = differences.iter().take(MOST).fold(failure, |failure, one| failure.caused_by(one.to_string()));
    let rest = differences.len().saturating_sub(MOST);
    let failure = if rest > 0 { failure.caused_by(format!("and {rest} more")) } else { failure };
    failure.hint("nothing was written")
}

/// Whether a copy has every object of a live database, and no others. How the server writes an expression is not compared: it may be
/// another way once it has read it back, and `pg_dump` is trusted with that.
pub(super) fn incomplete_copy(live: &Catalogue, copy: &Catalogue) -> Result<(), CommandError> {
    let mut differences = Catalogue::difference(live, copy);
    differences.retain(|difference| !matches!(difference.change, Change::Changed { .. }));
    if differences.is_empty() {
        return Ok(());
    }
    Err(named(CommandError::crashed("the schema of the live database cannot be copied as it is"), &differences))
}

/// A baseline that does not run.
pub(super) fn unproven(error: CommandError) -> CommandError {
    let failure = CommandError::crashed("the baseline cannot be run on an empty database").caused_by(error.sentence);
    let failure = error.causes.into_iter().fold(failure, CommandError::caused_by);
    error.hints.into_iter().fold(failure, CommandError::hint).hint("nothing was written")
}
