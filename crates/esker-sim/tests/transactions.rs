//! Clusters with transactions, all well; the same seed is the same world; and what was found once stays away.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a test's own settings, and its report")]

use esker_sim::{Options, replay_command, run, run_seeds};

const TRANSACTIONS: Options =
    Options { cluster: true, beyond: false, transactions: true, groups: false, mutation: None };

/// Worlds in which a partition refuses an old epoch, which one in 300 does: its coordinator mostly tells it first.
const RARE: [u64; 5] = [991, 1451, 1517, 1743, 1869];

/// Worlds that once failed, at the commits that mended them.
const REGRESSIONS: [u64; 6] = [
    2017,  // objects had a flush whose success was not heard of, and its ledger was gone
    4495,  // a coordinator that had heard of its topic late was asked for by nobody but markers
    8401,  // a lane's ledger had been created by an attempt whose answer was lost, on other stores
    8745,  // as 4495
    17515, // a partition was elsewhere while it was read, and what was read was taken for the last word
    19563,
];

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(value) => value.parse().unwrap_or_else(|_| panic!("{name} is {value:?}: use a number")),
        Err(_) => default,
    }
}

/// `ESKER_SIM_TRANSACTION_SEEDS` worlds (500, a minute of two cores) from `ESKER_SIM_FIRST` (0) on.
#[test]
fn transactions_keep_every_invariant() {
    let (first, count) = (setting("ESKER_SIM_FIRST", 0), setting("ESKER_SIM_TRANSACTION_SEEDS", 1_000));
    let tally = run_seeds(first, count, 2, TRANSACTIONS, |_| false);
    println!("{}", tally.report());
    assert_eq!(tally.worlds, count);
    assert_eq!(tally.failed, 0, "{}", tally.report());
    for seed in REGRESSIONS {
        let world = run(seed, TRANSACTIONS);
        assert!(
            world.violations.is_empty(),
            "{}: {:?}",
            replay_command(seed, TRANSACTIONS),
            world.violations
        );
    }
    let rare: Vec<_> = RARE.into_iter().map(|seed| run(seed, TRANSACTIONS)).collect();
    assert!(rare.iter().all(|world| world.violations.is_empty()));
    // A world in which nothing happens proves nothing.
    if count >= 200 {
        for what in [
            "committed reads",
            "copiers gone",
            "not admitted",
            "offsets committed",
            "offsets told",
            "old epochs refused",
            "producers begun",
            "producers gone",
            "transactions aborted",
            "transactions committed",
            "transactions of unknown end",
            "unstable offsets",
        ] {
            let mut counts = rare.iter().map(|world| &world.counts).chain([&tally.counts]);
            let met = counts.any(|counts| counts.get(what).is_some_and(|&times| times > 0));
            assert!(met, "no {what} in {count} worlds and {RARE:?}");
        }
    }
}

#[test]
fn the_same_seed_is_the_same_transactions() {
    for seed in [1, 3, 136] {
        let (one, other) = (run(seed, TRANSACTIONS), run(seed, TRANSACTIONS));
        assert!(one.log.lines().count() > 50, "seed {seed} did nothing");
        let lines = one.log.lines().zip(other.log.lines()).enumerate();
        for (number, (one, other)) in lines {
            assert_eq!(one, other, "line {}; {}", number + 1, replay_command(seed, TRANSACTIONS));
        }
        assert_eq!(one.log.len(), other.log.len(), "{}", replay_command(seed, TRANSACTIONS));
    }
}
