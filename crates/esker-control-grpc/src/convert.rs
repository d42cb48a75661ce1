//! Ids as they travel.

use esker_core::{BrokerId, LedgerId, SessionId};
use esker_meta::SessionKey;
use tonic::Status;

use crate::proto;

pub(crate) fn session_message(key: SessionKey) -> proto::Session {
    proto::Session { broker: key.broker.0, session: key.session.0 }
}

pub(crate) fn broker(number: i32) -> Result<BrokerId, Status> {
    if number < 0 {
        return Err(Status::invalid_argument(format!("broker {number}")));
    }
    Ok(BrokerId(number))
}

/// A session that must be there; `what` names it for people.
pub(crate) fn session(message: Option<proto::Session>, what: &str) -> Result<SessionKey, Status> {
    let Some(message) = message else { return Err(Status::invalid_argument(format!("no {what}"))) };
    Ok(SessionKey { broker: broker(message.broker)?, session: SessionId(message.session) })
}

pub(crate) const fn ledger_message(id: LedgerId) -> proto::Ledger {
    proto::Ledger { broker: id.broker.0, number: id.number }
}

/// A ledger that must be there.
pub(crate) fn ledger(message: Option<proto::Ledger>) -> Result<LedgerId, Status> {
    let Some(message) = message else { return Err(Status::invalid_argument("no ledger")) };
    Ok(LedgerId { broker: broker(message.broker)?, number: message.number })
}
