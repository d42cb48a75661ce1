//! Any message in any version: two bytes choose, the rest is its body.
#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [message, version, body @ ..] = data else { return };
    let codecs = common::all();
    let codec = &codecs[usize::from(*message) % codecs.len()];
    let versions = codec.versions.max - codec.versions.min + 1;
    common::probe(codec, codec.versions.min + i16::from(*version) % versions, Bytes::copy_from_slice(body));
});
