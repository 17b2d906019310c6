use chrono::{DateTime, Utc};

use super::entry::in_utc;
use super::table::{COLUMNS, Kind};
use super::{
    CommittedPart, HistoryEntry, HistoryError, HistoryFilter, HistoryStatement, HistoryTable, Outcome, create,
    statement,
};
use crate::database::connection::{Connection, Transaction};
use crate::database::{DatabaseError, Dialect, VersionTableName};

/// The history of one version table. It holds no connection: every call is given one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    table: HistoryTable,
    dialect: Dialect,
    /// PostgreSQL's current role.
    role: String,
    version_schema: String,
    version_table: String,
}

/// Where a version table is or would be created, and who asks: the schema that is given, else that of the table which the search path
/// finds, else the one in which it would be created.
const SCHEMA_AND_ROLE: &str = "SELECT unnest(ARRAY[COALESCE(NULLIF($2, ''), \
    (SELECT n.nspname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relname = $1 AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND pg_catalog.pg_table_is_visible(c.oid) \
     AND n.nspname <> 'pg_catalog'), pg_catalog.current_schema()::text, ''), current_user::text])";

/// SQLSTATE of a column that is not there.
const UNDEFINED_COLUMN: &str = "42703";

/// How an open row is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// The step turned out to be done.
    Done,
    /// It ended with an error.
    Failed {
        /// A sentence without secrets.
        error: String,
        /// When the step began.
        started: DateTime<Utc>,
        /// What of it stays.
        committed: Option<CommittedPart>,
    },
    /// It ran and was undone with its transaction, but for this part.
    RolledBack(Option<CommittedPart>),
    /// The run ended in it, and that has been looked at; it goes on behind this part.
    Interrupted(Option<CommittedPart>),
    /// It never began: the row is deleted.
    Removed,
}

impl History {
    /// The history of a version table; `None` where there is no history table. Nothing is created.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn open(
        connection: &mut Connection,
        table: &HistoryTable,
        version_table: &VersionTableName,
    ) -> Result<Option<Self>, HistoryError> {
        if !connection.has_table(&table.as_version_table())? {
            return Ok(None);
        }
        Self::of(connection, table, version_table).map(Some)
    }

    /// Creates the history table, and on PostgreSQL its schema, as far as they are absent. Whether the table was.
    ///
    /// # Errors
    /// Above all: the role may not. The hint names the GRANT.
    pub fn create(
        transaction: &mut Transaction<'_>,
        table: &HistoryTable,
        version_table: &VersionTableName,
    ) -> Result<(Self, bool), HistoryError> {
        let history = Self::of(transaction.connection(), table, version_table)?;
        let created = create::ensure(transaction, table, &history.role)?;
        Ok((history, created))
    }

    fn of(
        connection: &mut Connection,
        table: &HistoryTable,
        version_table: &VersionTableName,
    ) -> Result<Self, HistoryError> {
        let dialect = connection.dialect();
        table.check(&dialect)?;
        let (version_schema, role) = match (&dialect, &version_table.schema) {
            (Dialect::Sqlite, schema) => (schema.clone().unwrap_or_else(|| "main".to_owned()), String::new()),
            (_, schema) => {
                let schema = schema.as_deref().unwrap_or_default();
                let mut found = connection.first_column(SCHEMA_AND_ROLE, &[&version_table.name, schema])?.into_iter();
                (found.next().unwrap_or_default(), found.next().unwrap_or_default())
            }
        };
        let version_table = version_table.name.clone();
        Ok(Self { table: table.clone(), dialect, role, version_schema, version_table })
    }

    /// Where it is.
    pub fn table(&self) -> &HistoryTable {
        &self.table
    }

    /// The schema of the version table, as rows have it.
    pub fn version_schema(&self) -> &str {
        &self.version_schema
    }

    /// The rows of this version table, oldest first.
    ///
    /// # Errors
    /// The database does not answer, or the table is none of limbec's.
    pub fn entries(
        &self,
        connection: &mut Connection,
        filter: &HistoryFilter,
    ) -> Result<Vec<HistoryEntry>, HistoryError> {
        let mut parameters = vec![self.version_schema.clone(), self.version_table.clone()];
        let conditions = filter.conditions(&mut parameters, |time| self.time(time));
        let limit = filter.limit.map(|limit| format!(" LIMIT {limit}")).unwrap_or_default();
        let sql = format!(
            "SELECT {} FROM {} h WHERE version_schema = $1 AND version_table = $2{conditions} ORDER BY id DESC{limit}",
            self.row_as_json(),
            self.table.quoted(),
        );
        let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
        let rows = connection.first_column(&sql, &parameters).map_err(|error| self.told(error))?;
        let mut entries: Vec<HistoryEntry> =
            rows.iter().map(|row| serde_json::from_str(row)).collect::<Result<_, _>>().map_err(|error| {
                HistoryError::Foreign { table: self.table.clone(), reason: format!("a row cannot be read: {error}") }
            })?;
        entries.reverse();
        Ok(entries)
    }

    /// Adds rows, in their order, by one statement. Their version table is set to this one, their `id` is the database's.
    ///
    /// # Errors
    /// What the database says.
    pub fn record(&self, transaction: &mut Transaction<'_>, entries: &[HistoryEntry]) -> Result<(), HistoryError> {
        let own = entries.iter().map(|entry| HistoryEntry {
            version_schema: self.version_schema.clone(),
            version_table: self.version_table.clone(),
            ..entry.clone()
        });
        let own: Vec<HistoryEntry> = own.collect();
        let rows = serde_json::to_string(&own)
            .map_err(|error| HistoryError::Foreign { table: self.table.clone(), reason: error.to_string() })?;
        let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        let sql = format!("INSERT INTO {} ({}) {}", self.table.quoted(), names.join(", "), self.rows_of_json());
        transaction.execute(&sql, &[&rows], &self.table.as_version_table()).map(drop).map_err(|error| self.told(error))
    }

    /// The statement for the script's connection that makes a step done, in the step's transaction, and the next one started.
    pub fn advance(&self, plan_id: &str, step: u32, ran: (DateTime<Utc>, DateTime<Utc>)) -> HistoryStatement {
        statement::advance(&self.table, &self.dialect, plan_id, step, ran)
    }

    /// As [`History::entries`], inside a transaction.
    ///
    /// # Errors
    /// As `entries`.
    pub fn entries_within(
        &self,
        transaction: &mut Transaction<'_>,
        filter: &HistoryFilter,
    ) -> Result<Vec<HistoryEntry>, HistoryError> {
        self.entries(transaction.connection(), filter)
    }

    /// Closes one row.
    ///
    /// # Errors
    /// What the database says.
    pub fn settle(
        &self,
        transaction: &mut Transaction<'_>,
        entry: &HistoryEntry,
        settlement: &Settlement,
    ) -> Result<(), HistoryError> {
        let id = entry.id.to_string();
        let (outcome, error, started, committed) = match settlement {
            Settlement::Removed => {
                let sql = format!("DELETE FROM {} WHERE id = {}", self.table.quoted(), self.number("$1"));
                return self.change(transaction, &sql, &[&id]);
            }
            Settlement::Done => (Outcome::Done, "", None, &None),
            Settlement::Failed { error, started, committed } => {
                (Outcome::Failed, error.as_str(), Some(*started), committed)
            }
            Settlement::RolledBack(committed) => (Outcome::RolledBack, "", None, committed),
            Settlement::Interrupted(committed) => (Outcome::Interrupted, "", None, committed),
        };
        let statements = committed.as_ref().map(|part| part.statements.to_string()).unwrap_or_default();
        let sha256 = committed.as_ref().and_then(|part| part.sha256.as_deref()).unwrap_or_default();
        let sql = format!(
            "UPDATE {} SET outcome = $1, error = NULLIF($2, ''), started_at = {}, finished_at = {}, \
             duration_ms = {}, committed_statements = {}, committed_sha256 = NULLIF($7, '') WHERE id = {}",
            self.table.quoted(),
            self.time("$3"),
            self.time("$4"),
            self.number("NULLIF($5, '')"),
            self.number("NULLIF($6, '')"),
            self.number("$8"),
        );
        let now = Utc::now();
        // How long it took is known only where it is known when it began.
        let milliseconds = started.map(|started| (now - started).num_milliseconds().to_string()).unwrap_or_default();
        let (started, now) = (in_utc(started.unwrap_or(entry.started_at)), in_utc(now));
        let parameters = [outcome.name(), error, &started, &now, &milliseconds, &statements, sha256, &id];
        self.change(transaction, &sql, &parameters)
    }

    /// Accepts a file as it is now for what was run then: `entry` gets these hashes.
    ///
    /// # Errors
    /// What the database says.
    pub fn accept(
        &self,
        transaction: &mut Transaction<'_>,
        entry: &HistoryEntry,
        (file_sha256, meaning): (&str, &str),
    ) -> Result<(), HistoryError> {
        let sql = format!(
            "UPDATE {} SET file_sha256 = $1, meaning = $2 WHERE id = {}",
            self.table.quoted(),
            self.number("$3")
        );
        self.change(transaction, &sql, &[file_sha256, meaning, &entry.id.to_string()])
    }

    fn change(&self, transaction: &mut Transaction<'_>, sql: &str, parameters: &[&str]) -> Result<(), HistoryError> {
        transaction.execute(sql, parameters, &self.table.as_version_table()).map(drop).map_err(|error| self.told(error))
    }

    fn number(&self, parameter: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("CAST({parameter} AS INTEGER)"),
            _ => format!("CAST({parameter} AS bigint)"),
        }
    }

    fn time(&self, parameter: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => parameter.to_owned(),
            _ => format!("CAST({parameter} AS timestamptz)"),
        }
    }

    /// A row as a JSON object with the fields of [`HistoryEntry`].
    fn row_as_json(&self) -> String {
        if self.dialect != Dialect::Sqlite {
            return "row_to_json(h)::text".to_owned();
        }
        let field = |name: &str, value: String| format!("'{name}', {value}");
        let fields = COLUMNS.iter().map(|column| {
            let value = match column.kind {
                Kind::Ids => format!("json({})", column.name),
                Kind::Truth => format!("json(iif({}, 'true', 'false'))", column.name),
                _ => column.name.to_owned(),
            };
            field(column.name, value)
        });
        let fields: Vec<String> = std::iter::once(field("id", "id".to_owned())).chain(fields).collect();
        format!("json_object({})", fields.join(", "))
    }

    /// The rows of a JSON array of entries, its columns in the order of the table.
    fn rows_of_json(&self) -> String {
        let columns: Vec<String> = COLUMNS
            .iter()
            .map(|column| match (&self.dialect, column.kind) {
                (Dialect::Sqlite, Kind::Ids) => format!("value -> '$.{}'", column.name),
                (Dialect::Sqlite, _) => format!("value ->> '$.{}'", column.name),
                (_, kind) => format!("{} {}", column.name, kind.type_name(&self.dialect)),
            })
            .collect();
        match self.dialect {
            Dialect::Sqlite => format!("SELECT {} FROM json_each($1) ORDER BY key", columns.join(", ")),
            _ => format!("SELECT * FROM json_to_recordset($1::json) AS rows ({})", columns.join(", ")),
        }
    }

    /// PostgreSQL names what the role may not do, but not what it needs.
    fn told(&self, error: DatabaseError) -> HistoryError {
        match error {
            DatabaseError::Permission { database, .. } => {
                HistoryError::NoAccess { role: self.role.clone(), table: self.table.clone(), database }
            }
            DatabaseError::Server { reason, code, .. } if code == UNDEFINED_COLUMN => {
                HistoryError::Foreign { table: self.table.clone(), reason }
            }
            DatabaseError::Sqlite { reason, .. }
                if reason.contains("no such column") || reason.contains("no column named") =>
            {
                HistoryError::Foreign { table: self.table.clone(), reason }
            }
            error => error.into(),
        }
    }
}
