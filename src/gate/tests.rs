use std::path::Path;

use insta::assert_snapshot;

use super::destruction::*;
use crate::operation::{Dialect, Operations, read};
use crate::plan::{Direction, Step};
use crate::script::{Imports, RevisionFile};

/// What a plan of these steps destroys; the text of a step is the body of its function.
fn foreseen(direction: Direction, steps: &[&str]) -> String {
    let name = if direction == Direction::Upgrade { "upgrade" } else { "downgrade" };
    let read: Vec<(RevisionFile, Operations, Step)> = steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let body = step.replace('\n', "\n    ");
            let text = format!(
                "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = 'a'\ndown_revision = None\n\n\
                 def {name}():\n    {body}\n"
            );
            let file = RevisionFile::parse(Path::new("/p/a.py"), text.into_bytes(), &Imports::new(&[]));
            let step = Step {
                revision: index.to_string().as_str().into(),
                direction,
                from_heads: Vec::new(),
                to_heads: Vec::new(),
                changes: Vec::new(),
                stamp: None,
            };
            (read(&file), file, step)
        })
        .map(|(operations, file, step)| (file, operations, step))
        .collect();
    let sources: Vec<StepSource<'_>> =
        read.iter().map(|(file, operations, step)| StepSource { step, file, operations, schema: None }).collect();
    let foreseen = foresee(&sources, Dialect::Postgresql);
    let lost = foreseen.destructions.iter().map(|lost| format!("{}: {}: {:?}", lost.revision, lost.loss, lost.target));
    let unread = foreseen
        .unread
        .iter()
        .map(|call| format!("{}: line {}: {} {}", call.revision, call.line, call.what, call.reason));
    lost.chain(unread).collect::<Vec<_>>().join("\n")
}

const CREATE: &str = "op.create_table('t', sa.Column('id', sa.Integer()), sa.Column('a', sa.Text()))";

#[test]
fn what_was_there_before_the_plan_is_lost() {
    assert_snapshot!(foreseen(Direction::Downgrade, &["op.drop_column('t', 'a')\nop.drop_table('t', schema='s')", "op.execute('DELETE FROM u WHERE id > 5; TRUNCATE v; DROP SCHEMA w CASCADE')"]), @r#"
    0: the column `t.a`: Column { table: TableName { schema: None, name: "t" }, column: "a" }
    0: the table `s.t`: Table(TableName { schema: Some("s"), name: "t" })
    1: rows of `u`: SomeRows(TableName { schema: None, name: "u" })
    1: all rows of `v`: Table(TableName { schema: None, name: "v" })
    1: the schema `w`: Schema("w")
    "#);
}

#[test]
fn what_the_plan_made_is_no_loss() {
    assert_eq!(
        foreseen(
            Direction::Upgrade,
            &[CREATE, "op.drop_column('t', 'a')\nop.execute('DELETE FROM t')\nop.drop_table('t')"]
        ),
        ""
    );
    let added = "op.add_column('t', sa.Column('b', sa.Text()))";
    assert_eq!(foreseen(Direction::Upgrade, &[added, "op.drop_column('t', 'b')"]), "");
    assert_eq!(foreseen(Direction::Upgrade, &[CREATE, "op.rename_table('t', 'u')", "op.drop_table('u')"]), "");
    let renamed = "op.alter_column('t', 'b', new_column_name='c')";
    assert_eq!(foreseen(Direction::Upgrade, &[added, renamed, "op.drop_column('t', 'c')"]), "");
}

#[test]
fn temporary_tables_of_a_step_are_no_loss() {
    for used in [
        "CREATE TEMP TABLE x AS SELECT 1 AS i; DELETE FROM x; TRUNCATE x; DROP TABLE x",
        "CREATE TEMPORARY TABLE IF NOT EXISTS x (i int); DROP TABLE pg_temp.x",
        "SELECT 1 AS i INTO TEMP x; DROP TABLE x",
        "DO $$ BEGIN CREATE TEMP TABLE x AS SELECT 1; DROP TABLE x; END $$",
    ] {
        assert_eq!(foreseen_of_sql(&[used]), "", "{used}");
    }
    let lost = "all rows of `x`";
    assert!(foreseen_of_sql(&["CREATE TEMP TABLE x (i int); DROP TABLE x; DELETE FROM x"]).contains(lost));
    assert!(foreseen_of_sql(&["CREATE TEMP TABLE x (i int)", "DELETE FROM x"]).contains(lost));
    assert!(foreseen_of_sql(&["CREATE TEMP TABLE x (i int); DELETE FROM public.x"]).contains("all rows of `public.x`"));
}

#[test]
fn what_the_plan_may_have_made_is() {
    for made in ["op.execute('CREATE TABLE IF NOT EXISTS t (id integer)')", "if flag():\n    op.create_table('t')"] {
        assert_ne!(foreseen(Direction::Upgrade, &[made, "op.drop_table('t')"]), "", "{made}");
    }
    // Another table of the same name was there before.
    assert_ne!(foreseen(Direction::Upgrade, &["op.drop_table('t')", CREATE, "op.drop_table('t')"]), "");
}

#[test]
fn what_the_plan_renamed_is_measured_by_its_old_name() {
    let steps = [
        "op.rename_table('t', 'u')",
        "op.alter_column('u', 'a', new_column_name='b')",
        "op.drop_column('u', 'b')",
        "op.drop_table('u')",
    ];
    assert_snapshot!(foreseen(Direction::Upgrade, &steps), @r#"
    2: the column `u.b`: Column { table: TableName { schema: None, name: "t" }, column: "a" }
    3: the table `u`: Table(TableName { schema: None, name: "t" })
    "#);
}

#[test]
fn other_databases_do_not_count() {
    let guarded = "if op.get_bind().dialect.name == 'sqlite':\n    op.drop_table('t')";
    assert_eq!(foreseen(Direction::Upgrade, &[guarded]), "");
}

#[test]
fn what_is_not_understood_is_told() {
    assert_snapshot!(foreseen(Direction::Upgrade, &["op.execute(build())", "op.drop_table(name())", "op.create_table('t', *columns())"]), @"
    0: line 8: op.execute the SQL is computed
    1: line 8: op.drop_table the table's name is computed
    ");
}

/// The same of steps that are one SQL text each.
fn foreseen_of_sql(steps: &[&str]) -> String {
    let steps: Vec<String> = steps.iter().map(|sql| format!("op.execute({sql:?})")).collect();
    foreseen(Direction::Upgrade, &steps.iter().map(String::as_str).collect::<Vec<_>>())
}

const EMPTIES_A: &str = "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM a; DROP TABLE b'";

#[test]
fn what_a_function_of_the_plan_does_counts_where_it_is_called() {
    assert_eq!(foreseen_of_sql(&[EMPTIES_A]), "");
    let lost = "the table `b`";
    for call in
        ["SELECT f()", "SELECT * FROM public.F()", "INSERT INTO z SELECT f()", "DO $$ BEGIN PERFORM f(); END $$"]
    {
        let text = foreseen_of_sql(&[&format!("{EMPTIES_A}; {call}")]);
        assert!(text.contains(lost) && text.contains("0: all rows of `a`"), "{call}: {text}");
        assert!(foreseen_of_sql(&[EMPTIES_A, call]).contains("1: the table `b`"), "{call}");
    }
    assert_eq!(foreseen_of_sql(&[EMPTIES_A, "SELECT g(), count(*); CREATE VIEW v AS SELECT f()"]), "");
    for made in [
        "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN DROP TABLE b; END $$; CALL p()",
        "CREATE PROCEDURE p() BEGIN ATOMIC DELETE FROM b; END; CALL p()",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY DELETE FROM b RETURNING 1; END $$; SELECT f()",
        "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT f()'; \
         CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'DROP TABLE b; SELECT g()'; SELECT g()",
    ] {
        assert!(foreseen_of_sql(&[made]).contains("`b`"), "{made}");
    }
}

#[test]
fn a_function_that_is_not_understood_is_told_where_it_is_called() {
    let computed =
        "CREATE FUNCTION f(n text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DROP TABLE ' || n; END $$";
    let python = "CREATE FUNCTION g() RETURNS void LANGUAGE plpython3u AS 'pass'";
    assert_eq!(foreseen_of_sql(&[computed, python]), "");
    assert_snapshot!(foreseen_of_sql(&[computed, python, "SELECT f('a'); SELECT g()"]), @"
    2: line 8: f() it runs computed SQL
    2: line 8: g() it is written in plpython3u
    ");
}

#[test]
fn what_a_trigger_of_the_plan_does_counts_where_rows_change() {
    let function =
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM log; RETURN NEW; END $$";
    let trigger = "CREATE TRIGGER t AFTER INSERT OR UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f()";
    assert_eq!(foreseen_of_sql(&[function, trigger, "DELETE FROM a WHERE false"]).lines().count(), 1);
    assert_snapshot!(foreseen_of_sql(&[function, trigger, "INSERT INTO a VALUES (1)"]), @r#"2: all rows of `log`: Table(TableName { schema: None, name: "log" })"#);
    assert_eq!(foreseen_of_sql(&[function, trigger, "DROP TRIGGER t ON a; INSERT INTO a VALUES (1)"]), "");
    let of_sqlite = "CREATE TRIGGER IF NOT EXISTS t AFTER INSERT ON a BEGIN DELETE FROM log; END";
    assert_snapshot!(foreseen_of_sql(&[of_sqlite, "INSERT INTO a VALUES (1)"]), @r#"1: all rows of `log`: Table(TableName { schema: None, name: "log" })"#);
}

#[test]
fn values_that_are_overwritten_are_lost() {
    assert_snapshot!(foreseen_of_sql(&[
        "UPDATE t SET a = NULL, b = lower(b), c = 'x', d = coalesce(d, 0); UPDATE u SET a = NULL, b = 1 WHERE id > 5; \
         ALTER TABLE v ALTER COLUMN a TYPE int USING NULL, ALTER COLUMN b TYPE int USING b::int; \
         DO $$ BEGIN UPDATE w SET x = y; END $$"
    ]), @r#"
    0: `t.a`: Column { table: TableName { schema: None, name: "t" }, column: "a" }
    0: `t.c`: Column { table: TableName { schema: None, name: "t" }, column: "c" }
    0: values of `u.a`: Column { table: TableName { schema: None, name: "u" }, column: "a" }
    0: `v.a`: Column { table: TableName { schema: None, name: "v" }, column: "a" }
    0: `w.x`: Column { table: TableName { schema: None, name: "w" }, column: "x" }
    "#);
    assert_eq!(foreseen_of_sql(&["ALTER TABLE t ADD COLUMN a int; UPDATE t SET a = 1"]), "");
    assert_snapshot!(foreseen(Direction::Upgrade, &["t = sa.table('t', sa.column('a'))\nop.execute(t.update().values(a=None))\nop.execute(t.update().values(a='x'))"]), @r#"0: `t.a`: Column { table: TableName { schema: None, name: "t" }, column: "a" }"#);
}

#[test]
fn truncate_cascade_reaches_further_tables() {
    assert_snapshot!(foreseen_of_sql(&["TRUNCATE a, s.b CASCADE; TRUNCATE c"]), @r#"
    0: all rows of `a`: Table(TableName { schema: None, name: "a" })
    0: all rows of `s.b`: Table(TableName { schema: Some("s"), name: "b" })
    0: the tables that refer to `a` and `s.b`: Referencing([TableName { schema: None, name: "a" }, TableName { schema: Some("s"), name: "b" }])
    0: all rows of `c`: Table(TableName { schema: None, name: "c" })
    "#);
}

#[test]
fn what_a_merge_does_counts() {
    assert_snapshot!(foreseen_of_sql(&[
        "MERGE INTO u USING t ON t.id = u.id WHEN MATCHED AND t.a THEN DELETE WHEN MATCHED THEN UPDATE SET x = NULL, y = t.y \
         WHEN NOT MATCHED THEN INSERT VALUES (1)"
    ]), @r#"
    0: rows of `u`: SomeRows(TableName { schema: None, name: "u" })
    0: values of `u.x`: Column { table: TableName { schema: None, name: "u" }, column: "x" }
    "#);
    assert_eq!(foreseen_of_sql(&["MERGE INTO u USING t ON t.id = u.id WHEN MATCHED THEN UPDATE SET x = t.x"]), "");
    assert_eq!(foreseen_of_sql(&["MERGE INTO u USING t ON t.id = u.id WHEN MATCHED THEN DO NOTHING"]), "");
}

#[test]
fn every_branch_of_a_function_counts() {
    for body in [
        "CASE k WHEN 1 THEN DELETE FROM u; ELSE NULL; END CASE;",
        "CASE WHEN k = 1 THEN NULL; ELSE DELETE FROM u; END CASE;",
        "BEGIN PERFORM 1; EXCEPTION WHEN OTHERS THEN DELETE FROM u; END;",
    ] {
        let made =
            format!("CREATE FUNCTION f(k int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN {body} END $$; SELECT f(1)");
        assert!(foreseen_of_sql(&[&made]).contains("rows of `u`"), "{body}: {}", foreseen_of_sql(&[&made]));
    }
}

#[test]
fn computed_sql_is_told_unless_it_begins_with_what_keeps_data() {
    let told = |sql: &str| foreseen_of_sql(&[&format!("DO $$ BEGIN EXECUTE {sql}; END $$")]);
    assert_snapshot!(told("format('TRUNCATE %I', n)"), @"0: line 8: op.execute it runs computed SQL");
    assert_eq!(told("format('ALTER TABLE %I ADD COLUMN a int', n)"), "");
    assert_eq!(told("'CREATE INDEX ' || n || ' ON t (a)'"), "");
    let in_function = "CREATE FUNCTION f(n text) RETURNS void LANGUAGE plpgsql AS \
                       $$ BEGIN EXECUTE 'GRANT ALL ON ' || n || ' TO x'; EXECUTE 'DELETE FROM ' || n; END $$; SELECT f('u')";
    assert_snapshot!(foreseen_of_sql(&[in_function]), @"0: line 8: f() it runs computed SQL");
    assert_snapshot!(foreseen(Direction::Upgrade, &["op.execute(f'TRUNCATE {name()}')"]), @"0: line 8: op.execute the table's name is computed");
}

#[test]
fn an_update_of_several_columns_counts() {
    assert_snapshot!(foreseen_of_sql(&[
        "UPDATE t SET (y, email) = (NULL, ''); UPDATE u SET (a, b) = ROW(b, NULL), c = '' WHERE (true); \
         UPDATE v SET (a, b) = (NULL, '') WHERE id > 5"
    ]), @r#"
    0: `t.y`: Column { table: TableName { schema: None, name: "t" }, column: "y" }
    0: `t.email`: Column { table: TableName { schema: None, name: "t" }, column: "email" }
    0: values of `u.a`: Column { table: TableName { schema: None, name: "u" }, column: "a" }
    0: values of `u.b`: Column { table: TableName { schema: None, name: "u" }, column: "b" }
    0: values of `u.c`: Column { table: TableName { schema: None, name: "u" }, column: "c" }
    0: values of `v.a`: Column { table: TableName { schema: None, name: "v" }, column: "a" }
    "#);
}

#[test]
fn an_update_that_clears_empty_texts_loses_nothing() {
    for sql in [
        "UPDATE t SET y = NULL WHERE y = ''",
        "UPDATE t SET y = NULL WHERE trim(y) = '' AND id > 5",
        "UPDATE t SET y = NULL WHERE (btrim(y) = '')",
    ] {
        assert_eq!(foreseen_of_sql(&[sql]), "", "{sql}");
    }
    for sql in [
        "UPDATE t SET y = NULL WHERE y = '' OR id > 5",
        "UPDATE t SET y = NULL WHERE NOT (y = '')",
        "UPDATE t SET y = NULL WHERE id > 5 AND NOT y = ''",
        "UPDATE t SET y = NULL WHERE x = ''",
        "UPDATE t SET y = NULL WHERE (y = '') IS NOT TRUE",
        "UPDATE t SET y = NULL WHERE (y = '') = false",
    ] {
        assert_ne!(foreseen_of_sql(&[sql]), "", "{sql}");
    }
}

#[test]
fn a_function_that_is_replaced_is_one_with_its_schema_and_without() {
    let harmless = "CREATE OR REPLACE FUNCTION public.f() RETURNS void LANGUAGE sql AS 'SELECT 1'; SELECT f()";
    assert_eq!(foreseen_of_sql(&[EMPTIES_A, harmless]), "");
    assert_ne!(foreseen_of_sql(&[EMPTIES_A, &harmless.replace("public", "app")]), "");
}

#[test]
fn a_statement_within_another_counts_where_it_runs() {
    for sql in [
        "PREPARE q AS DELETE FROM u; EXECUTE q",
        "EXPLAIN ANALYZE DELETE FROM u",
        "EXPLAIN (BUFFERS, ANALYZE) DELETE FROM u",
        "COPY (DELETE FROM u RETURNING *) TO STDOUT",
    ] {
        assert!(foreseen_of_sql(&[sql]).contains("all rows of `u`"), "{sql}");
    }
    for sql in ["EXPLAIN DELETE FROM u", "EXPLAIN (ANALYZE false) DELETE FROM u", "COPY (SELECT * FROM u) TO STDOUT"] {
        assert_eq!(foreseen_of_sql(&[sql]), "", "{sql}");
    }
}
