//! Load-bearing rules of transactions broken on purpose: each must be noticed within so many worlds.

#![allow(clippy::print_stdout, reason = "which world noticed")]

use esker_env::Rule;
use esker_sim::{Mutation, Options, run_seeds};

/// One at a time: they are switches of the whole process.
static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn is_caught(rule: Rule, worlds: u64) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mutation = Some(Mutation::Rule(rule));
    let options = Options { cluster: true, transactions: true, mutation, ..Options::default() };
    let tally = run_seeds(0, worlds, 2, options, |tally| tally.failed > 0);
    assert!(tally.failed > 0, "{rule:?} went unnoticed in {} worlds", tally.worlds);
    let first = tally.failures.first_key_value().map(|(seed, why)| format!("{seed}: {why:.300}"));
    println!("{rule:?} noticed after {} worlds: {first:?}", tally.worlds);
}

macro_rules! rules {
    ($($name:ident: $rule:ident, $worlds:expr;)*) => {
        $(#[test]
        fn $name() {
            is_caught(Rule::$rule, $worlds);
        })*
    };
}

rules! {
    markers_before_the_decision_is_durable: DecisionDurable, 400;
    records_of_open_transactions_are_stable: OpenHidden, 50;
    transactions_begin_without_their_coordinator: AdmissionAsked, 50;
    a_fenced_epoch_goes_on: OldEpochFenced, 100;
    offsets_of_aborted_transactions_count: OffsetsCommitted, 100;
}
