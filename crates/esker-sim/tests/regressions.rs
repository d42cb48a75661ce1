//! Seeds that once found something. A seed's world changes with the code that draws from it, so a seed here may show
//! its old fault no longer; each fault also has a test of its own where it was.

use esker_sim::{Options, replay_command, run};

const SEEDS: [(u64, &str); 5] = [
    (1, "verify took recent objects in the order of their names, which have none within a millisecond"),
    (15, "the same, five objects in one millisecond"),
    (18, "the same, in two partitions of one shard"),
    (101, "a frame whose sync had failed was believed after a restart, and starts failed for ever"),
    (109, "the same: a power loss after the restart took the frame away"),
];

#[test]
fn what_was_found_once_stays_away() {
    for (seed, what) in SEEDS {
        let outcome = run(seed, Options::default());
        assert!(
            outcome.violations.is_empty(),
            "{what}: {:?}; {}",
            outcome.violations,
            replay_command(seed, Options::default())
        );
    }
}
