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
    s2_acknowledge_before_fsync: Mutation::AckBeforeFsync, 200;
    w2_ledgers_opened_again: Mutation::Rule(Rule::NeverReopens), 200;
    w3_leave_behind_what_was_not_committed: Mutation::Rule(Rule::LeftoverCarried), 200;
    w1_commit_at_less_than_w: Mutation::Rule(Rule::CommitAtQuorum), 200;
    w3_roll_below_the_commit_index: Mutation::Rule(Rule::RollAtCommit), 200;
    w3_acknowledge_after_the_freeze: Mutation::Rule(Rule::NothingAfterFreeze), 200;
    s3_appends_after_a_seal: Mutation::AcceptAfterSeal, 200;
    recovery_with_the_smallest_tail: Mutation::Rule(Rule::LargestTail), 200;
    recovery_without_the_ledgers: Mutation::Rule(Rule::LedgersInherited), 200;
    a_move_that_does_not_hold: Mutation::Rule(Rule::MoveHolds), 200;
    s5_a_blank_disk_with_an_old_name: Mutation::Rule(Rule::BlankIsAnotherStore), 400;
    a_session_that_is_over_goes_on: Mutation::Rule(Rule::LostSessionEnds), 400;
    trim_before_commit: Mutation::TrimBeforeCommit, 200;
}

/// tokio catches what tasks panic with: a world must say so all the same, and which seed it was.
#[test]
fn a_task_that_panics_is_a_violation() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let options = Options { cluster: true, mutation: Some(Mutation::TaskPanics), ..Options::default() };
    let tally = run_seeds(5, 1, 1, options, |_| false);
    let why = tally.failures.get(&5).map(String::as_str).unwrap_or_default();
    assert!(why.contains("a task of broker 1, on purpose") && why.contains("world.rs"), "{}", tally.report());
    assert!(tally.counts["acked"] > 0, "the rest of the world went on");
}
