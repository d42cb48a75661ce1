//! Many worlds, on several threads, and what they add up to.

use std::{
    collections::BTreeMap,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use parking_lot::Mutex;

use crate::{Options, Outcome, run};

/// Failures kept; the rest are counted.
const KEPT: usize = 20;

/// Real time after which a world that takes a tenth of a second on an idle machine stands still.
const STANDSTILL: Duration = Duration::from_secs(300);

/// What many worlds added up to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// What kind of worlds they were.
    pub options: Options,
    /// Worlds that ran to their end.
    pub worlds: u64,
    /// Simulated time of all of them.
    pub simulated: Duration,
    /// How often what happened.
    pub counts: BTreeMap<&'static str, u64>,
    /// Worlds that failed.
    pub failed: u64,
    /// The first seeds that failed, and why.
    pub failures: BTreeMap<u64, String>,
}

/// The command that runs one seed again and prints its log.
#[must_use]
pub fn replay_command(seed: u64, options: Options) -> String {
    let kind = match options {
        Options { groups: true, .. } => "--groups ",
        Options { transactions: true, .. } => "--transactions ",
        Options { beyond: true, .. } => "--cluster --beyond ",
        Options { cluster: true, .. } => "--cluster ",
        _ => "",
    };
    format!("cargo run -p esker-sim --profile quick -- replay {kind}{seed}")
}

/// Runs `count` seeds from `first` on, over `jobs` threads; stops early once `until` says so.
///
/// # Panics
/// Never: a panic in a world, in whichever of its tasks, is a violation of that world.
pub fn run_seeds(
    first: u64,
    count: u64,
    jobs: usize,
    options: Options,
    until: impl Fn(&Tally) -> bool + Sync,
) -> Tally {
    let next = AtomicU64::new(first);
    let tally = Mutex::new(Tally { options, ..Tally::default() });
    // A job's end is its sender's.
    let work = |watched: mpsc::Sender<u64>| {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first.saturating_add(count) || until(&tally.lock()) {
                return;
            }
            // Nobody listens when the watch itself has panicked, and then all ends.
            let _ = watched.send(seed);
            let outcome = run(seed, options);
            tally.lock().add(outcome);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            let (watched, worlds) = mpsc::channel();
            scope.spawn(move || watch(&worlds, options));
            scope.spawn(|| work(watched));
        }
    });
    tally.into_inner()
}

/// Ends the process when a world does not: a task in it that never waits lets simulated time stand still, and nothing inside
/// it can notice.
#[expect(clippy::print_stderr, reason = "the process ends with it")]
fn watch(worlds: &mpsc::Receiver<u64>, options: Options) {
    let mut running = None;
    loop {
        running = match (worlds.recv_timeout(STANDSTILL), running) {
            (Ok(seed), _) => Some(seed),
            (Err(mpsc::RecvTimeoutError::Disconnected), _) => return,
            (Err(mpsc::RecvTimeoutError::Timeout), None) => None,
            (Err(mpsc::RecvTimeoutError::Timeout), Some(seed)) => {
                eprintln!("seed {seed} never ends; {}", replay_command(seed, options));
                std::process::abort();
            }
        };
    }
}

impl Tally {
    fn add(&mut self, outcome: Outcome) {
        self.worlds += 1;
        self.simulated += outcome.simulated;
        for (what, count) in outcome.counts {
            *self.counts.entry(what).or_default() += count;
        }
        let why = outcome.violations.join("\n    ");
        if !why.is_empty() {
            self.failed += 1;
            if self.failures.len() < KEPT {
                self.failures.insert(outcome.seed, why);
            }
        }
    }

    /// Says what happened, and how to see each failure again.
    #[must_use]
    pub fn report(&self) -> String {
        let mut lines = vec![format!(
            "{} worlds, {} hours simulated, {} failed",
            self.worlds,
            self.simulated.as_secs() / 3600,
            self.failed
        )];
        lines.extend(self.counts.iter().map(|(what, count)| format!("  {what}: {count}")));
        lines.extend(
            self.failures.iter().map(|(seed, why)| {
                format!("seed {seed}: {}\n    {why}", replay_command(*seed, self.options))
            }),
        );
        lines.join("\n")
    }
}
