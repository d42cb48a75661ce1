//! `esker dev` and `esker broker`: a process with one broker, or several.

use std::{path::PathBuf, process::ExitCode};

use esker_env::Env;
use rustix::process::{WaitOptions, wait};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    config::{Config, ConfigError, load},
    metadata::Metadata,
    metrics,
    running::Running,
    settings, telemetry,
};

/// Starts a broker on embedded defaults: nothing to install, data below one directory.
#[derive(clap::Args)]
#[command(
    after_help = "Example: esker dev --data .dev\n\nThen: echo hello | kcat -b 127.0.0.1:9092 -t greetings -P"
)]
pub(crate) struct Dev {
    /// Where everything is kept: DIR/store, DIR/objects, DIR/meta, DIR/cache
    #[arg(long, value_name = "DIR", default_value = ".dev")]
    data: PathBuf,
    /// Brokers in this one process, a cluster: the next ones use ports 10 higher each, and DIR/broker-N for their logs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=9))]
    brokers: u8,
}

/// Starts a broker from a configuration file.
#[derive(clap::Args)]
#[command(
    after_help = "Example: esker broker --config esker.toml\n\nEvery setting can be overridden by a variable: ESKER_NODE__ID=2"
)]
pub(crate) struct BrokerCommand {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Start although the log directory of an earlier run is lost, and with it records that no object has
    #[arg(long)]
    accept_lost_log: bool,
    /// Only say whether the configuration is one that a broker starts with; nothing is opened or connected to
    #[arg(long)]
    check: bool,
}

impl Dev {
    pub(crate) fn run(&self) -> ExitCode {
        let data = ("node.data_dir", self.data.display().to_string());
        run(load(None, variables(), &[data]), self.brokers, false)
    }
}

impl BrokerCommand {
    pub(crate) fn run(&self) -> ExitCode {
        let config = load(Some(&self.config), variables(), &[]);
        if self.check { check(config) } else { run(config, 1, self.accept_lost_log) }
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub(crate) fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars()
}

/// What a start would say of the configuration before it touches anything.
#[allow(clippy::print_stderr, reason = "it is what was asked for")]
fn check(config: Result<Config, ConfigError>) -> ExitCode {
    let opened = config.map_err(Failure::from).and_then(|config| {
        telemetry::check(&config)?;
        install_tls();
        settings::object_store(&config, &variables().collect())?;
        Ok(())
    });
    match opened {
        Ok(()) => {
            eprintln!("esker: the configuration is fine");
            ExitCode::SUCCESS
        }
        Err(Failure(reason)) => {
            eprintln!("esker: {reason}");
            ExitCode::from(2)
        }
    }
}

#[allow(clippy::print_stderr, reason = "there is no log yet")]
fn run(config: Result<Config, ConfigError>, brokers: u8, accept_lost_stores: bool) -> ExitCode {
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            eprintln!("esker: {error}");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("esker: cannot start threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    install_tls();
    let telemetry = {
        let _within = runtime.enter();
        telemetry::start(&config)
    };
    let telemetry = match telemetry {
        Ok(telemetry) => telemetry,
        Err(Failure(reason)) => {
            eprintln!("esker: {reason}");
            return ExitCode::from(2);
        }
    };
    metrics::count_panics();
    settings::raise_file_limit();
    let served = runtime.block_on(serve(config, brokers, accept_lost_stores));
    let code = match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(reason)) => {
            tracing::error!("{reason}");
            ExitCode::FAILURE
        }
    };
    telemetry.stop();
    // Whatever still runs ends with the process: nothing may keep it from being started again.
    runtime.shutdown_background();
    code
}

fn install_tls() {
    // An error means that a provider is there already, which is all that is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Why a broker did not start, or ended before it was told to. The text is for an operator.
pub(crate) struct Failure(pub(crate) String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

async fn serve(config: Config, brokers: u8, accept_lost_stores: bool) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let env = Env::real();
    reap_orphans(&env)?;
    let meta = Metadata::open(&config, &env).await?;
    let alone = config.meta.is_embedded() && brokers == 1;
    let configs = settings::dev_cluster(&config, brokers)?;
    // At the same time: the first of a cluster waits for others.
    let starts = configs.iter().map(|config| Running::start(config, &env, &meta, alone, accept_lost_stores));
    let started = tokio::select! {
        started = futures::future::try_join_all(starts) => started,
        what = env.tasks.panicked() => return Err(Failure(panicked(what))),
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    let mut brokers = started?;
    let failure = {
        let failures = brokers.iter_mut().map(|broker| Box::pin(broker.failed()));
        tokio::select! {
            _ = terminate.recv() => None,
            _ = interrupt.recv() => None,
            (reason, ..) = futures::future::select_all(failures) => Some(reason),
            what = env.tasks.panicked() => Some(panicked(what)),
        }
    };
    if let Some(reason) = failure {
        brokers.iter().for_each(Running::stopping);
        // Not taken apart: that must work after a crash too, and one broker was seen to hang in it.
        std::mem::forget(brokers);
        return Err(Failure(reason));
    }
    let last = config.meta.is_embedded();
    let stopping = futures::future::join_all(brokers.into_iter().map(|broker| broker.stop(last)));
    let stopped = tokio::select! {
        stopped = stopping => stopped,
        what = env.tasks.panicked() => return Err(Failure(panicked(what))),
    };
    meta.close().await;
    stopped.into_iter().collect::<Result<(), Failure>>()?;
    tracing::info!("stopped");
    Ok(())
}

/// Half a broker is worse than none: others count on what it has stopped doing.
fn panicked(what: &str) -> String {
    format!("a task that the broker cannot be without has panicked ({what}): it must be started again")
}

/// Process 1 of a container inherits the children of others that have ended, and those stay in the table of processes until it
/// asks how they ended. A broker has no children of its own.
fn reap_orphans(env: &Env) -> Result<(), Failure> {
    if std::process::id() != 1 {
        return Ok(());
    }
    let mut ended = signal(SignalKind::child())?;
    env.tasks.spawn(async move {
        loop {
            while matches!(wait(WaitOptions::NOHANG), Ok(Some(_))) {}
            if ended.recv().await.is_none() {
                return;
            }
        }
    });
    Ok(())
}
