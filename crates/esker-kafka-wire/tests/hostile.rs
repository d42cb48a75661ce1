//! Input that means harm: every failure is an error, none a panic.

#![allow(clippy::unwrap_used, reason = "test helpers are tests too")]

mod common;

use bytes::Bytes;
use esker_kafka_codegen::sample::{Rng, Shape, sample};
use esker_kafka_codegen::{Descriptor, descriptor_dir, load};
use esker_kafka_wire::messages::{ApiVersionsRequest, MetadataRequest, RequestHeader};
use esker_kafka_wire::{
    ApiKey, DecodeErrorKind, MAX_ELEMENTS, Message, Reader, decode_request_header, peek_header, stored_prefix,
};

/// Every message in every version, with a sample of it.
fn samples(elements: usize) -> Vec<(Descriptor, common::Codec, i16, Bytes)> {
    let codecs = common::all();
    let mut all = Vec::new();
    for d in load(&descriptor_dir()).unwrap() {
        let codec = *codecs.iter().find(|c| c.name == d.name).unwrap();
        for version in d.valid.iter() {
            let mut rng = Rng(version as u64);
            let bytes = sample(&d, version, &mut rng, Shape { elements, unknown_tags: true });
            all.push((d.clone(), codec, version, bytes.into()));
        }
    }
    all
}

#[test]
fn every_truncation_is_an_error() {
    let mut cut = 0;
    for (d, codec, version, bytes) in samples(2) {
        for len in 0..bytes.len() {
            let error = (codec.decode)(bytes.slice(..len), version).expect_err(&d.name);
            assert!(error.field.starts_with(&d.name), "{error}");
            cut += 1;
        }
        let longer: Bytes = [&bytes[..], &[0]].concat().into();
        let error = (codec.decode)(longer, version).expect_err(&d.name);
        assert_eq!(error.kind, DecodeErrorKind::TrailingBytes(1), "{error}");
    }
    assert!(cut > 30_000, "{cut}");
}

fn mutate(bytes: &[u8], rng: &mut Rng) -> Vec<u8> {
    const EVIL: [&[u8]; 6] = [
        &[0xff, 0xff, 0xff, 0xff],
        &[0x7f, 0xff, 0xff, 0xff],
        &[0x80, 0x00],
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x00],
    ];
    let mut out = bytes.to_vec();
    for _ in 0..=rng.below(4) {
        let at = rng.below(out.len() + 1);
        match rng.below(5) {
            0 if at < out.len() => out[at] ^= 1 << rng.below(8),
            1 if at < out.len() => out[at] = rng.bits() as u8,
            2 => out.truncate(at),
            3 => drop(out.splice(at..at, [rng.bits() as u8])),
            _ => {
                let evil = EVIL[rng.below(EVIL.len())];
                let end = (at + evil.len()).min(out.len());
                out.splice(at..end, evil.iter().copied());
            }
        }
    }
    out
}

#[test]
fn mutated_messages_never_panic() {
    let all = samples(3);
    let mut rng = Rng(0x5eed);
    let mut accepted = 0;
    for _ in 0..300_000 {
        let (_, codec, version, bytes) = &all[rng.below(all.len())];
        accepted += usize::from(common::probe(codec, *version, mutate(bytes, &mut rng).into()));
    }
    assert!(accepted > 10_000, "mutations reach deep: {accepted} were still messages");
}

#[test]
fn random_bytes_never_panic() {
    let codecs = common::all();
    let mut rng = Rng(0xbad);
    for _ in 0..100_000 {
        let small = rng.one_in(2);
        let bytes: Vec<u8> =
            (0..rng.below(64)).map(|_| if small { rng.below(4) as u8 } else { rng.bits() as u8 }).collect();
        let bytes = Bytes::from(bytes);
        let codec = &codecs[rng.below(codecs.len())];
        let range = codec.versions;
        common::probe(
            codec,
            range.min + rng.below((range.max - range.min + 1) as usize) as i16,
            bytes.clone(),
        );
        let _ = peek_header(&bytes);
        let _ = stored_prefix(&bytes);
        let _ = decode_request_header(&mut Reader::new(bytes));
    }
}

fn metadata(bytes: &[u8], version: i16) -> DecodeErrorKind {
    MetadataRequest::decode_exact(Bytes::copy_from_slice(bytes), version).unwrap_err().kind
}

#[test]
fn counts_are_checked_against_the_bytes_that_remain() {
    let bomb = [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    let expected = DecodeErrorKind::TooManyElements { count: i32::MAX as usize, remaining: 4 };
    assert_eq!(metadata(&bomb, 1), expected);
    let expected = DecodeErrorKind::TooManyElements { count: 3, remaining: 4 };
    assert_eq!(metadata(&[0, 0, 0, 3, 0, 0, 0, 0], 1), expected);
    assert_eq!(
        metadata(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0], 12),
        DecodeErrorKind::NegativeLength(0xffff_fffe)
    );
    assert_eq!(metadata(&[0xff, 0xff, 0xff, 0xff, 0x1f, 0], 12), DecodeErrorKind::Varint);
    assert_eq!(metadata(&[0xff; 8], 12), DecodeErrorKind::Varint);
    assert_eq!(metadata(&[0xff, 0xff, 0xff, 0xfe], 1), DecodeErrorKind::NegativeLength(-2));
    assert_eq!(metadata(&[0xff, 0xff, 0xff, 0xff], 0), DecodeErrorKind::Null);

    let mut huge = vec![0; 4 + 3 * (MAX_ELEMENTS + 1)];
    huge[..4].copy_from_slice(&(MAX_ELEMENTS as i32 + 1).to_be_bytes());
    assert!(matches!(metadata(&huge, 1), DecodeErrorKind::TooManyElements { .. }));
}

#[test]
fn the_memory_budget_can_be_narrowed() {
    let topics = [&100i32.to_be_bytes()[..], &[0; 200]].concat();
    let mut r = Reader::with_budget(topics.clone().into(), 1000);
    let error = MetadataRequest::decode(&mut r, 1).unwrap_err();
    assert!(matches!(error.kind, DecodeErrorKind::OverBudget(needed) if needed > 1000), "{error}");
    assert_eq!(MetadataRequest::decode_exact(topics.into(), 1).unwrap().topics.unwrap().len(), 100);
}

#[test]
fn strings_are_checked() {
    assert_eq!(metadata(&[0, 0, 0, 1, 0, 1, 0xff], 1), DecodeErrorKind::Utf8);
    assert_eq!(metadata(&[0, 0, 0, 1, 0xff, 0xff, 0], 1), DecodeErrorKind::Null);
    assert_eq!(metadata(&[0, 0, 0, 1, 0x80, 0, 0], 1), DecodeErrorKind::NegativeLength(-32768));
    let mut long = vec![0x81, 0x80, 0x02];
    long.resize(40_000, b'a');
    let error = ApiVersionsRequest::decode_exact(long.into(), 3).unwrap_err();
    assert_eq!(
        (error.field, error.kind),
        ("ApiVersionsRequest.ClientSoftwareName", DecodeErrorKind::StringTooLong(32768),)
    );
}

#[test]
fn tagged_fields_are_checked() {
    let kind = |tags: &[u8]| {
        let bytes = [&[1, 1], tags].concat();
        ApiVersionsRequest::decode_exact(bytes.into(), 3).unwrap_err().kind
    };
    assert_eq!(kind(&[0x91, 0x4e]), DecodeErrorKind::TooManyTaggedFields(10_001));
    assert_eq!(kind(&[1, 0, 9]), DecodeErrorKind::UnexpectedEnd { needed: 9, remaining: 0 });
    // FinalizedFeaturesEpoch of an ApiVersionsResponse, longer and shorter than its eight bytes.
    let response = |tag: &[u8]| {
        let bytes = [&[0, 0, 1, 0, 0, 0, 0, 1], tag].concat();
        esker_kafka_wire::messages::ApiVersionsResponse::decode_exact(bytes.into(), 3)
            .map(|m| m.finalized_features_epoch)
    };
    assert_eq!(response(&[1, 8, 0, 0, 0, 0, 0, 0, 0, 7]), Ok(7));
    assert_eq!(
        response(&[1, 9, 0, 0, 0, 0, 0, 0, 0, 7, 0]).unwrap_err().kind,
        DecodeErrorKind::TaggedFieldSize(1)
    );
    let short = response(&[1, 7, 0, 0, 0, 0, 0, 0, 0, 7]).unwrap_err();
    assert_eq!(short.kind, DecodeErrorKind::UnexpectedEnd { needed: 1, remaining: 7 });
}

#[test]
fn headers_are_read_from_any_bytes() {
    for len in 0..10 {
        assert!(peek_header(&Bytes::from(vec![0; len])).is_err());
        assert!(decode_request_header(&mut Reader::new(vec![0; len].into())).is_err());
    }
    let unknown = [&[0x7f, 0xff, 0, 9, 0, 0, 0, 5, 0, 1, b'x'][..], &[1, 2, 3]].concat();
    let peek = peek_header(&unknown.clone().into()).unwrap();
    assert_eq!((peek.api, peek.api_key, peek.api_version, peek.correlation_id), (None, 0x7fff, 9, 5));
    assert_eq!(peek.client_id.unwrap(), "x");
    let error = decode_request_header(&mut Reader::new(unknown.into())).unwrap_err();
    assert_eq!(error.kind, DecodeErrorKind::UnknownApiKey(0x7fff));

    // ApiVersions of a version from the future: the header is read, the body left alone.
    let future = [0, 18, 0, 99, 0, 0, 0, 5, 0xff, 0xff, 0, 0xde, 0xad];
    let mut r = Reader::new(Bytes::copy_from_slice(&future));
    let (api, header) = decode_request_header(&mut r).unwrap();
    assert_eq!((api, header.request_api_version, header.client_id), (ApiKey::ApiVersions, 99, None));
    assert_eq!(r.remaining(), 2);
    assert!(ApiVersionsRequest::decode(&mut r, 99).is_err());
    assert!(RequestHeader::decode_exact(Bytes::new(), 0).is_err());
}
