//! A thousand worlds, all well; and the same seed is the same world.

#![allow(clippy::disallowed_methods, reason = "a test's own settings")]

use esker_sim::{Options, replay_command, run, run_seeds};

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(value) => value.parse().unwrap_or_else(|_| panic!("{name} is {value:?}: use a number")),
        Err(_) => default,
    }
}

/// `ESKER_SIM_SEEDS` worlds (1,000) from `ESKER_SIM_FIRST` (0) on.
#[test]
fn worlds_keep_every_invariant() {
    let (first, count) = (setting("ESKER_SIM_FIRST", 0), setting("ESKER_SIM_SEEDS", 1_000));
    let tally = run_seeds(first, count, 2, Options::default(), |_| false);
    println!("{}", tally.report());
    assert_eq!(tally.worlds, count);
    assert_eq!(tally.failed, 0, "{}", tally.report());
    // A world in which nothing happens proves nothing.
    if count >= 100 {
        for what in
            ["acked", "crashes", "power losses", "restarts", "moves", "disk errors", "self-ended", "deletes"]
        {
            assert!(tally.counts.get(what).is_some_and(|&times| times > 0), "no {what} in {count} worlds");
        }
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    for seed in [1, 7, 19, 64, 1_001] {
        let (one, other) = (run(seed, Options::default()), run(seed, Options::default()));
        assert!(one.log.lines().count() > 100, "seed {seed} did nothing");
        let lines = one.log.lines().zip(other.log.lines()).enumerate();
        for (number, (one, other)) in lines {
            assert_eq!(one, other, "line {}; {}", number + 1, replay_command(seed, Options::default()));
        }
        assert_eq!(one.log.len(), other.log.len(), "{}", replay_command(seed, Options::default()));
    }
    assert_ne!(run(1, Options::default()).log, run(2, Options::default()).log);
}
