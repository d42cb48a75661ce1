//! The [`MetaStore`](esker_meta::MetaStore) on etcd, 3.5 and later.
//!
//! [`EtcdMeta`] speaks the few calls of etcd's v3 API that the contract needs (`proto/etcd.proto`) over gRPC, to one
//! endpoint at a time, and moves to the next when that one fails. What etcd answers is classified in one place,
//! `fault.rs`: above all, whether a transaction can have happened.

mod client;
mod convert;
mod fault;
mod options;
mod store;
mod url;
mod watch;

/// What travels; see `proto/etcd.proto`.
mod proto {
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
    include!(concat!(env!("OUT_DIR"), "/esker.etcd.v3.rs"));
}

pub use options::{Credentials, EtcdOptions, Tls};
pub use store::EtcdMeta;
pub use url::{BadUrl, EtcdUrl};
