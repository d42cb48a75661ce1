use esker_core::{Action, BrokerId, Classified, LedgerId};

use super::*;
use crate::{ArchiveError, memory::Trouble};

fn ledger(number: u64) -> LedgerId {
    LedgerId { broker: BrokerId(1), number }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_found_out_by_reading_the_pointer() {
    let world = World::new();
    let shard = world.next_owner().await;
    world.pointers.trouble([Trouble::AnswerLost]);
    let mut offload = one(upload(partition(0), 0..100, 100));
    offload.clear_pending = vec![ledger(4)];
    shard.offload(offload).await.unwrap();
    assert_eq!((world.pointers.commits(), shard.sequence()), (1, 1));
    assert_eq!(world.pointers.cleared(SHARD), [ledger(4)]);
    // And a lost request by sending it again.
    world.pointers.trouble([Trouble::RequestLost]);
    shard.offload(one(upload(partition(0), 100..200, 100))).await.unwrap();
    assert_eq!((world.pointers.commits(), shard.sequence()), (3, 2));
    check_content(&world.next_owner().await, partition(0), 0..200, 100, 1000).await;
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_takes_effect_late_is_neither_lost_nor_doubled() {
    let world = World::new();
    let shard = world.next_owner().await;
    shard.offload(one(upload(partition(0), 0..100, 100))).await.unwrap();
    world.pointers.trouble(std::iter::repeat_n(Trouble::Delayed, 1000));
    let error = shard.offload(one(upload(partition(0), 100..200, 100))).await.unwrap_err();
    assert!(matches!(error, ArchiveError::Uncertain(_)), "{error}");
    assert_eq!(error.action(), Action::Retry);
    assert_eq!(shard.bounds(partition(0)).1, Offset(100));
    // Of all its attempts exactly one takes effect, now; repeating the call shows that.
    assert_eq!(world.pointers.deliver(), 1);
    let _ = shard.offload(one(upload(partition(0), 100..200, 100))).await;
    assert_eq!((shard.sequence(), shard.bounds(partition(0)).1), (2, Offset(200)));
    check_content(&world.next_owner().await, partition(0), 0..200, 100, 1000).await;
}

#[tokio::test(start_paused = true)]
async fn a_late_commit_can_win_over_the_next_one() {
    let world = World::new();
    let shard = world.next_owner().await;
    world.pointers.trouble([Trouble::Delayed]);
    // The caller gives up while the first commit is under way.
    let mut offload = Box::pin(shard.offload(one(upload(partition(0), 0..100, 100))));
    while world.pointers.commits() == 0 {
        assert!(futures::poll!(offload.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    drop(offload);
    assert_eq!(world.pointers.deliver(), 1);
    // The next call finds that out, leaves out what is archived, and goes on.
    shard.offload(one(upload(partition(0), 0..200, 100))).await.unwrap();
    assert_eq!((shard.sequence(), shard.bounds(partition(0)).1), (2, Offset(200)));
    check_content(&world.next_owner().await, partition(0), 0..200, 100, 1000).await;
}

#[tokio::test(start_paused = true)]
async fn a_former_owner_is_fenced_and_its_object_stays_invisible() {
    let world = World::new();
    let old = world.next_owner().await;
    old.offload(one(upload(partition(0), 0..100, 100))).await.unwrap();
    let new = world.next_owner().await;
    new.offload(one(upload(partition(0), 100..150, 100))).await.unwrap();
    let error = old.offload(one(upload(partition(0), 100..200, 100))).await.unwrap_err();
    assert!(matches!(error, ArchiveError::Fenced(_)), "{error}");
    assert_eq!(error.action(), Action::Refresh);
    assert_eq!(new.bounds(partition(0)).1, Offset(150));
    check_content(&world.next_owner().await, partition(0), 0..150, 100, 1000).await;
    // An owner of an older epoch does not even open the shard.
    let error = world.archive().await.open_shard(SHARD, session(1), Epoch(1)).await.err().unwrap();
    assert!(matches!(error, ArchiveError::Fenced(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn two_handles_of_one_owner_cannot_both_commit() {
    let world = World::new();
    let first = world.next_owner().await;
    let second = world.archive().await.open_shard(SHARD, session(1), Epoch(1)).await.unwrap();
    first.offload(one(upload(partition(0), 0..100, 100))).await.unwrap();
    let error = second.offload(one(upload(partition(0), 0..200, 100))).await.unwrap_err();
    assert!(matches!(error, ArchiveError::Conflict(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_took_too_long_is_not_committed() {
    let mut world = World::new();
    world.config.max_commit_age = Duration::ZERO;
    let shard = world.next_owner().await;
    world.pointers.trouble([Trouble::RequestLost]);
    let error = shard.offload(one(upload(partition(0), 0..100, 100))).await.unwrap_err();
    assert!(matches!(error, ArchiveError::TooOld { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn ledgers_are_cleared_also_without_anything_to_upload() {
    let world = World::new();
    let shard = world.next_owner().await;
    shard.offload(Offload { partitions: Vec::new(), clear_pending: vec![ledger(9)] }).await.unwrap();
    assert_eq!(world.pointers.cleared(SHARD), [ledger(9)]);
    shard.offload(one(upload(partition(0), 0..100, 100))).await.unwrap();
    check_content(&world.next_owner().await, partition(0), 0..100, 100, 1000).await;
}

#[tokio::test]
async fn futures_of_the_shard_may_move_between_threads() {
    fn check<T: Send>(value: T) -> T {
        value
    }
    let shard = World::new().next_owner().await;
    check(shard.offload(Offload::default())).await.unwrap();
    assert!(check(shard.read(partition(0), Offset(0), 1)).await.is_err());
    assert!(check(shard.find_timestamp(partition(0), 0, Offset(0))).await.unwrap().is_none());
    assert!(check(shard.find_max_timestamp(partition(0))).await.unwrap().is_none());
}
