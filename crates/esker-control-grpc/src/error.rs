//! A [`PeerError`] as a status and back.

use esker_control::PeerError;
use esker_core::Action;
use tonic::{Code, Status};

use crate::MAX_REASON;

pub(crate) fn peer_error(why: impl Into<String>, action: Action) -> PeerError {
    PeerError { why: why.into(), action }
}

/// At most [`MAX_REASON`] bytes of it.
pub(crate) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_REASON)]
}

pub(crate) fn status(error: &PeerError) -> Status {
    let code = match error.action {
        Action::Retry => Code::Unavailable,
        Action::Refresh => Code::FailedPrecondition,
        Action::GiveUp => Code::InvalidArgument,
        // Not INTERNAL: that is what HTTP/2's own failures turn into.
        Action::Operator => Code::DataLoss,
    };
    Status::new(code, cut(&error.why))
}

/// Whether it was said by whom was asked, and not by what is between.
pub(crate) fn is_answer(status: &Status) -> bool {
    matches!(status.code(), Code::FailedPrecondition | Code::InvalidArgument | Code::DataLoss)
}

pub(crate) fn refused(status: &Status) -> PeerError {
    let action = match status.code() {
        Code::FailedPrecondition => Action::Refresh,
        Code::InvalidArgument | Code::OutOfRange | Code::Unimplemented => Action::GiveUp,
        Code::DataLoss => Action::Operator,
        _ => Action::Retry,
    };
    let why = match (is_answer(status), status.message()) {
        (true, message) => cut(message).to_owned(),
        (false, message) => format!("{}: {}", status.code(), cut(message)),
    };
    peer_error(why, action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_survives_the_way_and_a_long_reason_is_cut_between_characters() {
        for action in [Action::Retry, Action::Refresh, Action::GiveUp, Action::Operator] {
            let status = status(&peer_error("it is so", action));
            assert_eq!(refused(&status).action, action);
            assert!(refused(&status).why.contains("it is so"));
        }
        let long = status(&peer_error(format!("a{}", "ü".repeat(MAX_REASON)), Action::GiveUp));
        assert_eq!(long.message().len(), MAX_REASON - 1);
    }
}
