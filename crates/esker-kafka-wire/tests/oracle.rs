//! Byte for byte against the `kafka-protocol` crate, for every API and version that both know.

#![allow(clippy::unwrap_used, reason = "test helpers are tests too")]

mod common;

use bytes::{Bytes, BytesMut};
use esker_kafka_codegen::sample::{Rng, Shape, sample};
use esker_kafka_codegen::{Descriptor, Kind, descriptor_dir, load};
use kafka_protocol::messages::{
    ApiKey, ConsumerProtocolAssignment, ConsumerProtocolSubscription, RequestHeader, RequestKind,
    ResponseHeader, ResponseKind,
};
use kafka_protocol::protocol::{Decodable, Encodable, Message};

/// Their encoding of what they decode.
fn recode(kind: Kind, api: ApiKey, bytes: &Bytes, version: i16) -> Result<Bytes, String> {
    let (mut input, mut out) = (bytes.clone(), BytesMut::new());
    let done = match kind {
        Kind::Request => {
            RequestKind::decode(api, &mut input, version).and_then(|m| m.encode(&mut out, version))
        }
        _ => ResponseKind::decode(api, &mut input, version).and_then(|m| m.encode(&mut out, version)),
    };
    done.map_err(|e| format!("{e:#}"))?;
    if !input.is_empty() {
        return Err(format!("{} bytes left", input.len()));
    }
    Ok(out.freeze())
}

fn compare(d: &Descriptor, version: i16, theirs: impl Fn(&Bytes) -> Result<Bytes, String>) {
    let codec = common::all().into_iter().find(|c| c.name == d.name).unwrap();
    let mut rng = Rng(u64::from(version as u16) << 32 | d.name.len() as u64);
    for round in 0..20 {
        let shape = Shape { elements: 1 + round % 3, unknown_tags: false };
        let bytes = Bytes::from(sample(d, version, &mut rng, shape));
        let ours = (codec.recode)(bytes.clone(), version, version).unwrap().unwrap();
        let theirs = theirs(&ours).unwrap_or_else(|e| panic!("{} v{version} of {ours:?}: {e}", d.name));
        assert_eq!(ours, theirs, "{} v{version}", d.name);
        assert!((codec.same)(ours, version, theirs, version), "{} v{version}", d.name);
    }
}

#[test]
fn requests_and_responses() {
    let (mut compared, mut refused) = (0, Vec::new());
    for d in load(&descriptor_dir()).unwrap() {
        if !matches!(d.kind, Kind::Request | Kind::Response) {
            continue;
        }
        let Ok(api) = ApiKey::try_from(d.api_key.unwrap()) else { continue };
        let known = api.valid_versions();
        for version in d.valid.iter().filter(|v| known.min <= *v && *v <= known.max) {
            if recode(d.kind, api, &Bytes::new(), version).is_err_and(|e| e.contains("version not supported"))
            {
                refused.push(format!("{} {version}", d.name));
                continue;
            }
            compare(&d, version, |bytes| recode(d.kind, api, bytes, version));
            compared += 1;
        }
    }
    // Versions that their table of APIs has and the message itself does not.
    assert_eq!(refused, ["InitProducerIdRequest 6", "OffsetCommitRequest 10", "OffsetFetchRequest 10"]);
    assert!(compared > 450, "{compared} versions of requests and responses");
}

#[test]
fn what_they_do_not_know_is_listed() {
    let mut missing = Vec::new();
    for d in load(&descriptor_dir()).unwrap().iter().filter(|d| d.kind == Kind::Request) {
        let known = ApiKey::try_from(d.api_key.unwrap()).map(|api| api.valid_versions());
        for version in d.valid.iter() {
            if !known.as_ref().is_ok_and(|k| k.min <= version && version <= k.max) {
                missing.push(format!("{} {version}", d.name.trim_end_matches("Request")));
            }
        }
    }
    let expected = [
        "DescribeLogDirs 5",
        "DescribeShareGroupOffsets 1",
        "ListOffsets 11",
        "ReadShareGroupStateSummary 1",
        "ShareAcknowledge 2",
        "ShareFetch 2",
        "StreamsGroupDescribe 0",
        "StreamsGroupHeartbeat 0",
        "WriteShareGroupState 1",
        "WriteTxnMarkers 2",
    ];
    assert_eq!(missing, expected);
}

#[test]
fn header_versions() {
    for api in esker_kafka_wire::ApiKey::ALL {
        let Ok(theirs) = ApiKey::try_from(api.code()) else { continue };
        for version in theirs.valid_versions().min..=theirs.valid_versions().max {
            assert_eq!(api.request_header_version(version), theirs.request_header_version(version), "{api}");
            assert_eq!(
                api.response_header_version(version),
                theirs.response_header_version(version),
                "{api}"
            );
        }
    }
}

#[test]
fn headers_and_consumer_protocol() {
    fn both<M: Message + Encodable + Decodable>(descriptors: &[Descriptor], name: &str) {
        let d = descriptors.iter().find(|d| d.name == name).unwrap();
        for version in d.valid.iter() {
            compare(d, version, |bytes| {
                let mut out = BytesMut::new();
                let decoded = M::decode(&mut bytes.clone(), version);
                decoded.and_then(|m| m.encode(&mut out, version)).map_err(|e| e.to_string())?;
                Ok(out.freeze())
            });
        }
    }
    let descriptors = load(&descriptor_dir()).unwrap();
    both::<RequestHeader>(&descriptors, "RequestHeader");
    both::<ResponseHeader>(&descriptors, "ResponseHeader");
    both::<ConsumerProtocolSubscription>(&descriptors, "ConsumerProtocolSubscription");
    both::<ConsumerProtocolAssignment>(&descriptors, "ConsumerProtocolAssignment");
}
