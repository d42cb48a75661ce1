//! Between what travels and the log's own types. What comes in is checked here.

use std::{ops::Range, sync::Arc};

use bytes::{Bytes, BytesMut};
use esker_core::{BatchHeader, BrokerId, FrameIndex, LedgerId, Mode, StoreId, frame::Frame};
use esker_wal::{SealAnswer, StoreError, Trim};
use uuid::Uuid;

use crate::proto::{self, fault::Kind, trim::What};

/// Something that came in and cannot be. The text says what, for the one who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) String);

type Checked<T> = Result<T, Malformed>;

fn missing(what: &str) -> Malformed {
    Malformed(format!("no {what}"))
}

pub(crate) fn store_bytes(id: StoreId) -> Bytes {
    Bytes::copy_from_slice(id.0.as_bytes())
}

pub(crate) fn store_id(bytes: &[u8]) -> Checked<StoreId> {
    let id = Uuid::from_slice(bytes);
    id.map(StoreId).map_err(|_| Malformed(format!("a store id of {} bytes", bytes.len())))
}

pub(crate) fn ledger_message(id: LedgerId) -> proto::LedgerId {
    proto::LedgerId { broker: id.broker.0, number: id.number }
}

pub(crate) fn ledger(message: Option<proto::LedgerId>) -> Checked<LedgerId> {
    let proto::LedgerId { broker, number } = message.ok_or_else(|| missing("ledger"))?;
    if broker < 0 {
        return Err(Malformed(format!("ledger of broker {broker}")));
    }
    Ok(LedgerId { broker: BrokerId(broker), number })
}

/// An index that has a successor, as a frame's has.
pub(crate) fn index(number: u64) -> Checked<FrameIndex> {
    if number == u64::MAX { Err(Malformed("frame index 2^64-1".to_owned())) } else { Ok(FrameIndex(number)) }
}

pub(crate) fn mode(number: u32) -> Checked<Mode> {
    let known = u8::try_from(number).ok().and_then(Mode::from_number);
    known.ok_or_else(|| Malformed(format!("mode {number}")))
}

pub(crate) fn frame(encoded: Bytes) -> Checked<Frame> {
    Frame::decode(encoded).map_err(|error| Malformed(error.to_string()))
}

pub(crate) fn trim_message(ledger: LedgerId, trim: Trim) -> proto::Trim {
    let what = match trim {
        Trim::Before(index) => What::Before(index.0),
        Trim::Forget => What::Forget(proto::Unit {}),
    };
    proto::Trim { ledger: Some(ledger_message(ledger)), what: Some(what) }
}

pub(crate) fn trim(message: proto::Trim) -> Checked<(LedgerId, Trim)> {
    let trim = match message.what.ok_or_else(|| missing("trim point"))? {
        What::Before(before) => Trim::Before(index(before)?),
        What::Forget(proto::Unit {}) => Trim::Forget,
    };
    Ok((ledger(message.ledger)?, trim))
}

pub(crate) fn sealed_message(answer: &SealAnswer) -> proto::Sealed {
    let missing = answer.missing.iter().map(|gone| proto::Range { start: gone.start.0, end: gone.end.0 });
    proto::Sealed {
        tail: answer.tail.0,
        trim: answer.trim.0,
        authoritative: answer.authoritative,
        missing: missing.collect(),
    }
}

pub(crate) fn sealed(message: proto::Sealed) -> Checked<SealAnswer> {
    let proto::Sealed { tail, trim, authoritative, missing } = message;
    let held = |range: &proto::Range| trim <= range.start && range.start < range.end && range.end <= tail;
    if trim > tail || !missing.iter().all(held) {
        return Err(Malformed(format!("a seal with trim point {trim}, tail {tail} and {missing:?} missing")));
    }
    let range = |range: proto::Range| Range { start: FrameIndex(range.start), end: FrameIndex(range.end) };
    Ok(SealAnswer {
        tail: FrameIndex(tail),
        trim: FrameIndex(trim),
        authoritative,
        missing: missing.into_iter().map(range).collect(),
    })
}

pub(crate) fn headers_message(index: FrameIndex, headers: &[BatchHeader]) -> proto::FrameHeaders {
    let mut bytes = BytesMut::with_capacity(headers.len() * BatchHeader::SIZE);
    headers.iter().for_each(|header| bytes.extend_from_slice(&header.encode()));
    proto::FrameHeaders { index: index.0, headers: bytes.freeze() }
}

pub(crate) fn headers(message: &proto::FrameHeaders) -> Checked<(FrameIndex, Arc<[BatchHeader]>)> {
    let (entries, rest) = message.headers.as_chunks::<{ BatchHeader::SIZE }>();
    if !rest.is_empty() || entries.len() > Frame::MAX_ENTRIES {
        return Err(Malformed(format!("a directory of {} bytes", message.headers.len())));
    }
    let headers: Result<Arc<[_]>, _> = entries.iter().map(BatchHeader::decode).collect();
    Ok((index(message.index)?, headers.map_err(|error| Malformed(error.to_string()))?))
}

fn position_message(ledger: LedgerId, index: FrameIndex) -> proto::Position {
    proto::Position { ledger: Some(ledger_message(ledger)), index: index.0 }
}

fn position(message: Option<proto::Position>) -> Checked<(LedgerId, FrameIndex)> {
    let proto::Position { ledger: id, index } = message.ok_or_else(|| missing("position"))?;
    Ok((ledger(id)?, FrameIndex(index)))
}

pub(crate) fn fault_message(error: &StoreError) -> proto::Fault {
    let text = |text: &Arc<str>| text.to_string();
    let kind = match error {
        StoreError::Failed(why) => Kind::Failed(text(why)),
        StoreError::Closed => Kind::Closed(proto::Unit {}),
        StoreError::Damaged(why) => Kind::Damaged(text(why)),
        StoreError::Full { used, capacity } => Kind::Full(proto::Full { used: *used, capacity: *capacity }),
        StoreError::Sealed(ledger) => Kind::Sealed(ledger_message(*ledger)),
        StoreError::NotSealed(ledger) => Kind::NotSealed(ledger_message(*ledger)),
        StoreError::Forgotten(ledger) => Kind::Forgotten(ledger_message(*ledger)),
        StoreError::Gap { ledger, index, tail } => {
            Kind::Gap(proto::Gap { position: Some(position_message(*ledger, *index)), tail: tail.0 })
        }
        StoreError::Conflict { ledger, index } => Kind::Conflict(position_message(*ledger, *index)),
        StoreError::WrongMode { ledger, expected, found } => Kind::WrongMode(proto::WrongMode {
            ledger: Some(ledger_message(*ledger)),
            expected: expected.number().into(),
            found: found.number().into(),
        }),
        StoreError::TooLarge { size, limit } => {
            Kind::TooLarge(proto::TooLarge { size: *size, limit: *limit })
        }
        StoreError::NotHeld { ledger, index } => Kind::NotHeld(position_message(*ledger, *index)),
        StoreError::Unreadable { ledger, index, place } => Kind::Unreadable(proto::Unreadable {
            position: Some(position_message(*ledger, *index)),
            place: text(place),
        }),
        StoreError::Read(why) => Kind::Read(text(why)),
        StoreError::Unreachable(why) => Kind::Unreachable(text(why)),
    };
    proto::Fault { kind: Some(kind) }
}

pub(crate) fn fault(message: proto::Fault) -> Checked<StoreError> {
    Ok(match message.kind.ok_or_else(|| missing("kind of fault that this version knows"))? {
        Kind::Failed(why) => StoreError::Failed(why.into()),
        Kind::Closed(proto::Unit {}) => StoreError::Closed,
        Kind::Damaged(why) => StoreError::Damaged(why.into()),
        Kind::Full(proto::Full { used, capacity }) => StoreError::Full { used, capacity },
        Kind::Sealed(id) => StoreError::Sealed(ledger(Some(id))?),
        Kind::NotSealed(id) => StoreError::NotSealed(ledger(Some(id))?),
        Kind::Forgotten(id) => StoreError::Forgotten(ledger(Some(id))?),
        Kind::Gap(gap) => {
            let (ledger, index) = position(gap.position)?;
            StoreError::Gap { ledger, index, tail: FrameIndex(gap.tail) }
        }
        Kind::Conflict(at) => {
            let (ledger, index) = position(Some(at))?;
            StoreError::Conflict { ledger, index }
        }
        Kind::WrongMode(wrong) => StoreError::WrongMode {
            ledger: ledger(wrong.ledger)?,
            expected: mode(wrong.expected)?,
            found: mode(wrong.found)?,
        },
        Kind::TooLarge(proto::TooLarge { size, limit }) => StoreError::TooLarge { size, limit },
        Kind::NotHeld(at) => {
            let (ledger, index) = position(Some(at))?;
            StoreError::NotHeld { ledger, index }
        }
        Kind::Unreadable(unreadable) => {
            let (ledger, index) = position(unreadable.position)?;
            StoreError::Unreadable { ledger, index, place: unreadable.place.into() }
        }
        Kind::Read(why) => StoreError::Read(why.into()),
        Kind::Unreachable(why) => StoreError::Unreachable(why.into()),
    })
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
