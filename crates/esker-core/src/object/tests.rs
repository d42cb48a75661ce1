use bytes::{BufMut, Bytes, BytesMut};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    BatchHeader, EntryKind, Epoch, Offset, PartitionId, ProducerId, ShardId, TopicNumber,
    producer::{AbortedTxn, ProducerBatch, ProducerState},
};

/// A batch as far as the object format looks into it: base offset and length.
fn batch(partition: PartitionId, base: i64, records: u32, size: usize) -> (BatchHeader, Bytes) {
    let size = size.max(12);
    let mut bytes = BytesMut::new();
    bytes.put_i64(base);
    bytes.put_u32(size as u32 - 12);
    bytes.resize(size, base as u8);
    let header = BatchHeader {
        kind: EntryKind::Batch,
        partition,
        epoch: Epoch(1),
        base_offset: Offset(base),
        last_offset_delta: records as i32 - 1,
        records,
        max_timestamp: 1000 - base,
        producer: ProducerId::NONE,
        producer_epoch: -1,
        base_sequence: -1,
        attributes: 0,
        length: size as u32,
        control_type: -1,
        coordinator_epoch: -1,
    };
    (header, bytes.freeze())
}

fn partition(topic: u32, index: u32) -> PartitionId {
    PartitionId { topic: TopicNumber(topic), index }
}

/// What a reader makes of an object's bytes, checking everything that carries a checksum.
fn read_all(bytes: &[u8]) -> Result<Vec<(IndexEntry, Section, Vec<Bytes>)>, FormatError> {
    check_header(bytes.first_chunk().ok_or(FormatError::Truncated("header"))?)?;
    let (_, footer_bytes) =
        bytes.split_last_chunk::<FOOTER_SIZE>().ok_or(FormatError::Truncated("footer"))?;
    let footer = Footer::decode(footer_bytes, (bytes.len() - FOOTER_SIZE) as u64)?;
    let index = decode_index(&bytes[footer.index as usize..footer.footer as usize], &footer)?;
    let mut out = Vec::new();
    for entry in index {
        let range = entry.section.position as usize..entry.section.end() as usize;
        let section = Section::decode(&bytes[range], footer.sections)?;
        let mut blocks = Vec::new();
        for block in &section.blocks {
            let data = &bytes[block.span.position as usize..block.span.end() as usize];
            if crc32c::crc32c(data) != block.crc {
                return Err(FormatError::Crc("block"));
            }
            blocks.push(Bytes::copy_from_slice(data));
        }
        out.push((entry, section, blocks));
    }
    Ok(out)
}

fn joined(object: &BuiltObject) -> Vec<u8> {
    let bytes = object.pieces.concat();
    assert_eq!(bytes.len(), object.length as usize);
    bytes
}

fn producers() -> impl Strategy<Value = Vec<ProducerState>> {
    let one = (
        0..i64::MAX,
        0..i16::MAX,
        any::<i64>(),
        vec((any::<i32>(), any::<i32>(), 1..1000i64, 0..50i64, any::<i64>()), 0..=5),
        proptest::option::of(0..i64::MAX),
    );
    vec(
        one.prop_map(|(id, epoch, last_timestamp, batches, txn)| {
            let mut offset = -1;
            let batches = batches
                .into_iter()
                .map(|(base_sequence, last_sequence, step, length, timestamp)| {
                    let base_offset = Offset(offset + step);
                    offset = base_offset.0 + length;
                    ProducerBatch {
                        base_sequence,
                        last_sequence,
                        base_offset,
                        last_offset: Offset(offset),
                        timestamp,
                    }
                })
                .collect();
            ProducerState {
                producer: ProducerId(id),
                epoch,
                batches,
                last_timestamp,
                current_txn_first_offset: txn.map(Offset),
                coordinator_epoch: epoch.into(),
            }
        }),
        0..4,
    )
}

fn sections() -> impl Strategy<Value = PartitionSection> {
    let epochs = vec((1..5i32, 0..1000i64), 0..5).prop_map(|steps| {
        let mut at = (0, 0);
        steps
            .into_iter()
            .map(|(epoch, offset)| {
                at = (at.0 + epoch, at.1 + offset);
                (Epoch(at.0), Offset(at.1))
            })
            .collect()
    });
    let aborted = vec((0..i64::MAX, 1..100i64, 0..1000i64), 0..4).prop_map(|steps| {
        let mut marker = 0;
        steps
            .into_iter()
            .map(|(producer, step, length)| {
                marker += step;
                AbortedTxn {
                    producer: ProducerId(producer),
                    first_offset: Offset((marker - length).max(0)),
                    last_offset: Offset(marker),
                }
            })
            .collect()
    });
    (0..i64::MAX, epochs, producers(), aborted).prop_map(|(log_start, epochs, producers, aborted)| {
        PartitionSection { log_start: Offset(log_start), epochs, producers, aborted }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn an_object_survives_its_bytes(
        parts in vec(((0..3u32, 1..4u32), vec((1..50u32, prop_oneof![4 => 12..5000usize, 1 => 300_000..700_000usize]), 1..6), sections(), 0..i64::from(i32::MAX)), 0..5)
    ) {
        let mut builder = ObjectBuilder::new(ShardId(7), Epoch(3));
        let (mut topic, mut index) = (0, 0);
        let mut expected = Vec::new();
        for ((topic_step, index_step), sizes, section, base) in parts {
            if topic_step > 0 {
                index = 0;
            }
            (topic, index) = (topic + topic_step, index + index_step);
            let id = partition(topic, index);
            let mut next = base;
            let mut batches = Vec::new();
            for (records, size) in sizes {
                batches.push(batch(id, next, records, size));
                next += i64::from(records);
            }
            builder.add(id, &batches, &section).unwrap();
            expected.push((id, batches, section));
        }
        let object = builder.finish().unwrap();
        // Building must not copy batches: the pieces are the very bytes that went in.
        for (piece, (_, bytes)) in object.pieces[1..].iter().zip(expected.iter().flat_map(|(_, batches, _)| batches)) {
            prop_assert_eq!(piece.as_ptr(), bytes.as_ptr());
        }
        let read = read_all(&joined(&object)).unwrap();
        prop_assert_eq!(read.len(), expected.len());
        for (number, ((entry, section, blocks), (id, batches, state))) in read.iter().zip(&expected).enumerate() {
            prop_assert_eq!(entry, &object.index[number]);
            prop_assert_eq!(&section.blocks, &object.blocks[number]);
            prop_assert_eq!(entry.partition, *id);
            prop_assert_eq!(&section.state, state);
            prop_assert_eq!(entry.first_offset, batches[0].0.base_offset);
            prop_assert_eq!(entry.last_offset, batches[batches.len() - 1].0.last_offset());
            prop_assert_eq!(entry.max_timestamp, batches.iter().map(|(header, _)| header.max_timestamp).max().unwrap());
            let all: Vec<u8> = batches.iter().flat_map(|(_, bytes)| bytes.to_vec()).collect();
            prop_assert_eq!(blocks.concat(), all);
            prop_assert!(section.blocks.iter().all(|block| block.span.length <= MAX_BLOCK_BYTES));
        }
    }

}

proptest! {
    #[test]
    fn hostile_bytes_are_refused_without_a_panic(bytes in vec(any::<u8>(), 0..300), partitions in 0..u32::MAX) {
        let _ = read_all(&bytes);
        let _ = PartitionSection::decode_state(&bytes);
        // With good checksums, so that the fields themselves are looked at.
        let mut sealed = bytes.clone();
        sealed.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        let _ = Section::decode(&sealed, 1 << 20);
        let footer = Footer {
            shard: ShardId(0), epoch: Epoch(0), sections: 16, index: 1 << 20, footer: 1 << 21,
            index_crc: crc32c::crc32c(&bytes), partitions, blocks: 0,
        };
        let _ = decode_index(&bytes, &footer);
        if let Some(bytes) = bytes.first_chunk() {
            let _ = Footer::decode(bytes, 64);
        }
    }

    #[test]
    fn a_name_survives_its_text(value: u128, wall in 0..1i64 << 48, random: [u8; 16]) {
        let id = ObjectId(value);
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        let id = ObjectId::new(wall, random);
        prop_assert_eq!(id.created_ms(), wall);
        prop_assert!(ObjectId::new(wall + 1, [0; 16]) > id || wall + 1 == 1 << 48);
    }
}

fn small_object() -> BuiltObject {
    let mut builder = ObjectBuilder::new(ShardId(1), Epoch(2));
    for index in 0..2 {
        let id = partition(4, index);
        let mut state = ProducerState::new(ProducerId(9), 1);
        state.remember(ProducerBatch {
            base_sequence: 0,
            last_sequence: 4,
            base_offset: Offset(10),
            last_offset: Offset(14),
            timestamp: 5,
        });
        let section = PartitionSection {
            log_start: Offset(3),
            epochs: vec![(Epoch(0), Offset(0)), (Epoch(2), Offset(10))],
            producers: vec![state],
            aborted: vec![AbortedTxn {
                producer: ProducerId(9),
                first_offset: Offset(10),
                last_offset: Offset(12),
            }],
        };
        builder.add(id, &[batch(id, 10, 3, 40), batch(id, 13, 2, 70)], &section).unwrap();
    }
    builder.finish().unwrap()
}

#[test]
fn every_flipped_bit_is_noticed() {
    let bytes = joined(&small_object());
    read_all(&bytes).unwrap();
    for at in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[at / 8] ^= 1 << (at % 8);
        assert!(read_all(&damaged).is_err(), "bit {at} of {}", bytes.len() * 8);
    }
}

#[test]
fn every_cut_is_noticed() {
    let bytes = joined(&small_object());
    for end in 0..bytes.len() {
        assert!(read_all(&bytes[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn sections_of_thousands_of_partitions_are_compact() {
    let mut builder = ObjectBuilder::new(ShardId(1), Epoch(2));
    let section = PartitionSection { epochs: vec![(Epoch(0), Offset(0))], ..PartitionSection::default() };
    for index in 0..5000 {
        let id = partition(4, index);
        builder.add(id, &[batch(id, 1_000_000, 100, 2000)], &section).unwrap();
    }
    let object = builder.finish().unwrap();
    let tail = object.length - object.footer.sections;
    assert!(tail < 5000 * 50, "{} bytes per partition", tail / 5000);
}

#[test]
fn what_breaks_a_rule_is_refused_by_name() {
    let id = partition(1, 1);
    let try_add = |batches: &[(BatchHeader, Bytes)], section: &PartitionSection| {
        let mut builder = ObjectBuilder::new(ShardId(0), Epoch(0));
        builder.add(id, batches, section).map_err(|error| error.to_string())
    };
    let plain = PartitionSection::default();
    assert!(try_add(&[], &plain).unwrap_err().contains("empty"));
    assert!(try_add(&[batch(id, 0, 5, 20), batch(id, 6, 5, 20)], &plain).unwrap_err().contains("order"));
    assert!(try_add(&[batch(partition(1, 2), 0, 5, 20)], &plain).unwrap_err().contains("header"));
    let (header, bytes) = batch(id, 0, 5, 20);
    assert!(try_add(&[(header, bytes.slice(..19))], &plain).unwrap_err().contains("length"));
    let wrong = BatchHeader { base_offset: Offset(1), ..header };
    assert!(try_add(&[(wrong, bytes)], &plain).unwrap_err().contains("base offset"));
    let section = PartitionSection { epochs: vec![(Epoch(1), Offset(5)), (Epoch(1), Offset(6))], ..plain };
    assert!(try_add(&[batch(id, 0, 5, 20)], &section).unwrap_err().contains("epochs"));
}
