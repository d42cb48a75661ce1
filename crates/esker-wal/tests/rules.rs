//! A local store keeps the rules that every `LogStore` keeps.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use common::{Host, rules, small};

#[tokio::test(start_paused = true)]
async fn a_local_store_keeps_every_rule() {
    let host = Host::started(1, small()).await;
    rules::all(host.store().as_ref()).await;
}
