//! The records of `__share_group_state`, in Kafka's own format. Each write is a whole `ShareSnapshot`: state is ranges, so
//! it is small, and a topic that keeps the last record of each key keeps everything. `ShareUpdate`, which changes what a
//! snapshot said, is not written, and is no part of any state here.

use bytes::Bytes;
use esker_core::Epoch;
use esker_kafka_wire::{
    DecodeError, EncodeError, decode_key, decode_prefixed, encode_key, encode_prefixed,
    messages::{ShareSnapshotKey, ShareSnapshotValue, share_snapshot_value::StateBatch},
    stored_prefix,
};
use esker_share::{Snapshot, StoredBatch, StoredState};

use super::ShareKey;
use crate::records::Record;

const VALUE_VERSION: i16 = 0;

const AVAILABLE: i8 = 0;
const ACKNOWLEDGED: i8 = 2;
const ARCHIVED: i8 = 4;

/// What stands beside a snapshot in its record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// Counts the snapshots of a share partition.
    pub(super) number: i32,
    /// Of the leader that writes it.
    pub(super) leader: Epoch,
    /// Milliseconds since the Unix epoch.
    pub(super) now_ms: i64,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Decoded {
    /// A share partition and the number of its snapshot; `None` when it is gone.
    State(ShareKey, Option<(Snapshot, i32)>),
    /// A record of another kind.
    Other,
}

/// The record that says `snapshot`.
pub(super) fn record(key: &ShareKey, snapshot: &Snapshot, written: Written) -> Result<Record, EncodeError> {
    let state_batches = snapshot.batches.iter().map(|batch| StateBatch {
        first_offset: batch.first,
        last_offset: batch.last,
        delivery_state: match batch.state {
            StoredState::Available => AVAILABLE,
            StoredState::Accepted => ACKNOWLEDGED,
            StoredState::Archived => ARCHIVED,
        },
        delivery_count: i16::try_from(batch.count).unwrap_or(i16::MAX),
    });
    let done = snapshot.batches.iter().filter(|batch| batch.state != StoredState::Available);
    let done: u64 = done.map(|batch| batch.last.abs_diff(batch.first) + 1).sum();
    let value = ShareSnapshotValue {
        snapshot_epoch: written.number,
        state_epoch: snapshot.state_epoch,
        leader_epoch: written.leader.0,
        start_offset: snapshot.start,
        delivery_complete_count: i32::try_from(done).unwrap_or(i32::MAX),
        create_timestamp: written.now_ms,
        write_timestamp: written.now_ms,
        state_batches: state_batches.collect(),
    };
    Ok(Record { key: encode_key(&stored_key(key))?, value: Some(encode_prefixed(&value, VALUE_VERSION)?) })
}

/// The record that ends a share partition.
pub(super) fn tombstone(key: &ShareKey) -> Result<Record, EncodeError> {
    Ok(Record { key: encode_key(&stored_key(key))?, value: None })
}

fn stored_key(key: &ShareKey) -> ShareSnapshotKey {
    ShareSnapshotKey { group_id: key.group.clone(), topic_id: key.topic, partition: key.partition }
}

/// Reads a record.
///
/// # Errors
/// When the bytes are not what their type says.
pub(super) fn decode(key: &[u8], value: Option<&[u8]>) -> Result<Decoded, DecodeError> {
    let key = Bytes::copy_from_slice(key);
    if stored_prefix(&key)? != 0 {
        return Ok(Decoded::Other);
    }
    let key: ShareSnapshotKey = decode_key(key)?;
    let key = ShareKey { group: key.group_id.compact(), topic: key.topic_id, partition: key.partition };
    let Some(value) = value else { return Ok(Decoded::State(key, None)) };
    let (_, value) = decode_prefixed::<ShareSnapshotValue>(Bytes::copy_from_slice(value))?;
    let batches = value.state_batches.iter().map(|batch| StoredBatch {
        first: batch.first_offset,
        last: batch.last_offset,
        state: match batch.delivery_state {
            ACKNOWLEDGED => StoredState::Accepted,
            ARCHIVED => StoredState::Archived,
            // Whatever else was under way when it was written.
            _ => StoredState::Available,
        },
        count: u16::try_from(batch.delivery_count).unwrap_or(0),
    });
    let snapshot =
        Snapshot { state_epoch: value.state_epoch, start: value.start_offset, batches: batches.collect() };
    Ok(Decoded::State(key, Some((snapshot, value.snapshot_epoch))))
}
