//! Small directories of every tool, read and converted.

use std::collections::BTreeMap;
use std::fs;

use super::*;
use crate::sqlfile::SqlDialect;

struct Sample(tempfile::TempDir);

impl Sample {
    fn of(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn directory(&self) -> Directory {
        Directory::list(self.0.path()).unwrap()
    }

    /// What becomes of it, or why nothing does.
    fn imported(&self, tool: Tool) -> String {
        self.imported_with(tool, &[])
    }

    fn imported_with(&self, tool: Tool, values: &[(&str, &str)]) -> String {
        let values: BTreeMap<String, String> =
            values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let made = || -> Result<String, ImportError> {
            let (migrations, notes) = read(&self.directory(), tool)?;
            let (converted, file_notes) = convert(&migrations, tool, SqlDialect::Postgres, &Placeholders { values })?;
            let mut shown = String::new();
            for (old, new) in migrations.iter().zip(converted) {
                shown.push_str(&format!("{} ({})\n{}", old.version, old.description, indented("up", &new.up)));
                shown.push_str(&new.down.map(|down| indented("down", &down)).unwrap_or_default());
            }
            notes.iter().for_each(|note| shown.push_str(&format!("note: {note}\n")));
            file_notes.iter().for_each(|note| shown.push_str(&format!("note: {}: {}\n", note.file, note.text)));
            Ok(shown)
        };
        let folder = self.0.path().display().to_string();
        made().unwrap_or_else(|error| format!("error: {error}")).replace(&folder, "DIR")
    }
}

fn indented(name: &str, text: &str) -> String {
    text.lines().map(|line| format!("  {name}| {line}\n")).collect()
}

const GOOSE: &str = "-- a comment\n-- +goose NO TRANSACTION\n\n-- +goose Up\n-- +goose StatementBegin\nCREATE FUNCTION f() RETURNS int AS $$ SELECT 1; $$ LANGUAGE sql\n-- +goose StatementEnd\nCREATE TABLE t (a int);\n-- +goose Down\nDROP TABLE t;\nDROP FUNCTION f;\n";

#[test]
fn tools_are_told_apart() {
    let of = |files: &[(&str, &str)]| {
        let names: Vec<&str> =
            candidates(&Sample::of(files).directory()).unwrap().into_iter().map(Tool::name).collect();
        names.join(" ")
    };
    assert_eq!(of(&[("1_a.sql", GOOSE)]), "goose");
    assert_eq!(of(&[("1_a.sql", "-- migrate:up transaction:false\n")]), "dbmate");
    assert_eq!(of(&[("a.sql", "-- +migrate Up\n")]), "sql-migrate");
    assert_eq!(of(&[("1_a.sql", "-- Up Migration\n-- Down Migration\n")]), "sections");
    assert_eq!(of(&[("sub/V1__a.sql", ""), ("R__b.sql", "")]), "flyway");
    assert_eq!(of(&[("1_a.sql", ""), ("rollbacks/1_a.sql", "")]), "numbered");
    assert_eq!(of(&[("1_a.up.sql", ""), ("1_a.down.sql", "")]), "golang-migrate sqlx");
    assert_eq!(of(&[("1_a.up.sql", "-- no-transaction\n")]), "sqlx");
    assert_eq!(of(&[("1_a.sql", "")]), "sqlx numbered");
    assert_eq!(of(&[("1_a.sql", GOOSE), ("2_a.sql", "-- migrate:up\n")]), "dbmate goose");
    assert_eq!(of(&[("seed.sql", ""), ("README.md", "")]), "");
}

#[test]
fn goose() {
    insta::assert_snapshot!(Sample::of(&[("002_b.sql", GOOSE), ("readme.txt", "")]).imported(Tool::Goose), @"
    2 (b)
      up| -- limbec: no-transaction
      up| -- a comment
      up| 
      up| CREATE FUNCTION f() RETURNS int AS $$ SELECT 1; $$ LANGUAGE sql
      up| ;
      up| CREATE TABLE t (a int);
      down| -- limbec: no-transaction
      down| DROP TABLE t;
      down| DROP FUNCTION f;
    ");
    insta::assert_snapshot!(Sample::of(&[
        ("1_a.sql", "-- +goose Up\n-- +goose ENVSUB ON\nSELECT '$HOME';\n"),
        ("2_b.go", ""),
        ("3_c.sql", "SELECT 1;\n-- +goose Up\n"),
        ("4_d.sql", "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n"),
        ("5_e.sql", "SELECT 1"),
        ("05_f.sql", "-- +goose Up\n"),
    ]).imported(Tool::Goose), @"
    error: 5 places cannot be taken over
      1_a.sql, line 3: goose puts the environment's HOME here (ENVSUB ON); write its value into the file, or make it a variable of limbec's after the import
      3_c.sql, line 1: this comes before the first section, so that the tool never ran it
      4_d.sql, line 2: the statement that begins here is never ended
      5_e.sql, line 1: this comes before the first section, so that the tool never ran it
      2_b.go: this migration is a program, and only SQL can be taken over; write it as SQL, or as a Python revision
    ");
}

#[test]
fn dbmate() {
    insta::assert_snapshot!(Sample::of(&[
        ("20230101_a.sql", "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON t (a);\n-- migrate:down\nDROP INDEX i;\n"),
        ("20230102_b.sql", "-- migrate:up\nSELECT '${x}', $$ ${y} $$; -- ${z}\n-- migrate:down\n-- migrate:up\nSELECT 2;\n-- migrate:down\nSELECT 3;"),
    ]).imported(Tool::Dbmate), @"
    20230101 (a)
      up| -- limbec: no-transaction
      up| CREATE INDEX CONCURRENTLY i ON t (a);
      down| DROP INDEX i;
    20230102 (b)
      up| SELECT '${x}', $$ ${y} $$; -- ${z}
      up| SELECT 2;
      down| SELECT 3;
    ");
    insta::assert_snapshot!(Sample::of(&[
        ("1_a.sql", "-- migrate:up\n\nSELECT ${x};\n-- migrate:down\n"),
        ("2_b.sql", "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT $$\n${schema}$$;\n"),
        ("3_c.sql", "-- migrate:up\nCOPY t FROM stdin;\n1\n\\.\n"),
        ("4_d.sql", "-- migrate:up\n\\connect x\n"),
        ("5_e.sql", "-- migrate:up\nSELECT 'a;\n"),
    ]).imported(Tool::Dbmate), @r"
    error: 5 places cannot be taken over
      1_a.sql, line 3: `${x}` is no SQL, and the tool puts nothing in its place
      2_b.sql, line 5: limbec would put the name of the schema in the place of `${schema}` here; write '$' || '{schema}' or the like
      3_c.sql, line 2: `COPY … FROM STDIN` exchanges rows with psql, which limbec is not; write INSERT, or COPY with a file of the server
      4_d.sql, line 2: `\connect` is a command of psql, not SQL; limbec cannot run it
      5_e.sql, line 2: the string that begins here does not end
    ");
}

#[test]
fn golang_migrate_and_sqlx() {
    let pairs = Sample::of(&[
        ("000001_a.up.sql", "BEGIN;\nCREATE TABLE t (a int);\nCOMMIT;\n"),
        ("000001_a.down.sql", "DROP TABLE t;\n"),
        ("000002_b.up.sql", "CREATE INDEX CONCURRENTLY i ON t (a);"),
        ("000010_c.up.sql", "BEGIN;\nSELECT 1;\nCOMMIT;\nBEGIN;\nSELECT 2;\nCOMMIT;\n"),
        ("seed.sql", "SELECT 1"),
    ]);
    insta::assert_snapshot!(pairs.imported(Tool::GolangMigrate), @"
    1 (a)
      up| 
      up| CREATE TABLE t (a int);
      up| 
      down| DROP TABLE t;
    2 (b)
      up| -- limbec: irreversible imported without a way down
      up| -- limbec: no-transaction
      up| CREATE INDEX CONCURRENTLY i ON t (a);
    10 (c)
      up| -- limbec: irreversible imported without a way down
      up| -- limbec: no-transaction
      up| BEGIN;
      up| SELECT 1;
      up| COMMIT;
      up| BEGIN;
      up| SELECT 2;
      up| COMMIT;
    note: seed.sql is left out: it is no migration of golang-migrate
    note: 000001_a.up.sql: BEGIN … COMMIT is left out: limbec's transaction takes its place
    note: 000002_b.up.sql: has CREATE INDEX CONCURRENTLY, and runs outside a transaction
    note: 000010_c.up.sql: has transactions of its own, and keeps them: it runs outside of limbec's
    ");
    let broken = Sample::of(&[("1_a.up.sql", ""), ("01_b.up.sql", ""), ("2_c.down.sql", ""), ("3_d.up.json", "")]);
    insta::assert_snapshot!(broken.imported(Tool::GolangMigrate), @"
    error: 3 places cannot be taken over
      1_a.up.sql: version 1 has another file of this direction
      2_c.down.sql: there is no file that it takes back
      3_d.up.json: this migration is a program, and only SQL can be taken over; write it as SQL, or as a Python revision
    ");
    let sqlx =
        Sample::of(&[("10_b.sql", "-- no-transaction\nVACUUM;\n"), ("9_a.up.sql", "SELECT 1;"), ("9_a.down.sql", "")]);
    insta::assert_snapshot!(sqlx.imported(Tool::Sqlx), @"
    9 (a)
      up| SELECT 1;
    10 (b)
      up| -- limbec: irreversible imported without a way down
      up| -- limbec: no-transaction
      up| VACUUM;
    note: 9_a.down.sql: has no statement, and does nothing
    ");
    assert_eq!(Sample::of(&[("seed.sql", "")]).imported(Tool::Sqlx), "error: DIR holds no migrations of sqlx");
}

#[test]
fn numbered_and_sections() {
    insta::assert_snapshot!(Sample::of(&[
        ("001_a.sql", "SELECT 1;\n"),
        ("rollbacks/001_a.sql", "SELECT 2;\n"),
        ("002_b.sql", ""),
    ]).imported(Tool::Numbered), @"
    1 (a)
      up| SELECT 1;
      down| SELECT 2;
    2 (b)
      up| -- limbec: irreversible imported without a way down
    note: 002_b.sql: has no statement, and does nothing
    ");
    insta::assert_snapshot!(Sample::of(&[("001_a.sql", ""), ("rollbacks/002_a.sql", "")]).imported(Tool::Numbered), @"error: rollbacks/002_a.sql: there is no file that it takes back");
    insta::assert_snapshot!(Sample::of(&[
        ("20230101_120000_add_x.sql", "-- what goes up\n-- up\nSELECT 1;\n-- down --\nSELECT 2;\n"),
        ("20230102120000-add-y.sql", "-- Up Migration\nSELECT 3;\n"),
    ]).imported(Tool::Sections), @"
    20230101120000 (add x)
      up| -- what goes up
      up| SELECT 1;
      down| SELECT 2;
    20230102120000 (add y)
      up| -- limbec: irreversible imported without a way down
      up| SELECT 3;
    ");
}

#[test]
fn sql_migrate() {
    insta::assert_snapshot!(Sample::of(&[
        ("10_b.sql", "-- +migrate Up notransaction\n-- +migrate StatementBegin\nSELECT 1\n-- +migrate StatementEnd\n\n-- +migrate Down\n"),
        ("2_a.sql", "-- +migrate Down\nSELECT 2;\n-- +migrate Up\nSELECT 1;\n"),
    ]).imported(Tool::SqlMigrate), @"
    2_a (a)
      up| SELECT 1;
      down| SELECT 2;
    10_b (b)
      up| -- limbec: no-transaction
      up| SELECT 1
      up| ;
      up| 
    note: 10_b.sql: has no statement, and does nothing
    ");
}

#[test]
fn flyway() {
    let files = Sample::of(&[
        ("V1_10__c.sql", "SELECT 3;\n"),
        (
            "V1_2__b.sql",
            "CREATE TABLE ${flyway:defaultSchema}.\"${Name}\" (a text DEFAULT '${value}'); -- ${comment}\n",
        ),
        ("U1.2__b.sql", "DROP TABLE ${Name};\n"),
        ("sub/V1__a.sql", "CREATE INDEX CONCURRENTLY i ON t (a);\n"),
        ("V2__d.sql", "VALUES (1);"),
        ("V2__d.sql.conf", "executeInTransaction = false\n"),
        ("R__views.sql", "SELECT 1;"),
        ("afterMigrate.sql", "SELECT 1;"),
    ]);
    insta::assert_snapshot!(files.imported(Tool::Flyway), @"
    1 (a)
      up| -- limbec: irreversible imported without a way down
      up| -- limbec: no-transaction
      up| CREATE INDEX CONCURRENTLY i ON t (a);
    1.2 (b)
      up| -- limbec: variable Name
      up| -- limbec: variable value
      up| CREATE TABLE ${schema}.${Name} (a text DEFAULT ${value:literal}); -- ${comment}
      down| -- limbec: variable Name
      down| DROP TABLE ${Name};
    1.10 (c)
      up| -- limbec: irreversible imported without a way down
      up| SELECT 3;
    2 (d)
      up| -- limbec: irreversible imported without a way down
      up| -- limbec: no-transaction
      up| VALUES (1);
    R views (views)
      up| -- limbec: irreversible imported without a way down
      up| SELECT 1;
    note: repeatable migrations become revisions that come last and run once; a later version of one is a revision of its own
    note: left out, as they are neither V…, U… nor R…: afterMigrate.sql (callbacks are hooks of limbec's: docs/hooks.md)
    note: sub/V1__a.sql: has CREATE INDEX CONCURRENTLY, and runs outside a transaction
    note: V1_2__b.sql: needs the variable Name, which was the placeholder of this name
    note: V1_2__b.sql: needs the variable value, which was the placeholder of this name
    note: U1.2__b.sql: needs the variable Name, which was the placeholder of this name
    ");
    let pasted = Sample::of(&[
        ("V1__a.sql", "SELECT 'x ${value}';\n"),
        ("V2__b.sql", "CREATE TABLE ${prefix}_t (a int);\n"),
        ("V3__c.sql", "SELECT $$\n ${value} $$;\n"),
        ("V4__d.sql", "SELECT ${a.b};\n"),
    ]);
    let broken = Sample::of(&[("V_x__a.sql", ""), ("V5x__a.sql", ""), ("V6__java.java", "")]);
    insta::assert_snapshot!(broken.imported(Tool::Flyway), @"
    error: 2 places cannot be taken over
      V5x__a.sql: no version of Flyway's is between the first letter and two underscores
      V6__java.java: this migration is a program, and only SQL can be taken over; write it as SQL, or as a Python revision
    ");
    insta::assert_snapshot!(pasted.imported(Tool::Flyway), @"
    error: 4 places cannot be taken over
      V1__a.sql, line 1: a placeholder is a part of a string here, and a variable is a whole one; give its value: `--set value=VALUE`
      V2__b.sql, line 1: a placeholder is a part of a name here, and a variable is a whole one; give its value: `--set prefix=VALUE`
      V3__c.sql, line 2: a placeholder is inside a body here, where a variable would be quoted; give its value: `--set value=VALUE`
      V4__d.sql, line 1: no variable can have this name; give its value: `--set a.b=VALUE`
    ");
    let given = Sample::of(&[("V1__a.sql", "CREATE TABLE ${prefix}_t (a text DEFAULT 'x ${prefix}'); -- ${prefix}\n")]);
    insta::assert_snapshot!(given.imported_with(Tool::Flyway, &[("prefix", "app")]), @"
    1 (a)
      up| -- limbec: irreversible imported without a way down
      up| CREATE TABLE app_t (a text DEFAULT 'x app'); -- app
    ");
}

#[test]
fn files_that_are_no_text() {
    let sample = Sample::of(&[("1_a.sql", "")]);
    fs::write(sample.0.path().join("1_a.sql"), b"SELECT 1;\nSELECT '\xff';\n").unwrap();
    fs::write(sample.0.path().join("2_b.sql"), b"\xff\xfeS\0").unwrap();
    fs::write(sample.0.path().join("3_c.sql"), b"\xef\xbb\xbfSELECT 1;\r\n").unwrap();
    insta::assert_snapshot!(sample.imported(Tool::Sqlx), @"
    error: 2 places cannot be taken over
      1_a.sql, line 2: this is not UTF-8; save the file as UTF-8 (its checksum changes with that)
      2_b.sql, line 1: this is not UTF-8; save the file as UTF-8 (its checksum changes with that)
    ");
    fs::remove_file(sample.0.path().join("1_a.sql")).unwrap();
    fs::remove_file(sample.0.path().join("2_b.sql")).unwrap();
    insta::assert_snapshot!(sample.imported(Tool::Sqlx), @"
    3 (c)
      up| -- limbec: irreversible imported without a way down
      up| SELECT 1;
    ");
}
