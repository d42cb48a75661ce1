//! The records of `__share_group_state`, in Kafka's own format: a `ShareSnapshot` says everything of a share partition, a
//! `ShareUpdate` what has changed since the record before. Unlike in Kafka, where an update says everything since its snapshot,
//! all of them count, in the order of the log; so the topic is never compacted, but cut off where snapshots of
//! everything begin.

use bytes::Bytes;
use esker_core::Epoch;
use esker_kafka_wire::{
    DecodeError, EncodeError, decode_key, decode_prefixed, encode_key, encode_prefixed,
    messages::{
        ShareSnapshotKey, ShareSnapshotValue, ShareUpdateKey, ShareUpdateValue,
        share_snapshot_value::StateBatch, share_update_value,
    },
    stored_prefix,
};
use esker_share::{Snapshot, StoredBatch, StoredState};

use super::ShareKey;
use crate::records::Record;

/// Kinds of records, by the version of their key.
const SNAPSHOT: i16 = 0;
const UPDATE: i16 = 1;
const VALUE_VERSION: i16 = 0;

const AVAILABLE: i8 = 0;
const ACKNOWLEDGED: i8 = 2;
/// Kafka's ARCHIVING: what was given up is to be copied to the dead letters.
const ARCHIVING: i8 = 3;
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
    /// What has changed, and the number of the snapshot before.
    Update(ShareKey, Snapshot, i32),
    /// A record of another kind.
    Other,
}

/// The record that says `snapshot`.
pub(super) fn record(key: &ShareKey, snapshot: &Snapshot, written: Written) -> Result<Record, EncodeError> {
    let state_batches = snapshot.batches.iter().map(|batch| StateBatch {
        first_offset: batch.first,
        last_offset: batch.last,
        delivery_state: delivery_state(batch.state),
        delivery_count: delivery_count(batch),
    });
    let done = snapshot.batches.iter().filter(|batch| batch.state.is_done());
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

/// The record that says what has changed. The number is that of the snapshot before.
pub(super) fn update(key: &ShareKey, changed: &Snapshot, written: Written) -> Result<Record, EncodeError> {
    let state_batches = changed.batches.iter().map(|batch| share_update_value::StateBatch {
        first_offset: batch.first,
        last_offset: batch.last,
        delivery_state: delivery_state(batch.state),
        delivery_count: delivery_count(batch),
    });
    let value = ShareUpdateValue {
        snapshot_epoch: written.number,
        leader_epoch: written.leader.0,
        start_offset: changed.start,
        state_batches: state_batches.collect(),
        ..ShareUpdateValue::default()
    };
    let ShareKey { group, topic, partition } = key;
    let key = ShareUpdateKey { group_id: group.clone(), topic_id: *topic, partition: *partition };
    Ok(Record { key: encode_key(&key)?, value: Some(encode_prefixed(&value, VALUE_VERSION)?) })
}

fn delivery_state(state: StoredState) -> i8 {
    match state {
        StoredState::Available => AVAILABLE,
        StoredState::Accepted => ACKNOWLEDGED,
        StoredState::Archived => ARCHIVED,
        StoredState::Dying => ARCHIVING,
    }
}

fn delivery_count(batch: &StoredBatch) -> i16 {
    i16::try_from(batch.count).unwrap_or(i16::MAX)
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
    match stored_prefix(&key)? {
        SNAPSHOT => {
            let key: ShareSnapshotKey = decode_key(key)?;
            let key =
                ShareKey { group: key.group_id.compact(), topic: key.topic_id, partition: key.partition };
            let Some(value) = value else { return Ok(Decoded::State(key, None)) };
            let (_, value) = decode_prefixed::<ShareSnapshotValue>(Bytes::copy_from_slice(value))?;
            let batches = value.state_batches.iter().map(|batch| {
                stored(batch.first_offset, batch.last_offset, batch.delivery_state, batch.delivery_count)
            });
            let ShareSnapshotValue { state_epoch, start_offset: start, snapshot_epoch, .. } = value;
            let snapshot = Snapshot { state_epoch, start, batches: batches.collect() };
            Ok(Decoded::State(key, Some((snapshot, snapshot_epoch))))
        }
        UPDATE => {
            let key: ShareUpdateKey = decode_key(key)?;
            let key =
                ShareKey { group: key.group_id.compact(), topic: key.topic_id, partition: key.partition };
            // Nothing is left to change where a share partition has ended.
            let Some(value) = value else { return Ok(Decoded::Other) };
            let (_, value) = decode_prefixed::<ShareUpdateValue>(Bytes::copy_from_slice(value))?;
            let batches = value.state_batches.iter().map(|batch| {
                stored(batch.first_offset, batch.last_offset, batch.delivery_state, batch.delivery_count)
            });
            let ShareUpdateValue { start_offset: start, snapshot_epoch, .. } = value;
            let changed = Snapshot { state_epoch: 0, start, batches: batches.collect() };
            Ok(Decoded::Update(key, changed, snapshot_epoch))
        }
        _ => Ok(Decoded::Other),
    }
}

fn stored(first: i64, last: i64, state: i8, count: i16) -> StoredBatch {
    let state = match state {
        ACKNOWLEDGED => StoredState::Accepted,
        ARCHIVED => StoredState::Archived,
        ARCHIVING => StoredState::Dying,
        // Whatever else was under way when it was written.
        _ => StoredState::Available,
    };
    StoredBatch { first, last, state, count: u16::try_from(count).unwrap_or(0) }
}
