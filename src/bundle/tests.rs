use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use super::*;
use crate::migrate::{StepScript, StepSource};
use crate::plan::{self, Direction, Plan, TransactionMode};
use crate::revision::RevisionId;
use crate::sqlfile::Variables;

fn manifest() -> Manifest {
    Manifest {
        limbec: "0".to_owned(),
        dialect: "sqlite".to_owned(),
        driver: "sqlite".to_owned(),
        range: None,
        template: false,
        min_server: None,
        packages: Vec::new(),
        version_table: BundledTable { name: "v".to_owned(), schema: None, primary_key: true },
        transaction: TransactionMode::PerRun,
        setup: Vec::new(),
        settings: BundleSettings::default(),
        heads: vec!["b".to_owned()],
        revisions: 2,
        lint: LintSummary::default(),
    }
}

fn revision(id: &str, down: &[&str], downgrade: Way) -> BundledRevision {
    BundledRevision {
        revision: id.to_owned(),
        down: down.iter().map(ToString::to_string).collect(),
        depends_on: Vec::new(),
        labels: Vec::new(),
        docstring: None,
        path: format!("{id}.py").into(),
        sha256: String::new(),
        meaning: String::new(),
        source: format!("revision = {id:?}\n"),
        findings: Vec::new(),
        upgrade: Way::Sql { statements: 2 },
        downgrade,
    }
}

/// a, then b whose upgrade is a file and whose downgrade needs Python.
fn write(path: &Path, file: &Path) {
    let mut writer = BundleWriter::create(path, &manifest()).unwrap();
    writer.revision(&revision("a", &[], Way::Sql { statements: 1 })).unwrap();
    writer.revision(&revision("b", &["a"], Way::Python { reason: "it tosses a coin".to_owned() })).unwrap();
    let step = |step: &str, revision: &str, file: Option<&str>| BundledStep {
        step: step.to_owned(),
        revision: revision.to_owned(),
        file: file.map(Into::into),
    };
    writer.step(&step("upgrade", "a", None)).unwrap();
    writer.statement("CREATE TABLE t (\n\ti)").unwrap();
    writer.statement("{\"step\": 'none'}").unwrap();
    writer.step(&step("downgrade", "a", None)).unwrap();
    writer.statement("DROP TABLE t").unwrap();
    writer.step(&step("upgrade", "b", Some("b.up.sql"))).unwrap();
    writer.text(file).unwrap();
    writer.finish().unwrap();
}

fn plan(bundle: &Bundle, rows: &[&str], target: &str) -> Plan {
    let (scripts, _) = bundle.scripts().unwrap();
    let rows: Vec<RevisionId> = rows.iter().map(|row| RevisionId::from(*row)).collect();
    match target {
        "base" => plan::downgrade(&scripts.map, &rows, target).unwrap(),
        target => plan::upgrade(&scripts.map, &rows, target).unwrap(),
    }
}

fn sent(script: StepScript<'_>) -> Result<Vec<String>, String> {
    script.statements.map(|each| each.map(|each| each.sql.into_owned()).map_err(|error| error.to_string())).collect()
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (path, file) = (folder.path().join("x.bundle"), folder.path().join("b.up.sql"));
    // More than a piece, with characters of several bytes across its end.
    let rows: String = (0..9000).map(|n| format!("INSERT INTO t VALUES ('ü{n}');\n")).collect();
    fs::write(&file, format!("-- limbec: no-transaction\n{rows}")).unwrap();
    write(&path, &file);
    let bundle = Bundle::open(&path).unwrap();
    assert_eq!(bundle.manifest, manifest());
    let steps = BundleSteps { bundle: &bundle, variables: Variables::default() };
    let up = plan(&bundle, &[], "heads");
    bundle.check_plan(&up).unwrap();
    let first = steps.script(&up.steps[0], None).unwrap();
    assert_eq!(sent(first).unwrap(), ["CREATE TABLE t (\n\ti)", "{\"step\": 'none'}"]);
    let second = steps.script(&up.steps[1], None).unwrap();
    assert!(second.outside_transaction);
    let statements = sent(second).unwrap();
    assert_eq!((statements.len(), statements[8999].as_str()), (9000, "INSERT INTO t VALUES ('ü8999')"));
    let error = bundle.check_plan(&plan(&bundle, &["b"], "base")).unwrap_err();
    assert_eq!(error.to_string(), "the bundle has no SQL for downgrade of b: it tosses a coin");
}

#[test]
fn every_byte_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (path, file) = (folder.path().join("x.bundle"), folder.path().join("b.up.sql"));
    fs::write(&file, "SELECT 1;\n").unwrap();
    write(&path, &file);
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&path, &changed).unwrap();
        // Blanks that pad the first line are the only bytes that say nothing; changed, they are none any more.
        assert!(Bundle::open(&path).is_err(), "byte {at}");
        fs::write(&path, &whole[..at]).unwrap();
        assert!(Bundle::open(&path).is_err(), "cut at {at}");
    }
}

#[test]
fn a_file_that_changes_while_it_is_applied_ends_its_step() {
    let folder = tempfile::tempdir().unwrap();
    let (path, file) = (folder.path().join("x.bundle"), folder.path().join("b.up.sql"));
    fs::write(&file, "SELECT 1;\n").unwrap();
    write(&path, &file);
    let bundle = Bundle::open(&path).unwrap();
    let at = fs::read_to_string(&path).unwrap().find("DROP TABLE t").unwrap();
    let mut opened = fs::File::options().write(true).open(&path).unwrap();
    opened.seek(SeekFrom::Start(at as u64)).unwrap();
    opened.write_all(b"DROP TABLE u").unwrap();
    let steps = BundleSteps { bundle: &bundle, variables: Variables::default() };
    let down = plan(&bundle, &["a"], "base");
    assert_eq!(down.steps[0].direction, Direction::Downgrade);
    let error = sent(steps.script(&down.steps[0], None).unwrap()).unwrap_err();
    assert!(error.ends_with("was changed while it was applied: downgrade of a is another one"), "{error}");
}
