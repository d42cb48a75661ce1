//! What every message can do.

use crate::api_key::{ApiKey, VersionRange};
use crate::error::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind};
use crate::reader::Reader;
use crate::rope::Rope;
use crate::wire::Wire;
use crate::writer::Writer;
use bytes::Bytes;

/// A message with versions of its own.
pub trait Message: Wire + Default + Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static {
    /// Name in the protocol.
    const NAME: &'static str;
    /// First version.
    const MIN_VERSION: i16;
    /// Last version.
    const MAX_VERSION: i16;
    /// First version with compact lengths and tagged fields; `i16::MAX` if there is none.
    const FLEXIBLE_FROM: i16;

    /// All versions.
    fn versions() -> VersionRange {
        VersionRange { min: Self::MIN_VERSION, max: Self::MAX_VERSION }
    }

    /// Reads one message and leaves the reader behind it.
    ///
    /// # Errors
    /// A version out of range, or malformed bytes.
    fn decode(r: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        if !Self::versions().contains(version) {
            return r.fail(Self::NAME, DecodeErrorKind::UnsupportedVersion(version));
        }
        r.set_version(version, version >= Self::FLEXIBLE_FROM);
        Self::read(r, Self::NAME)
    }

    /// Reads one message that takes all the bytes.
    ///
    /// # Errors
    /// As [`Message::decode`], and for bytes that are left.
    fn decode_exact(bytes: Bytes, version: i16) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let message = Self::decode(&mut r, version)?;
        r.finish(Self::NAME)?;
        Ok(message)
    }

    /// Writes the message.
    ///
    /// # Errors
    /// A version out of range, or one that cannot carry a value; the writer then holds half a message.
    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !Self::versions().contains(version) {
            return Err(EncodeError {
                field: Self::NAME,
                kind: EncodeErrorKind::UnsupportedVersion(version),
            });
        }
        w.set_version(version, version >= Self::FLEXIBLE_FROM);
        self.write(w, Self::NAME)
    }

    /// The encoded message by itself.
    ///
    /// # Errors
    /// As [`Message::encode`].
    fn to_rope(&self, version: i16) -> Result<Rope, EncodeError> {
        let mut w = Writer::new();
        self.encode(&mut w, version)?;
        Ok(w.finish())
    }
}

/// The body of a request.
pub trait Request: Message {
    /// The API.
    const KEY: ApiKey;
    /// What is answered.
    type Response: Response;
}

/// The body of a response.
pub trait Response: Message {
    /// The API.
    const KEY: ApiKey;
}

/// The key of a record in an internal topic.
pub trait CoordinatorKey: Message {
    /// The type that stands in front of the key, in place of a version.
    const RECORD_TYPE: i16;
}
