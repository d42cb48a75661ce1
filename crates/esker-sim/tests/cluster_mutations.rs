//! Load-bearing rules broken on purpose: each must be noticed within so many clusters.

#![allow(clippy::print_stdout, reason = "which world noticed")]

use esker_env::Rule;
use esker_sim::{Mutation, Options, run_seeds};

/// One at a time: they are switches of the whole process.
static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn is_caught(mutation: Mutation, worlds: u64) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let options = Options { cluster: true, mutation: Some(mutation), ..Options::default() };
    let tally = run_seeds(0, worlds, 2, options, |tally| tally.failed > 0);
    assert!(tally.failed > 0, "{mutation:?} went unnoticed in {} worlds", tally.worlds);
    let first = tally.failures.first_key_value().map(|(seed, why)| format!("{seed}: {why:.300}"));
    println!("{mutation:?} noticed after {} worlds: {first:?}", tally.worlds);
}

macro_rules! rules {
    ($($name:ident: $mutation:expr, $worlds:expr;)*) => {
        $(#[test]
        fn $name() {
            is_caught($mutation, $worlds);
        })*
    };
}

rules! {
    s1_refuse_gaps: Mutation::Rule(Rule::GapRefused), 200;
    s1_appends_after_a_seal: Mutation::AcceptAfterSeal, 200;
    s2_acknowledge_before_fsync: Mutation::AckBeforeFsync, 200;
    s3_seals_that_do_not_queue: Mutation::Rule(Rule::SealQueues), 200;
    s3_seals_that_are_not_durable: Mutation::SealNotDurable, 200;
    s4_repairs_that_are_not_durable: Mutation::Rule(Rule::RepairDurable), 200;
    s4_repairs_as_acknowledgements: Mutation::Rule(Rule::RepairIsNoAck), 200;
    s5_blank_disks_that_pass_for_the_old: Mutation::Rule(Rule::BlankIsAnotherStore), 200;
    s6_failed_syncs_forgiven: Mutation::Rule(Rule::FailedSyncIsFinal), 200;
    limbo_that_denies: Mutation::LimboAuthoritative, 200;
    w1_commit_at_less_than_w: Mutation::Rule(Rule::CommitAtQuorum), 200;
    w2_ledgers_opened_again: Mutation::Rule(Rule::NeverReopens), 200;
    w3_roll_below_the_commit_index: Mutation::Rule(Rule::RollAtCommit), 200;
    w3_acknowledge_and_drop_after_the_freeze: Mutation::Rule(Rule::NothingAfterFreeze), 200;
    w3_acknowledge_after_the_freeze: Mutation::Rule(Rule::FreezeEndsAcks), 200;
    w3_leave_behind_what_was_not_committed: Mutation::Rule(Rule::LeftoverCarried), 200;
    w3_transactions_of_dead_sessions: Mutation::Rule(Rule::SessionCompared), 200;
    w3_rolls_of_changed_ledgers: Mutation::Rule(Rule::LedgerCompared), 200;
    w4_go_on_after_a_refused_roll: Mutation::Rule(Rule::RefusedRollEnds), 200;
    w4_lost_sessions_unnoticed: Mutation::Rule(Rule::LostSessionEnds), 200;
    recovery_lists_before_the_fence: Mutation::Rule(Rule::FenceBeforeList), 200;
    recovery_with_one_answer: Mutation::Rule(Rule::EnoughAnswers), 200;
    recovery_with_the_smallest_tail: Mutation::Rule(Rule::LargestTail), 200;
    recovery_without_repair: Mutation::Rule(Rule::Repaired), 200;
    recovery_where_the_last_end_wins: Mutation::Rule(Rule::FirstEndWins), 200;
    recovery_without_the_ledgers: Mutation::Rule(Rule::LedgersInherited), 200;
    read_index_left_out: Mutation::Rule(Rule::ReadIndex), 200;
    read_index_of_one: Mutation::Rule(Rule::ReadIndexAtQuorum), 200;
    read_index_during_a_move: Mutation::Rule(Rule::HeldNotConfirmed), 200;
    leader_epochs_ignored: Mutation::Rule(Rule::EpochCompared), 200;
    copies_not_awaited: Mutation::Rule(Rule::CopiesAwaited), 200;
    a_move_that_does_not_hold: Mutation::Rule(Rule::MoveHolds), 200;
    trim_before_commit: Mutation::TrimBeforeCommit, 200;
}
