//! Request frames as they come from a socket.
#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;

use bytes::Bytes;
use esker_kafka_wire::{Reader, decode_request_header, peek_header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let frame = Bytes::copy_from_slice(data);
    let peek = peek_header(&frame);
    let mut r = Reader::new(frame.clone());
    let Ok((api, header)) = decode_request_header(&mut r) else { return };
    assert_eq!(peek.expect("the header is longer").correlation_id, header.correlation_id);
    let name = format!("{api}Request");
    let codec = common::all().into_iter().find(|c| c.name == name).expect("every API has a request");
    common::probe(&codec, header.request_api_version, frame.slice(r.position()..));
});
