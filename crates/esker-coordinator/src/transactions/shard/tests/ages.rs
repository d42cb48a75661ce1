//! What takes too long, and what nobody uses.

use super::*;
use TransactionState::{CompleteAbort, CompleteCommit, Ongoing};

#[test]
fn a_transaction_that_takes_too_long_is_aborted_and_its_producer_fenced() {
    let mut bench = Bench::new();
    let producer = bench.ongoing(&[("a", 0)]);
    bench.pass(Duration::from_millis(TIMEOUT_MS as u64 - 1));
    assert_eq!(bench.state(), Ongoing);
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.state(), CompleteAbort);
    let order = &bench.ordered[0];
    assert_eq!((order.epoch, order.commit, order.bumped), (1, false, true));
    for protocol in [TV1, TV2] {
        assert_eq!(bench.end(producer, true, protocol), Err(TransactionError::ProducerFenced));
        assert_eq!(bench.end(producer, false, protocol), Err(TransactionError::ProducerFenced));
    }
    assert_eq!(bench.init(None), Ok(p(1, 2)));
}

#[test]
fn time_begins_with_the_first_partition_and_ends_with_the_transaction() {
    let mut bench = Bench::new();
    let producer = bench.init(None).unwrap();
    bench.pass(Duration::from_secs(3600));
    bench.add(producer, &[("a", 0)]).unwrap();
    bench.pass(Duration::from_secs(50));
    bench.add(producer, &[("a", 1)]).unwrap();
    assert_eq!(bench.end(producer, true, TV1), Ok(producer));
    bench.pass(Duration::from_secs(3600));
    assert_eq!(bench.state(), CompleteCommit);
}

#[test]
fn an_abort_that_is_not_written_is_tried_again() {
    let mut bench = Bench::new();
    bench.ongoing(&[("a", 0)]);
    bench.durable = false;
    bench.pass(Duration::from_millis(TIMEOUT_MS as u64));
    bench.flush(Err(TransactionError::Unavailable));
    assert_eq!(bench.state(), Ongoing);
    assert!(bench.shard.next_deadline() > Some(bench.now.monotonic), "not in a tight loop");
    bench.durable = true;
    bench.pass(bench.config.abort_interval);
    assert_eq!(bench.state(), CompleteAbort);
}

#[test]
fn transactions_that_grow_old_are_not_all_aborted_at_once() {
    let mut bench = Bench::new();
    for (place, id) in ["x", "y"].into_iter().enumerate() {
        let token = bench.ask_init(id, None);
        let producer = bench.answered(token).unwrap();
        bench.ask_add(id, producer, &[("a", 0)]);
        bench.pass(Duration::from_millis(place as u64 + 1));
    }
    bench.pass(Duration::from_millis(TIMEOUT_MS as u64));
    let state = |bench: &Bench, id| bench.shard.get(id).unwrap().facts.state;
    assert_eq!((state(&bench, "x"), state(&bench, "y")), (CompleteAbort, Ongoing));
    bench.pass(bench.config.abort_interval);
    assert_eq!(state(&bench, "y"), CompleteAbort);
}

#[test]
fn ids_that_nobody_uses_are_forgotten_and_the_log_says_so() {
    let mut bench = Bench::new();
    bench.ongoing(&[("a", 0)]);
    let token = bench.ask_init("idle", None);
    bench.answered(token).unwrap();
    bench.pass(bench.config.id_expiration);
    bench.act(|shard, cx, _| shard.expire_ids(cx));
    assert!(bench.shard.get("idle").is_none());
    assert_eq!(bench.state(), CompleteAbort, "was used later: its transaction was aborted for its age");
    bench.reload();
    assert_eq!(bench.shard.len(), 1);
    let token = bench.ask_add("idle", p(2, 0), &[("a", 0)]);
    assert_eq!(bench.answered(token), Err(TransactionError::InvalidProducerIdMapping));
}

#[test]
fn an_id_that_is_being_forgotten_is_not_there_and_comes_back_if_that_fails() {
    let mut bench = Bench::new();
    bench.init(None).unwrap();
    bench.pass(bench.config.id_expiration);
    bench.durable = false;
    bench.act(|shard, cx, _| shard.expire_ids(cx));
    assert_eq!(bench.shard.describe(&s(ID)), Err(TransactionError::NotFound));
    assert_eq!(bench.shard.list().count(), 0);
    assert_eq!(bench.init(None), Err(TransactionError::Concurrent));
    bench.flush(Err(TransactionError::Unavailable));
    assert_eq!(bench.shard.list().count(), 1);
    bench.durable = true;
    assert_eq!(bench.init(None), Ok(p(1, 1)));
}
