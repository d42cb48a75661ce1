//! Every message in every version, from encodings that the generator crate makes straight from the descriptors.

#![allow(clippy::unwrap_used, reason = "test helpers are tests too")]

mod common;

use bytes::Bytes;
use esker_kafka_codegen::sample::{Rng, Shape, sample};
use esker_kafka_codegen::{Descriptor, descriptor_dir, load};

fn each_version(mut check: impl FnMut(&Descriptor, common::Codec, i16)) {
    let descriptors = load(&descriptor_dir()).unwrap();
    let codecs = common::all();
    assert_eq!(codecs.len(), descriptors.len());
    for codec in codecs {
        let d = descriptors.iter().find(|d| d.name == codec.name).unwrap();
        assert_eq!((d.valid.min, d.valid.max), (codec.versions.min, codec.versions.max), "{}", d.name);
        d.valid.iter().for_each(|version| check(d, codec, version));
    }
}

#[test]
fn decoding_and_encoding_gives_the_same_bytes() {
    each_version(|d, codec, version| {
        let mut rng = Rng(u64::from(version as u16) << 32 | d.name.len() as u64);
        for round in 0..25 {
            let shape = Shape { elements: round % 4, unknown_tags: false };
            let bytes = Bytes::from(sample(d, version, &mut rng, shape));
            let again = (codec.recode)(bytes.clone(), version, version)
                .unwrap_or_else(|e| panic!("{} v{version} of {bytes:?}: {e}", d.name))
                .unwrap_or_else(|e| panic!("{} v{version} of {bytes:?}: {e}", d.name));
            assert_eq!(again, bytes, "{} v{version}", d.name);
        }
    });
}

#[test]
fn unknown_tagged_fields_are_skipped() {
    let mut skipped = 0;
    each_version(|d, codec, version| {
        let mut rng = Rng(7);
        for _ in 0..10 {
            let bytes = Bytes::from(sample(d, version, &mut rng, Shape { elements: 2, unknown_tags: true }));
            let without = (codec.recode)(bytes.clone(), version, version).unwrap().unwrap();
            skipped += bytes.len() - without.len();
            assert!((codec.same)(bytes, version, without, version), "{} v{version}", d.name);
        }
    });
    assert!(skipped > 10_000, "the samples hold unknown tags: {skipped} bytes");
}

/// What a lower version can carry comes back as it was; the rest is refused or, if ignorable, dropped.
#[test]
fn another_version_carries_the_message_or_refuses() {
    let (mut same, mut dropped, mut refused) = (0, 0, 0);
    each_version(|d, codec, from| {
        let mut rng = Rng(11);
        for to in d.valid.iter() {
            let bytes = Bytes::from(sample(d, from, &mut rng, Shape { elements: 2, unknown_tags: false }));
            match (codec.recode)(bytes.clone(), from, to).unwrap() {
                Ok(other) if (codec.same)(bytes, from, other.clone(), to) => same += 1,
                Ok(other) => {
                    assert_ne!(from, to, "{} v{from}", d.name);
                    (codec.decode)(other, to).unwrap();
                    dropped += 1;
                }
                Err(_) => {
                    assert_ne!(from, to, "{} v{from}", d.name);
                    refused += 1;
                }
            }
        }
    });
    assert!(
        same > 1000 && dropped > 100 && refused > 100,
        "{same} same, {dropped} dropped, {refused} refused"
    );
}
