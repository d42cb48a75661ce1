//! Another broker takes over.

use super::*;
use TransactionState::{CompleteAbort, CompleteCommit, Ongoing, PrepareCommit};

#[test]
fn a_decision_is_carried_out_by_whoever_loads_it() {
    for commit in [true, false] {
        let mut bench = Bench::new();
        bench.obliging = false;
        let producer = bench.ongoing(&[("a", 0), ("b", 1)]);
        let next = bench.end(producer, commit, TV2).unwrap();
        // One was told, which the log does not say.
        let order = bench.orders.pop().unwrap();
        bench.tell(&order, |topic, _| match topic.as_str() {
            "a" => Ok(()),
            _ => Err(MarkerError::Unavailable(String::new())),
        });
        bench.reload();
        let order = bench.ordered.last().unwrap();
        assert_eq!((order.commit, order.epoch, order.coordinator_epoch), (commit, next.epoch, 1));
        assert_eq!(order.partitions.len(), 2, "both are told, perhaps again");
        bench.tell_all();
        assert_eq!(bench.state(), if commit { CompleteCommit } else { CompleteAbort });
        assert_eq!(bench.end(producer, commit, TV2), Ok(next), "the answer was lost with the broker");
    }
}

#[test]
fn what_was_not_durable_never_happened() {
    let mut bench = Bench::new();
    let producer = bench.ongoing(&[("a", 0)]);
    bench.durable = false;
    bench.ask_end(ID, producer, true, TV2);
    bench.reload();
    assert_eq!(bench.state(), Ongoing);
    bench.durable = true;
    assert_eq!(bench.end(producer, false, TV2), Ok(p(1, 1)));
}

#[test]
fn time_goes_on_while_nobody_coordinates() {
    let mut bench = Bench::new();
    bench.ongoing(&[("a", 0)]);
    bench.now.wall_ms += i64::from(TIMEOUT_MS) - 10;
    bench.reload();
    bench.pass(Duration::from_millis(9));
    assert_eq!(bench.state(), Ongoing);
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.state(), CompleteAbort);

    // A clock that went back gives it one more timeout, and not a year.
    let mut bench = Bench::new();
    bench.ongoing(&[("a", 0)]);
    bench.now.wall_ms -= 365 * 24 * 3600 * 1000;
    bench.reload();
    bench.pass(Duration::from_millis(TIMEOUT_MS as u64));
    assert_eq!(bench.shard.next_deadline().is_some(), bench.state() == Ongoing);
}

#[test]
fn a_fence_is_remembered() {
    let mut bench = Bench::new();
    let old = bench.ongoing(&[("a", 0)]);
    bench.init(None).unwrap_err();
    bench.reload();
    assert_eq!(bench.end(old, false, TV2), Err(TransactionError::ProducerFenced));
    assert_eq!(bench.init(None), Ok(p(1, 2)));
}

#[test]
fn markers_of_the_broker_before_are_nobodys() {
    let mut bench = Bench::new();
    bench.obliging = false;
    let producer = bench.ongoing(&[("a", 0)]);
    bench.end(producer, true, TV2).unwrap();
    let late = bench.orders.pop().unwrap();
    bench.reload();
    assert_eq!(bench.state(), PrepareCommit);
    bench.tell_all();
    assert_eq!(bench.state(), CompleteCommit);
    bench.add(p(1, 1), &[("a", 0)]).unwrap();
    bench.tell(&late, |_, _| Ok(()));
    assert_eq!(bench.state(), Ongoing);
}
