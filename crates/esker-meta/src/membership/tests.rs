use std::time::Duration;

use esker_core::{Epoch, FrameIndex, SessionId};
use esker_env::Env;

use super::*;
use crate::{
    Endpoint, GuardedError, HistoryLimit, Keys, MemoryMeta, NewLedger, Revision, SessionRecord, ShardMove,
    StoreState,
};

const TTL: Duration = Duration::from_secs(60);

fn memory(limit: HistoryLimit) -> (MemoryMeta, Meta, Meta) {
    let env = Env::real();
    let store = MemoryMeta::with_history(env.clone(), limit);
    let meta = |store: MemoryMeta| Meta::new(Arc::new(store), Keys::new("/esker").unwrap(), env.clone());
    (store.clone(), meta(store.clone()), meta(store.client()))
}

fn record(broker: i32) -> SessionRecord {
    SessionRecord {
        broker: BrokerId(broker),
        endpoints: vec![Endpoint { listener: "grpc".into(), host: "localhost".into(), port: 9094 }],
        rack: Some("a".into()),
        store: StoreId::from_random([broker as u8; 16]),
    }
}

fn give(to: SessionKey, shard: u32, expect: Revision, epoch: i32) -> ShardMove {
    let to =
        ShardRecord { owner: Some(to.broker), session: to.session, epoch: Epoch(epoch), pending: [].into() };
    ShardMove { shard: ShardId(shard), expect, to }
}

#[tokio::test]
async fn a_membership_shows_what_happens() {
    let (_, meta, other) = memory(HistoryLimit::default());
    let one = other.open_session(&record(1), TTL).await.unwrap();
    let membership = Membership::start(meta).await.unwrap();
    assert_eq!(membership.view().sessions[&BrokerId(1)].key, one.key);
    let two = other.open_session(&record(2), TTL).await.unwrap();
    let store = StoreRecord { id: record(2).store, broker: BrokerId(2), state: StoreState::Active };
    other.put_store(two.key, &store).await.unwrap();
    other.move_shards(one.key, &[give(two.key, 7, Revision::NONE, 0)]).await.unwrap();
    other.campaign(&two).await.unwrap().unwrap();
    let view = membership
        .wait_until(|view| view.owner(ShardId(7)).is_some() && view.standing_controller().is_some())
        .await;
    assert_eq!(view.serving(store.id).map(|live| live.key), Some(two.key));
    let old = view.clone();
    other.set_store_state(one.key, store.id, StoreState::Draining).await.unwrap();
    membership.wait_until(|view| view.stores.get(&store.id).unwrap().state == StoreState::Draining).await;
    let new = NewLedger { mode: Mode::Fsync, copyset: vec![store.id], write_quorum: 1 };
    let ledger = other.create_ledger(two.key, &new).await.unwrap();
    let view = membership.wait_until(|view| !view.copyset(two.key, Mode::Fsync).is_empty()).await;
    assert_eq!(
        (view.copyset(two.key, Mode::Fsync), view.copyset(two.key, Mode::Received)),
        (&[store.id][..], &[][..])
    );
    other.seal_ledger(two.key, &ledger, FrameIndex(0)).await.unwrap();
    membership.wait_until(|view| view.copyset(two.key, Mode::Fsync).is_empty()).await;
    other.fence(two.key).await.unwrap();
    let view = membership.wait_until(|view| view.sessions.len() == 1).await;
    assert!(view.owner(ShardId(7)).is_none() && view.standing_controller().is_none());
    assert_eq!(old.sessions.len(), 2, "a view that was handed out never changes");
}

#[tokio::test]
async fn a_membership_lists_again_when_it_was_away_for_too_long() {
    let (store, meta, other) = memory(HistoryLimit { events: 2, bytes: 1 << 20 });
    let one = other.open_session(&record(1), TTL).await.unwrap();
    let two = other.open_session(&record(2), TTL).await.unwrap();
    let membership = Membership::start(meta).await.unwrap();
    store.faults().set_unreachable(true);
    other.fence(two.key).await.unwrap();
    for shard in 0..10 {
        other.move_shards(one.key, &[give(one.key, shard, Revision::NONE, 0)]).await.unwrap();
    }
    assert_eq!(membership.view().sessions.len(), 2);
    store.faults().set_unreachable(false);
    membership.wait_until(|view| view.shards.len() == 10 && view.sessions.len() == 1).await;
}

#[tokio::test]
async fn one_controller_at_a_time_and_a_fenced_one_is_replaced_before_its_lease_ends() {
    let (_, meta, _) = memory(HistoryLimit::default());
    let one = meta.open_session(&record(1), TTL).await.unwrap();
    let two = meta.open_session(&record(2), TTL).await.unwrap();
    let first = meta.campaign(&one).await.unwrap().unwrap();
    assert_eq!(first.session, one.key);
    assert_eq!(meta.campaign(&two).await.unwrap(), Some(first), "it stands");
    assert_eq!(meta.campaign(&one).await.unwrap(), Some(first), "elected already");
    let shard = [give(one.key, 0, Revision::NONE, 0)];
    meta.move_shards(first, &shard).await.unwrap();
    meta.fence_by(two.key, one.key).await.unwrap();
    let second = meta.campaign(&two).await.unwrap().unwrap();
    assert_eq!(second.session, two.key);
    // Neither the fenced one nor an election of the past changes anything.
    let shard = [give(two.key, 1, Revision::NONE, 0)];
    let refused = meta.move_shards(first, &shard).await.unwrap_err();
    assert_eq!(refused, GuardedError::SessionLost(one.key));
    let stale = crate::Authority { session: two.key, controller: Some(first.elected) };
    let refused = meta.move_shards(stale, &shard).await.unwrap_err();
    assert_eq!(refused, GuardedError::Changed("/esker/controller".into()));
    meta.close_session(&two).await.unwrap();
    assert_eq!(meta.controller().await.unwrap(), None, "it ends with its session's lease");
}

#[tokio::test]
async fn shards_are_given_to_sessions_that_stand() {
    let (_, meta, _) = memory(HistoryLimit::default());
    let one = meta.open_session(&record(1), TTL).await.unwrap();
    let two = meta.open_session(&record(2), TTL).await.unwrap();
    let owned = meta.move_shards(one.key, &[give(one.key, 0, Revision::NONE, 4)]).await.unwrap();
    let moved = meta.hand_over(one.key, ShardId(0), Epoch(4), two.key, &[]).await.unwrap();
    assert!(moved.modified > owned[0].1.modified);
    assert_eq!((moved.record.owned_by(), moved.record.epoch), (Some(two.key), Epoch(5)));
    let refused = meta.hand_over(one.key, ShardId(0), Epoch(4), two.key, &[]).await.unwrap_err();
    assert_eq!(refused, GuardedError::Changed("/esker/shards/0".into()));
    meta.fence(one.key).await.unwrap();
    let refused = meta.hand_over(two.key, ShardId(0), Epoch(5), one.key, &[]).await.unwrap_err();
    assert_eq!(refused, GuardedError::Changed("/esker/sessions/1".into()));
    let back = give(one.key, 0, moved.modified, 6);
    meta.move_shards(two.key, &[back]).await.unwrap_err();
    let gone = SessionKey { session: SessionId(1), ..one.key };
    let refused = meta.hand_over(gone, ShardId(0), Epoch(5), two.key, &[]).await.unwrap_err();
    assert_eq!(refused, GuardedError::SessionLost(gone));
}
