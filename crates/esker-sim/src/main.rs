//! Runs simulated worlds: many for a tally, or one for its log.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command's output")]
#![allow(clippy::disallowed_methods, reason = "how fast worlds run is measured on the real clock")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use esker_sim::{Options, run, run_seeds};

/// Simulated worlds of one broker, or of a cluster.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs many seeds and prints what they add up to.
    Run {
        /// How many.
        #[arg(long, default_value_t = 1000)]
        seeds: u64,
        /// The first.
        #[arg(long, default_value_t = 0)]
        first: u64,
        /// Threads; all cores if not given.
        #[arg(long)]
        jobs: Option<usize>,
        /// Worlds of several brokers.
        #[arg(long)]
        cluster: bool,
        /// Clusters that lose more than they can bear.
        #[arg(long, requires = "cluster")]
        beyond: bool,
    },
    /// Runs one seed and prints its log.
    Replay {
        /// The seed.
        seed: u64,
        /// A world of several brokers.
        #[arg(long)]
        cluster: bool,
        /// A cluster that loses more than it can bear.
        #[arg(long, requires = "cluster")]
        beyond: bool,
        /// The broker's own log as well, by a filter such as `esker_log=debug`.
        #[arg(long)]
        trace: Option<String>,
    },
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Run { seeds, first, jobs, cluster, beyond } => {
            let cores = || std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
            let jobs = jobs.unwrap_or_else(cores);
            let options = Options { cluster, beyond, ..Options::default() };
            let start = std::time::Instant::now();
            let tally = run_seeds(first, seeds, jobs, options, |_| false);
            let seconds = start.elapsed().as_secs_f64();
            println!("{}", tally.report());
            println!("{seconds:.1} s, {:.1} worlds a second", tally.worlds as f64 / seconds);
            if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Command::Replay { seed, cluster, beyond, trace } => {
            if let Some(filter) = trace {
                let subscriber =
                    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).without_time();
                subscriber.with_writer(std::io::stderr).init();
            }
            let outcome = run(seed, Options { cluster, beyond, ..Options::default() });
            print!("{}", outcome.log);
            for violation in &outcome.violations {
                eprintln!("seed {seed}: {violation}");
            }
            if outcome.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    }
}
