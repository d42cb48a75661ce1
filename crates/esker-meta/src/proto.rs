//! The generated messages of `proto/esker/meta/v1`. Nothing outside this crate sees them.

#![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, reason = "generated")]

include!(concat!(env!("OUT_DIR"), "/esker.meta.v1.rs"));
