//! What every [`MetaStore`] must do, as tests that each implementation runs.
//!
//! `meta_store_conformance!(make)` defines one test per case; `make` is an async function that returns a fresh
//! [`Subject`]. Every case works below the subject's own prefix and expects no other writer below it, but tolerates
//! others elsewhere in the store.

#![allow(clippy::unwrap_used, reason = "these are tests, though of another crate's store")]

pub mod leases;
pub mod transactions;
pub mod watches;

use std::{any::Any, sync::Arc, time::Duration};

use bytes::Bytes;
use esker_env::{BoxFuture, Env};

use crate::{KeyValue, MetaStore, Revision, Txn};

/// A store under test.
pub struct Subject {
    /// The store.
    pub store: Arc<dyn MetaStore>,
    /// Where it may write; nothing is there yet.
    pub prefix: String,
    /// The world that the store lives in.
    pub env: Env,
    /// A time to live that the store can honour, as short as it can.
    pub ttl: Duration,
    /// Makes the store forget every change that it has made so far, by compaction or by making many more changes
    /// elsewhere than it keeps.
    pub forget: Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>,
    /// What must outlive the test (a directory, a server).
    pub keep: Box<dyn Any + Send>,
}

impl Subject {
    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }

    async fn get(&self, name: &str) -> Option<KeyValue> {
        self.store.get(self.key(name)).await.unwrap()
    }

    async fn put(&self, name: &str, value: &'static str) -> Revision {
        let answer = self.store.txn(Txn::new().put(self.key(name), text(value))).await.unwrap();
        assert!(answer.succeeded);
        answer.revision
    }

    /// The names and values below the prefix.
    async fn contents(&self) -> Vec<(String, Bytes)> {
        let listing = self.store.list(format!("{}/", self.prefix)).await.unwrap();
        listing.entries.into_iter().map(|entry| (entry.key, entry.value)).collect()
    }
}

fn text(value: &'static str) -> Bytes {
    Bytes::from_static(value.as_bytes())
}

/// Defines a test for each case of the suite: `esker_meta::meta_store_conformance!(make_subject);`
#[macro_export]
macro_rules! meta_store_conformance {
    ($make:path) => {
        $crate::meta_store_conformance! { @cases $make;
            transactions: a_key_counts_its_puts_and_its_lives,
            transactions: a_listing_is_ordered_and_stays_below_its_prefix,
            transactions: each_comparison_holds_exactly_when_it_should,
            transactions: a_transaction_is_one_revision_or_none,
            transactions: both_branches_read_the_state_before,
            transactions: limits_are_enforced,
            transactions: values_are_any_bytes,
            transactions: concurrent_increments_are_all_counted,
            leases: keys_end_with_their_lease_in_one_revision,
            leases: a_put_under_a_gone_lease_fails_as_a_whole,
            leases: a_lease_ends_unless_it_is_kept_alive,
            leases: a_put_without_a_lease_detaches_the_key,
            watches: a_watch_reports_every_change_in_order_once,
            watches: a_watch_replays_from_its_revision,
            watches: a_revision_is_never_split,
            watches: a_watch_of_the_forgotten_past_is_told_so,
            watches: a_map_kept_by_a_watch_equals_a_listing,
        }
    };
    (@cases $make:path; $($module:ident: $case:ident,)*) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::conformance::$module::$case($make().await).await;
            }
        )*
    };
}
