//! What the history tells `verify`, and what `repair` makes of it, on both databases.

use std::path::Path;

use limbec::database::{
    Access, Connection, DatabaseUrl, Environment, History, HistoryDirection, HistoryEntry, HistoryFilter, HistoryTable,
    Outcome, VersionTableName,
};
use limbec::plan::HeadChange;
use limbec::revision::{RevisionId, RevisionMap};
use limbec::script::{self, Locations, ScriptDirectory};
use limbec::verify::{Consent, Repairs, RevisionFiles, Subject, Verification, Word};

use crate::fixture::TestDatabase;

/// A project of two revisions, each of which makes a table, and its database, at the first.
struct Project {
    folder: tempfile::TempDir,
    url: DatabaseUrl,
    environment: Environment,
    table: VersionTableName,
    history: HistoryTable,
    _server: Option<TestDatabase>,
}

impl Project {
    fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:///{}/app.db", folder.path().display());
        Self::new(folder, &url, None)
    }

    fn on_postgres() -> Option<Self> {
        let database = TestDatabase::create()?;
        let url = database.url("");
        Some(Self::new(tempfile::tempdir().expect("a folder"), &url, Some(database)))
    }

    fn new(folder: tempfile::TempDir, url: &str, server: Option<TestDatabase>) -> Self {
        let url = DatabaseUrl::parse(url).expect("a URL");
        let history = HistoryTable::new(&url.dialect(), None, None);
        let project = Self {
            folder,
            url,
            environment: Environment::default(),
            table: VersionTableName::default(),
            history,
            _server: server,
        };
        project.write("aaaa", "None", "op.create_table('a', sa.Column('id', sa.Integer))");
        project.write(
            "bbbb",
            "'aaaa'",
            "op.create_table('b', sa.Column('id', sa.Integer))\n    op.add_column('b', sa.Column('n', sa.Text))",
        );
        let mut connection = project.connect();
        connection.ensure_version_table(&project.table).expect("the version table");
        connection.apply(&project.table, &[HeadChange::Insert("aaaa".into())]).expect("a row");
        project.sql(&mut connection, "CREATE TABLE a (id INTEGER)");
        project
    }

    fn write(&self, id: &str, down: &str, up: &str) {
        let text = format!(
            "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = '{id}'\ndown_revision = {down}\n\n\n\
             def upgrade():\n    {up}\n\n\ndef downgrade():\n    pass\n"
        );
        std::fs::write(self.folder.path().join(format!("{id}.py")), text).expect("a file");
    }

    fn connect(&self) -> Connection {
        Connection::open(&self.url, &self.environment, Access::Write).expect("the database answers")
    }

    /// By the version table's own means: there are no others on both databases.
    fn sql(&self, connection: &mut Connection, statement: &str) {
        connection.first_column(statement, &[]).expect(statement);
    }

    fn with<T>(&self, look: impl FnOnce(&Subject<'_>, &mut Connection) -> T) -> T {
        let folder = self.folder.path().to_owned();
        let locations = Locations {
            script_location: folder.clone(),
            versions: vec![folder.clone()],
            recursive: false,
            sourceless: false,
            import_roots: Vec::new(),
        };
        let files = script::load(&locations).expect("the files").files;
        let scripts: Vec<_> = files.into_iter().map(|file| file.expect("a script")).collect();
        let map = RevisionMap::build(scripts.iter().map(|script| script.revision.clone()).collect()).expect("a graph");
        let scripts = ScriptDirectory { scripts, map, restored: Vec::new() };
        let files = RevisionFiles::read(&locations, &scripts);
        let subject = Subject {
            url: &self.url,
            environment: &self.environment,
            table: &self.table,
            search_path: Vec::new(),
            history: &self.history,
            scripts: &scripts,
            files: &files,
            repository: folder,
        };
        look(&subject, &mut self.connect())
    }

    fn record(&self, entries: &[HistoryEntry]) {
        let mut connection = self.connect();
        let mut transaction = connection.begin().expect("a transaction");
        let (history, _) = History::create(&mut transaction, &self.history, &self.table).expect("the history");
        history.record(&mut transaction, entries).expect("the rows");
        transaction.commit().expect("a commit");
    }

    fn entries(&self) -> Vec<(RevisionId, Outcome)> {
        let mut connection = self.connect();
        let history =
            History::open(&mut connection, &self.history, &self.table).expect("the history").expect("a table");
        let entries = history.entries(&mut connection, &HistoryFilter::default()).expect("the rows");
        entries.into_iter().map(|entry| (entry.revision, entry.outcome)).collect()
    }

    fn codes(&self) -> Vec<String> {
        let found = self.with(|subject, connection| Verification::run(subject, connection).expect("the database"));
        found.findings.iter().map(|finding| finding.code.name()).collect()
    }

    /// What was mended and what was left.
    fn repair(&self, consent: &Consent) -> (Vec<String>, Vec<String>) {
        self.with(|subject, connection| {
            let planned = Repairs::plan(subject, connection, consent).expect("a plan");
            let template = entry("aaaa", Outcome::Done, &[], &[]);
            let template = HistoryEntry { direction: HistoryDirection::Stamp, ..template };
            planned.apply(subject, connection, &template, &mut |_| {}).expect("it is done");
            (planned.repairs.into_iter().map(|repair| repair.sentence).collect(), planned.left)
        })
    }
}

fn entry(revision: &str, outcome: Outcome, from: &[&str], to: &[&str]) -> HistoryEntry {
    let ids = |ids: &[&str]| ids.iter().map(|id| RevisionId::from(*id)).collect();
    HistoryEntry {
        id: 0,
        plan_id: "5f0c".to_owned(),
        step: 1,
        version_schema: String::new(),
        version_table: String::new(),
        revision: revision.into(),
        description: String::new(),
        direction: HistoryDirection::Upgrade,
        from_heads: ids(from),
        to_heads: ids(to),
        file_sha256: None,
        meaning: None,
        started_at: chrono::Utc::now(),
        finished_at: None,
        duration_ms: None,
        outcome,
        error: None,
        user_name: Some("ada".to_owned()),
        host: Some("db1".to_owned()),
        tool_version: "0".to_owned(),
        git_commit: None,
        transactional: false,
        backup: None,
        committed_statements: None,
        committed_sha256: None,
    }
}

fn projects() -> impl Iterator<Item = Project> {
    std::iter::once(Project::on_sqlite()).chain(Project::on_postgres())
}

fn killed(transactional: bool) -> HistoryEntry {
    HistoryEntry { transactional, ..entry("bbbb", Outcome::Started, &["aaaa"], &["bbbb"]) }
}

#[test]
fn a_killed_step_that_happened_wholly_is_done() {
    for project in projects() {
        project.record(&[killed(false)]);
        project.sql(&mut project.connect(), "CREATE TABLE b (id INTEGER, n TEXT)");
        assert_eq!(project.codes(), ["interrupted-run"]);
        let (mended, left) = project.repair(&Consent::default());
        assert_eq!(mended, ["settle the upgrade of bbbb: all of it is there, so the version table is set"]);
        assert_eq!(left, [""; 0]);
        assert_eq!(project.connect().version_rows(&project.table).expect("rows"), Some(vec!["bbbb".into()]));
        assert_eq!(project.entries(), [("bbbb".into(), Outcome::Done), ("bbbb".into(), Outcome::Done)]);
        assert_eq!(project.codes(), [""; 0]);
        assert_eq!(project.repair(&Consent::default()).0, [""; 0]);
    }
}

#[test]
fn a_killed_step_that_did_not_happen_is_interrupted() {
    for (project, transactional) in projects().zip([false, true]) {
        let planned = HistoryEntry { step: 2, ..entry("cccc", Outcome::Planned, &["bbbb"], &["cccc"]) };
        project.record(&[killed(transactional), planned]);
        let (mended, _) = project.repair(&Consent::default());
        let how = if transactional { "its transaction was rolled back" } else { "nothing of it is there" };
        assert_eq!(
            mended,
            [
                format!("settle the upgrade of bbbb: {how}"),
                "forget the upgrade of cccc, which had not begun when its run was killed".to_owned()
            ]
        );
        assert_eq!(project.entries()[0], ("bbbb".into(), Outcome::Interrupted));
        assert_eq!(project.codes(), [""; 0]);
    }
}

#[test]
fn a_killed_step_that_happened_in_part_is_left() {
    for project in projects() {
        project.record(&[killed(false)]);
        project.sql(&mut project.connect(), "CREATE TABLE b (id INTEGER)");
        let (mended, left) = project.repair(&Consent::default());
        assert_eq!(mended, [""; 0]);
        assert_eq!(
            left,
            [
                "the upgrade of bbbb was interrupted, and a part of it happened: table b; not: column b.n. Complete or undo it by \
              hand, then `limbec repair --done bbbb` if all of it is there then, `limbec repair --undone bbbb` if nothing of it is"
            ]
        );
        assert_eq!(project.entries(), [("bbbb".into(), Outcome::Started)]);
        let words = [(RevisionId::from("bbbb"), Word::Undone)].into();
        let (mended, left) = project.repair(&Consent { words, ..Consent::default() });
        assert_eq!(mended, ["settle the upgrade of bbbb: you say that nothing of it is there"]);
        assert_eq!(left, [""; 0]);
        assert_eq!(project.entries()[0], ("bbbb".into(), Outcome::Interrupted));
        assert_eq!(project.connect().version_rows(&project.table).expect("rows"), Some(vec!["aaaa".into()]));
    }
}

#[test]
fn a_killed_step_with_rows_is_left_to_those_who_know() {
    for project in projects() {
        let insert = "op.create_table('b', sa.Column('id', sa.Integer), sa.Column('n', sa.Text))\n    \
                      op.execute('INSERT INTO b VALUES (1)')";
        project.write("bbbb", "'aaaa'", insert);
        project.record(&[killed(false)]);
        project.sql(&mut project.connect(), "CREATE TABLE b (id INTEGER, n TEXT)");
        let (mended, left) = project.repair(&Consent::default());
        assert_eq!(mended, [""; 0]);
        assert!(left[0].contains("the schema does not tell how far it came"), "{left:?}");
        let words = [(RevisionId::from("bbbb"), Word::Done)].into();
        let (mended, _) = project.repair(&Consent { words, ..Consent::default() });
        assert_eq!(
            mended,
            ["settle the upgrade of bbbb: you say that all of it is there, so the version table is set"]
        );
        assert_eq!(project.connect().version_rows(&project.table).expect("rows"), Some(vec!["bbbb".into()]));
        assert_eq!(project.entries()[0], ("bbbb".into(), Outcome::Done));
    }
}

#[test]
fn a_changed_file_is_found_and_accepted_by_name() {
    for project in projects() {
        let meaning = project.with(|subject, _| {
            let index = subject.scripts.map.position("aaaa").expect("the revision");
            subject.files.get(index).expect("its file").meaning().to_string()
        });
        project.record(&[HistoryEntry { meaning: Some(meaning), ..entry("aaaa", Outcome::Done, &[], &["aaaa"]) }]);
        assert_eq!(project.codes(), [""; 0]);
        project.write("aaaa", "None", "op.create_table('a', sa.Column('id', sa.Integer))\n    op.execute('SELECT 1')");
        assert_eq!(project.codes(), ["changed-revision"]);
        let (mended, left) = project.repair(&Consent::default());
        assert_eq!((mended.len(), left.len()), (0, 1), "{left:?}");
        let consent = Consent { accepted: [RevisionId::from("aaaa")].into(), ..Consent::default() };
        assert_eq!(project.repair(&consent).0, ["accept the file of revision aaaa as it is now"]);
        assert_eq!(project.codes(), [""; 0]);
    }
}

#[test]
fn what_was_applied_out_of_order_is_found() {
    for project in projects() {
        project.sql(&mut project.connect(), "CREATE TABLE b (id INTEGER, n TEXT)");
        let change = HeadChange::Update { from: "aaaa".into(), to: "bbbb".into() };
        project.connect().apply(&project.table, &[change]).expect("a row");
        let early = chrono::Utc::now() - chrono::Duration::hours(1);
        let later = HistoryEntry { plan_id: "6f".to_owned(), ..entry("aaaa", Outcome::Done, &["bbbb"], &["bbbb"]) };
        project.record(&[HistoryEntry { started_at: early, ..entry("bbbb", Outcome::Done, &[], &["bbbb"]) }, later]);
        assert_eq!(project.codes(), ["out-of-order"]);
    }
}

#[test]
fn paths_are_those_of_the_files() {
    let project = Project::on_sqlite();
    project.record(&[killed(false)]);
    let found = project.with(|subject, connection| Verification::run(subject, connection).expect("the database"));
    let path = found.findings[0].path.as_deref().map(Path::new);
    assert_eq!(path.and_then(Path::file_name).and_then(|name| name.to_str()), Some("bbbb.py"));
}

#[test]
fn an_index_that_a_killed_build_left_invalid_is_not_there() {
    let Some(project) = Project::on_postgres() else { return };
    let build = "with op.get_context().autocommit_block():\n        \
                 op.create_index('ix_a', 'a', ['id'], unique=True, postgresql_concurrently=True)";
    project.write("bbbb", "'aaaa'", build);
    project.record(&[killed(false)]);
    let mut connection = project.connect();
    project.sql(&mut connection, "INSERT INTO a VALUES (1), (1)");
    // A unique build over equal values fails, and leaves its index invalid as a killed one does.
    assert!(connection.first_column("CREATE UNIQUE INDEX CONCURRENTLY ix_a ON a (id)", &[]).is_err());
    let (mended, left) = project.repair(&Consent::default());
    assert_eq!(mended.len(), 2, "{mended:?} {left:?}");
    assert_eq!(mended[0], "settle the upgrade of bbbb: nothing of it is there");
    assert!(mended[1].starts_with("drop the invalid index"), "{mended:?}");
    assert_eq!(project.connect().version_rows(&project.table).expect("rows"), Some(vec!["aaaa".into()]));
}
