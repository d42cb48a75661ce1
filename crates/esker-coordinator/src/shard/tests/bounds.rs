//! What clients bring is bounded, and what exists goes on.

use super::*;

/// Tries to make groups `g0`, `g1`, ... by a commit each; how many there are in the end.
fn groups_until_full(bench: &mut Bench) -> usize {
    for at in 0..1000 {
        bench.group = KString::from(format!("g{at}"));
        if let Err(error) = bench.commit(&nobody(), 1) {
            assert_eq!(error, GroupError::Limit);
            return at;
        }
    }
    panic!("there is no end to it");
}

#[test]
fn groups_take_a_bounded_part_of_the_memory() {
    let mut bench = Bench::with(GroupConfig { max_state: 100 << 10, ..GroupConfig::default() });
    let fit = groups_until_full(&mut bench);
    assert!((50..100).contains(&fit), "{fit} groups");
    let join = bench.join(&consumer(""));
    assert_eq!(bench.joined(join).error, Some(GroupError::Limit));
    // What there is goes on, but does not grow.
    bench.group = s("g0");
    assert_eq!(bench.commit(&nobody(), 2), Ok(()));
    let mut longer = commit_of(&nobody(), "t", 0, 3);
    longer.offsets[0].metadata = KString::from("x".repeat(4000));
    let (results, _) = bench.act(|shard, cx, group, token| shard.commit(cx, group, &longer, token));
    assert_eq!(results, [Err(GroupError::Limit)]);
    // A deletion makes room, and so does losing the partition.
    let (_, token) = bench.act(|shard, cx, group, token| shard.delete(cx, group, token));
    assert_eq!(bench.written(token), Ok(()));
    assert_eq!(bench.commit(&nobody(), 1), Ok(()));
    bench.reload();
    bench.group = KString::from(format!("g{fit}"));
    assert_eq!(bench.commit(&nobody(), 1), Err(GroupError::Limit), "what is read back counts");
}

#[test]
fn the_members_of_a_group_bring_a_bounded_amount_together() {
    let mut bench = Bench::with(GroupConfig {
        initial_rebalance_delay: Duration::ZERO,
        max_group_members: 256 << 10,
        ..GroupConfig::default()
    });
    let protocols = vec![Protocol { name: s("range"), metadata: Bytes::from(vec![0; 100 << 10]) }];
    let greedy =
        || JoinRequest { protocols: protocols.clone(), knows_member_id_required: false, ..consumer("") };
    let first = bench.join(&greedy());
    bench.pass(Duration::from_millis(1));
    let member = bench.joined(first);
    assert_eq!(member.error, None);
    let second = bench.join(&greedy());
    let third = bench.join(&greedy());
    assert_eq!(bench.joined(third).error, Some(GroupError::Limit));
    // The first comes back with as much as it had.
    let again = bench.join(&JoinRequest { member_id: member.member_id, ..greedy() });
    assert_eq!((bench.joined(again).error, bench.joined(second).error), (None, None));
}

#[test]
fn an_assignment_that_is_too_large_is_refused() {
    let mut bench = Bench::with(GroupConfig {
        initial_rebalance_delay: Duration::ZERO,
        max_group_members: 64 << 10,
        ..GroupConfig::default()
    });
    let join = bench.join(&JoinRequest { knows_member_id_required: false, ..consumer("") });
    bench.pass(Duration::from_millis(1));
    let joined = bench.joined(join);
    let member =
        MemberRef { member_id: joined.member_id.clone(), instance_id: None, generation: joined.generation };
    let large = Bytes::from(vec![0; 65 << 10]);
    let request = SyncRequest {
        member,
        protocol_type: None,
        protocol: None,
        assignments: vec![(joined.member_id, large)],
    };
    let (_, token) = bench.act(|shard, cx, group, token| shard.sync(cx, group, &request, token));
    assert_eq!(bench.synced(token), Err(GroupError::Limit));
}

#[test]
fn names_are_bounded() {
    let mut bench = Bench::new();
    let name = "\u{e4}".repeat(100_000);
    let join = bench.join(&JoinRequest { client_id: s(&name), ..consumer("") });
    let answer = bench.joined(join);
    assert_eq!(answer.error, Some(GroupError::MemberIdRequired));
    assert_eq!(answer.member_id.len(), 254 + 1 + 36, "the beginning of it, and a UUID");
    let name = "x".repeat(5 << 20);
    let join = bench.join(&JoinRequest { client_id: s(&name), ..consumer("") });
    assert_eq!(bench.joined(join).error, Some(GroupError::Limit));
    bench.group = s(&name);
    let join = bench.join(&consumer(""));
    assert_eq!(bench.joined(join).error, Some(GroupError::InvalidGroupId));
    assert_eq!(bench.commit(&nobody(), 1), Err(GroupError::InvalidGroupId));
}
