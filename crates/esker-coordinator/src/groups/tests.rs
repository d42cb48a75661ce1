//! The shell: locks, batching, loading, loss, deadlines on a real clock.

use std::{sync::Arc, time::Duration};

use esker_core::{Epoch, ProducerId, batch::BatchView};
use esker_env::Env;
use esker_kafka_wire::KString;

use super::{Groups, GroupsGuard};
use crate::{
    GroupConfig, GroupError, InternalTopic, MarkerError, MarkerOrder, TopicError,
    memory_topic::MemoryTopic,
    partition_of,
    shard::tests::{commit_of, consumer, member, nobody, s},
    types::{CommitRequest, GroupState, JoinAnswer, JoinRequest, MemberRef, SyncRequest},
};

/// However often offsets are committed, the log stays small, and says the same.
#[tokio::test]
async fn a_log_is_compacted_by_its_keys_and_loads_the_same() {
    let config = || GroupConfig { offsets_partitions: 1, compact_bytes: 4 << 10, ..config() };
    let world = World::on(MemoryTopic::new(), config());
    world.commit("idle", &commit_of(&nobody(), "t", 0, 7)).await.unwrap();
    for n in 0..500 {
        world.commit("busy", &commit_of(&nobody(), "t", 0, n)).await.unwrap();
    }
    let compacted = async {
        while world.topic.range(0).unwrap().start.0 < 400 {
            world.commit("busy", &commit_of(&nobody(), "t", 0, 500)).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    Env::real().timeout(Duration::from_secs(20), compacted).await.expect("it is compacted again and again");
    world.commit("busy", &commit_of(&nobody(), "t", 0, 500)).await.unwrap();
    let bytes: usize = world.topic.batches(0).iter().map(bytes::Bytes::len).sum();
    assert!(bytes < 3 * (4 << 10), "{bytes} bytes are left");
    let world = World::on(world.topic.clone(), config());
    assert_eq!((world.offset("idle").await, world.offset("busy").await), (Some(7), Some(500)));
}

struct World {
    topic: MemoryTopic,
    groups: Groups,
    _guard: GroupsGuard,
}

fn config() -> GroupConfig {
    GroupConfig {
        offsets_partitions: 3,
        initial_rebalance_delay: Duration::ZERO,
        min_session_timeout: Duration::from_millis(1),
        ..GroupConfig::default()
    }
}

impl World {
    fn new() -> Self {
        Self::on(MemoryTopic::new(), config())
    }

    fn on(topic: MemoryTopic, config: GroupConfig) -> Self {
        let groups = Groups::new(config, Env::real(), Arc::new(topic.clone()));
        let guard = groups.start();
        Self { topic, groups, _guard: guard }
    }

    /// Another coordinator on the same log, as after a restart.
    fn restart(self) -> Self {
        Self::on(self.topic.clone(), config())
    }

    async fn join(&self, group: &str, request: JoinRequest) -> JoinAnswer {
        self.groups.join(&s(group), request, || ()).await
    }

    /// A group of one stable member.
    async fn member(&self, group: &str, request: JoinRequest) -> MemberRef {
        let id = self.join(group, request.clone()).await;
        assert_eq!(id.error, Some(GroupError::MemberIdRequired));
        let joined = self.join(group, JoinRequest { member_id: id.member_id, ..request }).await;
        assert_eq!(joined.error, None);
        let member =
            MemberRef { member_id: joined.member_id, instance_id: None, generation: joined.generation };
        let request = SyncRequest {
            member: member.clone(),
            protocol_type: None,
            protocol: None,
            assignments: vec![(member.member_id.clone(), "assigned".into())],
        };
        let synced = self.groups.sync(&s(group), request, || ()).await.expect("the leader");
        assert_eq!(synced.assignment, "assigned");
        member
    }

    async fn commit(&self, group: &str, request: &CommitRequest) -> Result<(), GroupError> {
        self.groups.commit(&s(group), request).await.map(|results| assert_eq!(results, [Ok(())]))
    }

    async fn offset(&self, group: &str) -> Option<i64> {
        let found = self.groups.fetch(&s(group), &[(s("t"), 0)]).await.expect("in charge");
        found[0].as_ref().map(|commit| commit.offset.0)
    }
}

/// Lets other tasks run until `done`.
async fn until(mut done: impl FnMut() -> bool) {
    while !done() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_group_lives_and_survives_a_restart() {
    let world = World::new();
    let member = world.member("g", consumer("")).await;
    world.commit("g", &commit_of(&member, "t", 0, 42)).await.expect("a member");
    assert_eq!(world.offset("g").await, Some(42));
    let world = world.restart();
    assert_eq!(world.offset("g").await, Some(42));
    assert_eq!(world.groups.heartbeat(&s("g"), &member).await, Ok(()));
    let described = world.groups.describe(&s("g")).await.expect("in charge").expect("exists");
    assert_eq!((described.state, described.members.len()), (GroupState::Stable, 1));
    assert_eq!(world.groups.list().await.expect("all loaded").len(), 1);
}

#[tokio::test]
async fn commits_that_wait_for_the_log_share_the_next_batch() {
    let world = World::new();
    world.commit("g", &commit_of(&nobody(), "t", 0, 1)).await.expect("no members");
    world.topic.hold();
    let before = world.topic.appends();
    let groups = world.groups.clone();
    let all = futures::future::join_all((0..100).map(|n| {
        let groups = groups.clone();
        async move { groups.commit(&s("g"), &commit_of(&nobody(), "t", n, 7)).await }
    }));
    let topic = world.topic.clone();
    let (results, ()) = futures::join!(all, async {
        until(|| topic.appends() > before).await;
        assert_eq!(
            groups.fetch(&s("g"), &[(s("t"), 0)]).await.expect("in charge")[0]
                .as_ref()
                .expect("old")
                .offset
                .0,
            1
        );
        topic.release();
    });
    assert!(results.iter().all(Result::is_ok));
    assert!(world.topic.appends() - before <= 2, "what waits behind an append is one batch");
    let partition = partition_of("g", 3);
    let records: i32 = world
        .topic
        .batches(partition)
        .iter()
        .map(|batch| BatchView::parse(batch).expect("a batch").fields.records_count)
        .sum();
    assert_eq!(records, 101);
}

#[tokio::test]
async fn a_log_that_takes_nothing_fails_the_commit_and_nothing_else() {
    let world = World::new();
    world.commit("g", &commit_of(&nobody(), "t", 0, 1)).await.expect("no members");
    world.topic.fail(Some(TopicError::Unavailable("full".to_owned())));
    let refused = world.commit("g", &commit_of(&nobody(), "t", 0, 2)).await;
    assert_eq!((refused, world.offset("g").await), (Err(GroupError::Unavailable), Some(1)));
    world.topic.fail(None);
    world.commit("g", &commit_of(&nobody(), "t", 0, 3)).await.expect("it takes records again");
    assert_eq!(world.offset("g").await, Some(3));
}

#[tokio::test]
async fn a_lost_partition_answers_everyone_and_starts_over_from_the_log() {
    let world = World::new();
    let first = world.member("g", consumer("")).await;
    world.commit("g", &commit_of(&first, "t", 0, 1)).await.expect("a member");
    // A second member's join waits for the first, which does not come.
    let id = world.join("g", consumer("")).await.member_id;
    let waiting = world.join("g", JoinRequest { member_id: id.clone(), ..consumer("") });
    let lost = async {
        until(|| {
            let row = world.groups.0.row_of("g").expect("a row");
            let state = row.state.lock();
            matches!(&*state, crate::runtime::Phase::Active(active) if active.waiting() == 1)
        })
        .await;
        world.topic.fail(Some(TopicError::Lost("moved".to_owned())));
        world.commit("g", &commit_of(&first, "t", 0, 2)).await
    };
    let (joined, committed) = futures::join!(waiting, lost);
    assert_eq!(joined.error, Some(GroupError::NotCoordinator));
    assert_eq!(committed, Err(GroupError::NotCoordinator));
    world.topic.fail(None);
    assert_eq!(world.offset("g").await, Some(1), "read back from the log");
    assert_eq!(world.groups.heartbeat(&s("g"), &first).await, Ok(()));
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_no_waiter_behind() {
    let world = World::new();
    let first = world.member("g", consumer("")).await;
    let id = world.join("g", consumer("")).await.member_id;
    let waiting = world.join("g", JoinRequest { member_id: id, ..consumer("") });
    {
        let mut waiting = std::pin::pin!(waiting);
        assert!(futures::poll!(&mut waiting).is_pending());
    }
    let leavers = [crate::types::Leaver { member_id: first.member_id, instance_id: None }];
    world.groups.leave(&s("g"), &leavers).await.expect("a member");
    let row = world.groups.0.row_of("g").expect("a row");
    let state = row.state.lock();
    let crate::runtime::Phase::Active(active) = &*state else { panic!("in charge") };
    assert_eq!(active.waiting(), 0, "the rebalance has ended, and so has the wait of nobody");
}

#[tokio::test]
async fn sessions_end_by_the_clock() {
    let world = World::new();
    let short = JoinRequest { session_timeout: Duration::from_millis(30), ..consumer("") };
    world.member("g", short).await;
    loop {
        let state = world.groups.describe(&s("g")).await.expect("in charge").expect("exists").state;
        if state == GroupState::Empty {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn ids_and_timeouts_are_checked_first() {
    let world = World::new();
    assert_eq!(world.join("", consumer("")).await.error, Some(GroupError::InvalidGroupId));
    let long = JoinRequest { session_timeout: Duration::from_secs(3600), ..consumer("") };
    assert_eq!(world.join("g", long).await.error, Some(GroupError::InvalidSessionTimeout));
    assert_eq!(
        world.groups.heartbeat(&KString::new(), &member("x", 1)).await,
        Err(GroupError::InvalidGroupId)
    );
    // Offsets without membership need no name.
    world.commit("", &commit_of(&nobody(), "t", 0, 1)).await.expect("no members");
    assert_eq!(world.groups.find("g").await, Ok(partition_of("g", 3)));
}

#[tokio::test]
async fn expired_offsets_go_by_themselves() {
    let config = GroupConfig {
        offsets_retention: Duration::from_millis(20),
        retention_check_interval: Duration::from_millis(10),
        ..config()
    };
    let world = World::on(MemoryTopic::new(), config);
    world.commit("g", &commit_of(&nobody(), "t", 0, 1)).await.expect("no members");
    while world.groups.describe(&s("g")).await.expect("in charge").is_some() {
        tokio::task::yield_now().await;
    }
    let world = world.restart();
    assert!(world.groups.list().await.expect("loaded").is_empty(), "the log says so too");
}

#[tokio::test]
async fn waiting_for_a_deadline_costs_nothing() {
    let world = World::new();
    let rounds = || world.groups.0.alarm.rounds.load(std::sync::atomic::Ordering::Relaxed);
    let short = JoinRequest { session_timeout: Duration::from_millis(200), ..consumer("") };
    world.member("g", short).await;
    let before = rounds();
    while world.groups.describe(&s("g")).await.expect("in charge").expect("exists").state != GroupState::Empty
    {
        world.groups.0.env.clock.sleep(Duration::from_millis(5)).await;
    }
    assert!(rounds() - before < 10, "{} rounds for one deadline", rounds() - before);
}

#[tokio::test]
async fn a_moved_partition_is_let_go_and_read_anew_when_it_comes_back() {
    let world = World::new();
    let member = world.member("g", consumer("")).await;
    world.commit("g", &commit_of(&member, "t", 0, 42)).await.expect("a member");
    // A second member's join waits for the first one to join again.
    let waiting = world.join("g", JoinRequest { member_id: "".into(), ..consumer("") });
    let id = waiting.await.member_id;
    let waiting = world.join("g", JoinRequest { member_id: id, ..consumer("") });
    let mut waiting = std::pin::pin!(waiting);
    assert!(futures::poll!(&mut waiting).is_pending());

    world.topic.own(None);
    world.groups.ownership_changed();
    assert_eq!(waiting.await.error, Some(GroupError::NotCoordinator));
    assert_eq!(world.groups.heartbeat(&s("g"), &member).await, Err(GroupError::NotCoordinator));

    // Another broker took a commit meanwhile.
    let other = MemoryTopic::clone(&world.topic);
    other.own(Some(Epoch(2)));
    let elsewhere = World::on(other, config());
    elsewhere.commit("g", &commit_of(&member, "t", 0, 43)).await.expect("still a member");
    drop(elsewhere);

    world.topic.own(Some(Epoch(3)));
    assert_eq!(world.offset("g").await, Some(43));
    assert_eq!(world.groups.heartbeat(&s("g"), &member).await, Ok(()));
}

#[tokio::test]
async fn what_was_loaded_under_an_older_epoch_is_stale() {
    let world = World::new();
    world.commit("g", &commit_of(&nobody(), "t", 0, 1)).await.expect("no members");
    // Away and back between two requests.
    world.topic.own(Some(Epoch(2)));
    let elsewhere = World::on(world.topic.clone(), config());
    elsewhere.commit("g", &commit_of(&nobody(), "t", 0, 2)).await.expect("no members");
    drop(elsewhere);
    world.topic.own(Some(Epoch(3)));
    assert_eq!(world.offset("g").await, Some(2));
}

#[tokio::test]
async fn a_partition_that_was_elsewhere_while_it_was_read_is_read_again() {
    let world = World::new();
    world.commit("g", &commit_of(&nobody(), "t", 0, 1)).await.expect("no members");
    let index = world.groups.0.row_of("g").expect("a row").index;
    let newer = World::new();
    newer.commit("g", &commit_of(&nobody(), "t", 0, 2)).await.expect("no members");
    let newer = newer.topic.batches(index).pop().expect("a commit");

    world.topic.own(Some(Epoch(2)));
    world.topic.hold_reads();
    let late = World::on(world.topic.clone(), config());
    let mut asked = std::pin::pin!(late.offset("g"));
    assert!(futures::poll!(&mut asked).is_pending());
    until(|| world.topic.reads_held() > 0).await;
    world.topic.own(Some(Epoch(3)));
    world.topic.append(index, Epoch(3), newer).expect("owned").await.expect("nothing fails");
    world.topic.own(Some(Epoch(4)));
    world.topic.release_reads();
    assert_eq!(asked.await, Some(2));
}

#[tokio::test]
async fn what_was_decided_under_an_older_epoch_is_not_written() {
    let world = World::new();
    world.commit("g", &commit_of(&nobody(), "t", 0, 1)).await.expect("no members");
    let row = world.groups.0.row_of("g").expect("a row");
    let before = world.topic.range(row.index).expect("owned").epoch;
    world.topic.own(Some(Epoch(7)));
    let refused = world.topic.append(row.index, before, "any".into()).err();
    assert!(matches!(refused, Some(TopicError::Lost(_))), "{refused:?}");
}

/// Nobody asks for a group, and markers come all the same.
#[tokio::test]
async fn a_topic_that_is_known_late_is_coordinated_without_being_asked_for() {
    let topic = MemoryTopic::new();
    let world = World::on(topic.clone(), config());
    let order = MarkerOrder {
        producer: ProducerId(1),
        epoch: 0,
        commit: true,
        coordinator_epoch: 1,
        bumped: true,
        partitions: Vec::new(),
    };
    let early = world.groups.end_transaction(0, &order).await;
    assert!(matches!(early, Err(MarkerError::Unavailable(_))), "{early:?}");
    topic.create(3).await.expect("no topic yet");
    let told = async {
        while world.groups.end_transaction(0, &order).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    Env::real().timeout(Duration::from_secs(20), told).await.expect("it is told");
}

#[tokio::test]
async fn a_coordinator_that_was_replaced_and_does_not_know_tells_no_offsets() {
    let world = World::new();
    world.commit("g", &commit_of(&nobody(), "t", 0, 7)).await.unwrap();
    assert_eq!(world.offset("g").await, Some(7));
    world.topic.deny();
    let asked = world.groups.fetch(&s("g"), &[(s("t"), 0)]).await;
    assert_eq!(asked.unwrap_err(), GroupError::NotCoordinator);
    assert_eq!(world.groups.fetch_all(&s("g")).await.unwrap_err(), GroupError::NotCoordinator);
}
