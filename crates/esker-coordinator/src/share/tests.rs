//! Share partitions on a log in memory: what is answered is durable, and what a broker that is gone leaves is taken up.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{sync::Arc, time::Duration};

use esker_core::{Epoch, PartitionId, TopicNumber};
use esker_env::Env;
use esker_kafka_wire::KString;
use esker_share::{Ack, AckBatch, Acquired, Member, Mode, Release, Snapshot, Span, StoredBatch, StoredState};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{
    record::{Decoded, Written, decode, record, tombstone, update},
    *,
};
use crate::{MemoryTopic, TopicError, facts::NoFacts, records::Record};

struct OneHome;

impl Homes for OneHome {
    fn home(&self, _: PartitionId) -> Option<u32> {
        Some(0)
    }
}

const ALL: Seek = Seek { log_start: 0, end: i64::MAX, cursor: None, each: false };

struct World {
    topic: MemoryTopic,
    shares: ShareStates,
    watcher: Arc<Notify>,
    _guard: ShareGuard,
}

fn config() -> ShareConfig {
    ShareConfig { max_locks: 1000, ..ShareConfig::default() }
}

fn place(group: &str) -> SharePlace {
    let key = ShareKey { group: KString::from(group), topic: Uuid::from_u128(7), partition: 3 };
    SharePlace { key, data: PartitionId { topic: TopicNumber(1), index: 3 } }
}

fn member(name: &str) -> Member {
    Arc::from(name)
}

fn got(first: i64, last: i64, count: u16) -> Acquired {
    Acquired { first, last, count }
}

impl World {
    fn new() -> Self {
        Self::on(MemoryTopic::new(), config())
    }

    fn on(topic: MemoryTopic, config: ShareConfig) -> Self {
        let parts = (Arc::new(topic.clone()), Arc::new(NoFacts), Arc::new(OneHome), Arc::new(NoDeadLetters));
        let shares = ShareStates::new(config, Env::real(), parts.0, parts.1, parts.2, parts.3);
        let guard = shares.start();
        Self { topic, shares, watcher: Arc::new(Notify::new()), _guard: guard }
    }

    /// Another broker on the same log.
    fn restart(self) -> Self {
        Self::on(self.topic.clone(), config())
    }

    async fn turn(&self, group: &str) -> Turned {
        match self.shares.read(&place(group), ALL, &self.watcher).await.unwrap() {
            Reading::From(turned) => turned,
            Reading::Wait => panic!("not now"),
            Reading::Unknown => panic!("not known"),
        }
    }

    /// Gives out what there is up to `last`.
    async fn take(&self, group: &str, name: &str, last: i64) -> Vec<Acquired> {
        let turned = self.turn(group).await;
        let span = Span { first: turned.from(), last, hidden: false };
        turned.acquire(&member(name), &[span], (500, Mode::Batches)).unwrap()
    }

    async fn say(&self, group: &str, name: &str, first: i64, last: i64, ack: Ack) -> Result<(), ShareError> {
        let acks = [ack];
        let batch = AckBatch { first, last, acks: &acks };
        self.shares.acknowledge(&place(group), name, &[batch]).await
    }

    async fn start_of(&self, group: &str) -> Option<i64> {
        self.shares.describe(&place(group)).await.unwrap().map(|found| found.start)
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_not_given_out_by_the_next_broker() {
    let world = World::new();
    world.shares.initialize(&place("g"), 10).await.unwrap();
    assert_eq!(world.take("g", "a", 19).await, [got(10, 19, 1)]);
    world.say("g", "a", 10, 14, Ack::Accept).await.unwrap();
    world.say("g", "a", 16, 16, Ack::Reject).await.unwrap();
    world.say("g", "a", 18, 18, Ack::Release).await.unwrap();
    let world = world.restart();
    assert_eq!(world.start_of("g").await, Some(15));
    // What was with the member and what it has let go of is there again, with its count.
    assert_eq!(world.take("g", "b", 19).await, [got(15, 15, 2), got(17, 19, 2)]);
    assert_eq!(world.say("g", "a", 15, 15, Ack::Accept).await, Err(ShareError::InvalidRecordState));
}

#[tokio::test]
async fn an_acknowledgement_is_answered_when_it_is_durable() {
    let world = World::new();
    world.shares.initialize(&place("g"), 0).await.unwrap();
    world.take("g", "a", 9).await;
    world.topic.hold();
    let before = world.topic.appends();
    let (shares, all) = (&world.shares, [0_i64, 1, 2, 3, 4]);
    let said = futures::future::join_all(all.map(|offset| async move {
        let batch = AckBatch { first: offset, last: offset, acks: &[Ack::Accept] };
        shares.acknowledge(&place("g"), "a", &[batch]).await
    }));
    tokio::pin!(said);
    let soon = Env::real().timeout(Duration::from_millis(50), &mut said).await;
    assert!(soon.is_err(), "answered before it was durable");
    assert_eq!(world.start_of("g").await, Some(0));
    world.topic.release();
    assert!(said.await.into_iter().all(|result| result.is_ok()));
    assert_eq!(world.start_of("g").await, Some(5));
    assert_eq!(world.topic.appends() - before, 2, "what waits for one write shares the next");
}

#[tokio::test]
async fn what_could_not_be_written_was_not_acknowledged() {
    let world = World::new();
    world.shares.initialize(&place("g"), 0).await.unwrap();
    world.take("g", "a", 9).await;
    world.topic.fail(Some(TopicError::Unavailable("full".to_owned())));
    assert_eq!(world.say("g", "a", 0, 9, Ack::Accept).await, Err(ShareError::Unavailable));
    assert_eq!(world.take("g", "b", 9).await, [got(0, 9, 2)]);
    world.topic.fail(None);
    world.say("g", "b", 0, 9, Ack::Accept).await.unwrap();
    assert_eq!(world.start_of("g").await, Some(10));
}

#[tokio::test]
async fn a_broker_that_has_lost_the_partition_gives_out_and_takes_nothing() {
    let world = World::new();
    world.shares.initialize(&place("g"), 0).await.unwrap();
    world.take("g", "a", 9).await;
    let turned = world.turn("g").await;
    world.topic.own(None);
    assert_eq!(world.say("g", "a", 0, 9, Ack::Accept).await, Err(ShareError::NotLeader));
    let span = Span { first: 10, last: 19, hidden: false };
    let taken = turned.acquire(&member("b"), &[span], (1, Mode::Batches));
    assert_eq!(taken, Err(ShareError::NotLeader));
    world.topic.own(Some(Epoch(2)));
    assert_eq!(world.take("g", "b", 9).await, [got(0, 9, 1)]);
    world.topic.deny();
    assert_eq!(world.shares.confirm(place("g").data).await, Err(ShareError::NotLeader));
}

#[tokio::test]
async fn a_turn_ends_with_the_leader_epoch_in_which_it_was_given() {
    let world = World::new();
    world.shares.initialize(&place("g"), 0).await.unwrap();
    world.take("g", "a", 9).await;
    world.shares.initialize(&place("h"), 0).await.unwrap();
    let (late, dropped) = (world.turn("g").await, world.turn("h").await);
    world.topic.own(Some(Epoch(2)));
    // Led here again, by somebody who knows nothing of what was out.
    let turned = [world.turn("g").await, world.turn("h").await];
    let span = Span { first: 10, last: 19, hidden: false };
    assert_eq!(late.acquire(&member("b"), &[span], (1, Mode::Batches)), Err(ShareError::NotLeader));
    drop(dropped);
    for group in ["g", "h"] {
        let other = world.shares.read(&place(group), ALL, &world.watcher).await;
        assert!(matches!(other, Ok(Reading::Wait)), "{group}: somebody reads still");
    }
    drop(turned);
    assert_eq!(world.take("g", "b", 9).await, [got(0, 9, 1)]);
}

#[tokio::test]
async fn one_reads_at_a_time_and_the_others_are_told() {
    let world = World::new();
    assert!(matches!(world.shares.read(&place("g"), ALL, &world.watcher).await, Ok(Reading::Unknown)));
    world.shares.initialize(&place("g"), 0).await.unwrap();
    // It is there: whoever comes too late changes nothing.
    world.shares.initialize(&place("g"), 50).await.unwrap();
    let turned = world.turn("g").await;
    let other = Arc::new(Notify::new());
    assert!(matches!(world.shares.read(&place("g"), ALL, &other).await, Ok(Reading::Wait)));
    drop(turned);
    other.notified().await;
    world.take("g", "a", 9).await;
    assert!(
        matches!(world.shares.read(&place("g"), ALL, &other).await, Ok(Reading::From(turned)) if turned.from() == 10)
    );
    world.shares.release(&place("g"), "a", Release::Unseen).await;
    other.notified().await;
    assert_eq!(world.take("g", "b", 9).await, [got(0, 9, 1)]);
}

#[tokio::test]
async fn locks_end_by_themselves() {
    let lock = Duration::from_millis(20);
    let world = World::on(MemoryTopic::new(), ShareConfig { lock, max_deliveries: 2, ..config() });
    world.shares.initialize(&place("g"), 0).await.unwrap();
    for count in 1..=2 {
        assert_eq!(world.take("g", "a", 0).await, [got(0, 0, count)]);
        assert!(matches!(world.shares.read(&place("g"), ALL, &world.watcher).await, Ok(Reading::From(_))));
        while world.shares.describe(&place("g")).await.unwrap().unwrap().acquired > 0 {
            world.watcher.notified().await;
        }
    }
    assert_eq!(world.start_of("g").await, Some(1), "given up");
}

#[tokio::test]
async fn an_operator_moves_the_start_and_ends_share_partitions() {
    let world = World::new();
    world.shares.initialize(&place("g"), 0).await.unwrap();
    world.take("g", "a", 9).await;
    world.shares.reset(&place("g"), 5).await.unwrap();
    assert_eq!(
        world.say("g", "a", 6, 6, Ack::Accept).await,
        Err(ShareError::Invalid(esker_share::AckError::Beyond))
    );
    world.shares.reset(&place("h"), 30).await.unwrap();
    assert_eq!(world.shares.of_group(&KString::from("h")).await.unwrap().len(), 1);
    let world = world.restart();
    assert_eq!((world.start_of("g").await, world.start_of("h").await), (Some(5), Some(30)));
    world.shares.end(&place("g")).await.unwrap();
    world.shares.end(&place("g")).await.unwrap();
    world.shares.topics_deleted(&[Uuid::from_u128(7)]);
    while world.start_of("h").await.is_some() {
        tokio::task::yield_now().await;
    }
    let world = world.restart();
    assert_eq!((world.start_of("g").await, world.start_of("h").await), (None, None));
}

#[tokio::test]
async fn state_is_bounded() {
    let world = World::on(MemoryTopic::new(), ShareConfig { max_state: 5 << 10, ..config() });
    let mut made = 0;
    while world.shares.initialize(&place(&format!("g{made}")), 0).await.is_ok() {
        made += 1;
    }
    assert!((2..10).contains(&made), "{made}");
    world.shares.end(&place("g0")).await.unwrap();
    world.shares.initialize(&place("again"), 0).await.unwrap();
    let long = "x".repeat(40_000);
    assert_eq!(world.shares.initialize(&place(&long), 0).await, Err(ShareError::Limit));
}

#[test]
fn records_are_read_back_and_nonsense_is_refused() {
    let batch = StoredBatch { first: 12, last: 20, state: StoredState::Archived, count: 3 };
    let snapshot = Snapshot { state_epoch: 2, start: 10, batches: vec![batch] };
    let key = place("g").key;
    let written = record(&key, &snapshot, Written { number: 4, leader: Epoch(9), now_ms: 1 }).unwrap();
    let read = decode(&written.key, written.value.as_deref()).unwrap();
    assert_eq!(read, Decoded::State(key.clone(), Some((snapshot, 4))));
    let changed = Snapshot { state_epoch: 0, start: 11, batches: vec![batch] };
    let written_change = update(&key, &changed, Written { number: 4, leader: Epoch(9), now_ms: 1 }).unwrap();
    let read = decode(&written_change.key, written_change.value.as_deref()).unwrap();
    assert_eq!(read, Decoded::Update(key.clone(), changed, 4));
    assert_eq!(decode(&written_change.key, None).unwrap(), Decoded::Other);
    let gone = tombstone(&key).unwrap();
    assert_eq!(decode(&gone.key, None).unwrap(), Decoded::State(key, None));
    for cut in 0..written.key.len() {
        assert!(decode(&written.key[..cut], None).is_err());
    }
    assert_eq!(decode(&[0, 2, 0], None).unwrap(), Decoded::Other);
    let value = written.value.unwrap();
    assert!(decode(&written.key, Some(&value[..value.len() - 1])).is_err());
}

/// The figures of decision 0107.
#[test]
fn an_acknowledgement_takes_few_bytes_and_a_snapshot_some_for_each_run() {
    let batch = |first, count| StoredBatch { first, last: first + 8, state: StoredState::Accepted, count };
    let size = |record: Record| record.key.len() + record.value.map_or(0, |value| value.len());
    let written = Written { number: 4, leader: Epoch(9), now_ms: 1 };
    let changed = Snapshot { state_epoch: 0, start: 11, batches: vec![batch(20, 1)] };
    assert_eq!(size(update(&place("g").key, &changed, written).unwrap()), 65);
    let batches = (0..200_000).map(|number| batch(10 * number, 1 + (number % 2) as u16)).collect();
    let all = Snapshot { state_epoch: 0, start: 0, batches };
    let bytes = size(record(&place("g").key, &all, written).unwrap());
    assert_eq!(bytes / 200_000, 20);
}

#[test]
fn durations_are_those_of_iso_8601() {
    let read = |text: &str| match ShareReset::parse(&format!("by_duration:{text}")) {
        Some(ShareReset::ByDuration(duration)) => Some(duration.as_millis()),
        _ => None,
    };
    assert_eq!(read("PT1H"), Some(3_600_000));
    assert_eq!(read("P1DT2H3M4.5S"), Some(93_784_500));
    assert_eq!(read("P2D"), Some(172_800_000));
    for wrong in ["", "P", "PT", "1H", "PT1", "PTH", "PT1M1H", "P1DT", "PT-1S", "PT1S1S", "PT1.1.1S", "P1Y"] {
        assert_eq!(read(wrong), None, "{wrong}");
    }
    assert_eq!(ShareReset::parse("latest"), Some(ShareReset::Latest));
    assert_eq!(ShareReset::parse("earliest"), Some(ShareReset::Earliest));
    assert_eq!(ShareReset::parse("none"), None);
}

#[tokio::test]
async fn the_log_stays_short() {
    let world = World::on(MemoryTopic::new(), ShareConfig { checkpoint_records: 20, ..config() });
    world.shares.initialize(&place("quiet"), 7).await.unwrap();
    world.shares.initialize(&place("gone"), 7).await.unwrap();
    world.shares.initialize(&place("g"), 0).await.unwrap();
    for offset in 0..200 {
        world.take("g", "a", offset).await;
        world.say("g", "a", offset, offset, Ack::Accept).await.unwrap();
        if offset == 100 {
            world.shares.end(&place("gone")).await.unwrap();
        }
    }
    // Some checkpoint may be under way still: far less than what was written is left.
    while world.topic.batches(0).len() > 60 {
        world.take("g", "a", world.start_of("g").await.unwrap()).await;
        let at = world.start_of("g").await.unwrap();
        world.say("g", "a", at, at, Ack::Accept).await.unwrap();
    }
    let start = world.start_of("g").await;
    let world = world.restart();
    assert_eq!((world.start_of("g").await, world.start_of("quiet").await), (start, Some(7)));
    assert_eq!(world.start_of("gone").await, None);
}

/// Every other record of a thousand is accepted, then some more.
async fn scattered(world: &World) {
    world.shares.initialize(&place("g"), 0).await.unwrap();
    world.take("g", "a", 499).await;
    for offset in (1..500).step_by(2) {
        world.say("g", "a", offset, offset, Ack::Accept).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_written_is_what_has_changed() {
    let world = World::new();
    scattered(&world).await;
    let before = world.topic.batches(0).len();
    world.say("g", "a", 100, 100, Ack::Accept).await.unwrap();
    world.say("g", "a", 300, 300, Ack::Release).await.unwrap();
    world.take("g", "b", 509).await;
    world.say("g", "b", 509, 509, Ack::Accept).await.unwrap();
    let batches = world.topic.batches(0);
    assert!(batches.len() > before);
    for batch in &batches[before..] {
        assert!(batch.len() < 400, "{} bytes for a state of 500 runs", batch.len());
    }
    let world = world.restart();
    let taken = world.take("g", "c", 509).await;
    let expected: Vec<Acquired> = (0..500)
        .step_by(2)
        .filter(|offset| *offset != 100)
        .map(|offset| got(offset, offset, if offset == 300 { 3 } else { 2 }))
        .chain([got(500, 508, 2)])
        .collect();
    assert_eq!(taken, expected);
}

#[tokio::test]
async fn a_large_state_is_written_anew_when_that_costs_little() {
    let world = World::on(MemoryTopic::new(), ShareConfig { checkpoint_records: 20, ..config() });
    scattered(&world).await;
    let held: usize = world.topic.batches(0).iter().map(bytes::Bytes::len).sum();
    // About 10 KiB for all of it: the log has some times that, not hundreds of times.
    assert!(held < 100 << 10, "{held} bytes");
    let whole = world.topic.batches(0).iter().filter(|batch| batch.len() > 4 << 10).count();
    assert!(whole <= 10, "{whole} times everything");
    for _ in 0..3 {
        for offset in (0..500).step_by(2) {
            let acks = [Ack::Release];
            let batch = AckBatch { first: offset, last: offset, acks: &acks };
            let who =
                if world.shares.acknowledge(&place("g"), "a", &[batch]).await.is_ok() { "a" } else { "b" };
            let turned = world.turn("g").await;
            let span = Span { first: turned.from(), last: offset, hidden: false };
            turned.acquire(&member(who), &[span], (1, Mode::Records)).unwrap();
        }
    }
    let held: usize = world.topic.batches(0).iter().map(bytes::Bytes::len).sum();
    assert!(held < 100 << 10, "{held} bytes");
    let open = world.shares.describe(&place("g")).await.unwrap().unwrap();
    let world = world.restart();
    let again = world.shares.describe(&place("g")).await.unwrap().unwrap();
    assert_eq!((again.start, again.end, again.done), (open.start, open.end, open.done));
}

#[tokio::test]
async fn the_log_stays_short_however_often_its_leader_changes() {
    let mut world = World::on(MemoryTopic::new(), ShareConfig { checkpoint_records: 20, ..config() });
    world.shares.initialize(&place("g"), 0).await.unwrap();
    for life in 0..40 {
        for offset in 10 * life..10 * life + 10 {
            world.take("g", "a", offset).await;
            world.say("g", "a", offset, offset, Ack::Accept).await.unwrap();
        }
        world = World::on(world.topic.clone(), ShareConfig { checkpoint_records: 20, ..config() });
    }
    assert_eq!(world.start_of("g").await, Some(400));
    let held = world.topic.batches(0).len();
    assert!(held < 200, "{held} batches of 400");
}
