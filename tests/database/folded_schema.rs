//! The schema that limbec folds from SQL is the one that PostgreSQL has after running it.

use std::path::Path;

use limbec::catalogue::{Catalogue, Scope};
use limbec::operation::{Dialect, Name, Operations, read};
use limbec::revision::{Revision, RevisionIndex, RevisionMap};
use limbec::schema::{Schema, SchemaHistory};
use limbec::script::{Imports, RevisionFile};

use crate::fixture::TestDatabase;

/// One revision each. Names that PostgreSQL chooses, what goes with a column, a table or a type, and what follows a rename.
const STEPS: &[&str] = &[
    "CREATE TABLE orgs (id serial PRIMARY KEY, name text NOT NULL UNIQUE, size int CHECK (size > 0), a int, b int, CHECK (a < b))",
    "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE kind AS ENUM ('x')",
    "CREATE TABLE \"Users\" (id bigint GENERATED ALWAYS AS IDENTITY, email varchar(50), mood mood DEFAULT 'ok', kind kind,
     org_id int REFERENCES orgs ON DELETE CASCADE, org_name text CONSTRAINT named REFERENCES orgs (name), UNIQUE (email, org_id), PRIMARY KEY (id))",
    "CREATE TABLE a_table_with_quite_a_long_name_of_its_own (a_column_with_a_long_name_as_well int UNIQUE, CHECK (true), CHECK (1 = 1))",
    "ALTER TABLE \"Users\" ADD COLUMN age smallint NOT NULL DEFAULT 0 UNIQUE, ADD UNIQUE (age), ALTER email SET NOT NULL, ALTER mood DROP DEFAULT",
    "CREATE INDEX ix_age ON \"Users\" (age, email); CREATE UNIQUE INDEX ix_lower ON \"Users\" (lower(email)); CREATE UNIQUE INDEX ux ON \"Users\" (org_id)",
    "ALTER TABLE \"Users\" ADD CONSTRAINT one_a_firm UNIQUE USING INDEX ux",
    "ALTER TYPE mood ADD VALUE 'happy' BEFORE 'ok'; ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'; ALTER TYPE mood RENAME TO feeling",
    "ALTER TABLE \"Users\" RENAME TO people; ALTER TABLE people RENAME email TO mail; ALTER TABLE orgs RENAME CONSTRAINT orgs_pkey TO orgs_key",
    "ALTER TABLE people DROP COLUMN mail; ALTER INDEX one_a_firm RENAME TO one_an_org",
    "ALTER TABLE orgs DROP COLUMN a, DROP COLUMN name CASCADE",
    "DROP TYPE kind CASCADE; ALTER TABLE people DROP CONSTRAINT \"Users_age_key\", ALTER age DROP NOT NULL, ALTER age TYPE bigint",
    "CREATE SCHEMA s; ALTER TABLE people SET SCHEMA s; CREATE TABLE s.more (id int PRIMARY KEY, person bigint REFERENCES s.people)",
    "DO $$ BEGIN CREATE TYPE feeling AS ENUM ('none'); EXCEPTION WHEN duplicate_object THEN NULL; END $$; CREATE TABLE IF NOT EXISTS orgs (x int)",
    "DROP TABLE orgs CASCADE; DROP INDEX IF EXISTS ix_age; CREATE TEMP TABLE t AS SELECT 1 AS one; INSERT INTO t VALUES (2)",
    "DROP SCHEMA s CASCADE",
];

#[test]
fn folded_and_real_schema_agree_after_every_step() {
    let Some(database) = TestDatabase::create() else { return };
    let operations: Vec<Operations> = STEPS.iter().map(|sql| operations(sql)).collect();
    let revisions = (0..STEPS.len()).map(|at| Revision {
        id: format!("r{at}").as_str().into(),
        down: at.checked_sub(1).map(|down| format!("r{down}").as_str().into()).into_iter().collect(),
        depends_on: Vec::new(),
        branch_labels: Vec::new(),
    });
    let map = RevisionMap::build(revisions.collect()).expect("a chain");
    let history = SchemaHistory::fold(&map, &operations.iter().collect::<Vec<_>>(), Dialect::Postgresql);
    for (at, sql) in STEPS.iter().enumerate() {
        database.sql(sql);
        let revision = RevisionIndex(u32::try_from(at).expect("few steps"));
        assert!(operations[at].upgrade.not_analysed.iter().all(|call| call.is_partly_known), "{sql}");
        assert_eq!(history.unknown(revision), [], "{sql}");
        let mut connection = database.connect("");
        let catalogue = Catalogue::read(&mut connection, &Scope::schemas(["public", "s"])).expect("the catalogue");
        let (mut real, mut folded) = (real(&catalogue), listing(history.after(revision)));
        real.sort();
        folded.sort();
        assert_eq!(folded.join("\n"), real.join("\n"), "after {sql}");
    }
}

fn operations(sql: &str) -> Operations {
    let source =
        format!("from alembic import op\ndef upgrade():\n    op.execute(\"\"\"{}\"\"\")\n", sql.replace('"', "\\\""));
    read(&RevisionFile::parse(Path::new("revision.py"), source.into_bytes(), &Imports::new(&[])))
}

/// What the catalogue says.
fn real(catalogue: &Catalogue) -> Vec<String> {
    let mut lines = Vec::new();
    for table in catalogue.tables() {
        for column in &table.columns {
            let not_null = if column.nullable { "" } else { " not null" };
            let default = if column.default.is_some() || column.generation.is_some() { " default" } else { "" };
            lines.push(format!("{}.{}{not_null}{default}", table.name, column.name));
        }
        let constraints = table.constraints.iter().filter_map(|constraint| constraint.name.as_ref());
        lines.extend(constraints.map(|name| format!("{} has {name}", table.name)));
        lines.extend(table.indexes.iter().map(|index| format!("{} index {}", table.name, index.name)));
    }
    for (name, labels) in &catalogue.enums {
        let mut labels = labels.clone();
        labels.sort();
        lines.push(format!("{name}: {}", labels.join(" ")));
    }
    lines
}

/// The same of a folded schema.
fn listing(schema: &Schema) -> Vec<String> {
    let mut lines = Vec::new();
    for table in schema.tables() {
        for column in &table.columns {
            let not_null = if column.nullable == Some(false) { " not null" } else { "" };
            let default = if column.server_default.is_some() { " default" } else { "" };
            lines.push(format!("{}.{}{not_null}{default}", table.name, column.name));
        }
        let named = |name: &Name, default: &Option<String>| name.known().map(str::to_owned).or(default.clone());
        let constraints = table.constraints.iter().map(|part| ("has", named(&part.name, &part.default_name)));
        let indexes = table.indexes.iter().filter(|index| !index.is_doubtful);
        let indexes = indexes.map(|part| ("index", named(&part.name, &part.default_name)));
        for (what, name) in constraints.chain(indexes) {
            lines.push(format!("{} {what} {}", table.name, name.unwrap_or_default()));
        }
    }
    for state in schema.enum_types() {
        let mut values = state.values.clone().unwrap_or_default();
        values.sort();
        lines.push(format!("{}: {}", state.name, values.join(" ")));
    }
    lines
}
