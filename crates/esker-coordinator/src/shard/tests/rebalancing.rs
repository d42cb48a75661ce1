//! The phases of a rebalance, and what happens to those who come in between.

use std::time::Duration;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn delayed() -> Bench {
    Bench::with(GroupConfig { initial_rebalance_delay: 3 * SECOND, ..GroupConfig::default() })
}

#[test]
fn the_first_rebalance_waits_for_more_members() {
    let mut bench = delayed();
    let id = bench.member_id();
    let first = bench.join(&consumer(&id));
    bench.pass(2 * SECOND);
    let id = bench.member_id();
    let second = bench.join(&consumer(&id));
    bench.pass(2 * SECOND);
    assert!(bench.waits(first), "a member that came during the delay extends it");
    bench.pass(2 * SECOND);
    let answers = [first, second].map(|token| bench.joined(token));
    assert_eq!(answers[0].members.len() + answers[1].members.len(), 2, "one leader sees both");
}

#[test]
fn the_delay_does_not_outlast_the_rebalance_timeout() {
    let mut bench = delayed();
    let impatient = |id: &str| JoinRequest { rebalance_timeout: 7 * SECOND, ..consumer(id) };
    let id = bench.member_id();
    let first = bench.join(&impatient(&id));
    for _ in 0..6 {
        let id = bench.member_id();
        bench.join(&impatient(&id));
        bench.pass(SECOND);
        assert!(bench.waits(first));
    }
    bench.pass(SECOND);
    assert_eq!(bench.joined(first).error, None);
}

#[test]
fn assignments_are_answered_once_they_are_durable() {
    let mut bench = Bench::new();
    let ids = [bench.member_id(), bench.member_id()];
    let joins = ids.each_ref().map(|id| bench.join(&consumer(id)));
    bench.pass(Duration::ZERO);
    let answers = joins.map(|join| bench.joined(join));
    let leader = answers[0].leader.clone();
    let (leads, follows) = if s(&ids[0]) == leader { (&ids[0], &ids[1]) } else { (&ids[1], &ids[0]) };
    bench.durable = false;
    let follower = bench.sync(&member(follows, 1), &[]);
    assert!(bench.waits(follower));
    let first = bench.sync(&member(leads, 1), &[(leads, "a"), (follows, "b"), ("stranger", "c")]);
    assert!(bench.waits(first) && bench.waits(follower) && bench.writes.len() == 1);
    bench.flush(Ok(()));
    assert_eq!(bench.synced(first).expect("assigned").assignment, "a");
    assert_eq!(bench.synced(follower).expect("assigned").assignment, "b");
    assert_eq!(bench.state(), GroupState::Stable);
}

#[test]
fn assignments_that_cannot_be_written_lead_to_another_rebalance() {
    let mut bench = Bench::new();
    let id = bench.member_id();
    let join = bench.join(&consumer(&id));
    bench.pass(Duration::ZERO);
    bench.joined(join);
    bench.durable = false;
    let sync = bench.sync(&member(&id, 1), &[(&id, "a")]);
    bench.flush(Err(GroupError::Unavailable));
    assert_eq!(bench.synced(sync), Err(GroupError::Unavailable));
    assert_eq!(bench.state(), GroupState::PreparingRebalance);
    bench.durable = true;
    let join = bench.join(&consumer(&id));
    bench.settle(&[join]);
}

#[test]
fn a_new_member_interrupts_those_that_wait_for_assignments() {
    let mut bench = Bench::new();
    let ids = [bench.member_id(), bench.member_id()];
    let joins = ids.each_ref().map(|id| bench.join(&consumer(id)));
    bench.pass(Duration::ZERO);
    let leader = bench.joined(joins[0]).leader;
    bench.joined(joins[1]);
    let follows = if s(&ids[0]) == leader { &ids[1] } else { &ids[0] };
    let waiting = bench.sync(&member(follows, 1), &[]);
    let third = bench.member_id();
    let third = bench.join(&consumer(&third));
    assert_eq!(bench.synced(waiting), Err(GroupError::RebalanceInProgress));
    // Nobody is unknown after that: both come back with their ids.
    let again = ids.each_ref().map(|id| bench.join(&consumer(id)));
    let members = bench.settle(&[again[0], again[1], third]);
    assert!(members.iter().all(|member| member.generation == 2));
}

#[test]
fn the_sync_of_a_generation_that_was_overtaken_does_not_count() {
    let mut bench = Bench::new();
    let id = bench.member_id();
    let join = bench.join(&consumer(&id));
    bench.pass(Duration::ZERO);
    bench.joined(join);
    bench.durable = false;
    let sync = bench.sync(&member(&id, 1), &[(&id, "late")]);
    let newcomer = bench.member_id();
    let newcomer = bench.join(&consumer(&newcomer));
    assert_eq!(bench.synced(sync), Err(GroupError::RebalanceInProgress));
    bench.flush(Ok(()));
    assert_eq!(
        bench.state(),
        GroupState::PreparingRebalance,
        "the write of the old generation changes nothing"
    );
    bench.durable = true;
    let again = bench.join(&consumer(&id));
    bench.settle(&[again, newcomer]);
}

#[test]
fn syncs_are_fenced() {
    let mut bench = Bench::new();
    let members = bench.stable(1);
    let id = members[0].member_id.as_str();
    for (who, error) in [
        (member("x", 1), GroupError::UnknownMember),
        (member(id, 7), GroupError::IllegalGeneration),
        (MemberRef { instance_id: Some(s("i")), ..member(id, 1) }, GroupError::UnknownMember),
    ] {
        let sync = bench.sync(&who, &[]);
        assert_eq!(bench.synced(sync), Err(error));
    }
    let request = SyncRequest {
        member: members[0].clone(),
        protocol_type: Some(s("connect")),
        protocol: None,
        assignments: vec![],
    };
    let (_, token) = bench.act(|shard, cx, group, token| shard.sync(cx, group, &request, token));
    assert_eq!(bench.synced(token), Err(GroupError::InconsistentProtocol));
    let sync = bench.sync(&members[0], &[]);
    assert_eq!(bench.synced(sync).expect("stable").assignment, members[0].member_id.clone().into_bytes());
}

#[test]
fn a_join_that_changes_nothing_is_answered_from_the_current_generation() {
    let mut bench = Bench::new();
    let members = bench.stable(2);
    let leader = bench.shard.groups[&bench.group].leader.clone().expect("has one");
    let follower = members.iter().find(|member| member.member_id != leader).expect("there are two");
    let again = bench.join(&consumer(&follower.member_id));
    let answer = bench.joined(again);
    assert_eq!((answer.error, answer.generation, answer.members.len()), (None, 1, 0));
    assert_eq!(bench.state(), GroupState::Stable);
    let changed = JoinRequest {
        protocols: vec![Protocol { name: s("range"), metadata: subscription(&["other"]) }],
        ..consumer(&follower.member_id)
    };
    let changed = bench.join(&changed);
    assert!(bench.waits(changed));
    assert_eq!(bench.state(), GroupState::PreparingRebalance);
    let leader = bench.join(&consumer(&leader));
    bench.settle(&[changed, leader]);
    let group = &bench.shard.groups[&bench.group];
    assert!(group.is_subscribed("t") && group.is_subscribed("other") && !group.is_subscribed("x"));
}

#[test]
fn the_leaders_join_always_rebalances() {
    let mut bench = Bench::new();
    let members = bench.stable(1);
    let again = bench.join(&consumer(&members[0].member_id));
    assert_eq!(bench.joined(again).generation, 2);
}

#[test]
fn an_answer_that_was_lost_is_given_again() {
    let mut bench = Bench::new();
    let id = bench.member_id();
    let join = bench.join(&consumer(&id));
    bench.pass(Duration::ZERO);
    let first = bench.joined(join);
    let join = bench.join(&consumer(&id));
    assert_eq!(bench.joined(join), first, "the same generation, the same members");
}

#[test]
fn a_member_that_joins_on_a_new_connection_takes_its_place_over() {
    let mut bench = delayed();
    let id = bench.member_id();
    let lost = bench.join(&consumer(&id));
    let again = bench.join(&consumer(&id));
    assert_eq!(bench.joined(lost).error, Some(GroupError::RebalanceInProgress), "nobody waits for ever");
    bench.pass(3 * SECOND);
    assert_eq!(bench.joined(again).generation, 1);
}

#[test]
fn members_that_do_not_join_in_time_are_removed() {
    let mut bench = Bench::new();
    let members = bench.stable(3);
    let leader = bench.shard.groups[&bench.group].leader.clone().expect("has one");
    let stays = members.iter().find(|member| member.member_id != leader).expect("there are three");
    let newcomer = bench.member_id();
    let newcomer = bench.join(&consumer(&newcomer));
    let again = bench.join(&consumer(&stays.member_id));
    // The other two send heartbeats, so that only the rebalance timeout removes them.
    for _ in 0..12 {
        for silent in members.iter().filter(|member| member.member_id != stays.member_id) {
            assert_eq!(bench.heartbeat(silent), Err(GroupError::RebalanceInProgress));
        }
        bench.pass(5 * SECOND);
    }
    let members = bench.settle(&[again, newcomer]);
    assert_eq!(members.len(), 2);
    assert_ne!(
        bench.shard.groups[&bench.group].leader.as_ref(),
        Some(&leader),
        "a leader that is out is replaced"
    );
}

#[test]
fn members_that_do_not_sync_in_time_are_removed() {
    let mut bench = Bench::new();
    let ids = [bench.member_id(), bench.member_id()];
    let joins = ids.each_ref().map(|id| bench.join(&consumer(id)));
    bench.pass(Duration::ZERO);
    let leader = bench.joined(joins[0]).leader;
    bench.joined(joins[1]);
    let follows = if s(&ids[0]) == leader { ids[1].clone() } else { ids[0].clone() };
    let sync = bench.sync(&member(&follows, 1), &[]);
    for _ in 0..12 {
        let _ = bench.heartbeat(&member(&leader, 1));
        bench.pass(5 * SECOND);
    }
    bench.pass(SECOND);
    assert_eq!(bench.synced(sync), Err(GroupError::RebalanceInProgress));
    let again = bench.join(&consumer(&follows));
    bench.settle(&[again]);
    assert_eq!(bench.heartbeat(&member(&leader, 1)), Err(GroupError::UnknownMember));
}

#[test]
fn a_member_that_waits_long_is_not_silent() {
    let mut bench = Bench::new();
    let members = bench.stable(2);
    let rejoin = JoinRequest {
        protocols: vec![Protocol { name: s("range"), metadata: subscription(&["other"]) }],
        ..consumer(&members[0].member_id)
    };
    let waits = bench.join(&rejoin);
    for _ in 0..8 {
        bench.pass(5 * SECOND);
        assert_eq!(bench.heartbeat(&members[1]), Err(GroupError::RebalanceInProgress));
    }
    assert!(bench.waits(waits), "forty seconds in a join are no reason to remove a member");
    let other = bench.join(&consumer(&members[1].member_id));
    bench.settle(&[waits, other]);
}

#[test]
fn a_new_member_whose_client_is_gone_does_not_wait_for_ever() {
    let mut bench = Bench::new();
    bench.stable(1);
    let slow = JoinRequest { rebalance_timeout: 600 * SECOND, ..consumer("") };
    let old = bench.shard.groups[&bench.group].members.keys().next().cloned().expect("one");
    let again = JoinRequest { rebalance_timeout: 600 * SECOND, ..consumer(&old) };
    let again = bench.join(&again);
    let ids = bench.joined(again);
    let id = bench.join(&slow);
    let id = bench.joined(id).member_id;
    let waits = bench.join(&JoinRequest { rebalance_timeout: 600 * SECOND, ..consumer(&id) });
    for _ in 0..61 {
        let _ = bench.heartbeat(&member(&old, ids.generation));
        bench.pass(5 * SECOND);
    }
    assert_eq!(
        bench.joined(waits).error,
        Some(GroupError::UnknownMember),
        "five minutes, then it must ask again"
    );
}
