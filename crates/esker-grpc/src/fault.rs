//! What goes wrong, in the form that clients get: a gRPC status with google.rpc details.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use esker_core::{Action, Classified, batch::BatchErrorKind};
use esker_log::{AppendError, LogError, ProducerError, ReadError};
use prost::Message;
use tonic::{Code, Status};

use crate::proto::google::rpc;

/// Who says so, in every `ErrorInfo`.
const DOMAIN: &str = "esker";
/// Most bytes of a message for people.
pub(crate) const MAX_MESSAGE: usize = 1 << 10;

/// What became of the thing that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing: somebody else has the partition, or nobody for now.
    NotHere,
    /// It may have been done.
    Unknown,
    /// Nothing, for a reason.
    Refused,
}

/// Why something was not done, or not for certain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {message}")]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) code: Code,
    pub(crate) reason: String,
    pub(crate) message: String,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) retry_after: Option<Duration>,
    /// The request's field that is at fault.
    field: Option<&'static str>,
}

impl Fault {
    fn new(kind: Kind, code: Code, reason: &str, message: impl Into<String>) -> Self {
        let mut message = message.into();
        let mut end = message.len().min(MAX_MESSAGE);
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        message.truncate(end);
        Self {
            kind,
            code,
            reason: reason.to_owned(),
            message,
            metadata: BTreeMap::new(),
            retry_after: None,
            field: None,
        }
    }

    pub(crate) fn refused(code: Code, reason: &str, message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, code, reason, message)
    }

    /// Another broker has it, or nobody.
    pub(crate) fn not_here(message: impl Into<String>) -> Self {
        let fault = Self::new(Kind::NotHere, Code::Unavailable, "NO_OWNER", message);
        fault.retry(Duration::from_millis(500))
    }

    /// It may have been done.
    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        let fault = Self::new(Kind::Unknown, Code::Unavailable, "OUTCOME_UNKNOWN", message);
        fault.retry(Duration::from_millis(500))
    }

    /// A field of the request.
    pub(crate) fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        let fault = Self::refused(Code::InvalidArgument, "INVALID_REQUEST", message);
        Self { field: Some(field), ..fault }
    }

    /// This broker's memory for `what` is in use.
    pub(crate) fn busy(what: &str) -> Self {
        let message = format!("this broker's memory for {what} is in use");
        let fault = Self::refused(Code::ResourceExhausted, "BROKER_BUSY", message);
        fault.retry(Duration::from_secs(1))
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::refused(Code::Internal, "INTERNAL", message)
    }

    pub(crate) fn retry(self, after: Duration) -> Self {
        Self { retry_after: Some(after), ..self }
    }

    pub(crate) fn with(mut self, key: &str, value: &impl ToString) -> Self {
        self.metadata.insert(key.to_owned(), value.to_string());
        self
    }

    /// As google.rpc has it.
    pub(crate) fn rpc(&self) -> rpc::Status {
        let info = rpc::ErrorInfo {
            reason: self.reason.clone(),
            domain: DOMAIN.to_owned(),
            metadata: self.metadata.clone(),
        };
        let mut details = vec![any("ErrorInfo", &info)];
        if let Some(after) = self.retry_after {
            let delay = prost_types::Duration {
                seconds: i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
                nanos: after.subsec_nanos().cast_signed(),
            };
            details.push(any("RetryInfo", &rpc::RetryInfo { retry_delay: Some(delay) }));
        }
        if let Some(field) = self.field {
            let violation = rpc::bad_request::FieldViolation {
                field: field.to_owned(),
                description: self.message.clone(),
            };
            details.push(any("BadRequest", &rpc::BadRequest { field_violations: vec![violation] }));
        }
        rpc::Status { code: self.code as i32, message: self.message.clone(), details }
    }
}

fn any(name: &str, message: &impl Message) -> prost_types::Any {
    let type_url = format!("type.googleapis.com/google.rpc.{name}");
    prost_types::Any { type_url, value: message.encode_to_vec() }
}

impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        let details = Bytes::from(fault.rpc().encode_to_vec());
        Self::with_details(fault.code, fault.message, details)
    }
}

impl From<LogError> for Fault {
    fn from(error: LogError) -> Self {
        match error {
            LogError::UnknownPartition(_) => {
                Self::refused(Code::NotFound, "TOPIC_NOT_FOUND", error.to_string())
            }
            _ => Self::not_here(error.to_string()),
        }
    }
}

impl From<AppendError> for Fault {
    fn from(error: AppendError) -> Self {
        let text = error.to_string();
        let failed = |reason| Self::refused(Code::FailedPrecondition, reason, text.clone());
        match error {
            AppendError::Log(error) => error.into(),
            AppendError::Batch(batch) => {
                let reason = match batch.kind() {
                    BatchErrorKind::TooLarge => "BATCH_TOO_LARGE",
                    _ => "INVALID_RECORDS",
                };
                let fault = Self::refused(Code::InvalidArgument, reason, text);
                Self { field: Some("batch.records"), ..fault }
            }
            AppendError::Producer(ProducerError::OutOfOrder { expected, .. }) => {
                failed("SEQUENCE_OUT_OF_ORDER").with("expected", &expected)
            }
            AppendError::Producer(ProducerError::OldEpoch { .. }) => failed("PRODUCER_FENCED"),
            AppendError::Producer(_) => failed("IN_TRANSACTION"),
            AppendError::NotEnoughReplicas { .. } => {
                let fault = Self::refused(Code::Unavailable, "TOO_FEW_COPIES", text);
                fault.retry(Duration::from_secs(1)).with("written", &false)
            }
            AppendError::TooFewCopies { .. } => {
                Self::refused(Code::Unavailable, "TOO_FEW_COPIES", text).with("written", &true)
            }
            AppendError::LogFull { .. } => {
                let fault = Self::refused(Code::ResourceExhausted, "LOG_FULL", text);
                fault.retry(Duration::from_secs(1))
            }
            AppendError::Closed(_) => Self::unknown(text),
        }
    }
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        let text = error.to_string();
        match error {
            ReadError::Log(error) => error.into(),
            ReadError::OutOfRange { log_start, log_end, .. } => {
                let fault = Self::refused(Code::OutOfRange, "OFFSET_OUT_OF_RANGE", text);
                fault.with("first_offset", &log_start).with("end_offset", &log_end)
            }
            ReadError::Storage { action: Action::Refresh, .. } => Self::not_here(text),
            ReadError::Storage { .. } => {
                Self::refused(Code::Unavailable, "STORAGE", text).retry(Duration::from_secs(1))
            }
        }
    }
}

/// A stored batch that cannot be read.
pub(crate) fn unreadable(error: &(impl Classified + std::fmt::Display)) -> Fault {
    Fault::refused(Code::DataLoss, "CORRUPT", error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_googles_details() {
        let fault =
            Fault::invalid("open.topic", "no topic").with("key", &7).retry(Duration::from_millis(1_500));
        let status = Status::from(fault);
        assert_eq!((status.code(), status.message()), (Code::InvalidArgument, "no topic"));
        let decoded = rpc::Status::decode(status.details()).expect("it is one");
        assert_eq!((decoded.code, decoded.message.as_str()), (3, "no topic"));
        let kinds: Vec<&str> =
            decoded.details.iter().filter_map(|any| any.type_url.rsplit('.').next()).collect();
        assert_eq!(kinds, ["ErrorInfo", "RetryInfo", "BadRequest"]);
        let info = rpc::ErrorInfo::decode(&decoded.details[0].value[..]).expect("it is one");
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("INVALID_REQUEST", "esker"));
        assert_eq!(info.metadata["key"], "7");
        let delay = rpc::RetryInfo::decode(&decoded.details[1].value[..]).expect("it is one").retry_delay;
        assert_eq!(delay.map(|delay| (delay.seconds, delay.nanos)), Some((1, 500_000_000)));
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        let fault = Fault::internal("é".repeat(MAX_MESSAGE));
        assert_eq!(fault.message.len(), MAX_MESSAGE);
        let fault = Fault::internal(format!("x{}", "é".repeat(MAX_MESSAGE)));
        assert_eq!(fault.message.len(), MAX_MESSAGE - 1);
    }
}
