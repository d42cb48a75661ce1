//! Messages inside other bytes: two bytes of version or type, then the message.
//!
//! Values of internal topics and the consumer protocol's structures start with their version. Keys of internal topics
//! start with their record type, and are always written in version 0.

use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::message::{CoordinatorKey, Message};
use crate::reader::Reader;
use crate::wire::Wire;
use crate::writer::Writer;
use bytes::Bytes;

/// The version or record type that stored bytes start with.
///
/// # Errors
/// Fewer than two bytes.
pub fn stored_prefix(bytes: &Bytes) -> Result<i16, DecodeError> {
    i16::read(&mut Reader::new(bytes.clone()), "prefix")
}

/// The version, then the message.
///
/// # Errors
/// As [`Message::encode`].
pub fn encode_prefixed<M: Message>(message: &M, version: i16) -> Result<Bytes, EncodeError> {
    prefixed(message, version, version)
}

/// Reads a message behind its version. Bytes behind the message are allowed, as newer versions of these structures
/// only ever add to them; so is a version above the last one known, which is read as that one.
///
/// # Errors
/// A version below the range, or malformed bytes.
pub fn decode_prefixed<M: Message>(bytes: Bytes) -> Result<(i16, M), DecodeError> {
    let mut r = Reader::new(bytes);
    let version = i16::read(&mut r, M::NAME)?;
    let message = M::decode(&mut r, version.min(M::MAX_VERSION))?;
    Ok((version, message))
}

/// The record type, then the key.
///
/// # Errors
/// As [`Message::encode`].
pub fn encode_key<K: CoordinatorKey>(key: &K) -> Result<Bytes, EncodeError> {
    prefixed(key, K::RECORD_TYPE, K::MIN_VERSION)
}

/// Reads a key behind its record type.
///
/// # Errors
/// Another record type, or malformed bytes.
pub fn decode_key<K: CoordinatorKey>(bytes: Bytes) -> Result<K, DecodeError> {
    let mut r = Reader::new(bytes);
    let found = i16::read(&mut r, K::NAME)?;
    if found != K::RECORD_TYPE {
        return r.fail(K::NAME, DecodeErrorKind::WrongRecordType(found));
    }
    let key = K::decode(&mut r, K::MIN_VERSION)?;
    r.finish(K::NAME)?;
    Ok(key)
}

fn prefixed<M: Message>(message: &M, prefix: i16, version: i16) -> Result<Bytes, EncodeError> {
    let mut w = Writer::new();
    prefix.write(&mut w, M::NAME)?;
    message.encode(&mut w, version)?;
    Ok(w.finish().into_bytes())
}
