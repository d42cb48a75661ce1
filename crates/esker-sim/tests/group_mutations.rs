//! Load-bearing rules of groups broken on purpose: each must be noticed within so many worlds.

#![allow(clippy::print_stdout, reason = "which world noticed")]

use esker_env::Rule;
use esker_sim::{Mutation, Options, run_seeds};

/// One at a time: they are switches of the whole process.
static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn is_caught(rule: Rule, worlds: u64) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mutation = Some(Mutation::Rule(rule));
    let options = Options { cluster: true, groups: true, mutation, ..Options::default() };
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
    an_acknowledgement_is_answered_before_it_is_durable: ShareAckDurable, 400;
    two_members_have_one_record: ShareLockHeld, 50;
    locks_never_end: ShareLockEnds, 50;
    anybody_may_say_what_became_of_a_record: ShareHolderAsked, 100;
    a_leader_that_is_none_gives_records_out: ShareConfirmed, 400;
    the_next_leader_counts_anew: ShareCountStored, 100;
    the_next_leader_gives_out_what_is_spent: ShareSpentGivenUp, 100;
    members_are_given_markers_and_aborted_records: HiddenPassedOver, 50;
    records_are_given_up_without_a_dead_letter: LetterFirst, 400;
    records_of_a_key_overtake_one_another: ShareKeyOrder, 50;
    a_partition_is_given_on_before_its_member_lets_go: RevokedFirst, 50;
    members_that_are_gone_stay: SessionsEnd, 50;
    members_commit_what_is_not_theirs_any_more: StaleCommitRefused, 400;
    commits_are_answered_before_they_are_durable: CommitDurable, 50;
}
