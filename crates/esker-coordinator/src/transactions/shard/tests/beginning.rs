//! InitProducerId, and what it does to those before it.

use super::*;
use TransactionError::{Concurrent, InvalidProducerIdMapping, ProducerFenced};

#[test]
fn each_producer_gets_the_next_epoch_and_fences_the_one_before() {
    let mut bench = Bench::new();
    let first = bench.init(None).unwrap();
    let second = bench.init(None).unwrap();
    assert_eq!((first, second), (p(1, 0), p(1, 1)));
    assert_eq!(bench.add(first, &[("a", 0)]), Err(ProducerFenced));
    assert_eq!(bench.end(first, true, TV1), Err(ProducerFenced));
    assert_eq!(bench.init(Some(first)), Err(ProducerFenced));
    assert_eq!(bench.add(p(9, 1), &[("a", 0)]), Err(InvalidProducerIdMapping));
    assert_eq!(bench.add(second, &[("a", 0)]), Ok(second));
}

#[test]
fn nothing_is_answered_before_it_is_durable() {
    let mut bench = Bench::new();
    bench.durable = false;
    let token = bench.ask_init(ID, None);
    assert!(!bench.answers.contains_key(&token));
    assert_eq!(bench.init(None), Err(Concurrent));
    bench.flush(Ok(()));
    assert_eq!(bench.answered(token), Ok(p(1, 0)));
    let token = bench.ask_add(ID, p(1, 0), &[("a", 0)]);
    assert_eq!(bench.verify(p(1, 0), &[("a", 0)]), [Err(TransactionError::Abortable)]);
    assert_eq!(bench.end(p(1, 0), true, TV1), Err(Concurrent));
    bench.flush(Ok(()));
    assert_eq!(bench.answered(token), Ok(p(1, 0)));
    assert_eq!(bench.verify(p(1, 0), &[("a", 0), ("a", 1)]), [Ok(()), Err(TransactionError::Abortable)]);
}

#[test]
fn an_id_whose_first_record_is_not_written_never_was() {
    let mut bench = Bench::new();
    bench.durable = false;
    let token = bench.ask_init(ID, None);
    bench.flush(Err(TransactionError::Unavailable));
    assert_eq!(bench.answered(token), Err(TransactionError::Unavailable));
    assert!(bench.shard.get(ID).is_none());
    assert_eq!(bench.shard.weighs(), (0, 0));
}

#[test]
fn a_producer_goes_on_after_an_error_and_may_ask_again() {
    let mut bench = Bench::new();
    let first = bench.init(None).unwrap();
    let second = bench.init(Some(first)).unwrap();
    assert_eq!(second, p(1, 1));
    // The answer was lost.
    assert_eq!(bench.init(Some(first)), Ok(second));
    let other = bench.init(None).unwrap();
    assert_eq!(other, p(1, 2));
    assert_eq!(bench.init(Some(first)), Err(ProducerFenced));
    assert_eq!(bench.init(Some(second)), Err(ProducerFenced));
}

#[test]
fn an_ongoing_transaction_is_aborted_before_a_new_producer_begins() {
    let mut bench = Bench::new();
    bench.obliging = false;
    let old = bench.ongoing(&[("a", 0), ("b", 3)]);
    assert_eq!(bench.init(None), Err(Concurrent));
    assert_eq!(bench.state(), TransactionState::PrepareAbort);
    assert_eq!(bench.init(None), Err(Concurrent), "its partitions have not been told");
    let order = &bench.ordered[0];
    assert_eq!(
        (order.epoch, order.commit, order.bumped),
        (1, false, true),
        "the marker fences the old epoch"
    );
    assert_eq!(order.partitions, [(s("a"), 0), (s("b"), 3)]);
    bench.tell_all();
    assert_eq!(bench.state(), TransactionState::CompleteAbort);
    for protocol in [TV1, TV2] {
        for commit in [true, false] {
            assert_eq!(bench.end(old, commit, protocol), Err(ProducerFenced));
        }
    }
    assert_eq!(bench.init(None), Ok(p(1, 2)));
}

#[test]
fn a_producer_that_takes_itself_over_gets_the_epoch_that_fenced_it() {
    let mut bench = Bench::new();
    let old = bench.ongoing(&[("a", 0)]);
    assert_eq!(bench.init(Some(old)), Err(Concurrent));
    assert_eq!(bench.init(Some(old)), Ok(p(1, 1)));
    // A fenced one cannot take over whoever fenced it.
    bench.add(p(1, 1), &[("a", 0)]).unwrap();
    assert_eq!(bench.init(Some(old)), Err(ProducerFenced));
    assert_eq!(bench.state(), TransactionState::Ongoing);
}

#[test]
fn when_epochs_are_used_up_there_is_a_new_producer_id() {
    let mut bench = Bench::new();
    let last = bench.wear_out(0);
    let next = bench.init(None).unwrap();
    assert_eq!(next.epoch, 0);
    assert_ne!(next.id, last.id);
    assert_eq!(bench.end(last, true, TV2), Err(InvalidProducerIdMapping));

    let mut bench = Bench::new();
    let last = bench.wear_out(0);
    let next = bench.init(Some(last)).unwrap();
    assert_eq!(next.epoch, 0);
    assert_eq!(bench.init(Some(last)), Ok(next), "the answer was lost");
    bench.add(last, &[("a", 0)]).unwrap_err();
}

#[test]
fn the_last_epoch_can_still_be_fenced() {
    let mut bench = Bench::new();
    let last = bench.wear_out(0);
    bench.add(last, &[("a", 0)]).unwrap();
    assert_eq!(bench.init(None), Err(Concurrent));
    assert_eq!(bench.ordered[0].epoch, i16::MAX);
    let next = bench.init(None).unwrap();
    assert_eq!(next.epoch, 0);
    assert_ne!(next.id, last.id);
}
