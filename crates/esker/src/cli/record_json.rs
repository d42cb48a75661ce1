//! Records as JSON. Bytes that are not UTF-8 are told in base64, in a field of another name.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use esker_core::batch::Record;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct RecordJson<'a> {
    topic: &'a str,
    partition: i32,
    offset: i64,
    /// Milliseconds since the Unix epoch.
    timestamp: i64,
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_base64: Option<String>,
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
    headers: Vec<HeaderJson<'a>>,
}

#[derive(Serialize)]
struct HeaderJson<'a> {
    key: std::borrow::Cow<'a, str>,
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
}

/// As text if it is text, else in base64.
fn split(bytes: Option<&[u8]>) -> (Option<&str>, Option<String>) {
    match bytes.map(|bytes| (bytes, std::str::from_utf8(bytes))) {
        None => (None, None),
        Some((_, Ok(text))) => (Some(text), None),
        Some((bytes, Err(_))) => (None, Some(STANDARD.encode(bytes))),
    }
}

impl<'a> RecordJson<'a> {
    pub(crate) fn new(topic: &'a str, partition: i32, record: &Record<'a>) -> Self {
        let (key, key_base64) = split(record.key);
        let (value, value_base64) = split(record.value);
        let headers = record.headers.map(|header| {
            let (value, value_base64) = split(header.value);
            HeaderJson { key: String::from_utf8_lossy(header.key), value, value_base64 }
        });
        Self {
            topic,
            partition,
            offset: record.offset,
            timestamp: record.timestamp,
            key,
            key_base64,
            value,
            value_base64,
            headers: headers.collect(),
        }
    }
}
