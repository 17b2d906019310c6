use std::collections::HashMap;
use std::path::Path;

use super::findings::Judged;
use crate::cli::commands::status::message;
use crate::cli::context::CommandContext;
use crate::cli::error::{CommandError, ErrorKind};
use crate::cli::history_table::Watched;
use crate::database::{HistoryEntry, HistoryFilter, LatestRecords, Outcome};
use crate::migrate::{RevisionStanding, RevisionState, Standing};
use crate::published::Meaning;
use crate::report::{AppliedHow, DatabaseReport, StandingReport, StandingTotals};
use crate::script::{RevisionFile, ScriptDirectory};

impl CommandContext {
    /// The project's databases, or why there are none to be shown.
    ///
    /// # Errors
    /// Ctrl-C.
    pub(super) fn database_reports(
        &mut self,
        scripts: &ScriptDirectory,
        judged: &Judged,
    ) -> Result<(Vec<DatabaseReport>, Option<String>), CommandError> {
        let files = judged.files();
        let looked_at = self.watched().and_then(|databases| {
            let report = |watched| self.database_report(watched, scripts, (judged, &files));
            databases.into_iter().map(report).collect::<Result<Vec<_>, _>>()
        });
        match looked_at {
            Ok(databases) if databases.is_empty() => {
                Ok((databases, Some("env.py works on none: it runs no migrations".to_owned())))
            }
            Ok(databases) => Ok((databases, None)),
            Err(error) if error.kind == ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let reason = self.reason(&error);
                self.ui.warning(&format!("the report is without a database: {reason}"));
                Ok((Vec::new(), Some(reason)))
            }
        }
    }

    fn database_report(
        &mut self,
        watched: Watched,
        scripts: &ScriptDirectory,
        (judged, files): (&Judged, &HashMap<&Path, &RevisionFile>),
    ) -> Result<DatabaseReport, CommandError> {
        let Watched { url, rows, table, connection } = watched;
        let history = match connection {
            Some(mut connection) => match self.history(&mut connection, &table)? {
                Some(history) => Some(history.entries(&mut connection, &HistoryFilter::default())?),
                None => None,
            },
            None => None,
        };
        let records = LatestRecords::of(history.clone().unwrap_or_default(), &scripts.map);
        let standing = Standing::of(&scripts.map, &rows, &records)?;
        let revisions: Vec<StandingReport> =
            standing.revisions.iter().map(|of| standing_report(of, scripts, (judged, files))).collect();
        let mut heads = rows;
        heads.sort();
        Ok(DatabaseReport {
            database: url,
            version_table: table.to_string(),
            heads,
            is_ahead: standing.is_ahead,
            totals: StandingTotals {
                revisions: standing.files(),
                applied: standing.count(RevisionState::Applied),
                pending: standing.count(RevisionState::Pending),
                missing: standing.count(RevisionState::Missing),
                unknown: standing.count(RevisionState::Unknown),
                changed: revisions.iter().filter(|of| of.has_changed()).count(),
            },
            revisions,
            history: history.map(|entries| {
                let error = |entry: &HistoryEntry| entry.error.as_deref().map(|error| self.ui.censored(error));
                entries.into_iter().rev().map(|entry| HistoryEntry { error: error(&entry), ..entry }).collect()
            }),
        })
    }
}

fn standing_report(
    of: &RevisionStanding,
    scripts: &ScriptDirectory,
    (judged, files): (&Judged, &HashMap<&Path, &RevisionFile>),
) -> StandingReport {
    let entry = of.record.as_ref().map(|record| &record.entry);
    let script = of.index.map(|index| scripts.script(index));
    let file = script.and_then(|script| files.get(script.path.as_path()));
    let recorded = entry.and_then(|entry| Meaning::parse(entry.meaning.as_deref()?));
    StandingReport {
        revision: of.revision.clone(),
        message: message(of, scripts),
        path: script.map(|script| judged.shown_path(&script.path)),
        branch_labels: of.index.map(|index| scripts.map.labels(index).to_vec()).unwrap_or_default(),
        is_head: of.index.is_some_and(|index| scripts.map.is_head(index)),
        state: of.state,
        how: of.record.as_ref().map(|record| match record.entry.outcome {
            Outcome::Adopted => AppliedHow::Adopted,
            _ if record.was_run() => AppliedHow::Run,
            _ => AppliedHow::Stamped,
        }),
        applied_at: of.applied_at(),
        duration_ms: of.duration_ms(),
        applied_by: entry.map(HistoryEntry::who).filter(|who| !who.is_empty()),
        is_changed: file.zip(recorded).map(|(file, recorded)| !recorded.is_of(file)),
    }
}
