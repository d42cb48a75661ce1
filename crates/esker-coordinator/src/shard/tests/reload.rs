//! What another broker finds.

use std::time::Duration;

use esker_core::Epoch;

use super::*;

#[test]
fn a_stable_group_goes_on_after_a_reload() {
    let mut bench = Bench::new();
    let members = bench.stable(2);
    bench.commit(&members[0], 5).expect("a member");
    bench.pass(Duration::from_secs(9));
    bench.reload();
    assert_eq!((bench.state(), bench.offset("t", 0)), (GroupState::Stable, Some(5)));
    bench.pass(Duration::from_secs(9));
    for member in &members {
        assert_eq!(bench.heartbeat(member), Ok(()), "every session has begun anew");
        let sync = bench.sync(member, &[]);
        assert_eq!(bench.synced(sync).expect("stable").assignment, member.member_id.clone().into_bytes());
    }
    let group = &bench.shard.groups[&bench.group];
    assert!(group.is_subscribed("t") && !group.is_subscribed("x"));
    let joins: Vec<Token> = {
        let leader = group.leader.clone().expect("has one");
        let follower = members.iter().find(|m| m.member_id != leader).expect("two").member_id.clone();
        let leader = bench.join(&consumer(&leader));
        vec![leader, bench.join(&consumer(&follower))]
    };
    assert_eq!(bench.settle(&joins)[0].generation, 2);
}

#[test]
fn members_that_do_not_come_back_expire_after_a_reload() {
    let mut bench = Bench::new();
    bench.stable(2);
    bench.reload();
    bench.pass(Duration::from_secs(120));
    assert_eq!(bench.state(), GroupState::Empty);
}

#[test]
fn static_members_are_known_after_a_reload() {
    let mut bench = Bench::new();
    let join = bench.join(&fixed("", "i"));
    bench.pass(Duration::ZERO);
    let members = bench.settle(&[join]);
    bench.reload();
    let back = bench.join(&fixed("", "i"));
    let answer = bench.joined(back);
    assert_eq!((answer.error, answer.generation), (None, 1));
    assert_eq!(bench.heartbeat(&members[0]), Err(GroupError::FencedInstance));
}

#[test]
fn what_was_deleted_stays_deleted() {
    let mut bench = Bench::new();
    bench.commit(&nobody(), 3).expect("no members");
    bench.act(|shard, cx, group, token| shard.delete(cx, group, token));
    bench.reload();
    assert!(bench.shard.groups.is_empty());
    let members = bench.stable(1);
    bench.commit(&members[0], 4).expect("a member");
    bench.leave(&members[0].member_id, None).expect("a member");
    bench.reload();
    assert_eq!((bench.state(), bench.offset("t", 0)), (GroupState::Empty, Some(4)));
    bench.act(|shard, cx, group, token| shard.delete_offsets(cx, group, &[(s("t"), 0)], token));
    bench.reload();
    assert_eq!((bench.state(), bench.offset("t", 0)), (GroupState::Empty, None));
    bench.act(|shard, cx, group, token| shard.delete(cx, group, token));
    bench.reload();
    assert!(bench.shard.groups.is_empty());
}

#[test]
fn everything_about_an_offset_survives() {
    let mut bench = Bench::new();
    let mut request = commit_of(&nobody(), "t", 7, i64::MAX);
    request.offsets[0].metadata = s("\u{1f600}");
    request.offsets[0].leader_epoch = Some(Epoch(9));
    request.offsets[0].topic_id = Uuid::from_u128(77);
    bench.act(|shard, cx, group, token| shard.commit(cx, group, &request, token));
    let request =
        CommitRequest { retention: Some(Duration::from_secs(5)), ..commit_of(&nobody(), "t", 8, 0) };
    bench.act(|shard, cx, group, token| shard.commit(cx, group, &request, token));
    let before = bench.shard.fetch_all(&bench.group);
    bench.reload();
    assert_eq!(bench.shard.fetch_all(&bench.group), before);
    assert_eq!(before[0].partitions.len(), 2);
}

#[test]
fn a_group_that_is_too_large_for_new_settings_rebalances_after_a_reload() {
    let mut bench = Bench::new();
    bench.stable(3);
    bench.config.max_members = 2;
    bench.reload();
    assert_eq!(bench.state(), GroupState::PreparingRebalance);
}
