//! Shared runs on real databases: who gets a tenant, who may report, what ends a run.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use limbec::database::{DatabaseUrl, Environment};
use limbec::tenant::{Claim, ItemState, Lease, NewRun, OnError, Queue, QueueError, QueuePlace, Report, RunState};

use crate::fixture::{TestDatabase, server, with_database};

const LEASE: Duration = Duration::from_secs(60);
/// A lease that is over when it is given.
const NONE: Duration = Duration::ZERO;

fn place(url: &str) -> QueuePlace {
    let url = DatabaseUrl::parse(url).expect("a URL");
    QueuePlace { url, environment: Environment::default(), patience: Duration::from_secs(20) }
}

fn queue(url: &str) -> Queue {
    Queue::prepare(place(url)).expect("a queue")
}

fn new_run(id: &str, tenants: usize) -> NewRun {
    NewRun {
        id: id.to_owned(),
        operation: "upgrade".to_owned(),
        target: "heads".to_owned(),
        target_revisions: vec!["b".into()],
        history: "abc".to_owned(),
        bases: "a".to_owned(),
        git_commit: None,
        waves: "rest".parse().expect("waves"),
        on_error: OnError::Continue,
        lease: LEASE,
        created_by: "somebody".to_owned(),
        tenants: (0..tenants).map(|number| (format!("tenant {number}"), vec!["a".into()])).collect(),
    }
}

fn claimed(queue: &Queue) -> Lease {
    match queue.claim("r", "me").expect("an answer") {
        Claim::Leased(lease) => lease,
        other => panic!("no tenant: {other:?}"),
    }
}

fn done() -> Report {
    Report { steps: 1, duration_ms: 5, heads_after: Some(vec!["b".into()]), ..Report::default() }
}

fn failed() -> Report {
    Report { error: Some("it's \"broken\"\0".to_owned()), revision: Some("b".into()), ..Report::default() }
}

#[test]
fn a_run_from_its_beginning_to_its_end() {
    let Some(database) = TestDatabase::create() else { return };
    let mut urls = vec![database.url("")];
    urls.extend(server("LIMBEC_TEST_PGBOUNCER").map(|pooler| with_database(&pooler, database.name(), "")));
    for url in urls {
        let queue = queue(&url);
        let run = NewRun { waves: "1,rest".parse().expect("waves"), ..new_run("r", 3) };
        queue.begin(&run).expect("a run");
        let first = claimed(&queue);
        assert_eq!((first.tenant.as_str(), first.token, first.attempts), ("tenant 0", 1, 1));
        assert_eq!(queue.claim("r", "me").expect("an answer"), Claim::Wait, "the first wave is under way");
        assert!(queue.may_begin("r", &first).expect("an answer"));
        assert_eq!(queue.renew("r", std::slice::from_ref(&first)).expect("an answer"), [0]);
        assert!(queue.finish("r", &first, &done()).expect("an answer"));
        let (second, third) = (claimed(&queue), claimed(&queue));
        assert_eq!(queue.claim("r", "me").expect("an answer"), Claim::Wait);
        assert!(queue.finish("r", &third, &failed()).expect("an answer"));
        assert!(queue.finish("r", &second, &done()).expect("an answer"));
        assert!(queue.finish("r", &second, &done()).expect("an answer"), "the answer to the first report was lost");
        assert!(!queue.finish("r", &second, &failed()).expect("an answer"), "another report");
        assert_eq!(queue.claim("r", "me").expect("an answer"), Claim::Over(RunState::Finished));
        let found = queue.run("r").expect("the run");
        assert_eq!((found.counts.done, found.counts.failed, found.tenants), (2, 1, 3));
        assert!(found.ended_at.is_some());
        let items = queue.items("r").expect("its tenants");
        assert_eq!((items[0].state, items[0].steps, items[0].wave), (ItemState::Done, Some(1), 1));
        assert_eq!(items[0].heads_after.as_deref(), Some(&["b".into()][..]));
        assert_eq!((items[2].error.as_deref(), items[2].wave), (Some("it's \"broken\"\u{fffd}"), 2));
        assert_eq!(items[2].revision.as_deref(), Some("b"));
        database.sql("DELETE FROM limbec.limbec_run");
    }
}

#[test]
fn nobody_gets_what_another_has() {
    let Some(database) = TestDatabase::create() else { return };
    // Under the strictest isolation the server refuses some of the statements, and they are sent again.
    for isolation in ["read committed", "serializable"] {
        database.sql(&format!("ALTER DATABASE {} SET default_transaction_isolation = '{isolation}'", database.name()));
        let url = database.url("");
        queue(&url).begin(&NewRun { waves: "7,50%,rest".parse().expect("waves"), ..new_run("r", 120) }).expect("a run");
        let taken: Mutex<Vec<Lease>> = Mutex::default();
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let queue = queue(&url);
                    loop {
                        match queue.claim("r", "me").expect("an answer") {
                            Claim::Leased(lease) => {
                                let report = if lease.position % 2 == 0 { done() } else { failed() };
                                assert!(queue.finish("r", &lease, &report).expect("an answer"));
                                taken.lock().expect("the list").push(lease);
                            }
                            Claim::Wait => std::thread::yield_now(),
                            Claim::Over(state) => return assert_eq!(state, RunState::Finished),
                        }
                    }
                });
            }
        });
        let mut positions: Vec<usize> = taken.lock().expect("the list").iter().map(|lease| lease.position).collect();
        positions.sort_unstable();
        assert_eq!(positions, (0..120).collect::<Vec<_>>(), "{isolation}");
        let counted = database.column("SELECT concat(failures, ' ', wave_failures) FROM limbec.limbec_run");
        assert_eq!(counted, ["60 {3,30,27}"], "{isolation}: failures that were counted at the same time");
        database.sql("DELETE FROM limbec.limbec_run");
    }
}

#[test]
fn a_lease_that_is_over_is_taken_over_with_a_higher_token() {
    let Some(database) = TestDatabase::create() else { return };
    let queue = queue(&database.url(""));
    queue.begin(&NewRun { lease: NONE, ..new_run("r", 2) }).expect("a run");
    let late = claimed(&queue);
    let second = claimed(&queue);
    assert_eq!((second.position, second.token, second.attempts), (0, 2, 2));
    assert_eq!(second.former_owner.as_deref(), Some("me"));
    assert!(!queue.may_begin("r", &late).expect("an answer"));
    assert!(queue.renew("r", &[late.clone(), second.clone()]).expect("an answer") == [0], "the second one's");
    assert!(!queue.give_back("r", &late, 0).expect("an answer"));
    assert!(!queue.finish("r", &late, &failed()).expect("an answer"));
    assert!(queue.finish("r", &second, &done()).expect("an answer"));
    assert!(!queue.finish("r", &late, &done()).expect("an answer"), "even the same report");
    assert_eq!(queue.items("r").expect("tenants")[0].attempts, 2);

    let overdue = claimed(&queue);
    assert!(queue.items("r").expect("tenants")[1].is_overdue);
    assert!(queue.may_begin("r", &overdue).expect("an answer"), "nobody has taken it over");
    assert!(queue.finish("r", &overdue, &done()).expect("an answer"));
}

#[test]
fn a_tenant_that_is_put_back_has_its_turn_later() {
    let Some(database) = TestDatabase::create() else { return };
    let queue = queue(&database.url(""));
    queue.begin(&new_run("r", 1)).expect("a run");
    let lease = claimed(&queue);
    assert!(queue.give_back("r", &lease, 3_600_000).expect("an answer"));
    assert!(!queue.finish("r", &lease, &done()).expect("an answer"), "it is not ours any more");
    assert_eq!(queue.claim("r", "me").expect("an answer"), Claim::Wait);
    database.sql("UPDATE limbec.limbec_run_item SET lease_until = clock_timestamp()");
    let again = claimed(&queue);
    assert_eq!((again.token, again.attempts, again.former_owner), (2, 2, None));
}

#[test]
fn failures_end_a_run_for_everybody() {
    let Some(database) = TestDatabase::create() else { return };
    let (one, other) = (queue(&database.url("")), queue(&database.url("")));
    for (on_error, borne) in [("stop", 0), ("max=2", 2), ("max=20%", 2)] {
        one.begin(&NewRun { on_error: on_error.parse().expect("a word"), ..new_run("r", 10) }).expect("a run");
        let running = claimed(&other);
        let never_heard_of = claimed(&other);
        for _ in 0..borne {
            assert!(one.finish("r", &claimed(&one), &failed()).expect("an answer"));
        }
        let last = claimed(&one);
        let not_begun = claimed(&other);
        assert!(one.finish("r", &last, &failed()).expect("an answer"));
        assert_eq!(one.claim("r", "me").expect("an answer"), Claim::Over(RunState::Stopped), "{on_error}");
        assert!(!other.may_begin("r", &not_begun).expect("an answer"), "the run is over");
        assert!(other.give_back("r", &not_begun, 0).expect("an answer"));
        assert!(other.finish("r", &running, &done()).expect("an answer"), "what is under way comes to its end");
        assert!(one.run("r").expect("the run").ended_at.is_none());
        database.sql("UPDATE limbec.limbec_run_item SET lease_until = '-infinity' WHERE state = 'leased'");
        assert_eq!(other.claim("r", "me").expect("an answer"), Claim::Over(RunState::Stopped));
        assert!(!other.finish("r", &never_heard_of, &done()).expect("an answer"), "it came back too late");
        let found = one.run("r").expect("the run");
        assert_eq!((found.counts.done, found.counts.failed), (1, borne + 2), "{on_error}");
        assert_eq!(found.counts.skipped, 10 - 1 - borne - 2);
        assert!(found.ended_at.is_some());
        let lost = one.items("r").expect("tenants").remove(1);
        assert!(lost.error.is_some_and(|error| error.contains("was not heard of")));
        database.sql("DELETE FROM limbec.limbec_run");
    }
}

#[test]
fn a_wave_that_fails_altogether_is_the_last_one() {
    let Some(database) = TestDatabase::create() else { return };
    let queue = queue(&database.url(""));
    let waves = "1,rest".parse().expect("waves");
    queue.begin(&NewRun { waves, on_error: OnError::default(), ..new_run("r", 300) }).expect("a run");
    assert!(queue.finish("r", &claimed(&queue), &failed()).expect("an answer"));
    assert_eq!(queue.claim("r", "me").expect("an answer"), Claim::Over(RunState::Stopped));
}

#[test]
fn a_cancelled_run_gives_out_no_more() {
    let Some(database) = TestDatabase::create() else { return };
    let queue = queue(&database.url(""));
    queue.begin(&new_run("r", 2)).expect("a run");
    let lease = claimed(&queue);
    assert!(queue.cancel("r").expect("an answer"));
    assert!(!queue.cancel("r").expect("an answer"));
    assert_eq!(queue.claim("r", "me").expect("an answer"), Claim::Over(RunState::Cancelled));
    assert!(queue.finish("r", &lease, &done()).expect("an answer"));
    assert_eq!(queue.claim("r", "me").expect("an answer"), Claim::Over(RunState::Cancelled));
    let found = queue.run("r").expect("the run");
    assert_eq!((found.counts.done, found.counts.skipped, found.ended_at.is_some()), (1, 1, true));
    assert!(matches!(queue.run("nope"), Err(QueueError::NoRun { .. })));
    assert!(matches!(queue.claim("nope", "me"), Err(QueueError::NoRun { .. })));
    queue.begin(&new_run("empty", 0)).expect("a run without tenants");
    assert_eq!(queue.run("empty").expect("the run").state, RunState::Finished);
}

#[test]
fn several_begin_at_once_and_one_wins() {
    let Some(database) = TestDatabase::create() else { return };
    let url = database.url("");
    assert!(Queue::open(place(&url)).expect("an answer").is_none(), "nothing is made by looking");
    let outcomes: Mutex<HashMap<usize, Result<(), QueueError>>> = Mutex::default();
    std::thread::scope(|scope| {
        for number in 0..6 {
            let (url, outcomes) = (&url, &outcomes);
            scope.spawn(move || {
                let name = if number < 3 { "r".to_owned() } else { format!("r{number}") };
                let outcome = queue(url).begin(&new_run(&name, 4));
                outcomes.lock().expect("the outcomes").insert(number, outcome);
            });
        }
    });
    let outcomes = outcomes.into_inner().expect("the outcomes");
    assert_eq!(outcomes.values().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    for refused in outcomes.into_values().filter_map(Result::err) {
        assert!(matches!(refused, QueueError::Overlap { others: 3, .. } | QueueError::Taken { .. }), "{refused}");
    }
    let queue = queue(&url);
    let elsewhere = NewRun { bases: "another history".to_owned(), ..new_run("other", 4) };
    queue.begin(&elsewhere).expect("tenants of the same names with another history");
    let mut distinct = new_run("distinct", 4);
    distinct.tenants.iter_mut().for_each(|(name, _)| name.push('x'));
    queue.begin(&distinct).expect("other tenants");
    assert_eq!(queue.runs().expect("runs").len(), 3);
}

#[test]
fn the_missing_grant_is_named() {
    let Some(database) = TestDatabase::create() else { return };
    let role = format!("queue_{}", database.name());
    database.sql(&format!("CREATE ROLE {role} LOGIN PASSWORD 'x'"));
    let url = database.url("").replacen("postgres:p%40ss%3A%20word", &format!("{role}:x"), 1);
    let grant = |url: &str| match Queue::prepare(place(url)) {
        Err(QueueError::Database(error)) => error.hint().unwrap_or_default(),
        other => panic!("it was allowed: {other:?}"),
    };
    assert!(grant(&url).contains(&format!("GRANT CREATE ON DATABASE \"{}\" TO \"{role}\";", database.name())));
    database.sql("CREATE SCHEMA limbec");
    assert!(grant(&url).contains(&format!("GRANT USAGE, CREATE ON SCHEMA \"limbec\" TO \"{role}\";")));
    database.sql(&format!("GRANT USAGE ON SCHEMA limbec TO {role}"));
    drop(queue(&database.url("")));
    let wanted = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON \"limbec\".\"limbec_run\" TO \"{role}\";");
    assert!(grant(&url).contains(&wanted), "{}", grant(&url));
    database.sql(&format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA limbec TO {role}"));
    queue(&url).begin(&new_run("r", 1)).expect("a run");
    database.sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    let sqlite = Queue::prepare(place("sqlite:////tmp/x.db"));
    assert!(matches!(sqlite, Err(QueueError::NotPostgres { .. })), "{sqlite:?}");
}
