use limbec::database::{Connection, DatabaseError, VersionTableName};
use limbec::plan::HeadChange;
use limbec::revision::RevisionId;

fn insert(id: &str) -> HeadChange {
    HeadChange::Insert(id.into())
}

fn update(from: &str, to: &str) -> HeadChange {
    HeadChange::Update { from: from.into(), to: to.into() }
}

fn rows(connection: &mut Connection, table: &VersionTableName) -> Option<Vec<String>> {
    let rows = connection.version_rows(table).expect("the rows");
    rows.map(|rows| {
        let mut rows: Vec<String> = rows.iter().map(RevisionId::to_string).collect();
        rows.sort();
        rows
    })
}

/// What every dialect must do alike, in a database without the table.
pub(crate) fn whole_life_of_a_version_table(connection: &mut Connection, table: &VersionTableName) {
    assert_eq!(rows(connection, table), None);
    assert!(connection.ensure_version_table(table).expect("the table is created"));
    assert!(!connection.ensure_version_table(table).expect("the table is there"));
    assert_eq!(rows(connection, table), Some(vec![]));

    let hostile = "a'b\"c; --é";
    connection.apply(table, &[insert("a1"), insert(hostile), update("a1", "a2")]).expect("changes");
    assert_eq!(rows(connection, table), Some(vec![hostile.into(), "a2".into()]).map(sorted));

    nothing_of_a_failed_change_stays(connection, table);

    {
        let mut transaction = connection.begin().expect("a transaction");
        transaction.purge(table).expect("a purge");
        assert_eq!(transaction.version_rows(table).expect("the rows"), Some(vec![]));
    }
    assert_eq!(rows(connection, table).map(|rows| rows.len()), Some(2), "a dropped transaction is undone");

    connection.apply(table, &[HeadChange::Delete(hostile.into())]).expect("a deletion");
    assert_eq!(connection.purge(table).expect("a purge"), 1);
    assert_eq!(rows(connection, table), Some(vec![]));
}

fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort();
    rows
}

fn nothing_of_a_failed_change_stays(connection: &mut Connection, table: &VersionTableName) {
    let before = rows(connection, table);
    let error = connection.apply(table, &[insert("b1"), update("gone", "b2")]).expect_err("no such row");
    assert_eq!(
        error.to_string(),
        format!("Online migration expected to match one row when updating 'gone' to 'b2' in '{}'; 0 found", table.name)
    );
    assert!(error.is_command_error());
    let error = connection.apply(table, &[HeadChange::Delete("gone".into())]).expect_err("no such row");
    assert_eq!(
        error.to_string(),
        format!("Online migration expected to match one row when deleting 'gone' in '{}'; 0 found", table.name)
    );
    let error = connection.apply(table, &[insert("b1"), insert("b1")]).expect_err("a duplicate");
    assert!(!error.is_command_error());
    assert!(matches!(error, DatabaseError::Server { .. } | DatabaseError::Sqlite { .. }), "{error:?}");
    assert_eq!(rows(connection, table), before);
}
