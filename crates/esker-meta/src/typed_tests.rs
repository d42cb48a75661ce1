//! The typed transactions over an in-memory store.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use esker_core::{BrokerId, Epoch, FrameIndex, Mode, SessionId, ShardId, StoreId};
use esker_env::Env;

use crate::*;

const TTL: Duration = Duration::from_secs(3);

fn memory() -> (MemoryMeta, Meta) {
    let env = Env::real();
    let store = MemoryMeta::new(env.clone());
    let meta = Meta::new(Arc::new(store.clone()), Keys::new("/esker").unwrap(), env);
    (store, meta)
}

fn session(broker: i32) -> SessionRecord {
    SessionRecord {
        broker: BrokerId(broker),
        endpoints: vec![Endpoint { listener: "kafka".into(), host: "localhost".into(), port: 9092 }],
        rack: None,
        store: StoreId::from_random([1; 16]),
    }
}

fn new_ledger() -> NewLedger {
    NewLedger { mode: Mode::Fsync, copyset: vec![StoreId::from_random([1; 16])], write_quorum: 1 }
}

fn new_topic(name: &str) -> NewTopic {
    NewTopic { name: name.into(), partitions: 3, replication_factor: 1, configs: BTreeMap::new() }
}

fn claim(session: SessionKey, shard: u32) -> ShardMove {
    let to = ShardRecord {
        owner: Some(session.broker),
        session: session.session,
        epoch: Epoch(0),
        pending: [].into(),
    };
    ShardMove { shard: ShardId(shard), expect: Revision::NONE, to }
}

#[tokio::test]
async fn a_cluster_is_created_once() {
    let (store, meta) = memory();
    store.faults().lose_next_answer(Ambiguous::Applied);
    let cluster = meta.create_or_load_cluster(8).await.unwrap();
    assert_eq!(meta.create_or_load_cluster(256).await.unwrap(), cluster);
    assert_eq!(cluster.shards, 8);
}

#[tokio::test]
async fn a_broker_has_one_session_and_a_fenced_one_can_do_nothing() {
    let (_, meta) = memory();
    let first = meta.open_session(&session(1), TTL).await.unwrap();
    let refused = meta.open_session(&session(1), TTL).await.unwrap_err();
    assert!(matches!(&refused, OpenSessionError::Alive(live) if live.key == first.key), "{refused}");
    meta.fence(first.key).await.unwrap();
    assert_eq!(meta.keep_alive(&first).await, Err(MetaError::LeaseGone(first.lease)));
    let second = meta.open_session(&session(1), TTL).await.unwrap();
    assert!(second.key.session > first.key.session);
    let lost = GuardedError::SessionLost(first.key);
    assert_eq!(meta.create_ledger(first.key, &new_ledger()).await, Err(lost.clone()));
    assert_eq!(meta.move_shards(first.key, &[claim(first.key, 0)]).await, Err(lost));
    meta.fence(first.key).await.unwrap();
    assert!(
        meta.session_stands(second.key).await.unwrap(),
        "fencing the first again leaves the second alone"
    );
}

#[tokio::test]
async fn ledgers_are_numbered_rolled_sealed_and_deleted() {
    let (store, meta) = memory();
    let mine = meta.open_session(&session(1), TTL).await.unwrap().key;
    let first = meta.create_ledger(mine, &new_ledger()).await.unwrap();
    for outcome in [Ambiguous::Applied, Ambiguous::Lost] {
        store.faults().lose_next_answer(outcome);
    }
    let second = meta.roll_ledger(mine, &first, FrameIndex(7), &new_ledger()).await.unwrap();
    let refused = meta.roll_ledger(mine, &first, FrameIndex(9), &new_ledger()).await.unwrap_err();
    assert!(matches!(refused, GuardedError::Changed(_)), "{refused}");
    let ledgers = meta.list_ledgers(BrokerId(1)).await.unwrap();
    assert_eq!(ledgers.len(), 2);
    assert_eq!(ledgers[0].record.end(), Some(FrameIndex(7)));
    assert_eq!((ledgers[1].clone(), ledgers[1].record.id.number), (second.clone(), 1));
    let sealed = meta.seal_ledger(mine, &second, FrameIndex(3)).await.unwrap();
    let again = meta.seal_ledger(mine, &second, FrameIndex(4)).await.unwrap();
    assert_eq!(sealed, again, "the first seal wins");
    meta.delete_ledgers(mine, &[ledgers[0].clone(), sealed]).await.unwrap();
    assert_eq!(meta.list_ledgers(BrokerId(1)).await.unwrap(), []);
}

#[tokio::test]
async fn a_manifest_commit_needs_session_epoch_and_pointer() {
    let (store, meta) = memory();
    let mine = meta.open_session(&session(1), TTL).await.unwrap().key;
    let ledger = meta.create_ledger(mine, &new_ledger()).await.unwrap().record.id;
    let mut first = claim(mine, 5);
    first.to.pending.insert(ledger);
    meta.move_shards(mine, &[first]).await.unwrap();
    let shard = ShardId(5);
    let guard = ManifestGuard { session: mine, epoch: Epoch(0), pointer: Revision::NONE };
    for outcome in [Ambiguous::Lost, Ambiguous::Applied] {
        store.faults().lose_next_answer(outcome);
    }
    let one = meta.commit_manifest(shard, guard, Bytes::from_static(b"one"), &[ledger]).await.unwrap();
    assert_eq!(meta.read_manifest(shard).await.unwrap(), Some((Bytes::from_static(b"one"), one)));
    assert!(meta.shard(shard).await.unwrap().unwrap().record.pending.is_empty());
    let two = Bytes::from_static(b"two");
    assert_eq!(
        meta.commit_manifest(shard, guard, two.clone(), &[]).await,
        Err(CommitRefused::PointerMoved { shard, now: one })
    );
    let stale = ManifestGuard { epoch: Epoch(1), pointer: one, ..guard };
    let refused = meta.commit_manifest(shard, stale, two.clone(), &[]).await;
    assert!(matches!(refused, Err(CommitRefused::Fenced { now: Some(Epoch(0)), .. })), "{refused:?}");
    meta.fence(mine).await.unwrap();
    let guard = ManifestGuard { pointer: one, ..guard };
    assert_eq!(meta.commit_manifest(shard, guard, two, &[]).await, Err(CommitRefused::SessionLost(mine)));
}

#[tokio::test]
async fn shards_move_in_few_transactions() {
    let (_, meta) = memory();
    let mine = meta.open_session(&session(1), TTL).await.unwrap().key;
    let moves: Vec<_> = (0..300).map(|shard| claim(mine, shard)).collect();
    let moved = meta.move_shards(mine, &moves).await.unwrap();
    let revisions: std::collections::BTreeSet<_> = moved.iter().map(|(_, record)| record.modified).collect();
    assert_eq!(revisions.len(), 3);
    let listed = meta.list_shards().await.unwrap();
    assert_eq!(listed.into_iter().collect::<Vec<_>>(), moved);
    assert!(matches!(meta.move_shards(mine, &moves[..1]).await, Err(GuardedError::Changed(_))));
}

#[tokio::test]
async fn topics_are_created_changed_and_deleted() {
    let (store, meta) = memory();
    store.faults().lose_next_answer(Ambiguous::Applied);
    let topic = meta.create_topic(&new_topic("a")).await.unwrap();
    assert_eq!(topic.record.number.0, 1);
    assert_eq!(meta.create_topic(&new_topic("a")).await, Err(TopicError::TopicExists("a".into())));
    assert!(matches!(meta.create_topic(&new_topic("a/b")).await, Err(TopicError::InvalidName { .. })));
    let grown = meta.add_partitions(&topic, 5).await.unwrap();
    assert_eq!(meta.add_partitions(&topic, 6).await, Err(TopicError::Changed("a".into())));
    assert!(matches!(meta.add_partitions(&grown, 5).await, Err(TopicError::InvalidPartitions { .. })));
    let configs = BTreeMap::from([("retention.ms".to_owned(), "1".to_owned())]);
    let configured = meta.set_topic_configs(&grown, configs).await.unwrap();
    assert_eq!(meta.topic("a").await.unwrap(), Some(configured.clone()));
    store.faults().lose_next_answer(Ambiguous::Applied);
    meta.delete_topic(&configured).await.unwrap();
    assert_eq!(meta.delete_topic(&configured).await, Err(TopicError::UnknownTopic("a".into())));
    assert_eq!(meta.create_topic(&new_topic("a")).await.unwrap().record.number.0, 2);
}

#[tokio::test]
async fn producer_ids_come_in_blocks_and_never_twice() {
    let (store, meta) = memory();
    let (one, other) = (ProducerIds::new(meta.clone()), ProducerIds::new(meta));
    assert_eq!(one.next().await.unwrap().0, 0);
    store.faults().lose_next_answer(Ambiguous::Applied);
    assert_eq!(other.next().await.unwrap().0, 2000, "the block whose reservation was lost is skipped");
    for expected in 1..1000 {
        assert_eq!(one.next().await.unwrap().0, expected);
    }
    assert_eq!(one.next().await.unwrap().0, 3000);
}

#[tokio::test]
async fn the_catalog_follows_and_lists_again_after_a_gap() {
    let env = Env::real();
    let store = MemoryMeta::with_history(env.clone(), HistoryLimit { events: 4, bytes: 1 << 20 });
    let keys = Keys::new("").unwrap();
    let meta = Meta::new(Arc::new(store.client()), keys.clone(), env.clone());
    let old = meta.create_topic(&new_topic("old")).await.unwrap();
    let catalog = Catalog::start(Meta::new(Arc::new(store.clone()), keys, env)).await.unwrap();
    assert_eq!(catalog.by_name("old").as_deref(), Some(&old));
    let new = meta.create_topic(&new_topic("new")).await.unwrap();
    catalog.reached(new.modified).await;
    assert_eq!(catalog.by_id(new.record.id).as_deref(), Some(&new));
    assert_eq!(catalog.by_number(new.record.number).as_deref(), Some(&new));
    // Cut off while more happens than the history keeps.
    store.faults().set_unreachable(true);
    meta.delete_topic(&old).await.unwrap();
    let mut last = new;
    for name in ["c", "d", "e", "f"] {
        last = meta.create_topic(&new_topic(name)).await.unwrap();
    }
    assert!(!catalog.is_dropped(old.record.number) && !catalog.is_dropped(last.record.number));
    store.faults().set_unreachable(false);
    catalog.reached(last.modified).await;
    let names: Vec<_> = catalog.all().iter().map(|topic| topic.record.name.clone()).collect();
    assert_eq!(names, ["c", "d", "e", "f", "new"]);
    assert!(catalog.is_dropped(old.record.number) && !catalog.is_dropped(last.record.number));
    assert_eq!(catalog.by_name("old"), None);
}

#[test]
fn a_session_that_is_over_is_named_in_the_error() {
    let key = SessionKey { broker: BrokerId(4), session: SessionId(9) };
    assert_eq!(GuardedError::SessionLost(key).to_string(), "broker 4 session 9 is over");
}
