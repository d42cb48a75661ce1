//! Groups that change their protocol while they have members.

use std::sync::Arc;

use esker_kafka_wire::{
    decode_prefixed,
    messages::{ConsumerProtocolAssignment, consumer_protocol_assignment, consumer_protocol_subscription},
};

use super::{
    consumer::{Facts, beat, joining, topic_id},
    *,
};
use crate::{
    MigrationPolicy,
    types::{ConsumerGroupState, ConsumerHeartbeat},
};

/// What a leader assigns.
fn assigned(topic: &str, partitions: &[i32]) -> Bytes {
    let topics = vec![consumer_protocol_assignment::TopicPartition {
        topic: s(topic),
        partitions: partitions.to_vec(),
    }];
    let assignment = ConsumerProtocolAssignment { assigned_partitions: topics, user_data: None };
    encode_prefixed(&assignment, 1).expect("encodes")
}

fn partitions_in(bytes: &Bytes) -> Vec<i32> {
    let (_, assignment) =
        decode_prefixed::<ConsumerProtocolAssignment>(bytes.clone()).expect("an assignment");
    assignment.assigned_partitions.into_iter().flat_map(|topic| topic.partitions).collect()
}

/// A classic join that says what the consumer has.
fn owning(member_id: &str, owned: &[i32]) -> JoinRequest {
    let owned_partitions = if owned.is_empty() {
        Vec::new()
    } else {
        vec![consumer_protocol_subscription::TopicPartition { topic: s("t"), partitions: owned.to_vec() }]
    };
    let subscription = ConsumerProtocolSubscription {
        topics: vec![s("t")],
        owned_partitions,
        ..ConsumerProtocolSubscription::default()
    };
    let metadata = encode_prefixed(&subscription, 1).expect("encodes");
    JoinRequest { protocols: vec![Protocol { name: s("range"), metadata }], ..consumer(member_id) }
}

/// A classic group of two with three partitions each.
fn classic_pair() -> (Bench, Arc<Facts>, Vec<MemberRef>) {
    let (mut bench, facts) = Bench::in_cluster(&[("t", 6)]);
    let ids: Vec<String> = (0..2).map(|_| bench.member_id()).collect();
    let joins: Vec<Token> = ids.iter().map(|id| bench.join(&owning(id, &[]))).collect();
    bench.pass(Duration::from_millis(1));
    let answers: Vec<JoinAnswer> = joins.iter().map(|join| bench.joined(*join)).collect();
    let parts = [assigned("t", &[0, 1, 2]), assigned("t", &[3, 4, 5])];
    let members: Vec<MemberRef> =
        answers.iter().map(|answer| member(&answer.member_id, answer.generation)).collect();
    let syncs: Vec<Token> = members
        .iter()
        .map(|joined| {
            let assignments = if joined.member_id == answers[0].leader {
                members.iter().zip(&parts).map(|(m, part)| (m.member_id.clone(), part.clone())).collect()
            } else {
                Vec::new()
            };
            let request =
                SyncRequest { member: joined.clone(), protocol_type: None, protocol: None, assignments };
            bench.act(|shard, cx, group, token| shard.sync(cx, group, &request, token)).1
        })
        .collect();
    for (sync, part) in syncs.into_iter().zip(&parts) {
        assert_eq!(bench.synced(sync).expect("assigned").assignment, part);
    }
    (bench, facts, members)
}

/// Joins and syncs again: generation and partitions.
fn rejoin(bench: &mut Bench, member_id: &str, owned: &[i32]) -> (MemberRef, Vec<i32>) {
    let join = bench.join(&owning(member_id, owned));
    let answer = bench.joined(join);
    assert_eq!(answer.error, None);
    let joined = member(&answer.member_id, answer.generation);
    let sync = bench.sync(&joined, &[]);
    let synced = bench.synced(sync).expect("assigned");
    (joined, partitions_in(&synced.assignment))
}

#[test]
fn a_classic_group_takes_a_member_of_the_consumer_protocol_and_lets_it_go() {
    let (mut bench, _, classic) = classic_pair();
    bench.commit(&classic[0], 7).expect("a member");
    let told = bench.beat(joining("new")).unwrap();
    assert_eq!((told.epoch, told.assignment), (2, Some(vec![])), "the others have everything");
    assert_eq!(bench.offset("t", 0), Some(7));
    assert_eq!(bench.doing(), ConsumerGroupState::Reconciling);
    // The members of before are told to join again, let go of what they are not to have, and join once more.
    let mut have = Vec::new();
    for (member, had) in classic.iter().zip([[0, 1, 2], [3, 4, 5]]) {
        assert_eq!(bench.heartbeat(member), Err(GroupError::RebalanceInProgress));
        let (now, kept) = rejoin(&mut bench, &member.member_id, &had);
        assert_eq!((now.generation, kept.len()), (1, 2), "it stays at its epoch until it has let go");
        assert_eq!(bench.heartbeat(&now), Err(GroupError::RebalanceInProgress));
        let (now, same) = rejoin(&mut bench, &member.member_id, &kept);
        assert_eq!((now.generation, &same), (2, &kept));
        assert_eq!(bench.heartbeat(&now), Ok(()));
        bench.commit(&now, 8).expect("at its generation");
        have.extend(same);
    }
    let told = bench.beat(beat("new", 2, Some(vec![]))).unwrap();
    have.extend(told.assignment.expect("free now").remove(0).1);
    have.sort_unstable();
    assert_eq!(have, [0, 1, 2, 3, 4, 5]);
    assert_eq!(bench.doing(), ConsumerGroupState::Stable);
    bench.reload();
    assert_eq!(bench.doing(), ConsumerGroupState::Stable);

    // The new one leaves: only members of the classic protocol are left.
    bench.beat(beat("new", -1, None)).unwrap();
    assert!(bench.shard.describe_consumer(&bench.group).is_none());
    assert_eq!(bench.state(), GroupState::PreparingRebalance);
    assert_eq!(bench.offset("t", 0), Some(8));
    let ids: Vec<String> = classic.iter().map(|member| member.member_id.as_str().to_owned()).collect();
    let joins: Vec<Token> = ids.iter().map(|id| bench.join(&owning(id, &[]))).collect();
    assert_eq!(bench.settle(&joins)[0].generation, 4, "the group's epoch is its generation");
    bench.reload();
    assert_eq!(bench.state(), GroupState::Stable);
}

#[test]
fn members_roll_over_one_by_one_and_back() {
    let (mut bench, _, classic) = classic_pair();
    bench.beat(joining("n0")).unwrap();
    bench.leave(&classic[0].member_id, None).expect("a member");
    assert_eq!(bench.beat(joining("n1")).unwrap().epoch, 4);
    bench.leave(&classic[1].member_id, None).expect("a member");
    let mut all = Vec::new();
    for (member, epoch) in [("n0", 2), ("n1", 4)] {
        let told = bench.beat(ConsumerHeartbeat { owned: Some(vec![]), ..joining(member) }).unwrap();
        assert_eq!((epoch < told.epoch, told.epoch), (true, 5));
        all.extend(told.assignment.expect("a full request").remove(0).1);
    }
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3, 4, 5]);
    let described = bench.shard.describe_consumer(&bench.group).expect("a consumer group");
    assert!(described.members.iter().all(|member| !member.is_classic));
    // Back: classic members join a consumer group.
    let first = bench.join(&owning("", &[]));
    let first = bench.joined(first);
    assert_eq!(first.error, Some(GroupError::MemberIdRequired));
    let (_, none) = rejoin(&mut bench, &first.member_id, &[]);
    assert!(none.is_empty());
    bench.beat(beat("n0", -1, None)).unwrap();
    bench.beat(beat("n1", -1, None)).unwrap();
    assert_eq!(bench.state(), GroupState::PreparingRebalance, "classic again");
    bench.reload();
    let group = &bench.shard.groups[&bench.group];
    assert!(group.consumer.is_none() && group.members.len() == 1);
}

#[test]
fn whoever_waits_in_a_classic_group_is_sent_back_when_it_changes() {
    let (mut bench, _, classic) = classic_pair();
    let id = bench.member_id();
    let waiting = bench.join(&owning(&id, &[]));
    assert!(bench.waits(waiting));
    bench.beat(joining("new")).unwrap();
    assert_eq!(bench.joined(waiting).error, Some(GroupError::RebalanceInProgress));
    assert_eq!(bench.heartbeat(&classic[0]), Err(GroupError::RebalanceInProgress));
    // Whoever is told to join again and does not is out.
    bench.pass(Duration::from_secs(61));
    assert_eq!(bench.heartbeat(&classic[0]), Err(GroupError::UnknownMember));
}

#[test]
fn a_refused_change_leaves_a_classic_group() {
    let (mut bench, _, classic) = classic_pair();
    bench.durable = false;
    let join = bench.ask(joining("new"));
    bench.flush(Err(GroupError::Unavailable));
    assert_eq!(bench.told(join), Err(GroupError::Unavailable));
    bench.durable = true;
    assert_eq!(bench.state(), GroupState::Stable);
    assert_eq!(bench.heartbeat(&classic[0]), Ok(()));
    bench.reload();
    assert_eq!(bench.heartbeat(&classic[1]), Ok(()));
}

#[test]
fn a_refused_change_back_leaves_a_consumer_group() {
    let (mut bench, _, classic) = classic_pair();
    bench.beat(joining("new")).unwrap();
    bench.durable = false;
    let leave = bench.ask(beat("new", -1, None));
    // A request that comes meanwhile waits.
    let join = bench.join(&owning(&classic[0].member_id, &[]));
    assert!(bench.waits(join));
    bench.flush(Err(GroupError::Unavailable));
    assert_eq!(bench.told(leave), Err(GroupError::Unavailable));
    bench.durable = true;
    bench.flush(Ok(()));
    assert_eq!(bench.joined(join).error, None);
    assert_eq!(bench.shard.describe_consumer(&bench.group).expect("still one").members.len(), 3);
}

#[test]
fn a_request_that_waits_for_the_change_is_served_after_it() {
    let (mut bench, _, classic) = classic_pair();
    bench.beat(joining("new")).unwrap();
    bench.durable = false;
    let leave = bench.ask(beat("new", -1, None));
    let joins: Vec<Token> =
        classic.iter().map(|member| bench.join(&owning(&member.member_id, &[]))).collect();
    bench.durable = true;
    bench.flush(Ok(()));
    assert_eq!(bench.told(leave).unwrap().epoch, -1);
    assert_eq!(bench.settle(&joins)[0].generation, 4);
}

#[test]
fn policies_are_kept() {
    let (mut bench, _, classic) = classic_pair();
    bench.config.consumer.migration = MigrationPolicy::Downgrade;
    assert_eq!(bench.beat(joining("new")), Err(GroupError::GroupNotFound));
    assert_eq!(bench.heartbeat(&classic[0]), Ok(()));
    bench.config.consumer.migration = MigrationPolicy::Upgrade;
    bench.beat(joining("new")).unwrap();
    bench.beat(beat("new", -1, None)).unwrap();
    assert!(bench.shard.describe_consumer(&bench.group).is_some(), "it stays one");
}

#[test]
fn groups_of_other_kinds_stay_what_they_are() {
    let (mut bench, _) = Bench::in_cluster(&[("t", 2)]);
    let connect = |id: &str| JoinRequest { protocol_type: s("connect"), ..consumer(id) };
    let token = bench.join(&connect(""));
    let id = bench.joined(token).member_id;
    bench.join(&connect(&id));
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.beat(joining("new")), Err(GroupError::GroupNotFound));
    bench.pass(Duration::from_secs(100));
    assert_eq!(bench.state(), GroupState::Empty);
    bench.beat(joining("new")).expect("an empty group is anybody's");
    bench.beat(beat("new", -1, None)).unwrap();
    bench.stable(1);
    bench.reload();
    assert_eq!(bench.state(), GroupState::Stable, "and classic again");
    assert!(topic_id("t") != topic_id("u"));
}
