use serde_json::{Value, json};

use super::*;
use crate::import::OldText;

fn old(version: &str, file: &str) -> OldMigration {
    OldMigration {
        version: version.to_owned(),
        description: crate::import::formats::words(
            file.split_once('_').map_or("", |(_, name)| name).trim_end_matches(".sql"),
        ),
        up: OldText::whole(file, String::new()),
        down: None,
        file: file.to_owned(),
        source: b"abc".to_vec(),
        is_repeatable: version.starts_with("R "),
    }
}

fn three() -> Vec<OldMigration> {
    [("1", "001_a.sql"), ("2", "002_b.sql"), ("3", "003_c.sql")].map(|(version, file)| old(version, file)).into()
}

fn read(tool: Tool, rows: &[Value]) -> Result<Vec<String>, String> {
    read_of(tool, rows, &three())
}

fn read_of(tool: Tool, rows: &[Value], migrations: &[OldMigration]) -> Result<Vec<String>, String> {
    let rows = rows.iter().cloned().map(TrackingRow::of).collect();
    let table = TrackingTable { name: "t".to_owned(), tools: vec![tool], columns: Vec::new(), rows };
    let applied = applied(&table, tool, migrations, Drift::Refused).map_err(|error| error.to_string())?;
    let mut versions: Vec<String> = applied.versions.into_iter().collect();
    versions.sort();
    Ok(versions)
}

#[test]
fn golang_migrate_has_one_row() {
    assert_eq!(read(Tool::GolangMigrate, &[json!({"version": 2, "dirty": false})]).unwrap(), ["1", "2"]);
    assert_eq!(read(Tool::GolangMigrate, &[json!({"version": 2, "dirty": 0})]).unwrap(), ["1", "2"]);
    assert!(read(Tool::GolangMigrate, &[]).unwrap().is_empty());
    assert!(read(Tool::GolangMigrate, &[json!({"version": -1, "dirty": false})]).unwrap().is_empty());
    insta::assert_snapshot!(read(Tool::GolangMigrate, &[json!({"version": 2, "dirty": true})]).unwrap_err(), @"t says of 2 that it is dirty: it was begun and failed");
    insta::assert_snapshot!(read(Tool::GolangMigrate, &[json!({"version": 9, "dirty": false})]).unwrap_err(), @"t has 9, of which there is no file");
}

#[test]
fn the_last_row_of_goose_counts() {
    let row = |version: u32, is_applied: bool| json!({"version_id": version, "is_applied": is_applied});
    assert_eq!(read(Tool::Goose, &[row(0, true), row(1, true), row(2, true), row(2, false)]).unwrap(), ["1"]);
    assert_eq!(read(Tool::Goose, &[row(0, true), row(1, true), row(1, false), row(1, true)]).unwrap(), ["1"]);
}

#[test]
fn sql_migrate_may_have_checksums() {
    let files = [old("001_a", "001_a.sql"), old("002_b", "002_b.sql")];
    let row = |id: &str, checksum: &str| json!({"id": id, "checksum": checksum});
    // SHA-256 of abc.
    let right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let wrong = "0".repeat(64);
    let read = |rows: &[Value]| read_of(Tool::SqlMigrate, rows, &files);
    assert_eq!(read(&[row("001_a.sql", right), json!({"id": "002_b.sql"})]).unwrap(), ["001_a", "002_b"]);
    assert!(read(&[row("001_a.sql", &wrong)]).unwrap_err().contains("001_a.sql"));
}

#[test]
fn sqlx_and_what_failed() {
    // SHA-384 of abc.
    let right = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7";
    let row = |checksum: &str, success: bool| json!({"version": 1, "success": success, "checksum": checksum});
    assert_eq!(read(Tool::Sqlx, &[row(&format!("\\x{right}"), true)]).unwrap(), ["1"]);
    assert_eq!(read(Tool::Sqlx, &[row(right, true)]).unwrap(), ["1"]);
    insta::assert_snapshot!(read(Tool::Sqlx, &[row("00", true)]).unwrap_err(), @"changed since they were applied, by the checksums in t: 001_a.sql");
    insta::assert_snapshot!(read(Tool::Sqlx, &[row(right, false)]).unwrap_err(), @"t says of 1 that it failed (success is false)");
}

#[test]
fn flyway_has_baselines_undone_and_repeatable_ones() {
    let migrations: Vec<OldMigration> =
        [("1", "V1__a.sql"), ("1.1", "V1_1__b.sql"), ("2", "V2__c.sql"), ("R views", "R__views.sql")]
            .map(|(version, file)| old(version, file))
            .into();
    let checksum = checksum::flyway(b"abc");
    let row = |kind: &str, version: Value, script: &str| json!({"type": kind, "version": version, "script": script, "success": true, "checksum": if kind == "SQL" { json!(checksum) } else { Value::Null }});
    let read = |rows: &[Value]| read_of(Tool::Flyway, rows, &migrations);
    let schema = row("SCHEMA", Value::Null, "\"app\"");
    assert_eq!(read(&[schema, row("SQL", json!("1"), "V1__a.sql")]).unwrap(), ["1"]);
    assert_eq!(read(&[row("BASELINE", json!("1.1"), "<< Flyway Baseline >>")]).unwrap(), ["1", "1.1"]);
    let undone = [
        row("SQL", json!("1"), "V1__a.sql"),
        row("SQL", json!("1.1"), "V1_1__b.sql"),
        row("UNDO_SQL", json!("1.1"), "U1_1__b.sql"),
    ];
    assert_eq!(read(&undone).unwrap(), ["1"]);
    assert_eq!(read(&[row("SQL", Value::Null, "R__views.sql")]).unwrap(), ["R views"]);
    let changed = json!({"type": "SQL", "version": "1", "script": "V1__a.sql", "success": true, "checksum": 5});
    assert_eq!(read(&[changed]).unwrap_err(), "changed since they were applied, by the checksums in t: V1__a.sql");
    // A repeatable file that changed is to run again.
    let changed = json!({"type": "SQL", "version": null, "script": "R__views.sql", "success": true, "checksum": 5});
    assert!(read(&[changed]).unwrap().is_empty());
    let failed = json!({"type": "SQL", "version": "1", "script": "V1__a.sql", "success": false, "checksum": checksum});
    assert_eq!(read(&[failed]).unwrap_err(), "t says of 1 that it failed (success is false)");
}

#[test]
fn rows_of_tables_of_ones_own_are_found_by_any_name() {
    let read = |row: Value| read(Tool::Numbered, &[row]);
    for row in [
        json!({"version": "001", "name": "a"}),
        json!({"id": 7, "name": "001_a.sql"}),
        json!({"version": "0.1.0", "migration_name": "001_a", "checksum": "900150983cd24fb0d6963f7d28e17f72"}),
        json!({"version": 1, "checksum": "by hand"}),
        json!({"id": "001"}),
        json!({"name": "migrations/001_a.sql", "status": "Completed"}),
    ] {
        assert_eq!(read(row.clone()).unwrap(), ["1"], "{row}");
    }
    for (row, expected) in [
        (json!({"id": 1, "name": "unknown"}), "t has unknown, of which there is no file"),
        (json!({"version": "001", "status": "running"}), "t says of 001 that its state is `running`"),
        (json!({"version": "001", "success": false}), "t says of 001 that it failed"),
        (
            json!({"version": "001", "checksum": "00000000000000000000000000000000"}),
            "changed since they were applied, by the checksums in t: 001_a.sql",
        ),
    ] {
        assert_eq!(read(row).unwrap_err(), expected);
    }
}

#[test]
fn one_of_several_files_of_one_description_is_told_by_its_number() {
    let migrations: Vec<OldMigration> =
        [("1", "001_update.sql"), ("2", "002_foo.sql"), ("3", "003_update.sql")].map(|(v, file)| old(v, file)).into();
    let read = |rows: &[Value]| read_of(Tool::Numbered, rows, &migrations);
    let row = |version: &str, name: &str| json!({"version": version, "name": name});
    let all = [row("001", "update"), row("002", "foo"), row("003", "update")];
    assert_eq!(read(&all).unwrap(), ["1", "2", "3"]);
    assert_eq!(read(&[json!({"name": "foo"})]).unwrap(), ["2"]);
    for (rows, expected) in [
        (vec![json!({"name": "update"})], "t has update, which may be 001_update.sql or 003_update.sql"),
        (vec![row("003", "foo")], "t has foo, which may be 003_update.sql or 002_foo.sql"),
        (vec![row("1", "001_update"), row("001", "x")], "t has 001_update and x, and both are 001_update.sql"),
    ] {
        assert_eq!(read(&rows).unwrap_err(), expected);
    }
}

#[test]
fn a_person_names_the_last_one_as_it_is_called() {
    let until = |last: &str| applied_until(&three(), last).map(|applied| applied.versions.len());
    for last in ["002_b.sql", "002_b", "002", "2", "db/002_b.sql"] {
        assert_eq!(until(last).unwrap(), 2, "{last}");
    }
    assert_eq!(until("9").unwrap_err().to_string(), "no migration is 9; the last one is 003_c.sql");
    assert!(until("").is_err());
}

#[test]
fn what_has_run_is_the_beginning() {
    let migrations = three();
    let in_order: Vec<&OldMigration> = migrations.iter().collect();
    let prefix = |versions: &[&str]| {
        applied_prefix(&in_order, &versions.iter().map(|version| (*version).to_owned()).collect())
            .map_err(|error| error.to_string())
    };
    assert_eq!(prefix(&[]), Ok(0));
    assert_eq!(prefix(&["1", "2"]), Ok(2));
    insta::assert_snapshot!(prefix(&["1", "3"]).unwrap_err(), @"not applied: 002_b.sql; but after it: 003_c.sql");
    let repeatable = [old("1", "V1__a.sql"), old("2", "V2__b.sql"), old("R v", "R__v.sql")];
    let in_order: Vec<&OldMigration> = repeatable.iter().collect();
    let versions = ["1", "R v"].map(str::to_owned).into();
    assert_eq!(applied_prefix(&in_order, &versions).unwrap(), 1);
}
