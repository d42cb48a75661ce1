//! What the APIs of transactions share.

use esker_coordinator::{Producer, TransactionError};
use esker_core::ProducerId;
use esker_kafka_wire::ErrorCode;

/// The producer that a request speaks for.
pub(crate) fn producer(id: i64, epoch: i16) -> Producer {
    Producer { id: ProducerId(id), epoch }
}

/// The code of a fenced producer is newer than the APIs: in versions before `from`, it is that of an old epoch.
pub(crate) fn code_before(error: TransactionError, version: i16, from: i16) -> i16 {
    match error {
        TransactionError::ProducerFenced if version < from => ErrorCode::InvalidProducerEpoch,
        error => error.code(),
    }
    .code()
}

#[cfg(test)]
mod tests;
