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
        /// Clusters with transactions.
        #[arg(long)]
        transactions: bool,
        /// Clusters with share groups and groups of the consumer protocol.
        #[arg(long)]
        groups: bool,
    },
    /// Breaks each rule on purpose, one after the other, and tells how many worlds it takes to notice.
    #[cfg(feature = "mutations")]
    Break {
        /// Only rules whose name contains this.
        #[arg(default_value = "")]
        name: String,
        /// Most worlds for each.
        #[arg(long, default_value_t = 200)]
        seeds: u64,
        /// Go on after the first that notices, and count.
        #[arg(long)]
        count: bool,
        /// Worlds of several brokers.
        #[arg(long)]
        cluster: bool,
        /// Clusters that lose more than they can bear.
        #[arg(long, requires = "cluster")]
        beyond: bool,
        /// Clusters with transactions.
        #[arg(long)]
        transactions: bool,
        /// Clusters with share groups and groups of the consumer protocol.
        #[arg(long)]
        groups: bool,
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
        /// A cluster with transactions.
        #[arg(long)]
        transactions: bool,
        /// A cluster with share groups and groups of the consumer protocol.
        #[arg(long)]
        groups: bool,
        /// A rule to break.
        #[cfg(feature = "mutations")]
        #[arg(long)]
        broken: Option<String>,
        /// The broker's own log as well, by a filter such as `esker_log=debug`.
        #[arg(long)]
        trace: Option<String>,
    },
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Run { seeds, first, jobs, cluster, beyond, transactions, groups } => {
            let cores = || std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
            let jobs = jobs.unwrap_or_else(cores);
            let options = Options { cluster, beyond, transactions, groups, ..Options::default() };
            let start = std::time::Instant::now();
            let tally = run_seeds(first, seeds, jobs, options, |_| false);
            let seconds = start.elapsed().as_secs_f64();
            println!("{}", tally.report());
            println!("{seconds:.1} s, {:.1} worlds a second", tally.worlds as f64 / seconds);
            if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        #[cfg(feature = "mutations")]
        Command::Break { name, seeds, count, cluster, beyond, transactions, groups } => {
            for mutation in esker_sim::Mutation::all().filter(|one| format!("{one:?}").contains(&name)) {
                let options = Options { cluster, beyond, transactions, groups, mutation: Some(mutation) };
                let tally = run_seeds(0, seeds, 2, options, |tally| !count && tally.failed > 0);
                let first = tally.failures.first_key_value();
                let first = first.map(|(seed, why)| format!("first seed {seed}: {why:.160}"));
                let first = first.unwrap_or_else(|| "not noticed".to_owned());
                println!("{mutation:?}: {} of {} worlds; {first}", tally.failed, tally.worlds);
            }
            ExitCode::SUCCESS
        }
        Command::Replay {
            seed,
            cluster,
            beyond,
            transactions,
            groups,
            #[cfg(feature = "mutations")]
            broken,
            trace,
        } => {
            if let Some(filter) = trace {
                let subscriber =
                    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).without_time();
                subscriber.with_writer(std::io::stderr).init();
            }
            #[allow(unused_mut, reason = "without mutations no rule is broken")]
            let mut options = Options { cluster, beyond, transactions, groups, ..Options::default() };
            #[cfg(feature = "mutations")]
            if let Some(name) = broken {
                options.mutation = esker_sim::Mutation::all().find(|one| format!("{one:?}").contains(&name));
            }
            let outcome = run(seed, options);
            print!("{}", outcome.log);
            for violation in &outcome.violations {
                eprintln!("seed {seed}: {violation}");
            }
            if outcome.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    }
}
