//! Every message behind one table, and random valid encodings of it.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "test helpers are tests too")]

use bytes::Bytes;
use esker_kafka_wire::{DecodeError, EncodeError, Message, VersionRange};

pub type Recoded = Result<Result<Bytes, EncodeError>, DecodeError>;

/// A message as functions over bytes.
#[derive(Clone, Copy)]
pub struct Codec {
    pub name: &'static str,
    pub versions: VersionRange,
    /// Decodes all the bytes and drops the message.
    pub decode: fn(Bytes, i16) -> Result<(), DecodeError>,
    /// Decodes all the bytes, and encodes the message in a version.
    pub recode: fn(Bytes, i16, i16) -> Recoded,
    /// Whether two encodings, each in its version, are the same message.
    pub same: fn(Bytes, i16, Bytes, i16) -> bool,
}

impl Codec {
    fn of<M: Message>() -> Codec {
        Codec {
            name: M::NAME,
            versions: M::versions(),
            decode: |bytes, version| M::decode_exact(bytes, version).map(drop),
            recode: |bytes, from, to| {
                let message = M::decode_exact(bytes, from)?;
                Ok(message.to_rope(to).map(|rope| rope.into_bytes()))
            },
            same: |a, a_version, b, b_version| {
                M::decode_exact(a, a_version).unwrap() == M::decode_exact(b, b_version).unwrap()
            },
        }
    }
}

/// The codec of every message.
pub fn all() -> Vec<Codec> {
    macro_rules! table {
        (apis: [$(($api:ident, $request:ident, $response:ident),)*] others: [$($other:ident,)*]) => {
            vec![
                $(Codec::of::<esker_kafka_wire::messages::$request>(),)*
                $(Codec::of::<esker_kafka_wire::messages::$response>(),)*
                $(Codec::of::<esker_kafka_wire::messages::$other>(),)*
            ]
        };
    }
    esker_kafka_wire::for_each_message!(table)
}

/// What survives decoding can be encoded, and that is stable.
pub fn probe(codec: &Codec, version: i16, bytes: Bytes) -> bool {
    let Ok(encoded) = (codec.recode)(bytes, version, version) else { return false };
    let encoded =
        encoded.unwrap_or_else(|e| panic!("{} v{version} decoded but not encoded: {e}", codec.name));
    let again = (codec.recode)(encoded.clone(), version, version).unwrap().unwrap();
    assert_eq!(again, encoded, "{} v{version}", codec.name);
    true
}
