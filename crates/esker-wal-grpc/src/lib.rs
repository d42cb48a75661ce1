//! The write-ahead log's store service over gRPC, `proto/esker/store/v1/store.proto`.
//!
//! - [`StoreService`] is one local store as a gRPC service: a tower service to put behind a port, or [`serve()`], which
//!   is the port's whole HTTP/2 side and takes connections from wherever they come.
//! - [`RemoteStore`] is a store of another broker as an [`esker_wal::LogStore`].
//!
//! # Order
//! All that changes a store (append, repair, seal, trim) travels on one two-way stream per [`RemoteStore`], in the order in
//! which it was called, and takes its place in the store in that order. Answers come as things are done. Reads and
//! directories are calls of their own and take no place in that order.
//!
//! # A lost connection
//! The stream ends with its connection, with the server's process, with a refusal of the whole stream, or when an answer is
//! overdue. Everything called and not answered by then answers [`Unreachable`](esker_wal::StoreError::Unreachable), and may
//! or may not have happened. What is called afterwards goes to the next connection. So the frame after one that answered
//! `Unreachable` is a gap unless that one arrived: a writer either ends the store's part in its ledger there, or begins again
//! at the first frame that this store has not acknowledged (S1 acknowledges what is there already, once more).
//!
//! # Limits
//! - A message: [`MAX_MESSAGE`], the largest frame and 64 KiB. A page of a directory: 1 MiB, or one frame's headers (4 MiB).
//! - Bytes sent and not answered: [`ClientOptions::bytes_in_flight`] for a client, above which calls are refused at once, and
//!   [`ServerOptions::stream_bytes`] for each stream of a server, above which it reads no further; in either case
//!   a single frame may be larger.
//! - Time: a call is answered within [`ClientOptions::call_timeout`] of a connection; a connection whose peer is silent ends after
//!   [`ClientOptions::ping_interval`] and [`ClientOptions::ping_timeout`] together.
//!
//! # Copies
//! Sending copies a frame once, into tonic's buffer; receiving copies it once, from HTTP/2's chunks into the one message that
//! the frame then is a slice of. Nothing else touches record bytes but the checksum.
//!
//! HTTP/2's own timers (pings) are tokio's; all else goes through [`esker_env::Env`].

mod client;
mod convert;
mod runtime;
mod server;

/// What travels; see `proto/esker/store/v1/store.proto`.
mod proto {
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
    include!(concat!(env!("OUT_DIR"), "/esker.store.v1.rs"));
}

pub use client::{BoxIo, Channel, ClientOptions, Connection, Connector, Io, OnLost, RemoteStore, tcp};
pub use server::{ServerOptions, StoreService, serve, tcp_incoming};

/// Most bytes of a message: the largest frame, and room for what stands around it.
pub const MAX_MESSAGE: usize = esker_core::frame::Frame::MAX_ENCODED + (64 << 10);

const WRITE: &str = "/esker.store.v1.Store/Write";
const READ: &str = "/esker.store.v1.Store/Read";
const READ_FRAME: &str = "/esker.store.v1.Store/ReadFrame";
const IS_OPEN: &str = "/esker.store.v1.Store/IsOpen";
const DIRECTORY: &str = "/esker.store.v1.Store/Directory";
