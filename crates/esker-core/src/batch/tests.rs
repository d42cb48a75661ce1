use bytes::Bytes;
use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::{Epoch, Offset, PartitionId, ProducerId, TopicNumber};

#[derive(Clone, Debug)]
struct Owned {
    timestamp: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..200)
}

fn any_record() -> impl Strategy<Value = Owned> {
    (
        0..2_000_000_000_000i64,
        option::of(any_bytes()),
        option::of(any_bytes()),
        vec((vec(any::<u8>(), 0..20), option::of(any_bytes())), 0..4),
    )
        .prop_map(|(timestamp, key, value, headers)| Owned { timestamp, key, value, headers })
}

fn any_codec() -> impl Strategy<Value = Compression> {
    prop::sample::select(Compression::ALL.to_vec())
}

fn build_with(mut builder: BatchBuilder, records: &[Owned]) -> Bytes {
    for record in records {
        let headers: Vec<_> =
            record.headers.iter().map(|(key, value)| (key.as_slice(), value.as_deref())).collect();
        builder
            .push(&NewRecord {
                timestamp: record.timestamp,
                key: record.key.as_deref(),
                value: record.value.as_deref(),
                headers: &headers,
            })
            .unwrap();
    }
    builder.build().unwrap()
}

fn simple(codec: Compression, values: &[&[u8]]) -> Bytes {
    let records: Vec<_> = (0..)
        .zip(values)
        .map(|(at, value)| Owned {
            timestamp: 1_000 + at,
            key: None,
            value: Some(value.to_vec()),
            headers: Vec::new(),
        })
        .collect();
    build_with(BatchBuilder::new(codec), &records)
}

/// Edits a sound batch and puts its CRC right again.
fn tampered(batch: &Bytes, edit: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let mut bytes = batch.to_vec();
    edit(&mut bytes);
    let crc = crc32c::crc32c(&bytes[fields::CRC_COVERS..]);
    bytes[fields::CRC].copy_from_slice(&crc.to_be_bytes());
    bytes.into()
}

fn kind_of(result: Result<CheckedBatch, BatchError>) -> BatchErrorKind {
    result.expect_err("must be refused").kind()
}

const LIMIT: usize = 1 << 20;

proptest! {
    #[test]
    fn what_was_built_is_read_back(codec in any_codec(), records in vec(any_record(), 1..20)) {
        let bytes = build_with(BatchBuilder::new(codec).producer(ProducerId(7), 3, 40), &records);
        let checked = check_produced(&bytes, &BatchLimits::default()).unwrap();
        prop_assert_eq!(&checked.bytes, &bytes);
        prop_assert_eq!(checked.fields.max_timestamp, records.iter().map(|record| record.timestamp).max().unwrap());
        let view = BatchView::parse(&bytes).unwrap();
        view.verify_crc().unwrap();
        let set = view.records(LIMIT).unwrap();
        let read: Vec<_> = set.iter().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(read.len(), records.len());
        for (index, (read, written)) in read.iter().zip(&records).enumerate() {
            prop_assert_eq!(read.offset, index as i64);
            prop_assert_eq!(read.timestamp, written.timestamp);
            prop_assert_eq!(read.key, written.key.as_deref());
            prop_assert_eq!(read.value, written.value.as_deref());
            let headers: Vec<_> = read.headers.map(|header| (header.key.to_vec(), header.value.map(<[u8]>::to_vec))).collect();
            prop_assert_eq!(&headers, &written.headers);
        }
    }

    #[test]
    fn fields_survive_their_bytes(numbers in any::<(i64, i32, u16, i32, i64, i64, i64, i16, i32, i32)>(), length in 49..i32::MAX) {
        let fields = BatchFields {
            base_offset: numbers.0, length, leader_epoch: numbers.1, crc: 9, attributes: Attributes(numbers.2),
            last_offset_delta: numbers.3, base_timestamp: numbers.4, max_timestamp: numbers.5, producer_id: numbers.6,
            producer_epoch: numbers.7, base_sequence: numbers.8, records_count: numbers.9,
        };
        let mut bytes = [0; HEADER_LEN];
        fields.write(&mut bytes);
        prop_assert_eq!(BatchFields::read(&bytes), Ok(fields));
    }

    #[test]
    fn varints_survive(small in any::<i32>(), large in any::<i64>()) {
        let mut bytes = Vec::new();
        write_varint(&mut bytes, small);
        write_varlong(&mut bytes, large);
        let input = &mut bytes.as_slice();
        prop_assert_eq!(read_varint(input), Some(small));
        prop_assert_eq!(read_varlong(input), Some(large));
        prop_assert!(input.is_empty());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..300), number in 0..5u8) {
        let input = Bytes::from(bytes);
        let _ = check_produced(&input, &BatchLimits::default());
        for view in BatchView::all(&input).flatten() {
            let _ = view.control_type();
            if let Ok(set) = view.records(10_000) {
                let _ = set.iter().count();
            }
        }
        let codec = Compression::from_number(number).unwrap();
        if let Ok(out) = decompress(codec, &input, 10_000) {
            prop_assert!(out.len() <= 10_000);
        }
    }

    #[test]
    fn a_flipped_byte_is_caught_or_harmless(
        codec in any_codec(), records in vec(any_record(), 1..6), at in any::<prop::sample::Index>(), flip in 1..=255u8,
    ) {
        let bytes = build_with(BatchBuilder::new(codec), &records);
        let at = at.index(bytes.len());
        let mut broken = bytes.to_vec();
        broken[at] ^= flip;
        let result = check_produced(&broken.into(), &BatchLimits::default());
        // Only the leader epoch may change unseen: the broker overwrites it.
        prop_assert_eq!(result.is_ok(), fields::LEADER_EPOCH.contains(&at));
    }

    #[test]
    fn hostile_records_with_a_right_crc_never_panic(
        codec in any_codec(), records in vec(any_record(), 1..4), edits in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let bytes = tampered(&build_with(BatchBuilder::new(codec), &records), |bytes| {
            for (at, value) in &edits {
                let at = fields::ATTRIBUTES.start + at.index(bytes.len() - fields::ATTRIBUTES.start);
                bytes[at] = *value;
            }
        });
        let limits = BatchLimits { require_keys: true, ..BatchLimits::default() };
        let _ = check_produced(&bytes, &limits);
        if let Ok(set) = BatchView::parse(&bytes).unwrap().records(LIMIT) {
            for record in set.iter().flatten() {
                prop_assert_eq!(record.headers.count(), record.headers.len());
            }
        }
    }
}

#[test]
fn patching_leaves_the_crc_right() {
    let mut bytes = simple(Compression::None, &[b"a", b"b"]).to_vec();
    patch(&mut bytes, Offset(1 << 40), Epoch(9));
    let view = BatchView::parse(&bytes.into()).unwrap();
    view.verify_crc().unwrap();
    assert_eq!((view.fields.base_offset, view.fields.leader_epoch), (1 << 40, 9));
    let offsets: Vec<_> = view.records(LIMIT).unwrap().iter().map(|record| record.unwrap().offset).collect();
    assert_eq!(offsets, [1 << 40, (1 << 40) + 1]);
}

#[test]
fn log_append_time_replaces_every_timestamp() {
    for codec in Compression::ALL {
        let bytes = simple(codec, &[b"a", b"b"]);
        let limits =
            BatchLimits { timestamps: TimestampRule::LogAppendTime(77_000), ..BatchLimits::default() };
        let checked = check_produced(&bytes, &limits).unwrap();
        assert_eq!(checked.log_append_time(), Some(77_000));
        let view = BatchView::parse(&checked.bytes).unwrap();
        view.verify_crc().unwrap();
        assert!(view.records(LIMIT).unwrap().iter().all(|record| record.unwrap().timestamp == 77_000));
    }
}

#[test]
fn each_broken_rule_has_its_kind() {
    use BatchErrorKind::*;
    let good = simple(Compression::None, &[b"one", b"two"]);
    let limits = BatchLimits::default();
    let check = |bytes: &Bytes| check_produced(bytes, &limits);
    let set = |range: std::ops::Range<usize>, value: &[u8]| {
        tampered(&good, |bytes| bytes[range].copy_from_slice(value))
    };
    assert!(check(&good).is_ok());
    assert_eq!(kind_of(check(&Bytes::new())), InvalidRecord);
    assert_eq!(kind_of(check(&good.slice(..good.len() - 1))), InvalidRecord);
    assert_eq!(kind_of(check(&[&good[..], &good[..]].concat().into())), InvalidRecord);
    assert_eq!(kind_of(check(&set(fields::LENGTH, &13i32.to_be_bytes()))), Corrupt);
    assert_eq!(kind_of(check(&set(fields::LENGTH, &(-1i32).to_be_bytes()))), Corrupt);
    assert_eq!(kind_of(check(&set(16..17, &[1]))), InvalidRecord);
    assert_eq!(kind_of(check(&set(fields::BASE_OFFSET, &1i64.to_be_bytes()))), InvalidRecord);
    assert_eq!(kind_of(check(&set(fields::RECORDS_COUNT, &3i32.to_be_bytes()))), InvalidRecord);
    assert_eq!(kind_of(check(&set(fields::RECORDS_COUNT, &i32::MIN.to_be_bytes()))), InvalidRecord);
    assert_eq!(kind_of(check(&set(fields::RECORDS_COUNT, &0i32.to_be_bytes()))), InvalidRecord);
    assert_eq!(kind_of(check(&set(fields::LAST_OFFSET_DELTA, &i32::MAX.to_be_bytes()))), InvalidRecord);
    assert_eq!(kind_of(check(&set(fields::PRODUCER_ID, &4i64.to_be_bytes()))), InvalidRecord);
    assert_eq!(kind_of(check(&set(fields::ATTRIBUTES, &[0, 0x20]))), InvalidRecord);
    assert_eq!(kind_of(check(&set(fields::ATTRIBUTES, &[0, 0x10]))), InvalidRecord);
    assert_eq!(kind_of(check(&set(fields::ATTRIBUTES, &[0, 0x08]))), InvalidTimestamp);
    assert_eq!(kind_of(check(&set(fields::ATTRIBUTES, &[0, 0x05]))), UnsupportedCompression);
    let mut torn = good.to_vec();
    *torn.last_mut().unwrap() ^= 1;
    assert_eq!(kind_of(check(&torn.into())), Corrupt);
    let small = BatchLimits { max_bytes: good.len() - 1, ..limits };
    assert_eq!(kind_of(check_produced(&good, &small)), TooLarge);
    let exact = BatchLimits { max_bytes: good.len(), ..limits };
    assert!(check_produced(&good, &exact).is_ok());
}

#[test]
fn single_records_at_fault_are_listed_for_every_codec() {
    for codec in Compression::ALL {
        let mut builder = BatchBuilder::new(codec);
        for (timestamp, key) in [(100, Some(&b"k"[..])), (200, None), (300, Some(b"k")), (-1, None)] {
            builder.push(&NewRecord { timestamp, key, value: Some(b"v"), headers: &[] }).unwrap();
        }
        let bytes = builder.build().unwrap();
        let keys = BatchLimits { require_keys: true, ..BatchLimits::default() };
        let error = check_produced(&bytes, &keys).unwrap_err();
        assert_eq!(error.kind(), BatchErrorKind::InvalidRecord);
        assert_eq!(error.faults().iter().map(|fault| fault.index).collect::<Vec<_>>(), [1, 3]);

        let rule = TimestampRule::CreateTime { earliest: 0, latest: 250 };
        let error =
            check_produced(&bytes, &BatchLimits { timestamps: rule, ..BatchLimits::default() }).unwrap_err();
        assert_eq!(error.kind(), BatchErrorKind::InvalidTimestamp);
        assert_eq!(error.faults().iter().map(|fault| fault.index).collect::<Vec<_>>(), [2]);
    }
}

#[test]
fn a_wrong_maximum_timestamp_is_put_right() {
    let good = simple(Compression::None, &[b"one", b"two"]);
    let lying = tampered(&good, |bytes| bytes[fields::MAX_TIMESTAMP].copy_from_slice(&5i64.to_be_bytes()));
    let checked = check_produced(&lying, &BatchLimits::default()).unwrap();
    assert_eq!(checked.bytes, good);
    assert_eq!(checked.fields.max_timestamp, 1_001);
}

#[test]
fn decompression_stops_at_its_limit() {
    let zeros = vec![0; 8 << 20];
    for codec in Compression::ALL {
        let packed = compress(codec, &zeros).unwrap();
        let error = decompress(codec, &packed, LIMIT).unwrap_err();
        assert_eq!(error, BatchError::DecompressedTooLarge { limit: LIMIT }, "{codec}");
        assert_eq!(decompress(codec, &packed, zeros.len()).unwrap().len(), zeros.len(), "{codec}");
    }
}

#[test]
fn a_snappy_block_that_claims_too_much_is_refused_before_memory_is_taken() {
    // The varint length says 4 GiB - 1, three bytes follow.
    let claim = [0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3];
    let error = decompress(Compression::Snappy, &claim, usize::MAX).unwrap_err();
    assert!(matches!(error, BatchError::Codec { .. }), "{error}");
}

#[test]
fn bare_snappy_blocks_and_chained_streams_are_read() {
    let bare = snap::raw::Encoder::new().compress_vec(b"hello").unwrap();
    assert_eq!(&decompress(Compression::Snappy, &bare, LIMIT).unwrap()[..], b"hello");
    let one = compress(Compression::Snappy, b"hello").unwrap();
    let two = [one.clone(), one].concat();
    assert_eq!(&decompress(Compression::Snappy, &two, LIMIT).unwrap()[..], b"hellohello");
}

#[test]
fn markers_say_how_the_transaction_ended() {
    for commit in [false, true] {
        let bytes = BatchBuilder::end_marker(ProducerId(12), 4, commit, 8, 99);
        let checked = CheckedBatch::internal(&bytes).unwrap();
        assert_eq!(checked.control_type, i8::from(commit));
        let entry =
            checked.directory_entry(PartitionId { topic: TopicNumber(1), index: 0 }, Epoch(2), Offset(10));
        assert_eq!((entry.producer, entry.producer_epoch, entry.records), (ProducerId(12), 4, 1));
        assert_eq!((entry.marker(), entry.coordinator_epoch), (Some(commit), 8));
        assert_eq!(crate::BatchHeader::decode(&entry.encode()), Ok(entry));
        assert_eq!(kind_of(check_produced(&bytes, &BatchLimits::default())), BatchErrorKind::InvalidRecord);
    }
}

#[test]
fn compaction_keeps_offsets_with_gaps() {
    let mut builder = BatchBuilder::new(Compression::Lz4).at(Offset(100), Epoch(1));
    let record = NewRecord { timestamp: 1, key: Some(b"k"), value: None, headers: &[] };
    builder.push_at(3, &record).unwrap();
    builder.push_at(9, &record).unwrap();
    assert!(builder.push_at(9, &record).is_err());
    let bytes = builder.build().unwrap();
    let checked = CheckedBatch::internal(&bytes).unwrap();
    assert_eq!((checked.fields.records_count, checked.fields.last_offset()), (2, 109));
}
