//! The Kafka protocol codec, sans I/O, generated from the protocol's message descriptors (`proto/kafka`).
//!
//! Decoding slices the request's [`bytes::Bytes`] (strings and records are not copied) and is bounded: hostile lengths
//! and counts are errors, never panics or large allocations. Encoding gathers small fields into one buffer and keeps
//! record bytes as they are, in a [`Rope`] for vectored writes. See the crate's README for a walk through.

mod api_key;
mod error;
mod error_code;
mod frame;
mod kstring;
mod message;
mod reader;
mod records;
mod rope;
mod stored;
mod wire;
mod writer;

/// All messages, by name, with one module each for their nested structures.
#[rustfmt::skip]
#[path = "generated/mod.rs"]
pub mod messages;

/// What the generated modules import.
mod codec {
    pub(crate) use crate::api_key::ApiKey;
    pub(crate) use crate::error::{DecodeError, EncodeError};
    pub(crate) use crate::kstring::KString;
    pub(crate) use crate::message::{CoordinatorKey, Message, Request, Response};
    pub(crate) use crate::reader::Reader;
    pub(crate) use crate::records::Records;
    pub(crate) use crate::wire::Wire;
    pub(crate) use crate::writer::Writer;
    pub(crate) use bytes::Bytes;
    pub(crate) use uuid::Uuid;
}

pub use api_key::{ApiKey, VersionRange};
pub use error::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind};
pub use error_code::ErrorCode;
pub use frame::{
    HeaderPeek, LENGTH_PREFIX, decode_request, decode_request_header, decode_response,
    decode_response_header, encode_request, encode_response, peek_header,
};
pub use kstring::KString;
pub use message::{CoordinatorKey, Message, Request, Response};
pub use reader::{MAX_ELEMENTS, MAX_TAGGED_FIELDS, Reader, decode_budget};
pub use records::Records;
pub use rope::Rope;
pub use stored::{decode_key, decode_prefixed, encode_key, encode_prefixed, stored_prefix};
pub use wire::Wire;
pub use writer::Writer;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
