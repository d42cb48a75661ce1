//! Listing, describing and deleting.

use std::time::Duration;

use esker_core::TopicId;

use super::*;

fn delete(bench: &mut Bench) -> Result<(), GroupError> {
    let (_, token) = bench.act(|shard, cx, group, token| shard.delete(cx, group, token));
    bench.written(token)
}

#[test]
fn only_groups_without_members_are_deleted() {
    let mut bench = Bench::new();
    assert_eq!(delete(&mut bench), Err(GroupError::GroupNotFound));
    let members = bench.stable(1);
    bench.commit(&members[0], 3).expect("a member");
    assert_eq!(delete(&mut bench), Err(GroupError::NonEmptyGroup));
    bench.leave(&members[0].member_id, None).expect("a member");
    assert_eq!(delete(&mut bench), Ok(()));
    assert!(bench.shard.groups.is_empty());
    assert_eq!(bench.offset("t", 0), None);
    bench.stable(1);
    assert_eq!(bench.offset("t", 0), None, "a group of the same name starts without offsets");
}

#[test]
fn a_group_that_is_being_deleted_sends_everyone_away() {
    let mut bench = Bench::new();
    bench.commit(&nobody(), 3).expect("no members");
    bench.durable = false;
    let (_, token) = bench.act(|shard, cx, group, token| shard.delete(cx, group, token));
    assert_eq!(bench.commit(&nobody(), 4), Err(GroupError::Unavailable));
    let join = bench.join(&consumer(""));
    assert_eq!(bench.joined(join).error, Some(GroupError::Unavailable));
    bench.flush(Err(GroupError::Unavailable));
    assert_eq!(bench.written(token), Err(GroupError::Unavailable));
    assert_eq!(bench.offset("t", 0), Some(3), "what could not be deleted is still there");
}

#[test]
fn a_deletion_covers_commits_that_are_still_being_written() {
    let mut bench = Bench::new();
    bench.durable = false;
    let request = commit_of(&nobody(), "t", 0, 3);
    bench.act(|shard, cx, group, token| shard.commit(cx, group, &request, token));
    bench.act(|shard, cx, group, token| shard.delete(cx, group, token));
    assert_eq!(bench.writes[1].records.len(), 1, "a tombstone for the offset that nobody has seen yet");
    bench.flush(Ok(()));
    assert!(bench.shard.groups.is_empty());
}

#[test]
fn offsets_of_topics_that_are_consumed_are_not_deleted() {
    let mut bench = Bench::new();
    let asked = [(s("t"), 0), (s("other"), 0), (s("never"), 0)];
    let go = |bench: &mut Bench| {
        let (results, token) =
            bench.act(|shard, cx, group, token| shard.delete_offsets(cx, group, &asked, token));
        bench.written(token).map(|()| results)
    };
    assert_eq!(go(&mut bench), Err(GroupError::GroupNotFound));
    let members = bench.stable(1);
    bench.commit(&members[0], 3).expect("a member");
    let request = commit_of(&members[0], "other", 0, 3);
    bench.act(|shard, cx, group, token| shard.commit(cx, group, &request, token));
    assert_eq!(go(&mut bench), Ok(vec![Err(GroupError::SubscribedToTopic), Ok(()), Ok(())]));
    assert_eq!((bench.offset("t", 0), bench.offset("other", 0)), (Some(3), None));
    bench.leave(&members[0].member_id, None).expect("a member");
    assert_eq!(go(&mut bench), Ok(vec![Ok(()); 3]));
    assert_eq!(bench.offset("t", 0), None);
}

#[test]
fn offsets_of_groups_that_are_not_consumers_are_deleted_when_nobody_is_there() {
    let mut bench = Bench::new();
    let worker = JoinRequest { protocol_type: s("connect"), ..fixed("", "i") };
    bench.join(&worker);
    bench.pass(Duration::ZERO);
    let (_, token) =
        bench.act(|shard, cx, group, token| shard.delete_offsets(cx, group, &[(s("t"), 0)], token));
    assert_eq!(bench.written(token), Err(GroupError::NonEmptyGroup));
}

#[test]
fn members_are_described_in_full_while_the_group_is_stable() {
    let mut bench = Bench::new();
    let members = bench.stable(2);
    let found = bench.shard.describe(&bench.group).expect("exists");
    assert_eq!((found.state, found.protocol.as_str(), found.members.len()), (GroupState::Stable, "range", 2));
    assert!(found.members.iter().all(|m| m.assignment == m.member_id.clone().into_bytes()));
    assert!(
        found.members.iter().all(|m| m.client_host == s("/127.0.0.1") && m.metadata == subscription(&["t"]))
    );
    bench.leave(&members[0].member_id, None).expect("a member");
    let found = bench.shard.describe(&bench.group).expect("exists");
    assert_eq!((found.state, found.protocol.as_str()), (GroupState::PreparingRebalance, ""));
    assert!(found.members.iter().all(|m| m.assignment.is_empty() && m.metadata.is_empty()));
    let listed: Vec<_> = bench.shard.list().collect();
    assert_eq!((listed.len(), listed[0].protocol_type.as_str()), (1, "consumer"));
}

#[test]
fn offsets_in_a_deleted_topic_go_with_it() {
    let mut bench = Bench::new();
    bench.commit(&nobody(), 3).expect("no members");
    let request = commit_of(&nobody(), "kept", 0, 3);
    bench.act(|shard, cx, group, token| shard.commit(cx, group, &request, token));
    let deleted = TopicId(Uuid::from_u128(1));
    let mut later = commit_of(&nobody(), "t", 1, 3);
    later.offsets[0].topic_id = Uuid::from_u128(2);
    bench.act(|shard, cx, group, token| shard.commit(cx, group, &later, token));
    bench.act(|shard, cx, _, _| shard.topic_deleted(cx, &s("t"), deleted));
    assert_eq!((bench.offset("t", 0), bench.offset("kept", 0)), (None, Some(3)));
    assert_eq!(bench.offset("t", 1), Some(3), "of a later topic of this name");
}

#[test]
fn groups_that_nobody_came_to_are_forgotten() {
    let mut bench = Bench::new();
    bench.member_id();
    bench.act(|shard, cx, _, _| shard.expire_offsets(cx));
    assert_eq!(bench.shard.groups.len(), 1, "someone may come back with the id");
    bench.pass(Duration::from_secs(11));
    bench.act(|shard, cx, _, _| shard.expire_offsets(cx));
    assert!(bench.shard.groups.is_empty());
}
