//! Load-bearing rules broken on purpose: each must be noticed within so many clusters.

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
    w1_commit_at_less_than_w: Mutation::Rule(Rule::CommitAtQuorum), 500;
    w3_roll_below_the_commit_index: Mutation::Rule(Rule::RollAtCommit), 500;
    w3_acknowledge_after_the_freeze: Mutation::Rule(Rule::NothingAfterFreeze), 500;
    s1_a_gap: Mutation::Rule(Rule::GapRefused), 1_000;
    s2_acknowledge_before_fsync: Mutation::AckBeforeFsync, 500;
    s3_a_seal_that_is_not_durable: Mutation::SealNotDurable, 1_000;
    s3_appends_after_a_seal: Mutation::AcceptAfterSeal, 1_000;
    s4_a_repair_that_is_not_durable: Mutation::Rule(Rule::RepairDurable), 1_000;
    recovery_with_too_few_answers: Mutation::Rule(Rule::EnoughAnswers), 1_000;
    recovery_with_the_smallest_tail: Mutation::Rule(Rule::LargestTail), 500;
    recovery_without_repair: Mutation::Rule(Rule::Repaired), 1_000;
    recovery_without_the_ledgers: Mutation::Rule(Rule::LedgersInherited), 500;
    limbo_with_authority: Mutation::LimboAuthoritative, 1_000;
    a_lost_session_that_goes_on: Mutation::Rule(Rule::LostSessionEnds), 1_000;
    epochs_not_compared: Mutation::Rule(Rule::EpochCompared), 1_000;
    a_move_that_does_not_hold: Mutation::Rule(Rule::MoveHolds), 1_000;
    trim_before_commit: Mutation::TrimBeforeCommit, 500;
}
