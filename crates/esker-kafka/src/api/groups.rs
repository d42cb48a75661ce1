//! What the APIs of consumer groups share.

use std::{future::Future, time::Duration};

use esker_coordinator::{GroupError, MemberRef};
use esker_kafka_wire::KString;

use crate::{context::Context, errors::KafkaError};

impl KafkaError for GroupError {
    fn code(&self) -> esker_kafka_wire::ErrorCode {
        GroupError::code(*self)
    }
}

/// The code of a result.
pub(crate) fn code_of<T>(result: &Result<T, GroupError>) -> i16 {
    result.as_ref().err().map_or(0, |error| error.code().code())
}

/// Milliseconds as requests carry them; negative ones are none.
pub(crate) fn millis(millis: i32) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// Who sends a request.
pub(crate) fn member(member_id: KString, instance_id: Option<KString>, generation: i32) -> MemberRef {
    MemberRef { member_id, instance_id, generation }
}

/// Waits for the end of a rebalance. When the connection ends or the broker stops, the wait ends, and what the group
/// does with the member stays as it is: it has until its session ends to come back.
pub(crate) async fn patiently<T>(context: &Context, wait: impl Future<Output = T>) -> Result<T, GroupError> {
    tokio::select! {
        biased;
        answer = wait => Ok(answer),
        () = context.hurried() => Err(GroupError::Unavailable),
    }
}

#[cfg(test)]
mod consumer_tests;
#[cfg(test)]
mod tests;
