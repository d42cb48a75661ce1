use esker_core::{EntryKind, Epoch, Offset, PartitionId, ProducerId, TopicNumber};
use proptest::prelude::*;
use prost::Message;

use super::*;

fn any_ledger() -> impl Strategy<Value = LedgerId> {
    (0..=i32::MAX, any::<u64>()).prop_map(|(broker, number)| LedgerId { broker: BrokerId(broker), number })
}

fn any_mode() -> impl Strategy<Value = Mode> {
    (1_u8..=4).prop_map(|number| Mode::from_number(number).unwrap())
}

fn any_text() -> impl Strategy<Value = Arc<str>> {
    any::<String>().prop_map(Arc::from)
}

fn any_error() -> impl Strategy<Value = StoreError> {
    let at = || (any_ledger(), any::<u64>().prop_map(FrameIndex));
    prop_oneof![
        any_text().prop_map(StoreError::Failed),
        Just(StoreError::Closed),
        any_text().prop_map(StoreError::Damaged),
        any::<(u64, u64)>().prop_map(|(used, capacity)| StoreError::Full { used, capacity }),
        any_ledger().prop_map(StoreError::Sealed),
        any_ledger().prop_map(StoreError::NotSealed),
        any_ledger().prop_map(StoreError::Forgotten),
        (at(), any::<u64>()).prop_map(|((ledger, index), tail)| StoreError::Gap {
            ledger,
            index,
            tail: FrameIndex(tail)
        }),
        at().prop_map(|(ledger, index)| StoreError::Conflict { ledger, index }),
        (any_ledger(), any_mode(), any_mode()).prop_map(|(ledger, expected, found)| StoreError::WrongMode {
            ledger,
            expected,
            found
        }),
        any::<(u64, u64)>().prop_map(|(size, limit)| StoreError::TooLarge { size, limit }),
        at().prop_map(|(ledger, index)| StoreError::NotHeld { ledger, index }),
        (at(), any_text()).prop_map(|((ledger, index), place)| StoreError::Unreadable {
            ledger,
            index,
            place
        }),
        any_text().prop_map(StoreError::Read),
        any_text().prop_map(StoreError::Unreachable),
    ]
}

/// Fails to compile once there is a variant that [`any_error`] may not make.
fn variant(error: &StoreError) -> usize {
    match error {
        StoreError::Failed(_) => 0,
        StoreError::Closed => 1,
        StoreError::Damaged(_) => 2,
        StoreError::Full { .. } => 3,
        StoreError::Sealed(_) => 4,
        StoreError::NotSealed(_) => 5,
        StoreError::Forgotten(_) => 6,
        StoreError::Gap { .. } => 7,
        StoreError::Conflict { .. } => 8,
        StoreError::WrongMode { .. } => 9,
        StoreError::TooLarge { .. } => 10,
        StoreError::NotHeld { .. } => 11,
        StoreError::Unreadable { .. } => 12,
        StoreError::Read(_) => 13,
        StoreError::Unreachable(_) => 14,
    }
}

#[test]
fn the_errors_tried_are_all_there_are() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut seen = [false; 15];
    for _ in 0..1000 {
        seen[variant(&any_error().new_tree(&mut runner).unwrap().current())] = true;
    }
    assert_eq!(seen, [true; 15]);
}

proptest! {
    #[test]
    fn every_error_survives_the_wire(error in any_error()) {
        let bytes = fault_message(&error).encode_to_vec();
        let decoded = proto::Fault::decode(&bytes[..]).unwrap();
        prop_assert_eq!(fault(decoded), Ok(error));
    }

    #[test]
    fn a_seal_survives_the_wire(
        trim in any::<u32>(), lengths in prop::collection::vec(1_u64..1000, 0..6), authoritative: bool,
    ) {
        let mut at = u64::from(trim);
        let mut missing = Vec::new();
        for length in lengths {
            missing.push(FrameIndex(at)..FrameIndex(at + length));
            at += length + 1;
        }
        let answer = SealAnswer { tail: FrameIndex(at), trim: FrameIndex(trim.into()), authoritative, missing };
        let bytes = sealed_message(&answer).encode_to_vec();
        prop_assert_eq!(sealed(proto::Sealed::decode(&bytes[..]).unwrap()), Ok(answer));
    }

    #[test]
    fn a_trim_survives_the_wire(ledger in any_ledger(), before in prop::option::of(0..u64::MAX)) {
        let what = before.map_or(Trim::Forget, |before| Trim::Before(FrameIndex(before)));
        let bytes = trim_message(ledger, what).encode_to_vec();
        prop_assert_eq!(trim(proto::Trim::decode(&bytes[..]).unwrap()), Ok((ledger, what)));
    }

    #[test]
    fn arbitrary_bytes_are_no_more_than_malformed(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(message) = proto::Fault::decode(&bytes[..]) {
            let _ = fault(message);
        }
        if let Ok(message) = proto::Sealed::decode(&bytes[..]) {
            let _ = sealed(message);
        }
        if let Ok(message) = proto::FrameHeaders::decode(&bytes[..]) {
            let _ = headers(&message);
        }
        prop_assert!(frame(bytes.into()).is_err());
    }
}

#[test]
fn headers_survive_the_wire() {
    let header = BatchHeader {
        kind: EntryKind::Batch,
        partition: PartitionId { topic: TopicNumber(3), index: 1 },
        epoch: Epoch(2),
        base_offset: Offset(9),
        last_offset_delta: 4,
        records: 5,
        max_timestamp: -1,
        producer: ProducerId(7),
        producer_epoch: 1,
        base_sequence: 0,
        attributes: 0,
        length: 100,
        control_type: -1,
        coordinator_epoch: -1,
    };
    for count in [0, 1, 3] {
        let message = headers_message(FrameIndex(8), &vec![header; count]);
        let (index, found) = headers(&message).unwrap();
        assert_eq!((index, &found[..]), (FrameIndex(8), &vec![header; count][..]));
    }
    let mut short = headers_message(FrameIndex(8), &[header]);
    short.headers.truncate(63);
    assert!(headers(&short).is_err());
}

#[test]
fn fields_out_of_range_are_refused() {
    assert!(store_id(&[0; 15]).is_err() && store_id(&[0; 17]).is_err());
    assert!(ledger(None).is_err());
    assert!(ledger(Some(proto::LedgerId { broker: -1, number: 0 })).is_err());
    assert!(index(u64::MAX).is_err() && index(u64::MAX - 1).is_ok());
    assert!(mode(0).is_err() && mode(5).is_err() && mode(257).is_err());
    let range = |start, end| proto::Range { start, end };
    for missing in [range(0, 2), range(3, 3), range(4, 9), range(u64::MAX, 2)] {
        let message = proto::Sealed { tail: 8, trim: 1, authoritative: true, missing: vec![missing] };
        assert!(sealed(message).is_err(), "{missing:?}");
    }
    assert!(sealed(proto::Sealed { tail: 1, trim: 2, authoritative: true, missing: vec![] }).is_err());
}

/// Record bytes are a slice of the message that they came in.
#[test]
fn a_decoded_frame_is_no_copy() {
    let request = proto::WriteRequest {
        store: Bytes::from_static(&[7; 16]),
        sequence: 1,
        change: Some(proto::write_request::Change::Append(vec![5; 100_000].into())),
    };
    let message = Bytes::from(request.encode_to_vec());
    let within = message.as_ptr_range();
    let Some(proto::write_request::Change::Append(frame)) =
        proto::WriteRequest::decode(message.clone()).unwrap().change
    else {
        panic!("it was an append")
    };
    assert!(within.contains(&frame.as_ptr()), "the frame lies in the message");
}
