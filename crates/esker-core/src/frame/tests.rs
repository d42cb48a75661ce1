use bytes::Bytes;

use super::*;
use crate::{
    BatchHeader, BrokerId, EntryKind, Epoch, FrameIndex, LedgerId, Mode, Offset, PartitionId, ProducerId,
    TopicNumber,
};

const LEDGER: LedgerId = LedgerId { broker: BrokerId(7), number: 11 };

fn entry(kind: EntryKind, base: i64, length: u32) -> BatchHeader {
    BatchHeader {
        kind,
        partition: PartitionId { topic: TopicNumber(1), index: 2 },
        epoch: Epoch(5),
        base_offset: Offset(base),
        last_offset_delta: 0,
        records: 1,
        max_timestamp: 1,
        producer: ProducerId::NONE,
        producer_epoch: -1,
        base_sequence: -1,
        attributes: 0,
        length,
        control_type: -1,
        coordinator_epoch: -1,
    }
}

fn build(batches: &[Vec<u8>]) -> Frame {
    let payload = batches.iter().map(Vec::len).sum();
    let mut builder = FrameBuilder::new(LEDGER, FrameIndex(3), Mode::Fsync, batches.len(), payload).unwrap();
    for (number, batch) in batches.iter().enumerate() {
        let kind = if batch.is_empty() { EntryKind::LogStart } else { EntryKind::Batch };
        builder.push(entry(kind, 0x0102 + number as i64, batch.len() as u32), batch);
    }
    builder.finish()
}

#[test]
fn a_frame_survives_its_bytes_and_carries_the_patched_batch() {
    let frame = build(&[vec![0xaa; 100], vec![], vec![0xbb; 33]]);
    assert_eq!(&frame.payload()[..8], &0x0102_i64.to_be_bytes());
    assert_eq!(&frame.payload()[12..16], &5_i32.to_be_bytes());
    assert_eq!(&frame.payload()[16..100], &[0xaa; 84]);
    assert_eq!(&frame.payload()[8..12], &[0xaa; 4]);
    let again = Frame::decode(frame.encoded().clone()).unwrap();
    assert_eq!(again.header(), frame.header());
    assert_eq!(again.headers(), frame.headers());
    assert_eq!((again.ledger(), again.index(), again.mode()), (LEDGER, FrameIndex(3), Mode::Fsync));
    assert_eq!(again.payload(), frame.payload());
}

#[test]
fn the_directory_reads_without_the_payload() {
    let frame = build(&[vec![1; 64], vec![2; 64]]);
    let (header, directory) = decode_directory(&frame.encoded()[..frame.header().payload_start()]).unwrap();
    assert_eq!(&header, frame.header());
    assert_eq!(directory[..], frame.headers()[..]);
}

#[test]
fn every_flipped_bit_is_noticed() {
    let frame = build(&[vec![1; 40], vec![2; 24]]);
    for position in 0..frame.encoded().len() {
        for bit in 0..8 {
            let mut bytes = frame.encoded().to_vec();
            bytes[position] ^= 1 << bit;
            assert!(Frame::decode(bytes.into()).is_err(), "byte {position} bit {bit}");
        }
    }
}

#[test]
fn every_cut_is_noticed() {
    let frame = build(&[vec![1; 40]]);
    for length in 0..frame.encoded().len() {
        assert!(Frame::decode(frame.encoded().slice(..length)).is_err(), "{length} bytes");
    }
    let mut longer = frame.encoded().to_vec();
    longer.push(0);
    assert!(matches!(Frame::decode(longer.into()), Err(FrameError::Length { .. })));
}

#[test]
fn hostile_counts_are_refused_before_use() {
    let mut bytes = build(&[vec![1; 40]]).encoded().to_vec();
    bytes[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(Frame::decode(bytes.clone().into()).unwrap_err(), FrameError::Field("entry count"));
    bytes[12..16].copy_from_slice(&1_u32.to_le_bytes());
    bytes[32..36].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(Frame::decode(bytes.into()).unwrap_err(), FrameError::Field("payload length"));
    assert!(FrameBuilder::new(LEDGER, FrameIndex(0), Mode::Fsync, 1, Frame::MAX_ENCODED).is_err());
    assert!(FrameBuilder::new(LEDGER, FrameIndex(0), Mode::Fsync, Frame::MAX_ENTRIES + 1, 0).is_err());
}

#[test]
fn an_empty_frame_is_a_frame() {
    let frame = build(&[]);
    assert_eq!(frame.encoded().len(), FrameHeader::SIZE);
    assert!(Frame::decode(frame.encoded().clone()).is_ok());
    assert!(matches!(Frame::decode(Bytes::new()), Err(FrameError::Short { .. })));
}
