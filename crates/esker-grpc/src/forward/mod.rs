//! Between brokers: what a client asks of one, and another one owns. `proto/esker/forward/v1/forward.proto`.
//!
//! # Limits
//! - A message: [`MAX_MESSAGE`]. Calls of this broker to others at the same time: [`QUESTIONS`], [`POLLS`] and [`DELIVERIES`].
//! - Time: [`ASK`] for an answer, besides a long poll's own.
//!
//! Nothing is repeated here: a call that failed may have happened.

mod appends;
mod client;
mod service;

use std::time::Duration;

pub(crate) use client::{Remote, RemoteAppends, stream_of};
pub use service::ForwardService;

/// Most bytes of a message: a batch, or a page of batches of which the first may be larger than was asked for.
pub(crate) const MAX_MESSAGE: usize = esker_wal_grpc::MAX_MESSAGE;
/// Most calls of one broker to all others, but for long polls.
pub(crate) const QUESTIONS: usize = 2_000;
/// Most long polls of one broker to all others: of readers at the end of partitions that these own.
pub(crate) const POLLS: usize = 2_000;
/// Most streams of one broker to all others by which receivers get their messages.
pub(crate) const DELIVERIES: usize = 2_000;
/// The time for an answer.
pub(crate) const ASK: Duration = Duration::from_secs(10);

const APPEND: &str = "/esker.forward.v1.Forward/Append";
const READ: &str = "/esker.forward.v1.Forward/Read";
const AWAIT: &str = "/esker.forward.v1.Forward/Await";
const LOCATE: &str = "/esker.forward.v1.Forward/Locate";
const DELIVER: &str = "/esker.forward.v1.Forward/Deliver";
const REPLY: &str = "/esker.forward.v1.Forward/Reply";
const DEPTH: &str = "/esker.forward.v1.Forward/Depth";
