use std::sync::LazyLock;
use std::time::{Duration, Instant};

use aho_corasick::AhoCorasick;

use super::outside::{FileRefusal, Progress, may_control};
use super::{NativeFailure, ScriptStatement, StatementPlace, StepScript, StepSource, limits};
use crate::database::{Connection, Dialect, VersionTableName};
use crate::migrate::{MigrateError, Preparation, RunTarget, Supervisor};
use crate::plan::{HeadChange, Plan, Step, TransactionMode};
use crate::runtime::RuntimeError;
use crate::sqlfile::{SkippedStatements, SqlDialect};

/// What is to be run, and how.
#[derive(Clone, Copy)]
pub struct NativeRun<'a> {
    /// The database and its version table, as env.py's own run would have them; the URL is that of this database.
    pub target: &'a RunTarget,
    /// The statements.
    pub steps: &'a dyn StepSource,
    /// Statements that set up an SQLite connection as env.py's is: PRAGMAs, which a transaction would not take.
    pub setup: &'a [String],
    /// The schemas that names without one are looked for in, on PostgreSQL; none: where the connection looks.
    pub search_path: &'a [String],
    /// What one transaction spans.
    pub transaction: TransactionMode,
    /// Whether the run is to end, asked between statements and during them.
    pub is_interrupted: fn() -> bool,
}

/// Runs the steps that the supervisor plans. With [`TransactionMode::PerRevision`] a failure undoes its own revision alone.
///
/// # Errors
/// The supervisor's refusal, a step whose statements are not known (nothing has run then), what the database says, a row of the version table
/// that should change and is not there. Whatever was not committed is rolled back.
pub fn run_native(run: &NativeRun<'_>, supervisor: &mut dyn Supervisor) -> Result<(), MigrateError> {
    let preparation = supervisor.begin(run.target).map_err(MigrateError::refused)?;
    let table = run.target.table();
    let dialect = own(supervisor)?.dialect();
    let rows = match supervisor.rows_in_hand() {
        Some(rows) => rows,
        None => own(supervisor)?.version_rows(&table)?.unwrap_or_default(),
    };
    let plan = supervisor.plan(&rows, run.target).map_err(MigrateError::refused)?;
    if let Some(step) = plan.steps.iter().find(|step| !run.steps.knows(step)) {
        return Err(misplanned(&format!(
            "the statements of {} {} are not known",
            step.direction.name(),
            step.revision
        )));
    }
    for step in &plan.steps {
        check_continued(run, supervisor, step)?;
    }
    for text in limits::before_all(&dialect, &preparation).iter().chain(run.setup) {
        send(supervisor, text, run)?;
    }
    let own_table = AhoCorasick::builder().ascii_case_insensitive(true).build([&table.name]).ok();
    let escapes = own(supervisor)?.escapes_in_plain_strings();
    let mut native =
        Native { escapes, run, supervisor, preparation, dialect, table, own_table, is_open: false, names_table: false };
    let outcome = native.steps(&plan, rows.is_empty());
    if outcome.is_err() {
        native.roll_back();
    }
    outcome?;
    native.compare_heads(&plan)
}

/// A run under way.
struct Native<'a, 's> {
    run: &'a NativeRun<'a>,
    supervisor: &'s mut dyn Supervisor,
    preparation: Preparation,
    dialect: Dialect,
    table: VersionTableName,
    /// Finds the name of the version table.
    own_table: Option<AhoCorasick>,
    /// Whether a transaction is open.
    is_open: bool,
    /// Whether a statement has named the version table.
    names_table: bool,
    /// Whether a backslash in a plain string escaped before the first statement.
    escapes: bool,
}

impl Native<'_, '_> {
    fn steps(&mut self, plan: &Plan, is_without_rows: bool) -> Result<(), MigrateError> {
        let is_separate = self.run.transaction == TransactionMode::PerRevision;
        if is_without_rows {
            self.begin()?;
            let table = self.table.clone();
            own(self.supervisor)?.within().ensure_version_table(&table)?;
            if is_separate {
                self.commit()?;
            }
        }
        for (index, step) in plan.steps.iter().enumerate() {
            self.check_interrupt()?;
            self.supervisor.step_started(index, step).map_err(MigrateError::refused)?;
            let began = Instant::now();
            self.begin()?;
            let is_outside = self.step(index, step, began)?;
            // What ran outside of a transaction stays, so that its row has to stay, too.
            if is_separate || is_outside {
                // Deferred constraints are looked at now, and a full disk shows.
                self.commit().map_err(|error| of_revision(error, step))?;
                self.supervisor.row_committed(index);
            }
            self.supervisor.step_finished(index, step, began.elapsed()).map_err(MigrateError::refused)?;
        }
        self.commit()
    }

    /// Whether its statements ran outside of a transaction.
    fn step(&mut self, index: usize, step: &Step, began: Instant) -> Result<bool, MigrateError> {
        let script = self.run.steps.script(step, self.supervisor.connection()).map_err(MigrateError::refused)?;
        let is_outside = script.outside_transaction;
        if is_outside {
            self.outside(index, step, script)?;
        } else {
            self.statements(step, script)?;
        }
        self.begin()?;
        self.change_heads(&step.changes)?;
        self.supervise(index, step, began.elapsed())?;
        Ok(is_outside)
    }

    /// Each statement is committed by itself, and so is what the transaction of the run has done before.
    fn outside(&mut self, index: usize, step: &Step, script: StepScript<'_>) -> Result<(), MigrateError> {
        self.check_pooler()?;
        self.commit()?;
        let path = limits::path_outside(&self.dialect, self.run.search_path);
        if let Some((set, _)) = &path {
            send(self.supervisor, set, self.run)?;
        }
        let mut progress = Progress::default();
        let mut outcome = self.one_by_one((index, step), script, &mut progress);
        if outcome.is_ok() {
            outcome = progress.finish().map_err(|error| MigrateError::Refused(error.into()));
        }
        if let Some(connection) = self.supervisor.connection().filter(|_| outcome.is_err()) {
            // Where there is none, this changes nothing; where the connection is gone, so is the transaction.
            let _ = connection.run_text("ROLLBACK", || false);
        }
        if let Some(part) = progress.part() {
            self.supervisor.part_committed(index, part);
        }
        if let Some((_, reset)) = &path {
            let reset = send(self.supervisor, reset, self.run);
            return outcome.and(reset);
        }
        outcome
    }

    /// A session's search path belongs to whoever a pooler gives the session to: nothing may run by it.
    fn check_pooler(&mut self) -> Result<(), MigrateError> {
        let Some(schema) = self.run.search_path.first().filter(|_| self.dialect == Dialect::Postgres) else {
            return Ok(());
        };
        if own(self.supervisor)?.is_behind_pooler()? {
            let refusal = FileRefusal::Pooled { place: None, schema: schema.clone() };
            return Err(MigrateError::Refused(refusal.into()));
        }
        Ok(())
    }

    fn one_by_one(
        &mut self,
        (index, step): (usize, &Step),
        script: StepScript<'_>,
        progress: &mut Progress,
    ) -> Result<(), MigrateError> {
        let committed = self.supervisor.continues_behind(step);
        let behind = committed.as_ref().map_or(0, |part| part.statements);
        let changed = |place, progress: &mut Progress| {
            // What is committed is what the earlier run says.
            *progress = Progress::default();
            MigrateError::Refused(FileRefusal::Changed { place, statements: behind }.into())
        };
        let mut last = None;
        let mut skipped = SkippedStatements::new(sql_dialect(&self.dialect));
        for statement in script.statements {
            self.check_interrupt()?;
            let statement = statement.map_err(MigrateError::refused)?;
            last.clone_from(&statement.place);
            let number = progress.next(&statement.sql);
            if number <= behind {
                // Whether it can be skipped at all was looked at before the first step.
                let is_again = skipped.next(&statement.sql).unwrap_or_default();
                if number == behind && committed.as_ref().is_some_and(|part| !progress.is(part)) {
                    return Err(changed(last, progress));
                }
                if is_again {
                    self.send_single(number, statement, step)?;
                }
                if number == behind {
                    progress.ran(false, None);
                }
                continue;
            }
            let (place, sql) = (last.clone(), statement.sql.clone());
            self.names_table |= self.own_table.as_ref().is_none_or(|name| name.is_match(&*sql));
            self.send_single(number, statement, step)?;
            let is_within = self.is_within_transaction(&sql, progress)?;
            progress.ran(is_within, place.as_ref());
            if self.preparation.watch_commits {
                self.supervisor.step_committed(index);
            }
        }
        if progress.sent() < behind { Err(changed(last, progress)) } else { Ok(()) }
    }

    /// Whether the file holds a transaction of its own open, after this statement.
    fn is_within_transaction(&mut self, sql: &str, progress: &Progress) -> Result<bool, MigrateError> {
        if self.dialect == Dialect::Postgres && !may_control(sql) {
            return Ok(progress.is_within());
        }
        let asked = own(self.supervisor)?.is_in_transaction();
        asked.map_err(|error| failed(NativeFailure::new(error, sql)))
    }

    fn send_single(&mut self, number: u64, statement: ScriptStatement<'_>, step: &Step) -> Result<(), MigrateError> {
        let mut batch = Batch { done: usize::try_from(number - 1).unwrap_or(usize::MAX), ..Batch::default() };
        batch.push(statement);
        self.send_batch(&mut batch, step)
    }

    fn statements(&mut self, step: &Step, script: StepScript<'_>) -> Result<(), MigrateError> {
        let mut batch = Batch::default();
        for statement in script.statements {
            self.check_interrupt()?;
            let statement = statement.map_err(MigrateError::refused)?;
            self.names_table |= self.own_table.as_ref().is_none_or(|name| name.is_match(&*statement.sql));
            batch.push(statement);
            if batch.is_full() {
                self.send_batch(&mut batch, step)?;
            }
        }
        self.send_batch(&mut batch, step)
    }

    fn send_batch(&mut self, batch: &mut Batch, step: &Step) -> Result<(), MigrateError> {
        let sent = match batch.texts.as_slice() {
            [] => Ok(()),
            // Several in one message would be one transaction.
            [single] => own(self.supervisor)?.run_text(single, self.run.is_interrupted).map_err(|error| (0, error)),
            several => own(self.supervisor)?.run_batch(several, self.run.is_interrupted),
        };
        let done = batch.done;
        match sent {
            Ok(()) if !self.escapes && own(self.supervisor)?.escapes_in_plain_strings() => {
                let place = batch.place_of(names_strings);
                return Err(MigrateError::Refused(FileRefusal::Backslashes { place }.into()));
            }
            Ok(()) => batch.clear(),
            Err(_) if (self.run.is_interrupted)() => return Err(MigrateError::Runtime(RuntimeError::Interrupted)),
            Err((at, error)) => {
                let text = batch.texts.get(at).map(String::as_str).unwrap_or_default();
                let place = batch.places.get_mut(at).and_then(Option::take);
                return Err(failed(NativeFailure::new(error, text).of_statement(&step.revision, done + at, place)));
            }
        }
        Ok(())
    }

    fn change_heads(&mut self, changes: &[HeadChange]) -> Result<(), MigrateError> {
        let table = self.table.clone();
        Ok(own(self.supervisor)?.within().apply(&table, changes)?)
    }

    /// The supervisor's own statements: proofs of the lock, the row of the history.
    fn supervise(&mut self, index: usize, step: &Step, elapsed: Duration) -> Result<(), MigrateError> {
        let statements = self.supervisor.step_applied(index, step, elapsed).map_err(MigrateError::refused)?;
        for statement in statements {
            let done = own(self.supervisor)?.run_with_parameters(&statement.sql, &statement.parameters);
            let has_row = done.map_err(|error| failed(NativeFailure::new(error, &statement.sql)))?;
            if statement.needs_row && !has_row {
                self.supervisor.step_unproven(index, step).map_err(MigrateError::refused)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), MigrateError> {
        if self.is_open {
            return Ok(());
        }
        send(self.supervisor, &limits::beginning(&self.dialect, &self.preparation, self.run.search_path), self.run)?;
        self.is_open = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), MigrateError> {
        if !self.is_open {
            return Ok(());
        }
        send(self.supervisor, "COMMIT", self.run)?;
        self.is_open = false;
        Ok(())
    }

    fn roll_back(&mut self) {
        if self.is_open
            && let Some(connection) = self.supervisor.connection()
        {
            // Failing here means that the connection is gone, and with it the transaction.
            let _ = connection.run_text("ROLLBACK", || false);
        }
        self.is_open = false;
    }

    fn check_interrupt(&self) -> Result<(), MigrateError> {
        if (self.run.is_interrupted)() { Err(MigrateError::Runtime(RuntimeError::Interrupted)) } else { Ok(()) }
    }

    /// As after a run of env.py: statements may have changed the version table themselves, if they name it.
    fn compare_heads(&mut self, plan: &Plan) -> Result<(), MigrateError> {
        let Some(last) = plan.steps.last() else { return Ok(()) };
        if !self.names_table {
            return Ok(());
        }
        let table = self.table.clone();
        let mut found = own(self.supervisor)?.version_rows(&table)?.unwrap_or_default();
        found.sort();
        if found != last.to_heads {
            self.supervisor.unexpected_heads(&last.to_heads, &found);
        }
        Ok(())
    }
}

/// Sends a text on limbec's own connection; one that was interrupted is said to be.
fn send(supervisor: &mut dyn Supervisor, sql: &str, run: &NativeRun<'_>) -> Result<(), MigrateError> {
    match own(supervisor)?.run_text(sql, run.is_interrupted) {
        Ok(()) => Ok(()),
        Err(_) if (run.is_interrupted)() => Err(MigrateError::Runtime(RuntimeError::Interrupted)),
        Err(error) => Err(failed(NativeFailure::new(error, sql))),
    }
}

fn own(supervisor: &mut dyn Supervisor) -> Result<&mut Connection, MigrateError> {
    supervisor.connection().ok_or_else(|| misplanned("there is no connection to run the steps on"))
}

/// A failure of no statement of the file, but at the end of this revision's transaction.
fn of_revision(error: MigrateError, step: &Step) -> MigrateError {
    match error {
        MigrateError::Native(failure) => failed(NativeFailure { revision: Some(step.revision.clone()), ..*failure }),
        other => other,
    }
}

fn failed(failure: NativeFailure) -> MigrateError {
    MigrateError::Native(Box::new(failure))
}

/// Whether a step of which a part is committed can go on behind that, before anything has run.
fn check_continued(run: &NativeRun<'_>, supervisor: &mut dyn Supervisor, step: &Step) -> Result<(), MigrateError> {
    let Some(part) = supervisor.continues_behind(step) else { return Ok(()) };
    let (revision, statements) = (step.revision.clone(), part.statements);
    let refused = |refusal: FileRefusal| Err(MigrateError::Refused(refusal.into()));
    let dialect = sql_dialect(&own(supervisor)?.dialect());
    let script = run.steps.script(step, supervisor.connection()).map_err(MigrateError::refused)?;
    if !script.outside_transaction {
        return refused(FileRefusal::NotOutside { revision, statements });
    }
    let mut skipped = SkippedStatements::new(dialect);
    for statement in script.statements.take(usize::try_from(statements).unwrap_or(usize::MAX)) {
        let statement = statement.map_err(MigrateError::refused)?;
        if let Err(made) = skipped.next(&statement.sql) {
            return refused(FileRefusal::Ended { place: statement.place, made, revision, statements });
        }
    }
    Ok(())
}

fn sql_dialect(dialect: &Dialect) -> SqlDialect {
    if *dialect == Dialect::Sqlite { SqlDialect::Sqlite } else { SqlDialect::Postgres }
}

/// Statements that are sent together.
#[derive(Default)]
struct Batch {
    texts: Vec<String>,
    places: Vec<Option<StatementPlace>>,
    bytes: usize,
    /// How many statements of the step were sent before these.
    done: usize,
}

impl Batch {
    /// More does not make it faster, and an interruption is looked at in between.
    const BYTES: usize = 64 * 1024;

    fn push(&mut self, statement: ScriptStatement<'_>) {
        self.bytes += statement.sql.len();
        self.texts.push(statement.sql.into_owned());
        self.places.push(statement.place);
    }

    /// The text of one message is read before any of it runs: what a `SET` changes about reading must not be in the same one.
    fn is_full(&self) -> bool {
        let sets = self.texts.last().is_some_and(|text| {
            text.get(..3).is_some_and(|word| word.eq_ignore_ascii_case("set")) || names_strings(text)
        });
        self.bytes >= Self::BYTES || sets
    }

    /// Where the first statement is written that is such a one, else the last.
    fn place_of(&self, is_it: fn(&str) -> bool) -> Option<StatementPlace> {
        let at = self.texts.iter().position(|text| is_it(text)).or(self.texts.len().checked_sub(1))?;
        self.places.get(at)?.clone()
    }

    fn clear(&mut self) {
        self.done += self.texts.len();
        self.texts.clear();
        self.places.clear();
        self.bytes = 0;
    }
}

/// Whether a statement may change how strings of the next ones are read.
fn names_strings(sql: &str) -> bool {
    static NAME: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        AhoCorasick::builder().ascii_case_insensitive(true).build(["standard_conforming_strings"]).ok()
    });
    let word = sql.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default();
    ["reset", "discard"].iter().any(|known| word.eq_ignore_ascii_case(known))
        || NAME.as_ref().is_none_or(|name| name.is_match(sql))
}

fn misplanned(reason: &str) -> MigrateError {
    MigrateError::Refused(reason.to_owned().into())
}
