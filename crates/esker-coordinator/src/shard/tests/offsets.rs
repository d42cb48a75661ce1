//! Committing, fetching, deleting and expiring offsets.

use std::time::Duration;

use esker_core::Epoch;

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn members_commit_in_their_generation_and_strangers_do_not() {
    let mut bench = Bench::new();
    let members = bench.stable(1);
    let id = members[0].member_id.as_str().to_owned();
    assert_eq!(bench.commit(&members[0], 5), Ok(()));
    assert_eq!(bench.commit(&member(&id, 0), 6), Err(GroupError::IllegalGeneration));
    assert_eq!(bench.commit(&member("x", 1), 6), Err(GroupError::UnknownMember));
    assert_eq!(bench.commit(&nobody(), 6), Err(GroupError::UnknownMember));
    assert_eq!(bench.offset("t", 0), Some(5));
    // While others join, a member still commits what it has done.
    let newcomer = bench.member_id();
    bench.join(&consumer(&newcomer));
    assert_eq!(bench.commit(&members[0], 7), Ok(()));
    // Once it has joined, it must have its assignment first.
    bench.join(&consumer(&id));
    assert_eq!(bench.commit(&member(&id, 1), 8), Err(GroupError::IllegalGeneration));
    assert_eq!(bench.commit(&member(&id, 2), 8), Err(GroupError::RebalanceInProgress));
    assert_eq!(bench.offset("t", 0), Some(7));
}

#[test]
fn consumers_without_membership_commit_to_groups_without_members() {
    let mut bench = Bench::new();
    assert_eq!(bench.commit(&member("x", 3), 1), Err(GroupError::GroupNotFound));
    let request = CommitRequest { knows_group_not_found: false, ..commit_of(&member("x", 3), "t", 0, 1) };
    let (_, token) = bench.act(|shard, cx, group, token| shard.commit(cx, group, &request, token));
    assert_eq!(bench.written(token), Err(GroupError::IllegalGeneration));
    assert_eq!(bench.commit(&nobody(), 1), Ok(()));
    assert_eq!(bench.offset("t", 0), Some(1));
    assert_eq!(bench.commit(&member("x", 3), 1), Err(GroupError::UnknownMember));
}

#[test]
fn fetching_sees_only_what_is_durable() {
    let mut bench = Bench::new();
    bench.durable = false;
    let request = commit_of(&nobody(), "t", 0, 9);
    let (_, token) = bench.act(|shard, cx, group, token| shard.commit(cx, group, &request, token));
    assert!(bench.waits(token));
    assert_eq!(bench.offset("t", 0), None);
    bench.flush(Ok(()));
    assert_eq!((bench.written(token), bench.offset("t", 0)), (Ok(()), Some(9)));
    let request = commit_of(&nobody(), "t", 0, 10);
    let (_, token) = bench.act(|shard, cx, group, token| shard.commit(cx, group, &request, token));
    bench.flush(Err(GroupError::Unavailable));
    assert_eq!((bench.written(token), bench.offset("t", 0)), (Err(GroupError::Unavailable), Some(9)));
}

#[test]
fn metadata_and_epochs_round_trip_and_are_bounded() {
    let mut bench = Bench::new();
    let mut request = commit_of(&nobody(), "t", 0, 1);
    request.offsets[0].metadata = s("\u{e4} note");
    request.offsets[0].leader_epoch = Some(Epoch(4));
    let mut long = request.offsets[0].clone();
    long.partition = 1;
    long.metadata = KString::from("x".repeat(4097));
    request.offsets.push(long);
    let (results, token) = bench.act(|shard, cx, group, token| shard.commit(cx, group, &request, token));
    assert_eq!(results, [Ok(()), Err(GroupError::MetadataTooLarge)]);
    assert_eq!(bench.written(token), Ok(()));
    let found = bench.shard.fetch_all(&bench.group);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].partitions.len(), 1);
    let (_, commit) = &found[0].partitions[0];
    assert_eq!((&commit.metadata, commit.leader_epoch), (&s("\u{e4} note"), Some(Epoch(4))));
}

#[test]
fn a_group_holds_a_bounded_number_of_offsets() {
    let mut bench = Bench::with(GroupConfig { max_offsets_per_group: 1, ..GroupConfig::default() });
    assert_eq!(bench.commit(&nobody(), 1), Ok(()));
    let request = commit_of(&nobody(), "t", 1, 1);
    let (results, token) = bench.act(|shard, cx, group, token| shard.commit(cx, group, &request, token));
    assert_eq!((results[0], bench.written(token)), (Err(GroupError::TooManyOffsets), Ok(())));
    assert_eq!(bench.commit(&nobody(), 2), Ok(()), "what is known may move on");
}

#[test]
fn offsets_outlive_the_last_member_by_the_retention() {
    let mut bench = Bench::new();
    let members = bench.stable(1);
    bench.commit(&members[0], 5).expect("a member");
    bench.pass(Duration::from_secs(1));
    bench.leave(&members[0].member_id, None).expect("a member");
    bench.pass(7 * DAY - Duration::from_secs(1));
    bench.act(|shard, cx, _, _| shard.expire_offsets(cx));
    assert_eq!(bench.offset("t", 0), Some(5));
    bench.pass(Duration::from_secs(1));
    bench.act(|shard, cx, _, _| shard.expire_offsets(cx));
    assert!(bench.shard.groups.is_empty(), "nothing is left of it");
}

#[test]
fn offsets_of_consumers_without_membership_last_from_their_commit() {
    let mut bench = Bench::new();
    bench.commit(&nobody(), 5).expect("no members");
    bench.pass(6 * DAY);
    let request = commit_of(&nobody(), "t", 1, 5);
    bench.act(|shard, cx, group, token| shard.commit(cx, group, &request, token));
    bench.pass(DAY);
    bench.act(|shard, cx, _, _| shard.expire_offsets(cx));
    assert_eq!((bench.offset("t", 0), bench.offset("t", 1)), (None, Some(5)));
}

#[test]
fn a_retention_of_its_own_counts_for_an_offset() {
    let mut bench = Bench::new();
    let request =
        CommitRequest { retention: Some(Duration::from_secs(60)), ..commit_of(&nobody(), "t", 0, 5) };
    bench.act(|shard, cx, group, token| shard.commit(cx, group, &request, token));
    bench.pass(Duration::from_secs(59));
    bench.act(|shard, cx, _, _| shard.expire_offsets(cx));
    assert_eq!(bench.offset("t", 0), Some(5));
    bench.pass(Duration::from_secs(1));
    bench.act(|shard, cx, _, _| shard.expire_offsets(cx));
    assert_eq!(bench.offset("t", 0), None);
}

#[test]
fn what_a_group_consumes_does_not_expire() {
    let mut bench = Bench::new();
    let long = JoinRequest { session_timeout: 30 * DAY, ..fixed("", "i") };
    let join = bench.join(&long);
    bench.pass(Duration::ZERO);
    let members = bench.settle(&[join]);
    bench.commit(&members[0], 5).expect("a member");
    let request = commit_of(&members[0], "left", 0, 5);
    bench.act(|shard, cx, group, token| shard.commit(cx, group, &request, token));
    bench.pass(8 * DAY);
    bench.act(|shard, cx, _, _| shard.expire_offsets(cx));
    assert_eq!((bench.offset("t", 0), bench.offset("left", 0)), (Some(5), None));
}
