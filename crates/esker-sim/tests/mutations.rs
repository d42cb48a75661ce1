//! Rules broken on purpose: each must be noticed within a thousand worlds.

use esker_sim::{Mutation, Options, run_seeds};

/// One mutation at a time: one of them is a switch of the whole process.
static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn is_caught(mutation: Mutation) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let options = Options { mutation: Some(mutation), ..Options::default() };
    let tally = run_seeds(0, 1_000, 2, options, |tally| tally.failed > 0);
    assert!(tally.failed > 0, "{mutation:?} went unnoticed in {} worlds", tally.worlds);
    tracing::info!(?mutation, worlds = tally.worlds, "caught");
}

#[test]
fn acknowledging_before_fsync_is_caught() {
    is_caught(Mutation::AckBeforeFsync);
}

#[test]
fn trimming_before_the_commit_is_caught() {
    is_caught(Mutation::TrimBeforeCommit);
}

#[test]
fn objects_without_producers_are_caught() {
    is_caught(Mutation::NoProducerSnapshot);
}
