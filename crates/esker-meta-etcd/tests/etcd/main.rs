//! The store against real etcd servers: the suite that every `MetaStore` runs, and what can happen to an etcd.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests bring their own processes, files and tasks"
)]

mod budget;
mod cluster;
mod conformance;
mod faults;
mod leases;
mod limits;
mod proxy;
mod raw;
mod secure;
mod watches;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use esker_env::Env;
use esker_meta::{MetaError, MetaStore, Revision, Txn};
use esker_meta_etcd::{EtcdMeta, EtcdOptions};

/// Longer than anything here takes on a crowded machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn store(endpoints: Vec<String>) -> Arc<EtcdMeta> {
    Arc::new(EtcdMeta::new(EtcdOptions::new(endpoints), Env::real()).unwrap())
}

fn value(text: &str) -> Bytes {
    Bytes::from(text.to_owned())
}

/// Puts until it has certainly happened.
async fn put(store: &EtcdMeta, key: &str, text: &str) -> Revision {
    eventually(|| store.txn(Txn::new().put(key, value(text)))).await.revision
}

/// Repeats a call while it fails for lack of an answer.
async fn eventually<T, F: Future<Output = Result<T, MetaError>>>(call: impl Fn() -> F) -> T {
    let env = Env::real();
    let repeated = async {
        loop {
            match call().await {
                Ok(answer) => return answer,
                Err(MetaError::Unavailable(_) | MetaError::Unknown(_)) => {
                    env.clock.sleep(Duration::from_millis(20)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
    };
    env.timeout(PATIENCE, repeated).await.expect("etcd answers again")
}
