use bytes::Bytes;
use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::{Offset, PartitionId, ShardId, TopicNumber, object::Span};

fn objects() -> impl Strategy<Value = ObjectRef> {
    (any::<u128>(), 16..1u32 << 25, 0..1u32 << 20, 0..1u32 << 20, 0..i32::MAX).prop_map(
        |(id, data, sections, index, epoch)| ObjectRef {
            id: ObjectId(id),
            length: data + sections + index + FOOTER_SIZE as u32,
            sections: data,
            index: data + sections,
            epoch: Epoch(epoch),
        },
    )
}

fn pointers() -> impl Strategy<Value = Pointer> {
    let root = option::of((any::<u128>(), any::<u32>(), any::<u32>()));
    (any::<u32>(), 0..i32::MAX, any::<u64>(), root, vec(objects(), 0..=MAX_RECENT)).prop_map(
        |(shard, epoch, sequence, root, recent)| Pointer {
            shard: ShardId(shard),
            epoch: Epoch(epoch),
            sequence,
            root: root.map(|(id, length, crc)| RootRef { id: ObjectId(id), length, crc }),
            recent,
        },
    )
}

fn roots() -> impl Strategy<Value = Root> {
    let range = (any::<prop::sample::Index>(), 0..10i64, 0..100_000i64, any::<i64>(), any::<u64>());
    let partition = (0..3u32, 1..10u32, 0..i64::MAX, vec(any::<u8>(), 0..20), vec(range, 0..5));
    let garbage = (any::<bool>(), any::<u128>(), any::<i64>());
    (vec(objects(), 1..5), vec(partition, 0..6), vec(garbage, 0..4), any::<u64>()).prop_map(
        |(mut objects, parts, garbage, sequence)| {
            objects.sort_by_key(|object| object.id);
            objects.dedup_by_key(|object| object.id);
            let mut id = PartitionId { topic: TopicNumber(0), index: 0 };
            let mut partitions = Vec::new();
            for (topic, index, log_start, state, ranges) in parts {
                id = if topic > 0 {
                    PartitionId { topic: TopicNumber(id.topic.0 + topic), index }
                } else {
                    PartitionId { topic: id.topic, index: id.index + index }
                };
                let mut next = 0;
                let ranges = ranges
                    .into_iter()
                    .map(|(object, gap, length, max_timestamp, bytes)| {
                        let object = object.index(objects.len());
                        let first = next + gap;
                        next = first + length + 1;
                        RootRange {
                            object: object as u32,
                            first_offset: Offset(first),
                            last_offset: Offset(next - 1),
                            max_timestamp,
                            bytes,
                            section: Span { position: objects[object].sections, length: 0 },
                        }
                    })
                    .collect();
                partitions.push(RootPartition {
                    id,
                    log_start: Offset(log_start),
                    next_offset: Offset(next),
                    state: Bytes::from(state),
                    ranges,
                });
            }
            let garbage = garbage
                .into_iter()
                .map(|(root, id, removed_ms)| Garbage {
                    kind: if root { GarbageKind::Root } else { GarbageKind::Data },
                    id: ObjectId(id),
                    removed_ms,
                })
                .collect();
            Root { shard: ShardId(3), epoch: Epoch(9), sequence, objects, partitions, garbage }
        },
    )
}

proptest! {
    #[test]
    fn a_pointer_survives_its_bytes_and_stays_small(pointer in pointers()) {
        let bytes = pointer.encode();
        prop_assert!(bytes.len() <= 700, "{} bytes", bytes.len());
        prop_assert_eq!(Pointer::decode(&bytes), Ok(pointer));
    }

    #[test]
    fn a_root_survives_its_bytes(root in roots()) {
        prop_assert_eq!(Root::decode(&Bytes::from(root.encode())), Ok(root));
    }

    #[test]
    fn any_flipped_bit_is_noticed(pointer in pointers(), root in roots(), at in any::<prop::sample::Index>()) {
        let (mut pointer, mut root) = (pointer.encode(), root.encode());
        let bit = at.index(pointer.len() * 8);
        pointer[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(Pointer::decode(&pointer).is_err());
        let bit = at.index(root.len() * 8);
        root[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(Root::decode(&Bytes::from(root)).is_err());
    }

    #[test]
    fn hostile_bytes_are_refused_without_a_panic(bytes in vec(any::<u8>(), 0..200)) {
        for start in [&b"MP\x01\0"[..], b"\x89ESKROO\n\x01\0\0\0"] {
            let mut sealed = [start, &bytes].concat();
            let crc = crc32c::crc32c(&sealed);
            sealed.extend_from_slice(&crc.to_le_bytes());
            let _ = Pointer::decode(&sealed);
            let _ = Root::decode(&Bytes::from(sealed));
        }
    }
}
