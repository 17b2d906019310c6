use std::collections::BTreeMap;

use super::{Code, Finding, Subject, VerifyError};
use crate::database::{Connection, DatabaseError, Dialect, VersionTableName};
use crate::published::{Trace, Traced};
use crate::revision::{RevisionId, RevisionIndex};

/// The rows of a version table, as odd as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionRows {
    /// In the order of the database, NULL left out.
    pub ids: Vec<RevisionId>,
    /// How many are NULL.
    pub nulls: usize,
}

impl VersionRows {
    /// Reads them; `None`: there is no such table.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn read(connection: &mut Connection, table: &VersionTableName) -> Result<Option<Self>, VerifyError> {
        match connection.version_rows(table) {
            Ok(None) => return Ok(None),
            Ok(_) | Err(DatabaseError::NotAString { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let sql = format!(
            "SELECT CASE WHEN version_num IS NULL THEN '' ELSE '=' || CAST(version_num AS text) END FROM {}",
            table.quoted()
        );
        let mut rows = Self::default();
        for row in connection.first_column(&sql, &[])? {
            match row.strip_prefix('=') {
                Some(id) => rows.ids.push(RevisionId::from(id)),
                None => rows.nulls += 1,
            }
        }
        Ok(Some(rows))
    }

    /// The rows that other rows imply: they come before them, through `down_revision`, or are what they depend on.
    pub fn implied(&self, subject: &Subject<'_>) -> Vec<(RevisionId, RevisionId)> {
        let map = &subject.scripts.map;
        let known: Vec<RevisionIndex> = self.ids.iter().filter_map(|id| map.position(id.as_str())).collect();
        let id = |index: RevisionIndex| map.revision(index).id.clone();
        let by = |row: RevisionIndex| {
            known.iter().copied().find(|other| *other != row && map.applied(&[id(*other)]).contains(&row))
        };
        let mut found: Vec<(RevisionId, RevisionId)> =
            known.iter().filter_map(|row| Some((id(*row), id(by(*row)?)))).collect();
        found.sort();
        found.dedup();
        found
    }

    /// Rows that are there more than once, and how often.
    pub fn duplicates(&self) -> Vec<(RevisionId, usize)> {
        let mut counts: BTreeMap<&RevisionId, usize> = BTreeMap::new();
        for id in &self.ids {
            *counts.entry(id).or_default() += 1;
        }
        counts.into_iter().filter(|(_, count)| *count > 1).map(|(id, count)| (id.clone(), count)).collect()
    }
}

/// What is wrong with the rows themselves.
pub(super) fn check(subject: &Subject<'_>, rows: &VersionRows, found: &mut Vec<Finding>) {
    let table = subject.table;
    if rows.nulls > 0 {
        let rows = if rows.nulls == 1 { "a row is".to_owned() } else { format!("{} rows are", rows.nulls) };
        found.push(
            Finding::new(Code::NullRow, format!("{rows} NULL in {table}"))
                .object(table.to_string())
                .hint("`limbec repair null-row` removes what says nothing"),
        );
    }
    for (id, count) in rows.duplicates() {
        found.push(
            Finding::new(Code::DuplicateRow, format!("{table} has {id} {count} times"))
                .revision(id.as_str())
                .object(table.to_string())
                .hint("`limbec repair duplicate-row` leaves one of them"),
        );
    }
    for (id, by) in rows.implied(subject) {
        found.push(
            Finding::new(Code::ImpliedRow, format!("{table} has {id} beside {by}, which implies it"))
                .revision(id.as_str())
                .object(table.to_string())
                .hint("`limbec repair implied-row` removes it"),
        );
    }
    unknown(subject, rows, found);
}

/// Rows without a file: what git knows of them.
fn unknown(subject: &Subject<'_>, rows: &VersionRows, found: &mut Vec<Finding>) {
    let map = &subject.scripts.map;
    let mut unknown: Vec<&RevisionId> = rows.ids.iter().filter(|id| map.position(id.as_str()).is_none()).collect();
    unknown.sort();
    unknown.dedup();
    if unknown.is_empty() {
        return;
    }
    let traces = Trace::find(&subject.repository, &unknown);
    let (mut traced, mut strangers) = (Vec::new(), Vec::new());
    for id in unknown {
        match traces.as_ref().ok().and_then(|traces| traces.get(id)) {
            Some(trace) => traced.push(finding_of(subject, id, trace)),
            None => strangers.push(id.as_str()),
        }
    }
    found.append(&mut traced);
    let is_shared = rows.ids.iter().any(|id| map.position(id.as_str()).is_some());
    let table = subject.table;
    if is_shared && traces.is_ok() && !strangers.is_empty() {
        let message = format!(
            "{table} has {}, which no file, branch or commit of this project has, beside rows of this project: two applications \
             seem to share it",
            strangers.join(", ")
        );
        found.push(Finding::new(Code::TwoApplications, message).object(table.to_string()).hint(
            "give each application a version table of its own: `version_table=` of context.configure() in env.py",
        ));
        return;
    }
    for id in strangers {
        let why = match &traces {
            Ok(_) => "no file, branch or commit of this project has it".to_owned(),
            Err(reason) => format!("no file has it, and git cannot be asked: {reason}"),
        };
        found.push(
            Finding::new(Code::UnknownRevision, format!("{table} has {id}: {why}"))
                .revision(id)
                .object(table.to_string())
                .hint("is this the right database, and is the repository up to date (`git fetch --all`)?"),
        );
    }
}

fn finding_of(subject: &Subject<'_>, id: &RevisionId, trace: &Traced) -> Finding {
    let table = subject.table;
    let (message, hint) = match trace {
        Traced::Deleted { commit, date, author, subject, path } => (
            format!(
                "{table} has {id}, whose file {path} was deleted by {author} on {date} in commit {commit}: {subject}"
            ),
            format!("`git checkout {commit}^ -- {path}` brings the file back; then `limbec downgrade` undoes it"),
        ),
        Traced::Elsewhere { commit, date, author, branches, path } => {
            let branch = branches.first().map_or(commit.as_str(), String::as_str);
            let place = match branches.as_slice() {
                [] => format!("commit {commit}"),
                names => format!("branch {}", names.join(", ")),
            };
            (
                format!("{table} has {id}, whose file {path} is on {place} ({author}, {date}) and not here"),
                format!("`git checkout {branch} -- {path}` brings the file; `git merge {branch}` the branch"),
            )
        }
    };
    let path = match trace {
        Traced::Deleted { path, .. } | Traced::Elsewhere { path, .. } => path.clone(),
    };
    Finding::new(Code::UnknownRevision, message).revision(id.as_str()).object(table.to_string()).path(path).hint(hint)
}

/// The longest id of the project, where the column has no room for it: the column's type, its length, the id.
pub(super) fn narrow_column(
    subject: &Subject<'_>,
    connection: &mut Connection,
) -> Result<Option<(u64, String)>, VerifyError> {
    if connection.dialect() != Dialect::Postgres {
        // SQLite keeps longer texts all the same.
        return Ok(None);
    }
    const WIDTH: &str = "SELECT (a.atttypmod - 4)::text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = to_regclass($1) AND a.attname = 'version_num' AND a.atttypmod > 4
        AND a.atttypid IN ('pg_catalog.varchar'::regtype, 'pg_catalog.bpchar'::regtype)";
    let found = connection.first_column(WIDTH, &[&subject.table.quoted()])?;
    let Some(width) = found.first().and_then(|text| text.parse::<u64>().ok()) else { return Ok(None) };
    let ids = subject.scripts.scripts.iter().map(|script| script.revision.id.as_str());
    let longest = ids.max_by_key(|id| id.chars().count()).unwrap_or_default();
    let needs = longest.chars().count() as u64;
    Ok((needs > width).then(|| (width, longest.to_owned())))
}

/// Whether every id fits into the version table.
pub(super) fn check_width(
    subject: &Subject<'_>,
    connection: &mut Connection,
    found: &mut Vec<Finding>,
) -> Result<(), VerifyError> {
    if let Some((width, longest)) = narrow_column(subject, connection)? {
        let message = format!(
            "{}.version_num holds {width} characters, and the id of revision {longest} has {}",
            subject.table,
            longest.chars().count()
        );
        let finding = Finding::new(Code::NarrowVersionColumn, message)
            .object(format!("{}.version_num", subject.table))
            .hint("`limbec repair narrow-version-column` widens it");
        found.push(match subject.path(&longest) {
            Some(path) => finding.revision(longest).path(path),
            None => finding.revision(longest),
        });
    }
    Ok(())
}
