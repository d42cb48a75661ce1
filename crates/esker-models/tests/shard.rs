//! Ownership, offload and moves hold as they are, and each rule is needed.

mod support;

use esker_models::{ShardModel, ShardRule};
use support::{breaks, holds};

fn needed(rule: ShardRule, world: ShardModel) {
    breaks(rule, ShardModel { without: Some(rule), ..world });
}

/// An owner dies.
fn death() -> ShardModel {
    ShardModel::default()
}

/// A planned move, and a death at any point of it.
fn moving() -> ShardModel {
    ShardModel { moves: 1, ..death() }
}

/// A planned move while the object store may be down.
fn outage() -> ShardModel {
    ShardModel { outage: true, ..moving() }
}

#[test]
fn holds_when_an_owner_dies() {
    holds("a death", death());
}

#[test]
fn holds_with_a_planned_move() {
    holds("a move and a death", moving());
    holds("there and back", ShardModel { moves: 2, deaths: 0, ..moving() });
}

#[test]
fn holds_with_a_planned_move_and_the_object_store_down() {
    holds("a move with an outage", ShardModel { deaths: 0, ..outage() });
    holds("a move with an outage and a death", outage());
}

#[test]
fn holds_when_two_owners_die() {
    holds("two deaths", ShardModel { deaths: 2, ..death() });
}

#[test]
fn offload_trims_after_commit() {
    needed(ShardRule::TrimsAfterCommit, death());
}

#[test]
fn offload_reads_again_after_a_lost_answer() {
    needed(ShardRule::ReadsAgainAfterLostAnswer, death());
}

#[test]
fn offload_commit_compares_epoch() {
    needed(ShardRule::CommitComparesEpoch, death());
}

#[test]
fn offload_commit_compares_revision() {
    needed(ShardRule::CommitComparesRevision, ShardModel { commits: 2, deaths: 0, ..death() });
}

#[test]
fn offload_clears_only_what_is_archived() {
    needed(ShardRule::ClearsOnlyArchived, death());
}

#[test]
fn opening_reads_the_manifest_under_the_new_epoch() {
    needed(ShardRule::OpensUnderNewEpoch, death());
}

#[test]
fn recovery_6_ends_before_owners() {
    needed(ShardRule::EndsBeforeOwners, death());
}

#[test]
fn recovery_6_pending_grows() {
    needed(ShardRule::PendingGrows, ShardModel { deaths: 2, ..death() });
}

#[test]
fn recovery_6_move_compares_record() {
    needed(ShardRule::MoveComparesRecord, death());
}

#[test]
fn forgetting_heeds_pending() {
    needed(ShardRule::ForgetHeedsPending, death());
}

#[test]
fn forgetting_heeds_owner() {
    needed(ShardRule::ForgetHeedsOwner, death());
}

#[test]
fn move_holds_before_hand_over() {
    needed(ShardRule::HoldsBeforeHandOver, moving());
}

#[test]
fn move_hands_over_all() {
    needed(ShardRule::HandsOverAll, moving());
}

#[test]
fn move_hand_over_compares_record() {
    // There and back, and the first hand-over arrives once more.
    let world = ShardModel { moves: 2, deaths: 0, commits: 0, records: 1, ..moving() };
    needed(ShardRule::HandOverComparesRecord, world);
}

#[test]
fn move_held_until_outcome_is_known() {
    needed(ShardRule::HeldUntilKnown, moving());
}

#[test]
fn move_outcome_is_told_by_epoch() {
    needed(ShardRule::OutcomeByEpoch, moving());
}

#[test]
fn move_kept_ledger_is_not_trimmed() {
    needed(ShardRule::KeptIsNotTrimmed, outage());
}

#[test]
fn move_kept_ledger_is_not_retired() {
    needed(ShardRule::KeptIsNotRetired, outage());
}
