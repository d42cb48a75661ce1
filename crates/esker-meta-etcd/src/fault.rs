//! What a failed call means. Everything that is not known to be harmless is [`Fault::Lost`].

use std::error::Error;

use esker_meta::MetaError;
use tonic::{Code, ConnectError, Status};

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It had no effect; another member, or a later call, may do better.
    Refused(String),
    /// Nobody knows whether it had, or will have, an effect.
    Lost(String),
    /// It had no effect: it has no token, or one that etcd does not know any more. A new one will do.
    Token(String),
    /// It had no effect: it names a lease that is gone.
    LeaseGone,
    /// It asks for a revision that is no longer kept.
    Compacted,
    /// It had no effect: it breaks a limit.
    Invalid(String),
    /// It had no effect, and will have none until an operator acts.
    Broken(String),
}

impl Fault {
    /// The meaning of a status, by etcd's own texts where its codes are shared by different errors.
    pub(crate) fn of(status: &Status) -> Self {
        let said = status.message();
        let says = |text: &str| said.contains(text);
        let text = || describe(status);
        if never_sent(status) {
            return Self::Refused(text());
        }
        match status.code() {
            Code::NotFound if says("requested lease not found") => Self::LeaseGone,
            Code::OutOfRange if says("has been compacted") => Self::Compacted,
            // A member that lags behind the one that answered before.
            Code::OutOfRange if says("future revision") => Self::Refused(text()),
            Code::OutOfRange if says("message length too large") => Self::Broken(text()),
            // Said before the request goes anywhere. Other texts of this code are said about requests on their way.
            Code::Unavailable if says("etcdserver: no leader") || says("for learner") => {
                Self::Refused(text())
            }
            Code::ResourceExhausted if says("too many requests") => Self::Refused(text()),
            Code::ResourceExhausted if says("database space exceeded") => Self::Broken(text()),
            Code::ResourceExhausted if says("message larger than max") => Self::Invalid(text()),
            Code::Unauthenticated => Self::Token(text()),
            Code::InvalidArgument if says("revision of auth store is old") => Self::Token(text()),
            // Said to a call without a token.
            Code::InvalidArgument if says("user name is empty") => Self::Token(text()),
            Code::InvalidArgument if says("authentication failed") => Self::Broken(text()),
            Code::InvalidArgument => Self::Invalid(text()),
            Code::PermissionDenied | Code::Unimplemented | Code::DataLoss => Self::Broken(text()),
            _ => Self::Lost(text()),
        }
    }

    /// The error of a call other than a transaction.
    pub(crate) fn into_error(self) -> MetaError {
        match self {
            Self::Refused(why) | Self::Lost(why) | Self::Token(why) => MetaError::Unavailable(why),
            Self::Invalid(why) => MetaError::Invalid(why),
            Self::Broken(why) => MetaError::Broken(why),
            Self::Compacted => MetaError::Unavailable("etcd compacts faster than it is read".to_owned()),
            Self::LeaseGone => {
                MetaError::Broken("etcd names a lease in answer to a call without one".to_owned())
            }
        }
    }

    /// The error of a transaction (of which [`Fault::LeaseGone`] is the caller's to translate).
    pub(crate) fn into_txn_error(self) -> MetaError {
        match self {
            Self::Lost(why) => MetaError::Unknown(why),
            other => other.into_error(),
        }
    }
}

/// Whether the request never left this process: there was no connection to send it on.
fn never_sent(status: &Status) -> bool {
    let mut source = status.source();
    while let Some(error) = source {
        if error.is::<ConnectError>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// What was said, or what kind of error it is, with the innermost cause: the operating system's word, or TLS's.
fn describe(status: &Status) -> String {
    let mut innermost = None;
    let mut source = status.source();
    while let Some(error) = source {
        innermost = Some(error.to_string());
        source = error.source();
    }
    let said = if status.message().is_empty() { status.code().description() } else { status.message() };
    match innermost {
        Some(cause) if !said.contains(&cause) => format!("{said}: {cause}"),
        _ => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_certainly_did_nothing_is_called_harmless() {
        let cases = [
            (Status::unavailable("etcdserver: no leader"), "Refused"),
            (Status::unavailable("etcdserver: request timed out"), "Lost"),
            (Status::unavailable("etcdserver: leader changed"), "Lost"),
            (Status::unavailable("etcdserver: server stopped"), "Lost"),
            (Status::unavailable("transport is closing"), "Lost"),
            (Status::cancelled("timeout"), "Lost"),
            (Status::internal("h2 protocol error"), "Lost"),
            (Status::unknown("raft proposal dropped"), "Lost"),
            (Status::unknown(""), "Lost"),
            (Status::resource_exhausted("etcdserver: too many requests"), "Refused"),
            (Status::resource_exhausted("etcdserver: mvcc: database space exceeded"), "Broken"),
            (Status::resource_exhausted("anything else"), "Lost"),
            (Status::invalid_argument("etcdserver: request is too large"), "Invalid"),
            (Status::invalid_argument("etcdserver: revision of auth store is old"), "Token"),
            (Status::unauthenticated("etcdserver: invalid auth token"), "Token"),
            (
                Status::invalid_argument("etcdserver: authentication failed, invalid user ID or password"),
                "Broken",
            ),
            (Status::permission_denied("etcdserver: permission denied"), "Broken"),
            (Status::not_found("etcdserver: requested lease not found"), "LeaseGone"),
            (Status::not_found("anything else"), "Lost"),
            (Status::out_of_range("etcdserver: mvcc: required revision has been compacted"), "Compacted"),
        ];
        for (status, expected) in cases {
            let fault = format!("{:?}", Fault::of(&status));
            assert!(fault.starts_with(expected), "{status:?}: {fault}");
        }
    }

    #[test]
    fn only_a_transaction_has_an_unknown_outcome() {
        let lost = || Fault::Lost("x".to_owned());
        assert_eq!(lost().into_txn_error(), MetaError::Unknown("x".to_owned()));
        assert_eq!(lost().into_error(), MetaError::Unavailable("x".to_owned()));
        assert_eq!(Fault::Refused("x".to_owned()).into_txn_error(), MetaError::Unavailable("x".to_owned()));
    }
}
