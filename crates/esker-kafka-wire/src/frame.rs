//! Frames: a four-byte length, a header, a body.

use crate::api_key::ApiKey;
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::kstring::KString;
use crate::message::{Message, Request, Response};
use crate::messages::{RequestHeader, ResponseHeader};
use crate::reader::Reader;
use crate::rope::Rope;
use crate::writer::Writer;
use bytes::Bytes;

/// Bytes of the length in front of every frame. It does not count itself.
pub const LENGTH_PREFIX: usize = 4;

/// What every request header starts with, whatever the API and version.
#[derive(Debug, Clone, PartialEq)]
pub struct HeaderPeek {
    /// The API, if the codec carries it.
    pub api: Option<ApiKey>,
    /// The API key as sent.
    pub api_key: i16,
    /// The version as sent, not checked.
    pub api_version: i16,
    /// To be repeated in the response.
    pub correlation_id: i32,
    /// What the client calls itself.
    pub client_id: Option<KString>,
}

/// Looks at a request frame (without its length prefix): key, version, correlation id and client id.
///
/// # Errors
/// The frame is shorter than that, or the client id is malformed.
pub fn peek_header(frame: &Bytes) -> Result<HeaderPeek, DecodeError> {
    let header = RequestHeader::decode(&mut Reader::new(frame.clone()), 1)?;
    Ok(HeaderPeek {
        api: ApiKey::from_code(header.request_api_key),
        api_key: header.request_api_key,
        api_version: header.request_api_version,
        correlation_id: header.correlation_id,
        client_id: header.client_id,
    })
}

/// Reads the header of a request frame (without its length prefix) and leaves the reader at the body.
/// The version is not checked: ApiVersions is answered in any.
///
/// # Errors
/// A key that the codec does not carry, or malformed bytes.
pub fn decode_request_header(r: &mut Reader) -> Result<(ApiKey, RequestHeader), DecodeError> {
    let mut start = r.clone();
    let key: i16 = crate::wire::Wire::read(&mut start, "RequestHeader.RequestApiKey")?;
    let version: i16 = crate::wire::Wire::read(&mut start, "RequestHeader.RequestApiVersion")?;
    let Some(api) = ApiKey::from_code(key) else {
        return r.fail("RequestHeader.RequestApiKey", DecodeErrorKind::UnknownApiKey(key));
    };
    Ok((api, RequestHeader::decode(r, api.request_header_version(version))?))
}

/// Reads a body of a known type. Bytes behind it are ignored, as Kafka's brokers do: librdkafka's requests for the
/// metadata of all topics carry some.
///
/// # Errors
/// As [`Message::decode`].
pub fn decode_request<M: Request>(r: &mut Reader, version: i16) -> Result<M, DecodeError> {
    M::decode(r, version)
}

/// A whole response frame with its length prefix.
///
/// # Errors
/// As [`Message::encode`]; also a frame above `i32::MAX` bytes.
pub fn encode_response<M: Response>(
    correlation_id: i32,
    version: i16,
    message: &M,
) -> Result<Rope, EncodeError> {
    let header = ResponseHeader { correlation_id };
    frame(&header, M::KEY.response_header_version(version), message, version)
}

/// A whole request frame with its length prefix.
///
/// # Errors
/// As [`Message::encode`]; also a frame above `i32::MAX` bytes.
pub fn encode_request<M: Request>(
    correlation_id: i32,
    client_id: Option<&KString>,
    version: i16,
    message: &M,
) -> Result<Rope, EncodeError> {
    let header = RequestHeader {
        request_api_key: M::KEY.code(),
        request_api_version: version,
        correlation_id,
        client_id: client_id.cloned(),
    };
    frame(&header, M::KEY.request_header_version(version), message, version)
}

fn frame<H: Message, M: Message>(
    header: &H,
    header_version: i16,
    message: &M,
    version: i16,
) -> Result<Rope, EncodeError> {
    let mut w = Writer::new();
    w.raw(&[0; LENGTH_PREFIX]);
    header.encode(&mut w, header_version)?;
    message.encode(&mut w, version)?;
    w.patch_length(0, w.len() - LENGTH_PREFIX, M::NAME)?;
    Ok(w.finish())
}

/// Reads the header of a response frame (without its length prefix), for the client side.
///
/// # Errors
/// Malformed bytes.
pub fn decode_response_header(r: &mut Reader, api: ApiKey, version: i16) -> Result<i32, DecodeError> {
    ResponseHeader::decode(r, api.response_header_version(version)).map(|header| header.correlation_id)
}

/// Reads a whole response frame (without its length prefix): correlation id and body.
///
/// # Errors
/// Malformed bytes, or bytes that are left.
pub fn decode_response<M: Response>(frame: Bytes, version: i16) -> Result<(i32, M), DecodeError> {
    let mut r = Reader::new(frame);
    let correlation_id = decode_response_header(&mut r, M::KEY, version)?;
    let message = M::decode(&mut r, version)?;
    r.finish(M::NAME)?;
    Ok((correlation_id, message))
}
