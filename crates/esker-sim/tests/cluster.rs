//! Worlds of several brokers, all well; the same seed is the same world; and what was found once stays away.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a test's own settings, and its report")]

use esker_sim::{Options, replay_command, run, run_seeds};

const CLUSTER: Options =
    Options { cluster: true, beyond: false, transactions: false, groups: false, mutation: None };

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(value) => value.parse().unwrap_or_else(|_| panic!("{name} is {value:?}: use a number")),
        Err(_) => default,
    }
}

/// `ESKER_SIM_CLUSTER_SEEDS` worlds (2,000) from `ESKER_SIM_FIRST` (0) on.
#[test]
fn clusters_keep_every_invariant() {
    let (first, count) = (setting("ESKER_SIM_FIRST", 0), setting("ESKER_SIM_CLUSTER_SEEDS", 2_000));
    let tally = run_seeds(first, count, 2, CLUSTER, |_| false);
    println!("{}", tally.report());
    assert_eq!(tally.worlds, count);
    assert_eq!(tally.failed, 0, "{}", tally.report());
    // A world in which nothing happens proves nothing.
    if count >= 200 {
        for what in [
            "acked",
            "broken connections",
            "changes of owner",
            "client cuts",
            "clock skews",
            "compactions",
            "copies counted",
            "crashes",
            "deletes",
            "disk errors",
            "disk losses",
            "double losses",
            "drained stops",
            "duplicates",
            "flipped bits",
            "full disks",
            "metadata faults",
            "metadata leader changes",
            "object store faults",
            "partitions",
            "pauses",
            "planned moves",
            "power losses",
            "power losses of all",
            "reads",
            "rolling restarts",
            "scale ins",
            "slow disks",
            "slow links",
            "zombies",
        ] {
            assert!(tally.counts.get(what).is_some_and(|&times| times > 0), "no {what} in {count} worlds");
        }
    }
}

/// Two of three disks lost at once: some partitions wait, and none is served without what was acknowledged.
#[test]
fn a_cluster_that_lost_too_much_blocks_and_never_guesses() {
    let options = Options { beyond: true, ..CLUSTER };
    let tally = run_seeds(0, 100, 2, options, |_| false);
    assert_eq!(tally.failed, 0, "{}", tally.report());
    let count = |what| tally.counts.get(what).copied().unwrap_or_default();
    assert!(count("partitions blocked") > 0, "{}", tally.report());
}

#[test]
fn the_same_seed_is_the_same_cluster() {
    for seed in [1, 3, 136] {
        let (one, other) = (run(seed, CLUSTER), run(seed, CLUSTER));
        assert!(one.log.lines().count() > 50, "seed {seed} did nothing");
        let lines = one.log.lines().zip(other.log.lines()).enumerate();
        for (number, (one, other)) in lines {
            assert_eq!(one, other, "line {}; {}", number + 1, replay_command(seed, CLUSTER));
        }
        assert_eq!(one.log.len(), other.log.len(), "{}", replay_command(seed, CLUSTER));
    }
}

/// As for single brokers: a seed's world changes with the code that draws from it.
const FOUND: [(u64, &str); 13] = [
    (4, "after a power loss of all machines nobody could deny what ledgers held that were never written"),
    (5, "the same"),
    (136, "ledgers that nothing needed outlived a graceful stop, since retiring them had failed once"),
    (531, "a ledger that was never written, on a store that was lost before, was never recovered"),
    (818, "a broker that did not know that it was the controller reported a suspicion to itself without end"),
    (2325, "a ledger of two stores of which one was replaced was never recovered"),
    (3835, "the same"),
    (157, "a broker with a failed store and idle lanes went on, and recoveries waited for its store"),
    (
        11898,
        "a frame that was never committed had rotted on the only store that held it, and its ledger was never recovered",
    ),
    (19638, "the same"),
    (30864, "a shard came back to the broker that was still giving it away, and nobody opened it"),
    (
        55009,
        "a store took frames whose entries had rotted for trimmed ones, and a recovery for ones in the object store",
    ),
    (59829, "a broker with a failed store went on while its ledgers came and went, a hundred in a second"),
];

#[test]
fn what_was_found_once_stays_away() {
    for (seed, what) in FOUND {
        let outcome = run(seed, CLUSTER);
        assert!(
            outcome.violations.is_empty(),
            "{what}: {:?}; {}",
            outcome.violations,
            replay_command(seed, CLUSTER)
        );
    }
}
