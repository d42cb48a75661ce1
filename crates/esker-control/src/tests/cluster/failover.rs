//! Deaths, of brokers and of controllers, and what the others make of them.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use esker_core::{BrokerId, FrameIndex, Mode, ShardId, StoreId};
use esker_meta::{Ambiguous, Authority, GuardedError, StoreRecord, StoreState};

use super::{
    super::world::Life,
    world::{Broker, SHARDS, TTL, World, store_of},
};

/// So many brokers, with evenly spread shards and a frame in each.
async fn cluster(seed: u64, brokers: i32) -> (World, Vec<Arc<Broker>>) {
    let world = World::new(seed).await;
    let mut running = Vec::new();
    for broker in 1..=brokers {
        running.push(world.start(broker).await);
    }
    world.even(brokers as usize).await;
    write_everywhere(&world).await;
    (world, running)
}

/// A frame for each shard, by whoever owns it.
async fn write_everywhere(world: &World) {
    for shard in (0..SHARDS).map(ShardId) {
        let mut acked = 0;
        for broker in world.running() {
            // Its view may be behind.
            let owner = world.shards().await[&shard].owned_by();
            if owner == Some(broker.session.key()) {
                broker.membership.wait_until(|view| view.owner(shard).map(|live| live.key) == owner).await;
                acked += u32::from(broker.append(world, shard).await);
            }
        }
        assert_eq!(acked, 1, "shard {shard}");
    }
}

fn controller(world: &World) -> Arc<Broker> {
    world.running().into_iter().find(|broker| broker.controller.is_elected()).expect("there is one")
}

fn others(world: &World) -> Vec<Arc<Broker>> {
    world.running().into_iter().filter(|broker| !broker.controller.is_elected()).collect()
}

/// The stores of the broker's first ledger.
async fn copyset(world: &World, broker: &Broker) -> Vec<StoreId> {
    let ledgers = world.shared.meta.list_ledgers(broker.session.key().broker).await.unwrap();
    ledgers[0].record.copyset.clone()
}

/// Two brokers of which neither holds what the other writes.
async fn apart(world: &World) -> (Arc<Broker>, Arc<Broker>) {
    for one in world.running() {
        for other in world.running() {
            let store = |broker: &Broker| store_of(broker.session.key().broker.0);
            let holds = copyset(world, &one).await.contains(&store(&other))
                || copyset(world, &other).await.contains(&store(&one));
            if !holds {
                return (one, other);
            }
        }
    }
    panic!("there are six brokers, and each uses two others");
}

#[tokio::test(start_paused = true)]
async fn a_dead_brokers_shards_go_to_both_survivors_with_what_it_wrote() {
    let (world, _) = cluster(1, 3).await;
    let victim = others(&world).remove(0);
    let before = world.shards().await;
    let written: BTreeSet<_> = world
        .shared
        .disks
        .acked
        .lock()
        .keys()
        .copied()
        .filter(|id| id.broker == victim.session.key().broker)
        .collect();
    assert!(!written.is_empty());
    world.kill(&victim);
    world.settled().await;
    let after = world.shards().await;
    let mut heirs = BTreeSet::new();
    for (id, shard) in &after {
        if before[id].owned_by() == Some(victim.session.key()) {
            heirs.insert(shard.owner.unwrap());
            assert_eq!(shard.epoch, before[id].epoch.next().unwrap());
            assert!(shard.pending.is_superset(&written), "shard {id}");
        } else {
            assert_eq!(shard, &before[id], "nobody else's shards were touched");
        }
    }
    assert_eq!(heirs.len(), 2);
    world.even(2).await;
    world.check().await;
}

#[tokio::test(start_paused = true)]
async fn two_dead_brokers_of_five_are_recovered_at_once() {
    let (world, _) = cluster(2, 6).await;
    let (one, other) = apart(&world).await;
    world.kill(&one);
    world.kill(&other);
    world.settled().await;
    world.check().await;
    world.even(4).await;
}

#[tokio::test(start_paused = true)]
async fn the_controllers_own_death_is_recovered_by_another() {
    let (world, _) = cluster(3, 3).await;
    let dead = controller(&world);
    world.kill(&dead);
    world.settled().await;
    assert_ne!(controller(&world).session.key(), dead.session.key());
    world.check().await;
}

/// How a controller that dies after `steps` more steps leaves a recovery to its successor. Whether it died before the
/// end of it.
async fn cut(steps: u64, lost_answers: bool) -> bool {
    let world = World::new(steps).await;
    let life = Life::steps(u64::MAX);
    let first = world.start_with(1, Arc::clone(&life)).await;
    first.membership.wait_until(|view| view.standing_controller().is_some()).await;
    let victim = world.start(2).await;
    world.start(3).await;
    world.start(4).await;
    world.even(4).await;
    write_everywhere(&world).await;
    assert!(first.controller.is_elected());
    world.kill(&victim);
    world.until("the lease ends", |view| view.session(victim.session.key()).is_none()).await;
    if lost_answers {
        first.memory.faults().lose_next_answer(Ambiguous::Late(Duration::from_millis(700)));
    }
    life.limit(steps);
    let mut ended = false;
    for _ in 0..40 {
        world.env.clock.sleep(Duration::from_millis(10)).await;
        world.check().await;
        ended = world.shards().await.values().all(|shard| shard.owned_by() != Some(victim.session.key()));
    }
    let died = !ended;
    world.kill(&first);
    // Its store is needed.
    world.start(1).await;
    world.settled().await;
    world.check().await;
    died
}

#[tokio::test(start_paused = true)]
async fn a_controller_can_die_at_every_step_of_a_recovery() {
    for lost_answers in [false, true] {
        let mut cuts = 0;
        while cut(cuts, lost_answers).await {
            cuts += 1;
            assert!(cuts < 100, "a recovery has fewer steps");
        }
        assert!(cuts >= 5, "a recovery has more steps than {cuts}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_starts_again_races_the_controller_to_the_same_end() {
    for delay in [0, 5, 500, 2900, 2995, 3000, 3005, 3100] {
        let (world, _) = cluster(4, 3).await;
        let victim = others(&world).remove(0);
        let id = victim.session.key().broker.0;
        world.kill(&victim);
        world.env.clock.sleep(Duration::from_millis(delay)).await;
        world.start(id).await;
        world.settled().await;
        world.check().await;
        world.even(3).await;
        world.check().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_controller_without_its_session_or_its_election_commits_nothing() {
    let (world, _) = cluster(5, 3).await;
    let old = controller(&world);
    let elected = world.shared.meta.controller().await.unwrap().unwrap();
    let other = others(&world).remove(0);
    // Nobody tells it, and it goes on as if nothing had happened.
    world.shared.meta.fence_by(other.session.key(), old.session.key()).await.unwrap();
    let refused = old.meta.set_store_state(elected, store_of(1), StoreState::Draining).await;
    assert_eq!(refused, Err(GuardedError::SessionLost(old.session.key())));
    world
        .until("another is elected", |view| {
            view.standing_controller().is_some_and(|live| live.key != old.session.key())
        })
        .await;
    world.settled().await;
    let now = world.shared.meta.controller().await.unwrap().unwrap();
    let deposed = Authority { session: now.session, controller: Some(elected.elected) };
    let refused = old.meta.set_store_state(deposed, store_of(1), StoreState::Draining).await;
    assert_eq!(refused, Err(GuardedError::Changed("/esker/controller".into())));
    world.check().await;
}

#[tokio::test(start_paused = true)]
async fn a_blocked_recovery_says_why_holds_up_nobody_else_and_ends_when_the_store_returns() {
    let (world, _) = cluster(6, 6).await;
    // One broker and the second of its ledger's stores, whose own ledger is elsewhere.
    let mut gone = None;
    for victim in world.running() {
        let second = copyset(&world, &victim).await[1];
        for other in world.running() {
            let serves = store_of(other.session.key().broker.0) == second;
            let mine = store_of(victim.session.key().broker.0);
            if serves && !copyset(&world, &other).await.contains(&mine) {
                gone = Some((Arc::clone(&victim), other));
            }
        }
    }
    let (victim, other) = gone.expect("not every pair holds each other's");
    let copyset = copyset(&world, &victim).await;
    let ledgers = world.shared.meta.list_ledgers(victim.session.key().broker).await.unwrap();
    let dead = victim.session.key();
    let before = world.shards().await;
    world.kill(&victim);
    world.kill(&other);
    world.env.clock.sleep(Duration::from_secs(20)).await;
    let status = controller(&world).controller.status().await.unwrap();
    let its = before.iter().filter(|(_, shard)| shard.owned_by() == Some(dead)).map(|(id, _)| *id);
    assert_eq!(status.ownerless, its.collect::<Vec<_>>(), "the other dead broker's shards are served");
    let blocked = &status.blocked[0];
    assert_eq!((blocked.writer, blocked.ledger), (dead, ledgers[0].record.id));
    assert_eq!(blocked.missing.iter().collect::<BTreeSet<_>>(), copyset[..2].iter().collect());
    assert_eq!(blocked.shards, status.ownerless);
    assert!(blocked.why.contains("1 of 2"), "{blocked}");
    world.check().await;
    // One of the two is enough.
    world.start(other.session.key().broker.0).await;
    world.settled().await;
    world.check().await;
    assert!(controller(&world).controller.blocked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_operator_can_end_a_blocked_recovery_knowing_what_is_lost() {
    let (world, _) = cluster(7, 4).await;
    let victim = others(&world).remove(0);
    let ledger = world.shared.meta.list_ledgers(victim.session.key().broker).await.unwrap().remove(0).record;
    for broker in world.running() {
        if ledger.copyset[..2].contains(&store_of(broker.session.key().broker.0)) {
            world.kill(&broker);
        }
    }
    world.env.clock.sleep(TTL * 4).await;
    let operator = world.running().remove(0);
    let loss = operator.session.assess_loss(ledger.id).await.unwrap();
    assert_eq!(loss.missing.iter().collect::<BTreeSet<_>>(), ledger.copyset[..2].iter().collect());
    assert_eq!((loss.answers.len(), loss.needed), (1, 2));
    let tail = world.shared.disks.holds(ledger.copyset[2], ledger.id).map_or(0, |held| held.tail);
    assert_eq!(loss.end, FrameIndex(tail));
    assert!(!loss.shards.is_empty());
    let dead = victim.session.key();
    operator.session.accept_loss(&loss).await.unwrap();
    let named = |view: &esker_meta::MembershipView| {
        view.shards.values().any(|shard| shard.record.owned_by() == Some(dead))
    };
    world.until("the recovery goes on", |view| !named(view)).await;
    let again = operator.session.assess_loss(ledger.id).await.unwrap_err();
    assert!(again.to_string().contains("sealed"), "{again}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_fences_at_once_and_silence_does_not() {
    for (silent, suspect_controller) in [(false, false), (false, true), (true, false)] {
        let (world, _) = cluster(8, 3).await;
        let victim = if suspect_controller { controller(&world) } else { others(&world).remove(0) };
        let id = victim.session.key().broker;
        world.kill(&victim);
        if silent {
            world.shared.silent.lock().insert(id);
        }
        let died = world.env.clock.now();
        world.running().iter().for_each(|broker| broker.controller.suspect(id, "connection reset"));
        world.settled().await;
        let took = world.env.clock.now() - died;
        assert_eq!(took > Duration::from_secs(1), silent, "{took:?}");
        world.check().await;
    }
}

#[tokio::test(start_paused = true)]
async fn records_of_replaced_stores_go_once_no_ledger_names_them() {
    let (world, running) = cluster(12, 3).await;
    let store = |id, broker| StoreRecord {
        id: StoreId::from_random([id; 16]),
        broker: BrokerId(broker),
        state: StoreState::Active,
    };
    let (replaced, named, away) = (store(77, 1), store(78, 1), store(79, 99));
    let session = &running[0].session;
    for record in [&replaced, &named, &away] {
        world.shared.meta.put_store(session.key(), record).await.unwrap();
    }
    session.open_lane(Mode::Received, vec![store_of(1), named.id], 1).await.unwrap();
    world.until("a store is forgotten", |view| !view.stores.contains_key(&replaced.id)).await;
    world.env.clock.sleep(Duration::from_secs(30)).await;
    let left: BTreeSet<_> =
        world.shared.meta.store_records().await.unwrap().iter().map(|record| record.id).collect();
    assert_eq!(left, [store_of(1), store_of(2), store_of(3), named.id, away.id].into());
}

#[tokio::test(start_paused = true)]
async fn a_living_broker_that_is_suspected_stays() {
    let (world, running) = cluster(9, 3).await;
    let before = world.shards().await;
    for broker in &running {
        (1..=3).for_each(|id| broker.controller.suspect(BrokerId(id), "connection reset"));
    }
    world.env.clock.sleep(Duration::from_secs(5)).await;
    assert_eq!(world.shards().await, before);
}

#[tokio::test(start_paused = true)]
async fn ledgers_of_the_dead_are_forgotten_when_no_shard_needs_them_and_by_every_store() {
    let (world, _) = cluster(10, 4).await;
    let victim = others(&world).remove(0);
    let dead = victim.session.key();
    world.kill(&victim);
    world.settled().await;
    world.even(3).await;
    world.env.clock.sleep(Duration::from_secs(30)).await;
    world.check().await;
    assert_eq!(world.shared.meta.list_ledgers(dead.broker).await.unwrap().len(), 1, "it is needed");
    let ledger = world.shared.meta.list_ledgers(dead.broker).await.unwrap().remove(0).record;
    for broker in world.running() {
        for shard in (0..SHARDS).map(ShardId) {
            world.offload(&broker, shard).await;
        }
    }
    world.env.clock.sleep(Duration::from_secs(30)).await;
    assert_eq!(world.shared.meta.list_ledgers(dead.broker).await.unwrap(), []);
    // The dead broker's own store finds out when it is back.
    world.start(dead.broker.0).await;
    world.env.clock.sleep(Duration::from_secs(5)).await;
    for store in ledger.copyset {
        assert!(world.shared.disks.holds(store, ledger.id).is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_gives_itself_up_does_not_live_on_as_the_controller() {
    let (world, _) = cluster(11, 3).await;
    let old = controller(&world);
    let id = world.shared.meta.list_ledgers(old.session.key().broker).await.unwrap()[0].record.id;
    // A roll without an outcome (rule W4).
    old.memory.faults().set_unreachable(true);
    old.session.roll_lane(id, FrameIndex(9), vec![store_of(1)], 1).await.unwrap_err();
    old.memory.faults().set_unreachable(false);
    world.until("it is over", |view| view.session(old.session.key()).is_none()).await;
    world.kill(&old);
    world.settled().await;
    world.check().await;
}
