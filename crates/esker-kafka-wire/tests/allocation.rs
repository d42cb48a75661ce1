//! Decoding allocates no more than its budget, however the input lies about lengths and counts.

#![allow(clippy::unwrap_used, reason = "test helpers are tests too")]
#![allow(unsafe_code, reason = "a counting allocator can only be written with it")]

mod common;

use bytes::Bytes;
use esker_kafka_codegen::sample::{Rng, Shape, sample};
use esker_kafka_codegen::{descriptor_dir, load};
use esker_kafka_wire::decode_budget;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts what this thread asks for, freed or not.
struct Counting;

thread_local! {
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
}

fn count(bytes: usize) {
    let _ = ALLOCATED.try_with(|total| total.set(total.get() + bytes));
}

// SAFETY: every call goes to the system allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(ptr, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Sharing a vector's bytes for the first time allocates one small header.
const CONSTANT: usize = 64;

fn allocated(run: impl FnOnce()) -> usize {
    let before = ALLOCATED.get();
    run();
    ALLOCATED.get() - before
}

#[test]
fn decoding_stays_within_its_budget() {
    let codecs = common::all();
    let mut rng = Rng(1);
    let (mut most, mut whole) = (0.0f64, 0);
    for d in load(&descriptor_dir()).unwrap() {
        let codec = codecs.iter().find(|c| c.name == d.name).unwrap();
        for version in d.valid.iter() {
            for round in 0..60 {
                let shape = Shape { elements: 1 + round % 5, unknown_tags: round % 2 == 0 };
                let mut bytes = sample(&d, version, &mut rng, shape);
                for _ in 0..(round % 3) * 2 {
                    if !bytes.is_empty() {
                        let at = rng.below(bytes.len());
                        bytes[at] = [0, 1, 2, 0x7f, 0xff, rng.bits() as u8][rng.below(6)];
                    }
                }
                let len = bytes.len();
                let bytes = Bytes::from(bytes);
                let used = allocated(|| whole += usize::from((codec.decode)(bytes, version).is_ok()));
                assert!(used <= decode_budget(len) + CONSTANT, "{} v{version}: {used} for {len}", d.name);
                most = most.max(used.saturating_sub(CONSTANT) as f64 / len.max(1) as f64);
            }
        }
    }
    assert!(
        most > 10.0 && whole > 10_000,
        "the samples are worth counting: at most {most} per byte, {whole} whole"
    );
}

/// The worst that a message can do: arrays of the smallest encodings.
#[test]
fn smallest_elements_stay_within_the_budget() {
    use esker_kafka_wire::Message;
    use esker_kafka_wire::messages::{DeleteGroupsRequest, ListGroupsResponse, MetadataRequest};
    let decode = |head: &[u8], element: &[u8], tail: &[u8], count: usize, run: &dyn Fn(Bytes)| {
        let bytes = Bytes::from([head, &element.repeat(count), tail].concat());
        let len = bytes.len();
        let used = allocated(|| run(bytes));
        assert!(used <= decode_budget(len) + CONSTANT, "{used} for {len}");
        assert!(used > 20 * len, "the worst case is bad: {used} for {len}");
    };
    // 9,999 empty compact strings, groups of three bytes, topics of two.
    let count = [0x90, 0x4e];
    let run = |bytes| drop(DeleteGroupsRequest::decode_exact(bytes, 2).unwrap());
    decode(&count, &[1], &[0], 9_999, &run);
    let run = |bytes| drop(ListGroupsResponse::decode_exact(bytes, 3).unwrap());
    decode(&[&[0; 6], &count[..]].concat(), &[1, 1, 0], &[0], 9_999, &run);
    let run = |bytes| drop(MetadataRequest::decode_exact(bytes, 9).unwrap());
    decode(&count, &[1, 0], &[1, 0, 0, 0], 9_999, &run);
}

#[test]
fn a_hostile_count_allocates_nothing() {
    use esker_kafka_wire::Message;
    use esker_kafka_wire::messages::MetadataRequest;
    let bomb = Bytes::from_static(&[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    let used = allocated(|| assert!(MetadataRequest::decode_exact(bomb, 1).is_err()));
    assert_eq!(used, 0);
}
