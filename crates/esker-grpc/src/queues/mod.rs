//! Queues: `proto/esker/v1/queues.proto`, on share partitions.
//!
//! # A way through
//! `receive` runs one task for each receiver. It keeps the client's credit and has a `line` to each broker that leads
//! partitions of the queue, at whose other end there is a `desk`: over the network as a stream of `Forward/Deliver`, or in this
//! process. The desk knows what its receiver has, and asks its `leader`: the share partitions and the log of that broker.
//! `publish` gathers messages into batches and gives them to lanes, as `produce` does; which queues get what is published to an
//! exchange is found by `routing`, which has the exchanges in memory. `admin` makes queues, `exchanges` those.
//! `redrive` is a receiver of dead letters that publishes them. `request` publishes, and waits for what a receiver replies.

mod admin;
mod depth;
mod desk;
pub(crate) mod exchanges;
mod leader;
mod line;
mod message;
mod publish;
mod receive;
mod redrive;
mod request;
mod routing;
mod settling;

pub(crate) use admin::{Admin, create};
pub(crate) use depth::get;
pub(crate) use desk::run as desk;
pub(crate) use leader::Leader;
pub(crate) use publish::serve as publish;
pub(crate) use receive::serve as receive;
pub use redrive::DeadLetter;
pub(crate) use redrive::redrive;
pub(crate) use request::{Address, Requests, Waiting, gone};
pub(crate) use routing::Router;
