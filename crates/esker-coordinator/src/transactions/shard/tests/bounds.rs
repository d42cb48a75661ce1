//! Memory is bounded.

use super::*;
use TransactionError::Limit;

#[test]
fn ids_and_partitions_and_bytes_are_bounded() {
    let config = TransactionConfig {
        max_ids_per_partition: 2,
        max_partitions: 10,
        max_state: 64 << 10,
        ..TransactionConfig::default()
    };
    let mut bench = Bench::with(config);
    let producer = bench.init(None).unwrap();
    let token = bench.ask_init("second", None);
    bench.answered(token).unwrap();
    let token = bench.ask_init("third", None);
    assert_eq!(bench.answered(token), Err(Limit));
    for partition in 0..10 {
        bench.add(producer, &[("a", partition)]).unwrap();
    }
    assert_eq!(bench.add(producer, &[("a", 10)]), Err(Limit));
    assert_eq!(bench.add(producer, &[("a", 9)]), Ok(producer), "it is in already");
    bench.end(producer, true, TV1).unwrap();
    let long = "x".repeat(40 << 10);
    assert_eq!(bench.add(producer, &[(&long, 0)]), Err(Limit));
}

#[test]
fn names_that_no_record_can_carry_are_refused() {
    let mut bench = Bench::new();
    let token = bench.ask_init(&"x".repeat(40_000), None);
    assert_eq!(bench.answered(token), Err(TransactionError::InvalidRequest));
    let producer = bench.init(None).unwrap();
    bench.add(producer, &[("a", 0)]).unwrap();
    assert_eq!(bench.shard.len(), 1);
}
