use limbec::database::VersionTableName;
use limbec::plan::HeadChange;

use crate::fixture::{TestDatabase, connect, refusal, server, with_database};
use crate::scenario::whole_life_of_a_version_table;

#[test]
fn a_pooler_in_transaction_mode_is_enough() {
    let Some(pooler) = server("LIMBEC_TEST_PGBOUNCER") else { return };
    let Some(database) = TestDatabase::create() else { return };
    let url = with_database(&pooler, database.name(), "");
    let table = VersionTableName::default();
    whole_life_of_a_version_table(&mut connect(&url), &table);
    let refused = refusal(&with_database(&pooler, database.name(), "options=-csearch_path%3Dx"));
    assert!(refused.hint().is_some_and(|hint| hint.contains("--schema")), "{refused}");
    // Several clients in turns: each statement may meet another server connection.
    let mut clients: Vec<_> = (0..4).map(|_| connect(&url)).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.apply(&table, &[HeadChange::Insert(format!("r{number}").as_str().into())]).expect("an insertion");
    }
    for client in &mut clients {
        assert_eq!(client.version_rows(&table).expect("rows").map(|rows| rows.len()), Some(4));
    }
}
