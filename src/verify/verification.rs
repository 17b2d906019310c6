use super::{Code, Finding, Subject, VerifyError, VersionRows, read_applied, record, rows, schema};
use crate::database::{Connection, Dialect};

/// What was found in one database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// The rows of the version table.
    pub rows: VersionRows,
    /// What is wrong, the version table first.
    pub findings: Vec<Finding>,
    /// What could not be checked, and what is worth knowing: `history: …`, `schema: …`.
    pub notes: Vec<String>,
}

impl Verification {
    /// Looks at everything. Nothing is changed.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn run(subject: &Subject<'_>, connection: &mut Connection) -> Result<Self, VerifyError> {
        let mut verification = Self::default();
        let (found, notes) = (&mut verification.findings, &mut verification.notes);
        let rows = subject.rows(connection)?;
        if rows.is_none() {
            notes.push(format!("version table: there is no {} yet; nothing is applied", subject.table));
        }
        let rows = rows.unwrap_or_default();
        rows::check(subject, &rows, found);
        rows::check_width(subject, connection, found)?;
        match record::Records::read(subject, connection, &rows.ids)? {
            Some(records) => record::check(subject, &records, &rows.ids, (found, notes))?,
            None => notes.push(
                "history: there is none, so checksums, order and killed runs are not checked; `limbec adopt --history` starts one"
                    .to_owned(),
            ),
        }
        invalid_indexes(subject, connection, found)?;
        let unknown = rows.ids.iter().find(|id| subject.scripts.map.position(id.as_str()).is_none());
        match unknown {
            Some(id) => notes.push(format!("schema: not compared, because what {id} makes is not known")),
            None => {
                let applied = read_applied(subject, connection, &rows.ids)?;
                // A killed run is told once.
                if !found.iter().any(|finding| finding.code == Code::InterruptedRun) {
                    schema::check_pending(subject, &rows.ids, &applied, found);
                }
                schema::check(subject, &rows.ids, &applied, (found, notes));
            }
        }
        verification.rows = rows;
        Ok(verification)
    }
}

fn invalid_indexes(
    subject: &Subject<'_>,
    connection: &mut Connection,
    found: &mut Vec<Finding>,
) -> Result<(), VerifyError> {
    if connection.dialect() != Dialect::Postgres {
        return Ok(());
    }
    for index in connection.invalid_indexes(subject.table)? {
        let message = format!("the index {index} is invalid: a concurrent build failed");
        found.push(
            Finding::new(Code::InvalidIndex, message)
                .object(format!("{}.{}", index.schema, index.name))
                .hint("`limbec repair invalid-index` drops it; then build it again"),
        );
    }
    Ok(())
}
