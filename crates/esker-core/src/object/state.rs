//! The state of a partition as an object's section and the manifest's root both carry it.

use super::{
    FormatError,
    codec::{Reader, Writer},
};
use crate::{
    Epoch, Offset, ProducerId,
    producer::{AbortedTxn, ProducerBatch, ProducerState, REMEMBERED_BATCHES},
};

/// What an object says of a partition besides its batches. All of it is as of the object's last offset there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionSection {
    /// The first offset that readers may have.
    pub log_start: Offset,
    /// Every epoch under which something was written, with its first offset; both ascending.
    pub epochs: Vec<(Epoch, Offset)>,
    /// A snapshot of all producers that are not expired.
    pub producers: Vec<ProducerState>,
    /// Transactions whose abort marker lies in this object, by marker offset. Not part of the state that carries on.
    pub aborted: Vec<AbortedTxn>,
}

/// Writes log start, epochs and producers: the part that carries on to the next object.
pub(super) fn encode_state(section: &PartitionSection, out: &mut Writer) {
    out.offset(section.log_start);
    out.count(section.epochs.len());
    let (mut epoch, mut start) = (0, 0);
    for &(next, offset) in &section.epochs {
        out.varint(u64::from(next.0.abs_diff(epoch)));
        out.varint(offset.0.abs_diff(start));
        (epoch, start) = (next.0, offset.0);
    }
    out.count(section.producers.len());
    for producer in &section.producers {
        encode_producer(producer, out);
    }
}

fn encode_producer(state: &ProducerState, out: &mut Writer) {
    out.varint(state.producer.0.cast_unsigned());
    out.zigzag(i64::from(state.epoch));
    out.zigzag(state.last_timestamp);
    out.zigzag(i64::from(state.coordinator_epoch));
    // The number of batches and whether a transaction is open share a byte.
    out.0.push((state.batches.len() as u8) << 1 | u8::from(state.current_txn_first_offset.is_some()));
    let mut offset = 0;
    for batch in &state.batches {
        out.zigzag(i64::from(batch.base_sequence));
        out.zigzag(i64::from(batch.last_sequence) - i64::from(batch.base_sequence));
        out.varint(batch.base_offset.0.abs_diff(offset));
        out.varint(batch.last_offset.0.abs_diff(batch.base_offset.0));
        out.zigzag(state.last_timestamp.wrapping_sub(batch.timestamp));
        offset = batch.last_offset.0;
    }
    if let Some(first) = state.current_txn_first_offset {
        out.offset(first);
    }
}

/// Checks what [`encode_state`] relies on: orders and ranges.
pub(super) fn check_state(section: &PartitionSection) -> Result<(), &'static str> {
    if section.log_start.0 < 0 {
        return Err("log start");
    }
    if section.epochs.first().is_some_and(|&(epoch, offset)| epoch.0 < 0 || offset.0 < 0)
        || section.epochs.windows(2).any(|pair| pair[0].0 >= pair[1].0 || pair[0].1 > pair[1].1)
    {
        return Err("epochs");
    }
    for producer in &section.producers {
        let mut last = Offset(-1);
        for batch in &producer.batches {
            if batch.base_offset <= last || batch.last_offset < batch.base_offset {
                return Err("producer batches");
            }
            last = batch.last_offset;
        }
        if producer.producer.0 < 0 || producer.batches.len() > REMEMBERED_BATCHES {
            return Err("producer");
        }
        if producer.current_txn_first_offset.is_some_and(|first| first.0 < 0) {
            return Err("transaction");
        }
    }
    let mut last = Offset(-1);
    for txn in &section.aborted {
        if txn.producer.0 < 0
            || txn.first_offset.0 < 0
            || txn.last_offset < txn.first_offset
            || txn.last_offset <= last
        {
            return Err("aborted transactions");
        }
        last = txn.last_offset;
    }
    Ok(())
}

/// Reads what [`encode_state`] wrote; `aborted` stays empty.
pub(super) fn decode_state(reader: &mut Reader<'_>) -> Result<PartitionSection, FormatError> {
    let log_start = reader.offset("log start")?;
    let count = reader.count(2)?;
    let mut epochs = Vec::with_capacity(count);
    let (mut epoch, mut start) = (0i32, Offset(0));
    for number in 0..count {
        let step = reader.epoch()?.0;
        if number > 0 && step == 0 {
            return Err(reader.bad("epoch order"));
        }
        epoch = epoch.checked_add(step).ok_or_else(|| reader.bad("epoch"))?;
        start = reader.offset_after(start, "epoch start")?;
        epochs.push((Epoch(epoch), start));
    }
    let count = reader.count(4)?;
    let mut producers = Vec::with_capacity(count);
    for _ in 0..count {
        producers.push(decode_producer(reader)?);
    }
    Ok(PartitionSection { log_start, epochs, producers, aborted: Vec::new() })
}

fn decode_producer(reader: &mut Reader<'_>) -> Result<ProducerState, FormatError> {
    let producer = ProducerId(reader.offset("producer id")?.0);
    let epoch = i16::try_from(reader.zigzag()?).map_err(|_| reader.bad("producer epoch"))?;
    let last_timestamp = reader.zigzag()?;
    let coordinator_epoch =
        i32::try_from(reader.zigzag()?).map_err(|_| reader.bad("coordinator epoch"))?.max(-1);
    let packed = reader.u8()?;
    let count = usize::from(packed >> 1);
    if count > REMEMBERED_BATCHES {
        return Err(reader.bad("producer batches"));
    }
    let mut batches = Vec::with_capacity(count);
    let mut offset = Offset(0);
    for _ in 0..count {
        let base_sequence = i32::try_from(reader.zigzag()?).map_err(|_| reader.bad("sequence"))?;
        let last_sequence = i32::try_from(reader.near(i64::from(base_sequence), "sequence")?)
            .map_err(|_| reader.bad("sequence"))?;
        let base_offset = reader.offset_after(offset, "producer batch offset")?;
        let last_offset = reader.offset_after(base_offset, "producer batch offset")?;
        let timestamp = last_timestamp.wrapping_sub(reader.zigzag()?);
        batches.push(ProducerBatch { base_sequence, last_sequence, base_offset, last_offset, timestamp });
        offset = last_offset;
    }
    let current_txn_first_offset =
        if packed & 1 == 1 { Some(reader.offset("transaction offset")?) } else { None };
    Ok(ProducerState {
        producer,
        epoch,
        batches,
        last_timestamp,
        current_txn_first_offset,
        coordinator_epoch,
    })
}

impl PartitionSection {
    /// The state alone (no aborted transactions), as the manifest's root keeps it. The root's CRC covers it.
    #[must_use]
    pub fn encode_state(&self) -> Vec<u8> {
        let mut out = Writer::default();
        encode_state(self, &mut out);
        out.0
    }

    /// Reads what [`PartitionSection::encode_state`] wrote.
    ///
    /// # Errors
    /// When the bytes are not such a state.
    pub fn decode_state(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(bytes, "partition state");
        let state = decode_state(&mut reader)?;
        reader.finish()?;
        Ok(state)
    }
}
