//! Static members.

use std::time::Duration;

use super::*;
use crate::effects::Then;

/// A stable group of static members `i0`, `i1`, ...
fn stable(bench: &mut Bench, members: usize) -> Vec<MemberRef> {
    let joins: Vec<Token> = (0..members).map(|n| bench.join(&fixed("", &format!("i{n}")))).collect();
    bench.pass(Duration::ZERO);
    bench.settle(&joins)
}

#[test]
fn a_static_member_that_comes_back_takes_its_place_without_a_rebalance() {
    let mut bench = Bench::new();
    let members = stable(&mut bench, 2);
    let leader = bench.shard.groups[&bench.group].leader.clone().expect("has one");
    for (n, before) in members.iter().enumerate() {
        let back = bench.join(&fixed("", &format!("i{n}")));
        let answer = bench.joined(back);
        let leads = before.member_id == leader;
        assert_eq!((answer.error, answer.generation), (None, 1));
        assert_ne!(answer.member_id, before.member_id);
        assert_eq!((answer.skip_assignment, answer.members.len()), (leads, if leads { 2 } else { 0 }));
        assert_eq!(answer.leader == answer.member_id, leads);
        assert_eq!(bench.heartbeat(before), Err(GroupError::FencedInstance));
        let now = MemberRef { member_id: answer.member_id, ..before.clone() };
        let sync = bench.sync(&now, &[]);
        assert_eq!(bench.synced(sync).expect("stable").assignment, before.member_id.clone().into_bytes());
        assert_eq!(bench.heartbeat(&now), Ok(()));
    }
    assert_eq!(bench.state(), GroupState::Stable);
}

#[test]
fn clients_that_cannot_skip_an_assignment_are_not_told_that_they_lead() {
    let mut bench = Bench::new();
    let members = stable(&mut bench, 1);
    let back = bench.join(&JoinRequest { knows_skip_assignment: false, ..fixed("", "i0") });
    let answer = bench.joined(back);
    assert_eq!(answer.leader, members[0].member_id, "the id of before, which nobody has any more");
    assert!(!answer.skip_assignment && answer.members.is_empty());
}

#[test]
fn a_return_that_cannot_be_written_is_undone() {
    let mut bench = Bench::new();
    let members = stable(&mut bench, 1);
    bench.durable = false;
    let back = bench.join(&fixed("", "i0"));
    assert!(bench.waits(back) && matches!(bench.writes[0].then, Then::Replace(_)));
    bench.flush(Err(GroupError::Unavailable));
    assert_eq!(bench.joined(back).error, Some(GroupError::Unavailable));
    assert_eq!(bench.heartbeat(&members[0]), Ok(()));
}

/// By a review: with its old protocols back, nothing was left that all members knew, and the next rebalance panicked.
#[test]
fn what_others_have_joined_by_is_not_taken_back_when_a_return_cannot_be_written() {
    let mut bench = Bench::new();
    let both = || vec![protocol("range"), protocol("sticky")];
    let long = |request: JoinRequest| JoinRequest { session_timeout: Duration::from_secs(600), ..request };
    let (id, newcomer) = (bench.member_id(), bench.member_id());
    let joins = [long(fixed("", "i0")), JoinRequest { protocols: both(), ..consumer(&id) }];
    let joins = joins.map(|request| bench.join(&request));
    bench.pass(Duration::from_millis(1));
    let members = bench.settle(&joins);
    bench.durable = false;
    let back = bench.join(&long(JoinRequest { protocols: both(), ..fixed("", "i0") }));
    assert!(bench.waits(back));
    let newcomer = JoinRequest { protocols: vec![protocol("sticky")], ..consumer(&newcomer) };
    let joined = bench.join(&newcomer);
    assert_eq!(bench.state(), GroupState::PreparingRebalance);
    bench.flush(Err(GroupError::Unavailable));
    assert_eq!(bench.joined(back).error, Some(GroupError::Unavailable));
    // The other one that knew both is gone.
    bench.durable = true;
    bench.pass(Duration::from_secs(61));
    let answer = bench.joined(joined);
    assert_eq!((answer.error, answer.protocol), (None, Some(s("sticky"))));
    assert!(bench.shard.groups[&bench.group].members.contains_key(&members[0].member_id), "it may come back");
}

#[test]
fn a_return_with_another_protocol_rebalances() {
    let mut bench = Bench::new();
    let members = stable(&mut bench, 1);
    let both = vec![protocol("sticky"), protocol("range")];
    let back = bench.join(&JoinRequest { protocols: both, ..fixed("", "i0") });
    let answer = bench.joined(back);
    assert_eq!((answer.generation, answer.protocol), (2, Some(s("sticky"))));
    assert_eq!(bench.heartbeat(&members[0]), Err(GroupError::FencedInstance));
}

#[test]
fn a_return_while_assignments_are_made_rebalances() {
    let mut bench = Bench::new();
    let joins: Vec<Token> = (0..2).map(|n| bench.join(&fixed("", &format!("i{n}")))).collect();
    bench.pass(Duration::ZERO);
    let answers: Vec<JoinAnswer> = joins.iter().map(|join| bench.joined(*join)).collect();
    let follows = usize::from(answers[0].leader == answers[0].member_id);
    let instance = ["i0", "i1"][follows];
    let old = MemberRef {
        member_id: answers[follows].member_id.clone(),
        instance_id: Some(s(instance)),
        generation: 1,
    };
    let sync = bench.sync(&old, &[]);
    let back = bench.join(&fixed("", instance));
    assert_eq!(bench.synced(sync), Err(GroupError::FencedInstance));
    let leads = 1 - follows;
    let other = bench.join(&fixed(&answers[leads].member_id, ["i0", "i1"][leads]));
    let members = bench.settle(&[back, other]);
    assert_eq!(members[0].generation, 2);
}

#[test]
fn two_processes_with_one_instance_id_do_not_both_wait() {
    let mut bench = Bench::with(GroupConfig {
        initial_rebalance_delay: Duration::from_secs(1),
        ..GroupConfig::default()
    });
    let first = bench.join(&fixed("", "i"));
    let second = bench.join(&fixed("", "i"));
    assert_eq!(bench.joined(first).error, Some(GroupError::FencedInstance));
    bench.pass(Duration::from_secs(1));
    bench.settle(&[second]);
}

#[test]
fn static_members_survive_a_rebalance_that_they_miss() {
    let mut bench = Bench::new();
    let long = |request: JoinRequest| JoinRequest { session_timeout: Duration::from_secs(600), ..request };
    let joins = [long(fixed("", "i0")), long(fixed("", "i1"))].map(|request| bench.join(&request));
    bench.pass(Duration::ZERO);
    let members = bench.settle(&joins);
    let newcomer = bench.join(&fixed("", "i2"));
    let stays = bench.join(&long(fixed(&members[0].member_id, "i0")));
    bench.pass(Duration::from_secs(61));
    assert_eq!(bench.joined(newcomer).error, None);
    assert_eq!(bench.joined(stays).generation, 2);
    let group = &bench.shard.groups[&bench.group];
    assert!(group.members.contains_key(&members[1].member_id), "it may come back");
}

#[test]
fn an_administrator_removes_a_static_member_by_its_instance_id() {
    let mut bench = Bench::new();
    let members = stable(&mut bench, 2);
    assert_eq!(bench.leave("", Some("nobody")), Err(GroupError::UnknownMember));
    assert_eq!(bench.leave("wrong", Some("i1")), Err(GroupError::FencedInstance));
    assert_eq!(bench.leave("", Some("i1")), Ok(()));
    assert_eq!(bench.heartbeat(&members[1]), Err(GroupError::UnknownMember));
    assert_eq!(bench.heartbeat(&members[0]), Err(GroupError::RebalanceInProgress));
}
