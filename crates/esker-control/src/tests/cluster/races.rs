//! What is seen late, or changes while one looks.

use std::{sync::Arc, time::Duration};

use esker_core::{BrokerId, Mode, ShardId};
use esker_env::BoxFuture;
use esker_meta::{
    KeyValue, Keys, LeaseId, LedgerState, Listing, MemoryMeta, Meta, MetaError, MetaStore, NewLedger,
    Revision, SessionRecord, Txn, TxnAnswer, Watch,
};

use super::{
    super::scenarios::NoStores,
    world::{TTL, World, store_of},
};
use crate::cleanup;

#[tokio::test(start_paused = true)]
async fn a_session_that_the_controller_has_not_heard_of_yet_is_not_taken_for_dead() {
    let mut world = World::new(1).await;
    world.blind = Some("/sessions/");
    let one = world.start(1).await;
    let mine = |view: &esker_meta::MembershipView| view.shards.len() == super::world::SHARDS as usize;
    one.membership.wait_until(mine).await;
    world.blind = None;
    let two = world.start(2).await;
    two.session.open_lane(Mode::Fsync, vec![store_of(1)], 1).await.unwrap();
    let epoch = world.shards().await[&ShardId(0)].epoch;
    let moved = one.session.hand_over(ShardId(0), epoch, two.session.key(), &[]).await.unwrap();
    one.membership.wait_until(|view| view.shards[&ShardId(0)].record.owner == Some(BrokerId(2))).await;
    world.env.clock.sleep(Duration::from_secs(10)).await;
    assert_eq!(world.shards().await[&ShardId(0)], moved.record);
    let ledger = world.shared.meta.list_ledgers(BrokerId(2)).await.unwrap().remove(0);
    assert_eq!(ledger.record.state, LedgerState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_was_opened_while_sessions_were_listed_is_not_forgotten() {
    let env = super::world::env(0);
    let memory = MemoryMeta::new(env.clone());
    let meta = |store: Arc<dyn MetaStore>| Meta::new(store, Keys::new("/esker").unwrap(), env.clone());
    let observer = meta(Arc::new(memory.client()));
    let record = |broker| SessionRecord {
        broker: BrokerId(broker),
        endpoints: Vec::new(),
        rack: None,
        store: store_of(broker),
    };
    let one = observer.open_session(&record(1), TTL).await.unwrap();
    let elected = observer.campaign(&one).await.unwrap().unwrap();
    // Somebody joins and opens a lane between the listing of sessions and what comes after it.
    let joining = observer.clone();
    let join: Join = Box::new(move || {
        let joining = joining.clone();
        Box::pin(async move {
            let two = joining.open_session(&record(2), TTL).await.unwrap();
            let new = NewLedger { mode: Mode::Fsync, copyset: vec![store_of(2)], write_quorum: 1 };
            joining.create_ledger(two.key, &new).await.unwrap();
        })
    });
    let racing = meta(Arc::new(Racing { store: memory.client(), join }));
    let forgotten = cleanup::forget_all_unneeded(&racing, &NoStores, elected.into()).await.unwrap();
    assert_eq!((forgotten, observer.list_ledgers(BrokerId(2)).await.unwrap().len()), (0, 1));
}

type Join = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// Something happens right after each listing of the sessions.
struct Racing {
    store: MemoryMeta,
    join: Join,
}

impl MetaStore for Racing {
    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<KeyValue>, MetaError>> {
        self.store.get(key)
    }

    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Listing, MetaError>> {
        Box::pin(async move {
            let sessions = prefix.ends_with("/sessions/");
            let listing = self.store.list(prefix).await;
            if sessions {
                (self.join)().await;
            }
            listing
        })
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<TxnAnswer, MetaError>> {
        self.store.txn(txn)
    }

    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<LeaseId, MetaError>> {
        self.store.grant(ttl)
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), MetaError>> {
        self.store.keep_alive(lease)
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), MetaError>> {
        self.store.revoke(lease)
    }

    fn watch(&self, prefix: String, from: Revision) -> Watch {
        self.store.watch(prefix, from)
    }
}
