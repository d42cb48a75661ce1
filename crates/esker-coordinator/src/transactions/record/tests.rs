use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

fn facts() -> impl Strategy<Value = Facts> {
    let partitions = proptest::collection::vec(("[a-z]{1,9}", 0..9_i32), 0..9);
    (0_i8..8, any::<(i64, i16, i64, i64, i32, i64, i64)>(), partitions, 0..3).prop_map(
        |(state, numbers, partitions, bump)| {
            let (id, epoch, previous, next, timeout_ms, started_ms, updated_ms) = numbers;
            let state = TransactionState::of_number(state).expect("all of them have a state");
            let mut all = Partitions::default();
            for (topic, partition) in partitions {
                if state != TransactionState::Empty {
                    all.insert(&topic.as_str().into(), partition);
                }
            }
            Facts {
                state,
                producer: Producer { id: ProducerId(id), epoch },
                previous: ProducerId(previous),
                next: ProducerId(next),
                last_epoch: -1,
                timeout_ms,
                partitions: all,
                started_ms,
                updated_ms,
                bump: [Bump::No, Bump::Fence, Bump::End][bump as usize],
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read(facts in facts(), id in "\\PC{0,20}") {
        let id = KString::from(id.as_str());
        let written = record(&id, &facts).expect("fits");
        let read = decode(&written.key, written.value.as_deref()).expect("was just written");
        prop_assert_eq!(read, Decoded::Transaction { id: id.clone(), facts: Some(Box::new(facts)) });
        let gone = tombstone(&id).expect("fits");
        let read = decode(&gone.key, None).expect("was just written");
        prop_assert_eq!(read, Decoded::Transaction { id, facts: None });
    }

    #[test]
    fn no_bytes_panic(key in proptest::collection::vec(any::<u8>(), 0..40), value in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = decode(&key, Some(&value));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn bytes_are_kafkas() {
    let mut partitions = Partitions::default();
    partitions.insert(&"a".into(), 3);
    let facts = Facts {
        state: TransactionState::PrepareCommit,
        producer: Producer { id: ProducerId(7), epoch: 2 },
        previous: ProducerId(7),
        next: ProducerId::NONE,
        last_epoch: 1,
        timeout_ms: 60_000,
        partitions,
        started_ms: 1,
        updated_ms: 2,
        bump: Bump::End,
    };
    let Record { key, value } = record(&"tx".into(), &facts).expect("fits");
    assert_eq!(hex(&key), "000000027478", "type 0, then a string with a length of two bytes");
    // Version, producer id, epoch, timeout, status, partitions, last update, start, and two tagged fields: the previous
    // producer id and the client's transaction version.
    let expected = "0001\
        0000000000000007\
        0002\
        0000ea60\
        02\
        0202610200000003\
        00\
        0000000000000002\
        0000000000000001\
        02000800000000000000070202\
        0002";
    assert_eq!(hex(&value.expect("not a tombstone")), expected.replace(' ', ""));
}

#[test]
fn version_0_of_older_brokers_is_read() {
    // As Kafka before 4.0 writes it: no compact lengths, no tagged fields, null partitions.
    let value =
        hex_bytes("0000 0000000000000009 0001 0000ea60 00 ffffffff 0000000000000005 ffffffffffffffff");
    let key = hex_bytes("0000 0002 7478");
    let Ok(Decoded::Transaction { id, facts: Some(facts) }) = decode(&key, Some(&value)) else {
        panic!("a transaction");
    };
    assert_eq!(id, "tx");
    assert_eq!((facts.state, facts.producer.epoch, facts.updated_ms), (TransactionState::Empty, 1, 5));
    assert_eq!((facts.previous, facts.next, facts.bump), (ProducerId::NONE, ProducerId::NONE, Bump::No));
    assert_eq!(decode(&hex_bytes("0009 0002 7478"), Some(&value)), Ok(Decoded::Other), "of a later Kafka");
}

fn hex_bytes(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}
