//! Why an administrative request was refused, as its response says it.

use esker_kafka_wire::{ErrorCode, KString};
use esker_meta::{MetaError, TopicError};

use crate::errors::KafkaError;

/// An error code with an explanation.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) error: ErrorCode,
    pub(crate) message: Option<KString>,
}

impl Refusal {
    /// A refusal that says why.
    pub(crate) fn new(error: ErrorCode, message: &(impl ToString + ?Sized)) -> Self {
        Self { error, message: Some(message.to_string().into()) }
    }
}

impl From<TopicError> for Refusal {
    fn from(error: TopicError) -> Self {
        Self::new(error.code(), &error)
    }
}

impl From<MetaError> for Refusal {
    fn from(error: MetaError) -> Self {
        Self::new(error.code(), &error)
    }
}

/// Code and message of an outcome.
pub(crate) fn parts<T>(outcome: Result<T, Refusal>) -> (i16, Option<KString>) {
    match outcome {
        Ok(_) => (ErrorCode::None.code(), None),
        Err(refusal) => (refusal.error.code(), refusal.message),
    }
}
