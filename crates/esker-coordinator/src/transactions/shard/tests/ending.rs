//! EndTxn in both protocols, and how partitions come to be told.

use super::*;
use TransactionError::{Concurrent, InvalidProducerIdMapping, InvalidState, ProducerFenced};
use TransactionState::{CompleteAbort, CompleteCommit, Empty, PrepareCommit};

const A: &[(&str, i32)] = &[("a", 0)];

#[test]
fn with_the_first_protocol_the_epoch_stays() {
    let mut bench = Bench::new();
    let producer = bench.ongoing(&[("a", 0), ("a", 2), ("b", 1)]);
    assert_eq!(bench.end(producer, true, TV1), Ok(producer));
    assert_eq!(bench.state(), CompleteCommit);
    let order = &bench.ordered[0];
    assert_eq!((order.producer, order.epoch, order.commit, order.bumped), (producer.id, 0, true, false));
    assert_eq!(order.partitions, [(s("a"), 0), (s("a"), 2), (s("b"), 1)]);
    assert_eq!(bench.end(producer, true, TV1), Ok(producer), "said again");
    assert_eq!(bench.end(producer, false, TV1), Err(InvalidState));
    bench.add(producer, A).unwrap();
    assert_eq!(bench.end(producer, false, TV1), Ok(producer));
    assert_eq!(bench.state(), CompleteAbort);
    assert_eq!(bench.end(producer, false, TV1), Ok(producer), "said again");
    assert_eq!(bench.end(producer, true, TV1), Err(InvalidState));
}

#[test]
fn with_the_first_protocol_there_must_be_something_to_end() {
    let mut bench = Bench::new();
    let producer = bench.init(None).unwrap();
    assert_eq!(bench.end(producer, true, TV1), Err(InvalidState));
    assert_eq!(bench.end(producer, false, TV1), Err(InvalidState));
    let unknown = bench.ask_end("other", producer, true, TV1);
    assert_eq!(bench.answered(unknown), Err(InvalidProducerIdMapping));
}

#[test]
fn with_the_second_protocol_every_end_brings_a_new_epoch() {
    let mut bench = Bench::new();
    let producer = bench.ongoing(A);
    let next = bench.end(producer, true, TV2).unwrap();
    assert_eq!(next, p(1, 1));
    let order = &bench.ordered[0];
    assert_eq!((order.epoch, order.commit, order.bumped), (1, true, true));
    assert_eq!(bench.add(producer, A), Err(ProducerFenced));
    bench.add(next, A).unwrap();
    assert_eq!(bench.end(producer, true, TV2), Err(ProducerFenced), "late, and not for the next transaction");
    assert_eq!(bench.end(next, false, TV2), Ok(p(1, 2)));
}

/// The table in [`Transaction::end`]: state, whether the end is one that was said before, commit, what comes of it.
#[test]
fn ends_without_a_transaction_follow_the_table() {
    let (none, bumped): (Option<TransactionError>, _) = (None, None);
    let table = [
        (Empty, true, false, Some(ProducerFenced)),
        (Empty, false, false, bumped),
        (Empty, true, true, Some(ProducerFenced)),
        (Empty, false, true, Some(InvalidState)),
        (CompleteAbort, true, false, none),
        (CompleteAbort, false, false, bumped),
        (CompleteAbort, true, true, Some(InvalidState)),
        (CompleteAbort, false, true, Some(InvalidState)),
        (CompleteCommit, true, false, Some(InvalidState)),
        (CompleteCommit, false, false, bumped),
        (CompleteCommit, true, true, none),
        (CompleteCommit, false, true, Some(InvalidState)),
    ];
    for (state, again, commit, refused) in table {
        let mut bench = Bench::new();
        bench.init(None).unwrap();
        let mut old = bench.init(None).unwrap();
        let mut current = old;
        if state == Empty {
            old = p(1, 0);
        } else {
            bench.add(old, A).unwrap();
            current = bench.end(old, state == CompleteCommit, TV2).unwrap();
        }
        assert_eq!(bench.state(), state);
        let outcome = bench.end(if again { old } else { current }, commit, TV2);
        let expected = match refused {
            Some(error) => Err(error),
            None if again => Ok(current),
            None => Ok(Producer { epoch: current.epoch + 1, ..current }),
        };
        assert_eq!(outcome, expected, "{state:?}, again: {again}, commit: {commit}");
        if expected.is_ok() && !again {
            assert_eq!(bench.state(), CompleteAbort, "there was nothing to tell");
        }
    }
}

#[test]
fn when_epochs_are_used_up_an_end_brings_a_new_producer_id() {
    let mut bench = Bench::new();
    bench.obliging = false;
    let last = bench.wear_out(0);
    bench.add(last, A).unwrap();
    let next = bench.end(last, true, TV2).unwrap();
    assert_eq!(next.epoch, 0);
    assert_ne!(next.id, last.id);
    let order = &bench.ordered[0];
    assert_eq!((order.producer, order.epoch), (last.id, i16::MAX), "the marker is for the old id");
    assert_eq!(bench.end(last, true, TV2), Err(Concurrent));
    bench.reload();
    bench.tell_all();
    assert_eq!(bench.facts().producer, next);
    assert_eq!(bench.end(last, true, TV2), Ok(next), "the answer was lost");
    assert_eq!(bench.end(last, false, TV2), Err(InvalidState));
    bench.add(next, A).unwrap();
    assert_eq!(bench.end(last, true, TV2), Err(InvalidProducerIdMapping));
}

#[test]
fn while_partitions_are_being_told_everything_waits() {
    let mut bench = Bench::new();
    bench.obliging = false;
    let producer = bench.ongoing(A);
    let next = bench.end(producer, true, TV2).expect("answered once decided");
    assert_eq!(bench.state(), PrepareCommit);
    assert_eq!(bench.end(producer, true, TV2), Err(Concurrent));
    assert_eq!(bench.end(producer, false, TV2), Err(Concurrent), "and not that it was decided otherwise");
    assert_eq!(bench.end(next, false, TV2), Err(Concurrent), "it may be the next one's, which comes soon");
    assert_eq!(bench.add(next, A), Err(Concurrent));
    assert_eq!(bench.verify(next, A), [Err(Concurrent)]);
    assert_eq!(bench.init(None), Err(Concurrent));
    bench.tell_all();
    assert_eq!(bench.add(next, A), Ok(next));
}

#[test]
fn who_could_not_be_told_is_told_again_and_only_those() {
    let mut bench = Bench::new();
    bench.obliging = false;
    let producer = bench.ongoing(&[("a", 0), ("b", 0), ("gone", 0)]);
    bench.end(producer, false, TV1).unwrap();
    let order = bench.orders.pop().unwrap();
    bench.tell(&order, |topic, _| match topic.as_str() {
        "a" => Ok(()),
        "b" => Err(MarkerError::Unavailable("no leader".to_owned())),
        _ => Err(MarkerError::UnknownPartition),
    });
    assert!(bench.orders.is_empty(), "not at once");
    let described = bench.shard.describe(&s(ID)).unwrap();
    assert_eq!(described.partitions, [(s("b"), 0)]);
    bench.pass(Duration::from_millis(100));
    let order = bench.orders.pop().expect("again");
    assert_eq!(order.1.partitions, [(s("b"), 0)]);
    bench.tell(&order, |_, _| Ok(()));
    assert_eq!(bench.state(), CompleteAbort);
}

#[test]
fn an_end_that_is_not_written_decides_nothing() {
    let mut bench = Bench::new();
    let producer = bench.ongoing(A);
    bench.durable = false;
    let token = bench.ask_end(ID, producer, true, TV2);
    bench.flush(Err(TransactionError::Unavailable));
    assert_eq!(bench.answered(token), Err(TransactionError::Unavailable));
    assert!(bench.ordered.is_empty());
    bench.durable = true;
    assert_eq!(bench.end(producer, false, TV2), Ok(p(1, 1)));
    assert!(!bench.ordered[0].commit);
}

#[test]
fn a_completion_that_is_not_written_is_written_later() {
    let mut bench = Bench::new();
    bench.obliging = false;
    let producer = bench.ongoing(A);
    bench.end(producer, true, TV1).unwrap();
    bench.durable = false;
    bench.tell_all();
    bench.flush(Err(TransactionError::Unavailable));
    assert_eq!(bench.state(), PrepareCommit);
    bench.durable = true;
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.state(), CompleteCommit);
    assert_eq!(bench.ordered.len(), 1, "everybody knows already");
}

#[test]
fn partitions_are_added_while_others_are_on_their_way() {
    let mut bench = Bench::new();
    let producer = bench.init(None).unwrap();
    bench.durable = false;
    let tokens = [0, 1, 2].map(|partition| bench.ask_add(ID, producer, &[("a", partition)]));
    assert_eq!(bench.writes.len(), 3);
    bench.flush(Ok(()));
    for token in tokens {
        assert_eq!(bench.answered(token), Ok(producer));
    }
    assert_eq!(bench.facts().partitions.len(), 3);
    // One of two is not written: the other has both partitions, which costs a marker.
    let lost = bench.ask_add(ID, producer, &[("a", 3)]);
    let kept = bench.ask_add(ID, producer, &[("a", 4)]);
    let (first, second) = (bench.writes.remove(0), bench.writes.remove(0));
    bench.act(|shard, cx, _| shard.written(cx, first, Err(TransactionError::Unavailable)));
    bench.writes.push(second);
    bench.flush(Ok(()));
    assert!(bench.answered(lost).is_err() && bench.answered(kept).is_ok());
    assert_eq!(bench.facts().partitions.len(), 5);
    assert_eq!(bench.add(producer, &[("a", 4)]), Ok(producer), "nothing is written for what is known");
}
