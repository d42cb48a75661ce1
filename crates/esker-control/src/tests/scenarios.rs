//! What a broker's start promises, one promise per test.

use std::time::Duration;

use esker_core::{Action, Classified, FrameIndex, Mode, ShardId, StoreId};
use esker_meta::{GuardedError, NewLedger};

use super::world::{BROKER, Life, SHARDS, World};
use crate::{StartError, StartOptions};

#[tokio::test]
async fn the_first_start_claims_every_shard() {
    let mut world = World::new().await;
    let process = world.start_well().await;
    assert!(process.session.shards().iter().all(|(_, shard)| shard.epoch.0 == 0 && shard.pending.is_empty()));
    assert_eq!(world.meta.store_records().await.unwrap()[0].id, world.directory.id);
    assert!(!*process.session.lost().borrow());
}

#[tokio::test]
async fn a_killed_broker_finds_its_ledgers_pending() {
    let mut world = World::new().await;
    let mut process = world.start_well().await;
    for mode in [Mode::Fsync, Mode::Received] {
        world.append(&mut process, mode, ShardId(3)).await;
    }
    world.append(&mut process, Mode::Fsync, ShardId(129)).await;
    world.kill(process);
    let process = world.start_well().await;
    let shards = process.session.shards();
    assert_eq!((shards[3].1.pending.len(), shards[129].1.epoch.0), (2, 1));
}

#[tokio::test]
async fn starts_that_fail_after_opening_their_lanes_leave_no_ledgers() {
    let mut world = World::new().await;
    let mut process = world.start_well().await;
    world.append(&mut process, Mode::Fsync, ShardId(3)).await;
    world.kill(process);
    for _ in 0..5 {
        let process = world.start_well().await;
        for mode in [Mode::Fsync, Mode::Received, Mode::Throughput] {
            process.session.open_lane(mode, vec![world.directory.id], 1).await.unwrap();
        }
        world.kill(process);
    }
    let process = world.start_well().await;
    assert_eq!(process.session.shards()[3].1.pending.len(), 1);
    assert_eq!(world.meta.list_ledgers(BROKER).await.unwrap().len(), 1);
    assert_eq!(world.directory.ledgers().len(), 1);
}

#[tokio::test]
async fn a_drained_broker_starts_on_a_blank_log_directory() {
    let mut world = World::new().await;
    let mut process = world.start_well().await;
    world.append(&mut process, Mode::Fsync, ShardId(3)).await;
    world.kill(process);
    // With ledgers of an earlier session still pending, and one of its own.
    let mut process = world.start_well().await;
    world.append(&mut process, Mode::Throughput, ShardId(5)).await;
    world.stop(process, true).await;
    assert_eq!(world.meta.list_ledgers(BROKER).await.unwrap(), []);
    world.blank_directory();
    let process = world.start_well().await;
    assert!(process.session.losses().is_empty());
}

#[tokio::test]
async fn a_lost_log_directory_with_bytes_that_are_owed_refuses_the_start_until_the_loss_is_accepted() {
    let mut world = World::new().await;
    let mut process = world.start_well().await;
    for shard in [3, 4, 7] {
        world.append(&mut process, Mode::Fsync, ShardId(shard)).await;
    }
    world.stop(process, false).await;
    let gone = world.directory.id;
    world.blank_directory();
    let options = world.options();
    let refused = world.start(Life::steps(u64::MAX), options.clone()).await.map(drop).unwrap_err();
    assert_eq!(refused.action(), Action::Operator);
    let text = refused.to_string();
    for part in ["ledger 1/0 (fsync)", "shards 0-129", &gone.to_string(), "accept-lost-stores"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(world.meta.session(BROKER).await.unwrap(), None, "a refused start leaves no session");
    // Refused again, and nothing was given up meanwhile.
    let again = world.start(Life::steps(u64::MAX), options.clone()).await.map(drop).unwrap_err();
    assert_eq!(again, refused);
    let accepting = StartOptions { accept_lost_stores: true, ..options };
    let process = world.start(Life::steps(u64::MAX), accepting).await.unwrap();
    assert_eq!(process.session.losses().len(), 1);
    world.owed.clear();
    world.kill(process);
    let process = world.start_well().await;
    assert!(process.session.losses().is_empty(), "accepted once is enough");
}

#[tokio::test]
async fn a_session_that_was_fenced_is_lost_and_can_do_nothing() {
    let mut world = World::new().await;
    let process = world.start_well().await;
    let mut lost = process.session.lost();
    world.meta.fence(process.session.key()).await.unwrap();
    let refused = process.session.open_lane(Mode::Fsync, vec![world.directory.id], 1).await.unwrap_err();
    assert_eq!(refused, GuardedError::SessionLost(process.session.key()));
    lost.wait_for(|lost| *lost).await.unwrap();
}

#[tokio::test]
async fn the_renewal_notices_that_the_session_is_over() {
    let mut world = World::new().await;
    let options = StartOptions { session_ttl: Duration::from_millis(300), ..world.options() };
    let process = world.start(Life::steps(u64::MAX), options).await.unwrap();
    world.meta.fence(process.session.key()).await.unwrap();
    process.session.lost().wait_for(|lost| *lost).await.unwrap();
}

#[tokio::test]
async fn an_unreachable_metadata_store_ends_no_session() {
    let mut world = World::new().await;
    let options = StartOptions { session_ttl: Duration::from_millis(300), ..world.options() };
    let process = world.start(Life::steps(u64::MAX), options).await.unwrap();
    world.memory.set_down(true);
    world.env.clock.sleep(Duration::from_millis(700)).await;
    assert!(!*process.session.lost().borrow());
    world.memory.set_down(false);
    world.meta.fence(process.session.key()).await.unwrap();
    process.session.lost().wait_for(|lost| *lost).await.unwrap();
}

#[tokio::test]
async fn a_living_broker_with_the_same_id_is_left_alone() {
    let mut world = World::new().await;
    let options = StartOptions { session_ttl: Duration::from_millis(400), ..world.options() };
    let process = world.start(Life::steps(u64::MAX), options.clone()).await.unwrap();
    let other = StartOptions { store: StoreId::from_random([9; 16]), ..options };
    let refused = world.start(Life::steps(u64::MAX), other).await.map(drop).unwrap_err();
    assert!(matches!(refused, StartError::BrokerIdInUse { broker: BROKER, .. }), "{refused}");
    assert!(world.meta.session_stands(process.session.key()).await.unwrap());
    assert!(!*process.session.lost().borrow());
}

#[tokio::test]
async fn a_lane_has_one_open_ledger_also_after_a_lost_answer() {
    let mut world = World::new().await;
    let process = world.start_well().await;
    let copyset = vec![world.directory.id];
    let lane = || process.session.open_lane(Mode::Fsync, copyset.clone(), 1);
    let (a, b) = tokio::join!(lane(), lane());
    assert_eq!(a.unwrap(), b.unwrap());
    assert_eq!(world.meta.list_ledgers(BROKER).await.unwrap().len(), 1);
    // As an attempt leaves it whose answer was lost for good: created, and nobody knows.
    let new = NewLedger { mode: Mode::Received, copyset: copyset.clone(), write_quorum: 1 };
    let created = world.meta.create_ledger(process.session.key(), &new).await.unwrap();
    let opened = process.session.open_lane(Mode::Received, copyset.clone(), 1).await.unwrap();
    assert_eq!(opened, created.record);
}

#[tokio::test]
async fn what_a_store_holds_of_a_forgotten_ledger_goes_at_the_next_start() {
    let mut world = World::new().await;
    let mut process = world.start_well().await;
    world.append(&mut process, Mode::Fsync, ShardId(3)).await;
    // A stop that is cut after the descriptor went and before the store heard of it.
    world.offload(&process, ShardId(3)).await;
    let key = process.session.key();
    let ledger = world.meta.list_ledgers(BROKER).await.unwrap().remove(0);
    let sealed = world.meta.seal_ledger(key, &ledger, FrameIndex(1)).await.unwrap();
    world.meta.delete_ledgers(key, &[sealed]).await.unwrap();
    assert_eq!(world.directory.ledgers(), [ledger.record.id]);
    world.kill(process);
    world.start_well().await;
    assert_eq!(world.directory.ledgers(), []);
}

#[tokio::test]
async fn a_ledger_is_kept_while_a_shard_names_the_session_that_wrote_it() {
    let mut world = World::new().await;
    let mut process = world.start_well().await;
    world.append(&mut process, Mode::Fsync, ShardId(0)).await;
    world.kill(process);
    // Dies in the middle of its recovery: after the first of two transactions that move shards. Sealing the ledger
    // first makes the starts after it alike.
    let ledger = world.meta.list_ledgers(BROKER).await.unwrap().remove(0);
    world.meta.seal_ledger(ledger.record.writer(), &ledger, FrameIndex(1)).await.unwrap();
    for steps in 1.. {
        let options = world.options();
        world.start(Life::steps(steps), options).await.map(drop).unwrap_err();
        let shards = world.meta.list_shards().await.unwrap();
        let moved = shards.values().filter(|shard| !shard.record.pending.is_empty()).count();
        assert!(moved < SHARDS as usize);
        if moved > 0 {
            break;
        }
    }
    // Whoever cleans up now must leave the ledger alone for the sake of the shards that were not moved.
    let other = esker_meta::SessionRecord {
        broker: BROKER,
        endpoints: Vec::new(),
        rack: None,
        store: StoreId::from_random([9; 16]),
    };
    world.meta.fence(world.meta.session(BROKER).await.unwrap().unwrap().key).await.unwrap();
    let cleaner = world.meta.open_session(&other, Duration::from_secs(60)).await.unwrap();
    for (id, shard) in world.meta.list_shards().await.unwrap() {
        if !shard.record.pending.is_empty() {
            let cleared = esker_meta::ShardRecord {
                pending: [].into(),
                owner: Some(BROKER),
                session: cleaner.key.session,
                ..shard.record
            };
            let to = esker_meta::ShardMove { shard: id, expect: shard.modified, to: cleared };
            world.meta.move_shards(cleaner.key, &[to]).await.unwrap();
        }
    }
    let stores = NoStores;
    let kept = crate::cleanup::forget_own_unneeded(&world.meta, &stores, cleaner.key).await.unwrap();
    assert_eq!((kept, world.meta.list_ledgers(BROKER).await.unwrap().len()), (0, 1));
}

/// Nothing may be asked of these.
pub(super) struct NoStores;

impl crate::Ledgers for NoStores {
    fn reachable(&self) -> std::collections::BTreeSet<StoreId> {
        unreachable!()
    }

    fn recover(
        &self,
        _: esker_meta::LedgerRecord,
        _: bool,
    ) -> esker_env::BoxFuture<'_, Result<FrameIndex, crate::LedgerError>> {
        unreachable!()
    }

    fn survey(
        &self,
        _: esker_meta::LedgerRecord,
    ) -> esker_env::BoxFuture<'_, Vec<(StoreId, Result<crate::Holding, String>)>> {
        unreachable!()
    }

    fn forget(
        &self,
        _: esker_core::LedgerId,
        _: Vec<StoreId>,
    ) -> esker_env::BoxFuture<'_, Result<(), crate::LedgerError>> {
        unreachable!()
    }

    fn own(&self) -> StoreId {
        unreachable!()
    }

    fn held(&self) -> Vec<esker_core::LedgerId> {
        unreachable!()
    }
}
