//! Groups of the consumer protocol: scripts.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;

use super::*;
use crate::{
    GroupOverrides,
    consumer::MemberState,
    facts::{ClusterFacts, TopicFacts},
    types::{ConsumerGroupState, ConsumerHeartbeat, HeartbeatAnswer, TopicPartitions},
};

/// The cluster's topics, in the test's hands.
#[derive(Default)]
pub(super) struct Facts(pub(super) Mutex<(i64, BTreeMap<KString, TopicFacts>)>);

impl Facts {
    pub(super) fn set(&self, name: &str, partitions: u32) {
        let mut facts = self.0.lock();
        facts.0 += 1;
        let id = topic_id(name);
        facts.1.insert(s(name), TopicFacts { id, partitions });
    }

    pub(super) fn delete(&self, name: &str) {
        let mut facts = self.0.lock();
        facts.0 += 1;
        facts.1.remove(name);
    }
}

impl ClusterFacts for Facts {
    fn version(&self) -> i64 {
        self.0.lock().0
    }

    fn topic(&self, name: &str) -> Option<TopicFacts> {
        self.0.lock().1.get(name).copied()
    }

    fn topic_name(&self, id: Uuid) -> Option<KString> {
        let facts = self.0.lock();
        facts.1.iter().find(|(_, topic)| topic.id == id).map(|(name, _)| name.clone())
    }

    fn topic_names(&self) -> Vec<KString> {
        self.0.lock().1.keys().cloned().collect()
    }

    fn overrides(&self, group: &str) -> GroupOverrides {
        match group {
            "slow" => GroupOverrides { session_timeout: Some(Duration::from_secs(50)), ..Default::default() },
            _ => GroupOverrides::default(),
        }
    }
}

pub(super) fn topic_id(name: &str) -> Uuid {
    let mut bytes = [7; 16];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    Uuid::from_bytes(bytes)
}

/// A first heartbeat for topic `t`; tests change what they are about.
pub(super) fn joining(member_id: &str) -> ConsumerHeartbeat {
    ConsumerHeartbeat {
        member_id: s(member_id),
        epoch: 0,
        instance_id: None,
        rack: None,
        rebalance_timeout: Some(Duration::from_secs(60)),
        topics: Some(vec![s("t")]),
        regex: None,
        assignor: None,
        owned: Some(Vec::new()),
        client_id: s("client"),
        client_host: s("/127.0.0.1"),
    }
}

/// A heartbeat that says nothing new but what the member has.
pub(super) fn beat(member_id: &str, epoch: i32, owned: Option<TopicPartitions>) -> ConsumerHeartbeat {
    ConsumerHeartbeat { epoch, rebalance_timeout: None, topics: None, owned, ..joining(member_id) }
}

impl Bench {
    /// With topics.
    pub(super) fn in_cluster(topics: &[(&str, u32)]) -> (Self, Arc<Facts>) {
        let facts = Arc::new(Facts::default());
        for (name, partitions) in topics {
            facts.set(name, *partitions);
        }
        let mut bench = Self::new();
        bench.surround(&facts);
        (bench, facts)
    }

    pub(super) fn surround(&mut self, facts: &Arc<Facts>) {
        let around: Arc<dyn ClusterFacts> = Arc::clone(facts) as _;
        self.around = Some(around);
        self.act(|_, _, _, _| ());
    }

    pub(super) fn ask(&mut self, request: ConsumerHeartbeat) -> Token {
        self.act(|shard, cx, group, token| shard.consumer_heartbeat(cx, group, request, token)).1
    }

    pub(super) fn told(&mut self, token: Token) -> Result<HeartbeatAnswer, GroupError> {
        match self.answers.remove(&token) {
            Some(Answer::Heartbeat(answer)) => answer,
            other => panic!("not the answer to a heartbeat: {other:?}"),
        }
    }

    pub(super) fn beat(&mut self, request: ConsumerHeartbeat) -> Result<HeartbeatAnswer, GroupError> {
        let token = self.ask(request);
        self.told(token)
    }

    pub(super) fn doing(&self) -> ConsumerGroupState {
        self.shard.describe_consumer(&self.group).expect("a consumer group").state
    }

    fn epoch(&self) -> i32 {
        self.shard.describe_consumer(&self.group).expect("a consumer group").epoch
    }

    fn in_state(&self, member: &str) -> MemberState {
        let consumer = self.shard.groups[&self.group].consumer.as_ref().expect("a consumer group");
        consumer.state.member(member).expect("a member").state
    }
}

fn of(topic: &str, partitions: impl IntoIterator<Item = i32>) -> TopicPartitions {
    vec![(topic_id(topic), partitions.into_iter().collect())]
}

#[test]
fn one_member_gets_everything_at_once() {
    let (mut bench, _) = Bench::in_cluster(&[("t", 3)]);
    let told = bench.beat(joining("a")).unwrap();
    assert_eq!((told.epoch, told.assignment), (1, Some(of("t", 0..3))));
    assert_eq!(told.interval, Duration::from_secs(5));
    assert_eq!(bench.doing(), ConsumerGroupState::Stable);
    let told = bench.beat(beat("a", 1, None)).unwrap();
    assert_eq!((told.epoch, told.assignment), (1, None));
}

#[test]
fn a_partition_goes_on_only_when_it_was_let_go() {
    let (mut bench, _) = Bench::in_cluster(&[("t", 2)]);
    bench.beat(joining("a")).unwrap();
    let told = bench.beat(joining("b")).unwrap();
    assert_eq!((told.epoch, told.assignment), (2, Some(vec![])), "both are with a");
    assert_eq!(bench.in_state("b"), MemberState::Unreleased);
    // a learns what it keeps, and stays at its epoch.
    let told = bench.beat(beat("a", 1, Some(of("t", 0..2)))).unwrap();
    assert_eq!((told.epoch, &told.assignment), (1, &Some(of("t", 0..1))));
    assert_eq!(bench.doing(), ConsumerGroupState::Reconciling);
    assert_eq!(bench.beat(beat("b", 2, Some(vec![]))).unwrap().assignment, None, "not yet");
    let told = bench.beat(beat("a", 1, Some(of("t", 0..1)))).unwrap();
    assert_eq!(told.epoch, 2);
    let told = bench.beat(beat("b", 2, Some(vec![]))).unwrap();
    assert_eq!(told.assignment, Some(of("t", 1..2)));
    assert_eq!(bench.doing(), ConsumerGroupState::Stable);
}

#[test]
fn who_does_not_let_go_in_time_is_out() {
    let (mut bench, _) = Bench::in_cluster(&[("t", 2)]);
    bench
        .beat(ConsumerHeartbeat { rebalance_timeout: Some(Duration::from_secs(20)), ..joining("a") })
        .unwrap();
    bench.beat(joining("b")).unwrap();
    bench.beat(beat("a", 1, Some(of("t", 0..2)))).unwrap();
    bench.pass(Duration::from_secs(19));
    bench.beat(beat("a", 1, Some(of("t", 0..2)))).unwrap();
    bench.pass(Duration::from_secs(2));
    assert_eq!(bench.beat(beat("a", 1, Some(of("t", 0..2)))), Err(GroupError::UnknownMember));
    let told = bench.beat(beat("b", 2, Some(vec![]))).unwrap();
    assert_eq!(told.assignment, Some(of("t", 0..2)));
}

#[test]
fn silent_members_are_out_after_their_session() {
    let (mut bench, _) = Bench::in_cluster(&[("t", 2)]);
    bench.beat(joining("a")).unwrap();
    bench.beat(joining("b")).unwrap();
    bench.pass(Duration::from_secs(40));
    bench.beat(beat("b", 2, Some(vec![]))).unwrap();
    bench.pass(Duration::from_secs(6));
    let told = bench.beat(beat("b", 2, Some(vec![]))).unwrap();
    assert_eq!((told.epoch, told.assignment), (3, Some(of("t", 0..2))));
    bench.group = s("slow");
    bench.beat(joining("c")).unwrap();
    bench.pass(Duration::from_secs(49));
    bench.beat(beat("c", 1, None)).expect("its group's own session");
}

#[test]
fn epochs_are_checked() {
    let (mut bench, _) = Bench::in_cluster(&[("t", 2)]);
    assert_eq!(bench.beat(beat("a", 1, None)), Err(GroupError::GroupNotFound));
    bench.beat(joining("a")).unwrap();
    assert_eq!(bench.beat(beat("x", 1, None)), Err(GroupError::UnknownMember));
    assert_eq!(bench.beat(beat("a", 2, None)), Err(GroupError::FencedMemberEpoch));
    // Its answer was lost: it comes with the epoch before, and what it has is its own.
    bench.beat(joining("b")).unwrap();
    bench.beat(beat("a", 1, Some(of("t", 0..1)))).unwrap();
    bench.beat(beat("a", 1, Some(of("t", 0..1)))).expect("the epoch before");
    assert_eq!(bench.beat(beat("a", 1, Some(of("t", 0..2)))), Err(GroupError::FencedMemberEpoch));
    assert_eq!(bench.beat(beat("a", 1, None)), Err(GroupError::FencedMemberEpoch));
    let told = bench.beat(joining("a")).unwrap();
    assert_eq!((told.epoch, told.assignment), (2, Some(of("t", 0..1))), "it joins again");
}

#[test]
fn members_leave() {
    let (mut bench, _) = Bench::in_cluster(&[("t", 2)]);
    bench.beat(joining("a")).unwrap();
    bench.beat(joining("b")).unwrap();
    let told = bench.beat(beat("a", -1, None)).unwrap();
    assert_eq!((told.epoch, told.assignment), (-1, None));
    assert_eq!(bench.beat(beat("b", 2, Some(vec![]))).unwrap().assignment, Some(of("t", 0..2)));
    assert_eq!(bench.beat(beat("a", -1, None)), Err(GroupError::UnknownMember));
    bench.beat(beat("b", -1, None)).unwrap();
    assert_eq!(bench.doing(), ConsumerGroupState::Empty);
    let (_, token) = bench.act(|shard, cx, group, token| shard.delete(cx, group, token));
    bench.written(token).expect("nobody is there");
    bench.reload();
    assert!(bench.shard.groups.is_empty(), "nothing of it is left in the log");
}

#[test]
fn topics_come_go_and_grow() {
    let (mut bench, facts) = Bench::in_cluster(&[("t", 1)]);
    bench.beat(ConsumerHeartbeat { topics: Some(vec![s("t"), s("u")]), ..joining("a") }).unwrap();
    facts.set("x", 1);
    assert_eq!(bench.beat(beat("a", 1, None)).unwrap().epoch, 1, "not its topic");
    facts.set("u", 2);
    let told = bench.beat(beat("a", 1, None)).unwrap();
    let both = vec![(topic_id("t"), vec![0]), (topic_id("u"), vec![0, 1])];
    assert_eq!((told.epoch, told.assignment), (2, Some(both.clone())));
    facts.set("t", 3);
    let told = bench.beat(beat("a", 2, None)).unwrap();
    assert_eq!((told.epoch, told.assignment.unwrap()[0].1.len()), (3, 3));
    facts.delete("t");
    let told = bench.beat(beat("a", 3, Some(of("t", 0..3)))).unwrap();
    assert_eq!(told.assignment, Some(of("u", 0..2)));
}

#[test]
fn patterns_stand_for_topics() {
    let (mut bench, facts) = Bench::in_cluster(&[("t1", 1), ("t2", 1), ("xt1", 1)]);
    let pattern = |regex: &str| ConsumerHeartbeat { topics: None, regex: Some(s(regex)), ..joining("a") };
    assert_eq!(bench.beat(pattern("(t")), Err(GroupError::InvalidRegularExpression));
    assert!(bench.shard.describe_consumer(&bench.group).is_none(), "nothing came of it");
    let told = bench.beat(pattern("t.*")).unwrap();
    let topics = |names: &[&str]| names.iter().map(|name| (topic_id(name), vec![0])).collect::<Vec<_>>();
    assert_eq!(told.assignment, Some(topics(&["t1", "t2"])), "the whole name has to match");
    facts.set("t3", 1);
    bench.pass(Duration::from_secs(2));
    let told = bench.beat(beat("a", 1, None)).unwrap();
    assert_eq!((told.epoch, told.assignment), (2, Some(topics(&["t1", "t2", "t3"]))));
    let quoted = ConsumerHeartbeat { topics: None, regex: Some(s("\\Qt1\\E|xt.")), ..beat("a", 2, None) };
    let told = bench.beat(ConsumerHeartbeat { owned: Some(vec![]), ..quoted }).unwrap();
    assert_eq!(told.assignment, Some(topics(&["t1", "xt1"])));
    let both = ConsumerHeartbeat { topics: Some(vec![s("t2")]), ..beat("a", 3, Some(vec![])) };
    assert_eq!(bench.beat(both).unwrap().assignment, Some(topics(&["t1", "t2", "xt1"])));
    let state = |bench: &Bench| bench.shard.groups[&bench.group].consumer.as_ref().unwrap().state.clone();
    let before = state(&bench);
    bench.reload();
    assert_eq!(state(&bench), before);
}

fn fixed_as(member_id: &str, instance: &str) -> ConsumerHeartbeat {
    ConsumerHeartbeat { instance_id: Some(s(instance)), ..joining(member_id) }
}

#[test]
fn static_members_keep_their_place() {
    let (mut bench, _) = Bench::in_cluster(&[("t", 2)]);
    bench.beat(fixed_as("a", "i")).unwrap();
    assert_eq!(bench.beat(fixed_as("b", "i")), Err(GroupError::UnreleasedInstance));
    let leave = ConsumerHeartbeat { instance_id: Some(s("i")), ..beat("a", -2, None) };
    assert_eq!(bench.beat(leave).unwrap().epoch, -2);
    bench.reload();
    let told = bench.beat(fixed_as("b", "i")).unwrap();
    assert_eq!((told.epoch, told.assignment), (1, Some(of("t", 0..2))), "no new assignment");
    let old = ConsumerHeartbeat { instance_id: Some(s("i")), ..beat("a", 1, None) };
    assert_eq!(bench.beat(old), Err(GroupError::FencedInstance));
    let leave = ConsumerHeartbeat { instance_id: Some(s("i")), ..beat("b", -2, None) };
    bench.beat(leave).unwrap();
    bench.pass(Duration::from_secs(46));
    assert_eq!(bench.doing(), ConsumerGroupState::Empty, "it has not come back in time");
}

#[test]
fn a_full_group_takes_nobody() {
    let (mut bench, _) = Bench::in_cluster(&[("t", 2)]);
    bench.config.consumer.max_members = 1;
    bench.beat(joining("a")).unwrap();
    assert_eq!(bench.beat(joining("b")), Err(GroupError::GroupFull));
    bench.beat(joining("a")).expect("a member");
}

#[test]
fn nothing_is_answered_before_it_is_durable() {
    let (mut bench, _) = Bench::in_cluster(&[("t", 2)]);
    bench.durable = false;
    let first = bench.ask(joining("a"));
    let second = bench.ask(joining("b"));
    let third = bench.ask(joining("c"));
    assert!(bench.waits(first) && bench.waits(second));
    assert_eq!(bench.writes.len(), 1, "one write at a time");
    bench.flush(Ok(()));
    assert_eq!(bench.told(first).unwrap().epoch, 1);
    assert_eq!((bench.writes.len(), bench.waits(third)), (1, true), "the others share the next one");
    bench.flush(Err(GroupError::Unavailable));
    assert_eq!(bench.told(second), Err(GroupError::Unavailable));
    assert_eq!(bench.told(third), Err(GroupError::Unavailable));
    assert_eq!(bench.epoch(), 1, "as if they had not asked");
    bench.durable = true;
    assert_eq!(bench.beat(beat("a", 1, None)).unwrap().epoch, 1);
    bench.beat(joining("b")).expect("the log takes records again");
}

#[test]
fn a_refused_leave_leaves_the_member_in() {
    let (mut bench, _) = Bench::in_cluster(&[("t", 2)]);
    bench.beat(joining("a")).unwrap();
    bench.durable = false;
    let leave = bench.ask(beat("a", -1, None));
    bench.flush(Err(GroupError::Unavailable));
    assert_eq!(bench.told(leave), Err(GroupError::Unavailable));
    bench.durable = true;
    bench.pass(Duration::from_secs(46));
    assert_eq!(bench.doing(), ConsumerGroupState::Empty, "its session is still watched");
}

#[test]
fn what_is_durable_comes_back() {
    let (mut bench, _) = Bench::in_cluster(&[("t", 5)]);
    bench.beat(fixed_as("a", "i")).unwrap();
    bench.beat(joining("b")).unwrap();
    bench.beat(ConsumerHeartbeat { assignor: Some(s("range")), rack: Some(s("r")), ..joining("c") }).unwrap();
    bench.beat(beat("a", 1, Some(of("t", 0..5)))).unwrap();
    let state = |bench: &Bench| bench.shard.groups[&bench.group].consumer.as_ref().unwrap().state.clone();
    let before = state(&bench);
    assert_eq!(bench.in_state("a"), MemberState::Unrevoked);
    bench.reload();
    assert_eq!(state(&bench), before);
    bench.pass(Duration::from_secs(44));
    bench.beat(beat("a", 1, Some(of("t", 0..2)))).expect("a whole session");
}

#[test]
fn offsets_are_for_members_at_their_epoch() {
    let (mut bench, _) = Bench::in_cluster(&[("t", 2)]);
    bench.commit(&nobody(), 1).expect("no members yet");
    bench.beat(joining("a")).unwrap();
    assert_eq!(bench.offset("t", 0), Some(1), "offsets stay when the group changes its kind");
    assert_eq!(bench.commit(&nobody(), 2), Err(GroupError::UnknownMember));
    assert_eq!(bench.commit(&member("a", 2), 2), Err(GroupError::StaleMemberEpoch));
    assert_eq!(bench.commit(&member("b", 1), 2), Err(GroupError::UnknownMember));
    bench.commit(&member("a", 1), 2).expect("its epoch");
    bench.beat(joining("b")).unwrap();
    bench.beat(beat("a", 1, Some(of("t", 0..1)))).unwrap();
    let mut request = commit_of(&member("a", 1), "t", 0, 3);
    request.offsets[0].topic_id = topic_id("t");
    let commit = |bench: &mut Bench, request: &CommitRequest| {
        let (results, token) = bench.act(|shard, cx, group, token| shard.commit(cx, group, request, token));
        bench.written(token).unwrap();
        results[0]
    };
    assert_eq!(commit(&mut bench, &request), Ok(()), "it has had it since that epoch");
    request.offsets[0].partition = 1;
    assert_eq!(commit(&mut bench, &request), Err(GroupError::StaleMemberEpoch), "it has let go of it");
    let group = s("g");
    assert_eq!(bench.shard.check_fetch(&group, &s("a"), 2), Ok(()));
    assert_eq!(bench.shard.check_fetch(&group, &s("a"), 1), Err(GroupError::StaleMemberEpoch));
    assert_eq!(bench.shard.check_fetch(&group, &s("x"), 1), Err(GroupError::UnknownMember));
    assert_eq!(bench.shard.check_fetch(&s("none"), &s("x"), 1), Err(GroupError::GroupNotFound));
}
