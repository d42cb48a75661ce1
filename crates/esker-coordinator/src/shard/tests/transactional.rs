//! Offsets in transactions.

use std::collections::BTreeSet;

use esker_core::ProducerId;
use proptest::prelude::*;

use super::*;
use crate::{
    effects::Then,
    shard::transactional::Guard,
    transactions::{MarkerOrder, Producer, TransactionError},
};

fn p(id: i64, epoch: i16) -> Producer {
    Producer { id: ProducerId(id), epoch }
}

fn order(producer: Producer, commit: bool, bumped: bool) -> MarkerOrder {
    let Producer { id: producer, epoch } = producer;
    MarkerOrder { producer, epoch, commit, bumped, coordinator_epoch: 0, partitions: Vec::new() }
}

fn fenced() -> Result<(), GroupError> {
    Err(GroupError::Transaction(TransactionError::ProducerFenced))
}

fn concurrent() -> Result<(), GroupError> {
    Err(GroupError::Transaction(TransactionError::Concurrent))
}

impl Bench {
    fn guard(&mut self, producer: Producer) -> Option<Guard> {
        self.shard.guard(producer)
    }

    fn ask_commit_with(
        &mut self,
        producer: Producer,
        guard: Option<Guard>,
        member: &MemberRef,
        (partition, offset): (i32, i64),
    ) -> Token {
        let request = commit_of(member, "t", partition, offset);
        self.act(|shard, cx, group, token| {
            shard.commit_in_transaction(cx, group, (producer, guard), &request, token);
        })
        .1
    }

    /// A commit whose transaction was looked up.
    fn ask_pend(&mut self, producer: Producer, place: (i32, i64)) -> Token {
        let guard = self.guard(producer);
        self.ask_commit_with(producer, guard, &nobody(), place)
    }

    fn pend(&mut self, producer: Producer, place: (i32, i64)) -> Result<(), GroupError> {
        let token = self.ask_pend(producer, place);
        self.written(token)
    }

    fn ask_end(&mut self, order: &MarkerOrder) -> Token {
        self.act(|shard, cx, _, token| shard.end_transaction(cx, order, token)).1
    }

    fn end(&mut self, producer: Producer, commit: bool) -> Result<(), GroupError> {
        let token = self.ask_end(&order(producer, commit, false));
        self.written(token)
    }

    fn unstable(&self) -> Vec<i32> {
        self.shard.transactional.unstable(&self.group).map(|(_, partition)| *partition).collect()
    }
}

#[test]
fn offsets_count_once_their_transaction_commits() {
    let mut bench = Bench::new();
    bench.commit(&nobody(), 1).unwrap();
    bench.pend(p(1, 0), (0, 7)).unwrap();
    bench.pend(p(1, 0), (3, 8)).unwrap();
    assert_eq!((bench.offset("t", 0), bench.offset("t", 3)), (Some(1), None));
    assert_eq!(bench.unstable(), [0, 3]);
    bench.end(p(1, 0), true).unwrap();
    assert_eq!((bench.offset("t", 0), bench.offset("t", 3)), (Some(7), Some(8)));
    assert!(bench.unstable().is_empty());
    bench.pend(p(1, 0), (0, 9)).unwrap();
    bench.end(p(1, 0), false).unwrap();
    assert_eq!(bench.offset("t", 0), Some(7));
    bench.reload();
    assert_eq!((bench.offset("t", 0), bench.offset("t", 3)), (Some(7), Some(8)));
}

#[test]
fn a_transaction_that_is_open_stays_open_over_a_reload() {
    for commit in [true, false] {
        let mut bench = Bench::new();
        bench.pend(p(1, 0), (0, 7)).unwrap();
        bench.reload();
        assert_eq!((bench.offset("t", 0), bench.unstable()), (None, vec![0]));
        assert_eq!(bench.guard(p(1, 0)), None, "nobody needs to be asked again");
        bench.end(p(1, 0), commit).unwrap();
        assert_eq!(bench.offset("t", 0), commit.then_some(7));
        bench.reload();
        assert_eq!(bench.offset("t", 0), commit.then_some(7));
    }
}

#[test]
fn a_commit_that_is_not_written_leaves_nothing() {
    let mut bench = Bench::new();
    bench.durable = false;
    let token = bench.ask_pend(p(1, 0), (0, 7));
    assert_eq!(bench.unstable(), [0], "whoever asks now must wait for it");
    bench.flush(Err(GroupError::Unavailable));
    assert_eq!(bench.written(token), Err(GroupError::Unavailable));
    assert!(bench.unstable().is_empty());
    assert!(bench.guard(p(1, 0)).is_some(), "its transaction has not begun here");
}

#[test]
fn what_was_looked_up_holds_until_the_transaction_ends() {
    let mut bench = Bench::new();
    let guard = bench.guard(p(1, 0));
    bench.end(p(1, 0), false).unwrap();
    let token = bench.ask_commit_with(p(1, 0), guard, &nobody(), (0, 7));
    assert_eq!(bench.written(token), concurrent(), "it may have been of the transaction that ended");
    let token = bench.ask_commit_with(p(1, 0), None, &nobody(), (0, 7));
    assert_eq!(bench.written(token), concurrent(), "nobody has looked");
    bench.pend(p(1, 0), (0, 7)).unwrap();
    // Its end is on its way, and what comes behind it is of the next transaction.
    bench.durable = false;
    let ended = bench.ask_end(&order(p(1, 0), true, false));
    let token = bench.ask_commit_with(p(1, 0), None, &nobody(), (0, 8));
    assert_eq!(bench.written(token), concurrent());
    let next = bench.ask_pend(p(1, 0), (1, 9));
    bench.flush(Ok(()));
    assert_eq!((bench.written(ended), bench.written(next)), (Ok(()), Ok(())));
    assert_eq!((bench.offset("t", 0), bench.offset("t", 1)), (Some(7), None));
    assert_eq!(bench.unstable(), [1]);
}

#[test]
fn old_epochs_are_fenced_and_new_ones_wait_for_the_end_of_the_old() {
    let mut bench = Bench::new();
    bench.pend(p(1, 5), (0, 7)).unwrap();
    assert_eq!(bench.pend(p(1, 4), (0, 8)), fenced());
    assert_eq!(bench.pend(p(1, 6), (0, 8)), concurrent());
    bench.end(p(1, 6), false).unwrap();
    bench.pend(p(1, 6), (0, 8)).unwrap();
    bench.end(p(1, 6), true).unwrap();
    assert_eq!(bench.offset("t", 0), Some(8));
}

#[test]
fn a_late_copy_of_an_end_does_not_end_the_next_transaction() {
    let mut bench = Bench::new();
    bench.pend(p(1, 0), (0, 7)).unwrap();
    let end = order(p(1, 1), true, true);
    let token = bench.ask_end(&end);
    bench.written(token).unwrap();
    bench.pend(p(1, 1), (0, 8)).unwrap();
    let token = bench.ask_end(&end);
    assert_eq!(bench.written(token), Ok(()));
    assert_eq!((bench.offset("t", 0), bench.unstable()), (Some(7), vec![0]));
}

#[test]
fn a_later_commit_outside_of_transactions_wins() {
    let mut bench = Bench::new();
    bench.pend(p(1, 0), (0, 7)).unwrap();
    bench.commit(&nobody(), 9).unwrap();
    bench.end(p(1, 0), true).unwrap();
    assert_eq!(bench.offset("t", 0), Some(9));
    bench.reload();
    assert_eq!(bench.offset("t", 0), Some(9));
}

#[test]
fn members_must_be_current_and_those_who_know_of_none_need_not() {
    let mut bench = Bench::new();
    let members = bench.stable(1);
    bench.pend(p(1, 0), (0, 7)).unwrap();
    let mut commit = |member: &MemberRef| {
        let guard = bench.guard(p(2, 0));
        let token = bench.ask_commit_with(p(2, 0), guard, member, (1, 1));
        bench.written(token)
    };
    assert_eq!(commit(&members[0]), Ok(()));
    let old = MemberRef { generation: 0, ..members[0].clone() };
    assert_eq!(commit(&old), Err(GroupError::IllegalGeneration));
    assert_eq!(commit(&member("ghost", 1)), Err(GroupError::UnknownMember));
}

#[test]
fn a_deleted_group_comes_back_with_what_its_transaction_commits() {
    let mut bench = Bench::new();
    bench.commit(&nobody(), 1).unwrap();
    bench.pend(p(1, 0), (3, 7)).unwrap();
    let (_, token) = bench.act(|shard, cx, group, token| shard.delete(cx, group, token));
    bench.written(token).unwrap();
    assert_eq!(bench.offset("t", 0), None);
    bench.end(p(1, 0), true).unwrap();
    assert_eq!((bench.offset("t", 0), bench.offset("t", 3)), (None, Some(7)));
    bench.reload();
    assert_eq!((bench.offset("t", 0), bench.offset("t", 3)), (None, Some(7)));
}

#[test]
fn what_waits_counts_and_is_bounded() {
    let config = GroupConfig { max_state: 20_000, ..GroupConfig::default() };
    let mut bench = Bench::with(config);
    let token = (0..).find_map(|partition| {
        let token = bench.ask_pend(p(1, 0), (partition, 7));
        // The offset is refused, the request is not.
        let waiting = bench.unstable().len();
        bench.written(token).unwrap();
        (waiting <= partition as usize).then_some(waiting)
    });
    assert!((10..100).contains(&token.unwrap()), "{token:?}");
    bench.end(p(1, 0), false).unwrap();
    assert_eq!(bench.shard.transactional.weight(), 0);
}

#[derive(Clone, Debug)]
enum Move {
    Pend(i64, i32),
    Commit(i32),
    End(i64, bool),
    Delete,
    Durable,
    LogFails,
    Reload,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        6 => (1..4_i64, 0..3).prop_map(|(producer, partition)| Move::Pend(producer, partition)),
        3 => (0..3).prop_map(Move::Commit),
        4 => (1..4_i64, any::<bool>()).prop_map(|(producer, commit)| Move::End(producer, commit)),
        1 => Just(Move::Delete),
        6 => Just(Move::Durable),
        1 => Just(Move::LogFails),
        1 => Just(Move::Reload),
    ];
    proptest::collection::vec(one, 1..80)
}

/// What the log says, read in its order by the simplest rules.
fn reference(log: &[Write]) -> (BTreeMap<i32, i64>, BTreeSet<i32>) {
    let mut offsets = BTreeMap::new();
    let mut waiting: BTreeMap<(ProducerId, i32), i64> = BTreeMap::new();
    let mut unstable: BTreeMap<ProducerId, BTreeSet<i32>> = BTreeMap::new();
    for write in log {
        match &write.then {
            Then::Commit(commits) => {
                for (_, partition, commit) in commits {
                    offsets.insert(*partition, commit.offset.0);
                    waiting.retain(|(_, at), _| at != partition);
                    for places in unstable.values_mut() {
                        places.remove(partition);
                    }
                }
            }
            Then::Pend { producer, offsets, .. } => {
                for (_, partition, commit) in offsets {
                    waiting.insert((*producer, *partition), commit.offset.0);
                    unstable.entry(*producer).or_default().insert(*partition);
                }
            }
            Then::End { producer, commit, .. } => {
                unstable.remove(producer);
                let ended: Vec<_> = waiting.keys().filter(|(id, _)| id == producer).copied().collect();
                for place in ended {
                    let offset = waiting.remove(&place).expect("listed");
                    if *commit {
                        offsets.insert(place.1, offset);
                    }
                }
            }
            Then::Delete => offsets.clear(),
            _ => {}
        }
    }
    (offsets, unstable.into_values().flatten().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn memory_says_what_the_log_says(moves in moves()) {
        let mut bench = Bench::new();
        bench.durable = false;
        let mut offset = 0;
        for step in moves {
            offset += 1;
            match step {
                Move::Pend(producer, partition) => drop(bench.ask_pend(p(producer, 0), (partition, offset))),
                Move::Commit(partition) => {
                    let request = commit_of(&nobody(), "t", partition, offset);
                    bench.act(|shard, cx, group, token| shard.commit(cx, group, &request, token));
                }
                Move::End(producer, commit) => drop(bench.ask_end(&order(p(producer, 0), commit, false))),
                Move::Delete => drop(bench.act(|shard, cx, group, token| shard.delete(cx, group, token))),
                Move::Durable => bench.flush(Ok(())),
                Move::LogFails => bench.flush(Err(GroupError::Unavailable)),
                Move::Reload => bench.reload(),
            }
            let (offsets, unstable) = reference(&bench.log);
            // A group that is being deleted shows nothing, whatever becomes of that.
            let dying = bench.writes.iter().any(|write| matches!(write.then, Then::Delete));
            for partition in (0..3).filter(|_| !dying) {
                prop_assert_eq!(bench.offset("t", partition), offsets.get(&partition).copied());
            }
            if bench.writes.is_empty() {
                prop_assert_eq!(bench.unstable(), unstable.into_iter().collect::<Vec<_>>());
            }
        }
    }
}
