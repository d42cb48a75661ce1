//! The records of `__transaction_state`, in Kafka's own format, so that its tools can read them: `TransactionLogKey` and
//! `TransactionLogValue`. Versions 0 and 1 of the value are read, 1 is written.

use bytes::Bytes;
use esker_core::ProducerId;
use esker_kafka_wire::{
    DecodeError, EncodeError, KString, decode_key, decode_prefixed, encode_key, encode_prefixed,
    messages::{TransactionLogKey, TransactionLogValue, transaction_log_value::PartitionsSchema},
    stored_prefix,
};

use super::{
    partitions::Partitions,
    transaction::{Bump, Facts},
    types::{Producer, TransactionState},
};
use crate::records::Record;

/// The version of a value: the first one with room for the second protocol's fields.
const VALUE_VERSION: i16 = 1;

/// Kafka's numbers of protocols in `ClientTransactionVersion`: the first, and the second. The one between them, which
/// Kafka does not use, says that a producer was fenced.
const FIRST_PROTOCOL: i16 = 0;
const FENCED: i16 = 1;
const SECOND_PROTOCOL: i16 = 2;

/// What a record says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decoded {
    /// What is known of an id, or that it is forgotten.
    Transaction { id: KString, facts: Option<Box<Facts>> },
    /// A record of a later version of Kafka.
    Other,
}

/// The record that says `facts`.
pub(crate) fn record(id: &KString, facts: &Facts) -> Result<Record, EncodeError> {
    let partitions = facts.partitions.topics().map(|(topic, partitions)| PartitionsSchema {
        topic: topic.clone(),
        partition_ids: partitions.iter().copied().collect(),
    });
    let value = TransactionLogValue {
        producer_id: facts.producer.id.0,
        previous_producer_id: facts.previous.0,
        next_producer_id: facts.next.0,
        producer_epoch: facts.producer.epoch,
        next_producer_epoch: -1,
        transaction_timeout_ms: facts.timeout_ms,
        transaction_status: facts.state.number(),
        // Kafka says null where there can be none.
        transaction_partitions: (facts.state != TransactionState::Empty).then(|| partitions.collect()),
        transaction_last_update_timestamp_ms: facts.updated_ms,
        transaction_start_timestamp_ms: facts.started_ms,
        client_transaction_version: match facts.bump {
            Bump::No => FIRST_PROTOCOL,
            Bump::Fence => FENCED,
            Bump::End => SECOND_PROTOCOL,
        },
    };
    Ok(Record { key: key(id)?, value: Some(encode_prefixed(&value, VALUE_VERSION)?) })
}

/// The record that an id is forgotten.
pub(crate) fn tombstone(id: &KString) -> Result<Record, EncodeError> {
    Ok(Record { key: key(id)?, value: None })
}

fn key(id: &KString) -> Result<Bytes, EncodeError> {
    encode_key(&TransactionLogKey { transactional_id: id.clone() })
}

/// Reads a record.
///
/// # Errors
/// When the bytes are not what their type says.
pub(crate) fn decode(key: &[u8], value: Option<&[u8]>) -> Result<Decoded, DecodeError> {
    let key = Bytes::copy_from_slice(key);
    if stored_prefix(&key)? != 0 {
        return Ok(Decoded::Other);
    }
    let TransactionLogKey { transactional_id } = decode_key(key)?;
    let id = transactional_id.compact();
    let Some(value) = value else { return Ok(Decoded::Transaction { id, facts: None }) };
    let (_, value) = decode_prefixed::<TransactionLogValue>(Bytes::copy_from_slice(value))?;
    let Some(state) = TransactionState::of_number(value.transaction_status) else {
        return Ok(Decoded::Other);
    };
    let mut partitions = Partitions::default();
    for topic in value.transaction_partitions.unwrap_or_default() {
        for partition in topic.partition_ids {
            partitions.insert(&topic.topic, partition);
        }
    }
    let facts = Facts {
        state,
        producer: Producer { id: ProducerId(value.producer_id), epoch: value.producer_epoch },
        previous: ProducerId(value.previous_producer_id),
        next: ProducerId(value.next_producer_id),
        last_epoch: -1,
        timeout_ms: value.transaction_timeout_ms,
        partitions,
        started_ms: value.transaction_start_timestamp_ms,
        updated_ms: value.transaction_last_update_timestamp_ms,
        bump: match value.client_transaction_version {
            SECOND_PROTOCOL.. => Bump::End,
            FENCED => Bump::Fence,
            _ => Bump::No,
        },
    };
    Ok(Decoded::Transaction { id, facts: Some(Box::new(facts)) })
}

#[cfg(test)]
mod tests;
