//! Helpers of the record files: bytes to message, message fields to typed ids, with errors that name key and field.

use bytes::Bytes;
use prost::Message;
use uuid::Uuid;

use crate::{KeyValue, MetaError, Revision};

/// A record and the revision that put it last: what a later transaction compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The record.
    pub record: T,
    /// Its key's modification revision.
    pub modified: Revision,
}

/// A value below a key, being decoded.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    key: &'a str,
}

impl<'a> Source<'a> {
    /// Parses a message.
    pub(crate) fn message<M: Message + Default>(entry: &'a KeyValue) -> Result<(Self, M), MetaError> {
        let source = Self { key: &entry.key };
        let message =
            M::decode(entry.value.clone()).map_err(|error| source.bad(&format!("message ({error})")))?;
        Ok((source, message))
    }

    /// The error for a field.
    pub(crate) fn bad(self, field: &str) -> MetaError {
        MetaError::Corrupt { key: self.key.to_owned(), field: field.to_owned() }
    }

    /// Refuses unless the condition on the field holds.
    pub(crate) fn ensure(self, holds: bool, field: &str) -> Result<(), MetaError> {
        if holds { Ok(()) } else { Err(self.bad(field)) }
    }

    /// A UUID that is not nil.
    pub(crate) fn uuid(self, bytes: &[u8], field: &str) -> Result<Uuid, MetaError> {
        Uuid::from_slice(bytes).ok().filter(|uuid| !uuid.is_nil()).ok_or_else(|| self.bad(field))
    }

    /// An integer that fits.
    pub(crate) fn fit<A, B: TryFrom<A>>(self, value: A, field: &str) -> Result<B, MetaError> {
        B::try_from(value).map_err(|_| self.bad(field))
    }
}

/// The bytes of a message.
pub(crate) fn encode(message: &impl Message) -> Bytes {
    message.encode_to_vec().into()
}

/// The 16 bytes of a UUID.
pub(crate) fn uuid_bytes(uuid: Uuid) -> Bytes {
    Bytes::copy_from_slice(uuid.as_bytes())
}
