//! Who is let in, who is fenced, who is thrown out.

use std::time::Duration;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_member_gets_its_id_first_and_the_generation_second() {
    let mut bench = Bench::new();
    let id = bench.member_id();
    assert!(id.starts_with("client-"), "{id}");
    let join = bench.join(&consumer(&id));
    assert!(bench.waits(join), "the first rebalance waits for its delay, even of zero");
    bench.pass(Duration::ZERO);
    let answer = bench.joined(join);
    assert_eq!((answer.generation, &answer.leader, answer.protocol), (1, &s(&id), Some(s("range"))));
    assert_eq!(answer.members.len(), 1);
    assert_eq!(answer.members[0].metadata, subscription(&["t"]));
}

#[test]
fn old_clients_are_members_at_once() {
    let mut bench = Bench::new();
    let join = bench.join(&JoinRequest { knows_member_id_required: false, ..consumer("") });
    bench.pass(Duration::ZERO);
    assert_eq!(bench.joined(join).error, None);
}

#[test]
fn an_id_that_nobody_gave_is_not_known() {
    let mut bench = Bench::new();
    let join = bench.join(&consumer("made-up"));
    assert_eq!(bench.joined(join).error, Some(GroupError::UnknownMember), "no such group");
    bench.stable(1);
    let join = bench.join(&consumer("made-up"));
    assert_eq!(bench.joined(join).error, Some(GroupError::UnknownMember), "no such member");
}

#[test]
fn an_id_that_is_not_used_in_time_is_forgotten() {
    let mut bench = Bench::new();
    let id = bench.member_id();
    bench.pass(11 * SECOND);
    let join = bench.join(&consumer(&id));
    assert_eq!(bench.joined(join).error, Some(GroupError::UnknownMember));
}

#[test]
fn a_rebalance_waits_for_an_id_that_was_given_out() {
    let mut bench = Bench::new();
    let members = bench.stable(1);
    let pending = bench.member_id();
    let again = bench.join(&consumer(&members[0].member_id));
    assert!(bench.waits(again), "the leader's join began a rebalance, which waits for the pending member");
    let second = bench.join(&consumer(&pending));
    let members = bench.settle(&[again, second]);
    assert_eq!(members[1].member_id, s(&pending));
}

#[test]
fn a_pending_member_that_never_comes_does_not_hold_the_others_up() {
    let mut bench = Bench::new();
    let members = bench.stable(1);
    bench.member_id();
    let again = bench.join(&consumer(&members[0].member_id));
    bench.pass(11 * SECOND);
    assert_eq!(bench.joined(again).error, None);
}

#[test]
fn a_silent_member_is_removed_and_the_others_rebalance() {
    let mut bench = Bench::new();
    let members = bench.stable(2);
    for _ in 0..3 {
        bench.pass(5 * SECOND);
        let beat = bench.heartbeat(&members[0]);
        if beat == Err(GroupError::RebalanceInProgress) {
            break;
        }
        assert_eq!(beat, Ok(()));
    }
    assert_eq!(bench.state(), GroupState::PreparingRebalance);
    let again = bench.join(&consumer(&members[0].member_id));
    let members = bench.settle(&[again]);
    assert_eq!(members[0].generation, 2);
}

#[test]
fn when_the_last_member_falls_silent_the_group_is_empty() {
    let mut bench = Bench::new();
    bench.stable(3);
    bench.pass(200 * SECOND);
    assert_eq!(bench.state(), GroupState::Empty);
    let group = &bench.shard.groups[&bench.group];
    assert!(group.members.is_empty() && group.next_deadline().is_none());
}

#[test]
fn heartbeats_are_fenced() {
    let mut bench = Bench::new();
    assert_eq!(bench.heartbeat(&member("x", 1)), Err(GroupError::UnknownMember), "no such group");
    let members = bench.stable(1);
    let id = members[0].member_id.as_str();
    assert_eq!(bench.heartbeat(&member(id, 1)), Ok(()));
    assert_eq!(bench.heartbeat(&member(id, 0)), Err(GroupError::IllegalGeneration));
    assert_eq!(bench.heartbeat(&member(id, 2)), Err(GroupError::IllegalGeneration));
    assert_eq!(bench.heartbeat(&member("x", 1)), Err(GroupError::UnknownMember));
}

#[test]
fn whoever_leaves_is_gone_at_once() {
    let mut bench = Bench::new();
    let members = bench.stable(2);
    assert_eq!(bench.leave(&members[1].member_id, None), Ok(()));
    assert_eq!(bench.leave(&members[1].member_id, None), Err(GroupError::UnknownMember));
    assert_eq!(bench.heartbeat(&members[0]), Err(GroupError::RebalanceInProgress));
    assert_eq!(bench.leave(&members[0].member_id, None), Ok(()));
    assert_eq!(bench.state(), GroupState::Empty);
    assert_eq!(bench.leave("", None), Err(GroupError::UnknownMember));
}

#[test]
fn the_answer_to_the_last_leave_waits_for_the_log() {
    let mut bench = Bench::new();
    let members = bench.stable(1);
    bench.durable = false;
    let leavers = [Leaver { member_id: members[0].member_id.clone(), instance_id: None }];
    let (_, token) = bench.act(|shard, cx, group, token| shard.leave(cx, group, &leavers, token));
    assert!(bench.waits(token));
    bench.flush(Ok(()));
    assert_eq!(bench.written(token), Ok(()));
}

#[test]
fn a_waiting_member_that_leaves_is_told_so() {
    let mut bench = Bench::new();
    let id = bench.member_id();
    let join = bench.join(&consumer(&id));
    assert_eq!(bench.leave(&id, None), Ok(()));
    assert_eq!(bench.joined(join).error, Some(GroupError::UnknownMember));
    bench.pass(SECOND);
    assert_eq!(bench.state(), GroupState::Empty);
}

#[test]
fn protocols_must_have_one_in_common() {
    let mut bench = Bench::new();
    let none = bench.join(&JoinRequest { protocols: vec![], ..consumer("") });
    assert_eq!(bench.joined(none).error, Some(GroupError::InconsistentProtocol));
    let no_type = bench.join(&JoinRequest { protocol_type: s(""), ..consumer("") });
    assert_eq!(bench.joined(no_type).error, Some(GroupError::InconsistentProtocol));
    bench.stable(1);
    let other_type = bench.join(&JoinRequest { protocol_type: s("connect"), ..consumer("") });
    assert_eq!(bench.joined(other_type).error, Some(GroupError::InconsistentProtocol));
    let other = bench.join(&JoinRequest { protocols: vec![protocol("sticky")], ..consumer("") });
    assert_eq!(bench.joined(other).error, Some(GroupError::InconsistentProtocol));
    let both = JoinRequest { protocols: vec![protocol("sticky"), protocol("range")], ..consumer("") };
    let both = bench.join(&both);
    assert_eq!(bench.joined(both).error, Some(GroupError::MemberIdRequired));
}

#[test]
fn the_protocol_that_most_like_best_wins() {
    let mut bench = Bench::new();
    let ids: Vec<String> = (0..3).map(|_| bench.member_id()).collect();
    let lists = [["range", "sticky"], ["sticky", "range"], ["sticky", "range"]];
    let joins: Vec<Token> = ids
        .iter()
        .zip(lists)
        .map(|(id, names)| {
            bench.join(&JoinRequest { protocols: names.map(protocol).to_vec(), ..consumer(id) })
        })
        .collect();
    bench.pass(Duration::ZERO);
    for join in joins {
        assert_eq!(bench.joined(join).protocol, Some(s("sticky")));
    }
}

#[test]
fn a_full_group_takes_nobody_but_keeps_its_own() {
    let mut bench = Bench::with(GroupConfig {
        initial_rebalance_delay: Duration::ZERO,
        max_members: 2,
        ..GroupConfig::default()
    });
    let members = bench.stable(2);
    let third = bench.join(&consumer(""));
    assert_eq!(bench.joined(third).error, Some(GroupError::GroupFull));
    let again: Vec<Token> = members.iter().map(|m| bench.join(&consumer(&m.member_id))).collect();
    bench.settle(&again);
}

#[test]
fn a_member_may_not_bring_any_amount_of_metadata() {
    let mut bench = Bench::new();
    let protocols = vec![Protocol { name: s("range"), metadata: Bytes::from(vec![0; 5 << 20]) }];
    let join = bench.join(&JoinRequest { protocols, ..consumer("") });
    assert_eq!(bench.joined(join).error, Some(GroupError::Limit));
}
