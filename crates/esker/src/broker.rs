//! `esker dev` and `esker broker`: one broker, from its configuration to its graceful end.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use esker_coordinator::{Groups, GroupsGuard, LogTopic, forget_deleted_topics};
use esker_core::BrokerId;
use esker_env::{Env, RealDisk, TaskGuard};
use esker_kafka::{Broker, KafkaParts, Server, SingleNode};
use esker_node::{Node, NodeParts};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    archive::ArchiveAccess,
    config::{Config, load},
    http::{self, Http},
    metadata::Metadata,
    metrics, settings,
    state::Serving,
};

/// The name of the one listener for Kafka clients.
const LISTENER: &str = "kafka";

/// How long connections may take to read their last responses.
const GOODBYE: Duration = Duration::from_secs(5);

/// Starts a broker on embedded defaults: nothing to install, data below one directory.
#[derive(clap::Args)]
#[command(
    after_help = "Example: esker dev --data .dev\n\nThen: echo hello | kcat -b 127.0.0.1:9092 -t greetings -P"
)]
pub(crate) struct Dev {
    /// Where everything is kept: DIR/store, DIR/objects, DIR/meta, DIR/cache
    #[arg(long, value_name = "DIR", default_value = ".dev")]
    data: PathBuf,
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
}

impl Dev {
    pub(crate) fn run(&self) -> ExitCode {
        let data = ("node.data_dir", self.data.display().to_string());
        run(load(None, variables(), &[data]), false)
    }
}

impl BrokerCommand {
    pub(crate) fn run(&self) -> ExitCode {
        run(load(Some(&self.config), variables(), &[]), self.accept_lost_log)
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub(crate) fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars()
}

#[allow(clippy::print_stderr, reason = "there is no log yet")]
fn run(config: Result<Config, crate::config::ConfigError>, accept_lost_stores: bool) -> ExitCode {
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            eprintln!("esker: {error}");
            return ExitCode::from(2);
        }
    };
    if let Err(error) = settings::start_logging(&config.log) {
        eprintln!("esker: log.level: {error}");
        return ExitCode::from(2);
    }
    metrics::count_panics();
    // An error means that a provider is there already, which is all that is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    settings::raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let served = match runtime {
        Ok(runtime) => runtime.block_on(serve(config, accept_lost_stores)),
        Err(error) => Err(Failure(format!("cannot start threads: {error}"))),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(reason)) => {
            tracing::error!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// Why a broker did not start, or ended before it was told to. The text is for an operator.
struct Failure(String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

async fn serve(config: Config, accept_lost_stores: bool) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let env = Env::real();
    let serving = Arc::new(Serving::default());
    let http = Arc::new(Http::new(Arc::clone(&serving)));
    let http_address = http::serve(Arc::clone(&http), &config.listeners.http, &env.tasks)
        .await
        .map_err(|error| Failure(format!("listeners.http cannot use {}: {error}", config.listeners.http)))?;

    let data = &config.node.data_dir;
    let disk =
        RealDisk::open(data.join("store")).map_err(|error| Failure(format!("log directory: {error}")))?;
    let meta = Metadata::open(&config, &env).await?;
    let (objects, prefix) = settings::object_store(&config, &variables().collect())?;
    let parts = NodeParts { env: env.clone(), disk: Arc::new(disk), meta: meta.store(), objects };
    let node_config = settings::node(&config, prefix, accept_lost_stores);
    let node = Node::start_below(meta.keys()?, parts, node_config).await?;
    let (server, _helpers) = listen(&config, &env, &node).await?;
    let (archive, catalog) = (Arc::clone(&node.archive), Arc::clone(&node.catalog));
    // Nobody else sets it.
    let _ = http.archive.set(ArchiveAccess { archive, catalog, shards: node.cluster.shards });
    serving.ready(node.log.clone());
    tracing::info!(
        broker = config.node.id,
        cluster = %node.cluster.id,
        kafka = %config.listeners.kafka,
        http = %http_address,
        "ready"
    );

    let mut closed = node.log.closed();
    let failure = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        reason = async { closed.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone()) } => reason,
    };
    serving.stopping();
    if let Some(reason) = failure {
        // Reads could go on, but a broker that cannot write should be started again, and soon.
        return Err(Failure(reason));
    }
    tracing::info!("stopping: flushing to the object store");
    server.stop(GOODBYE).await;
    let flushed = node.stop().await;
    meta.close().await;
    flushed.map_err(|error| Failure(format!("the last flush failed, the log keeps the rest: {error}")))?;
    tracing::info!("stopped");
    Ok(())
}

/// Tasks that run as long as these are held.
type Helpers = (GroupsGuard, TaskGuard);

/// Puts the Kafka front end on the node and opens its listener.
async fn listen(config: &Config, env: &Env, node: &Node) -> Result<(Server, Helpers), Failure> {
    let listeners = &config.listeners;
    let advertised = settings::advertised(LISTENER, &listeners.kafka, &listeners.kafka_advertised)?;
    let cluster = SingleNode {
        cluster_id: node.cluster.id.to_string(),
        broker: BrokerId(config.node.id),
        rack: None,
        advertised: BTreeMap::from([(LISTENER.to_owned(), advertised)]),
        log: node.log.clone(),
    };
    let replicas = config.kafka.default_replication_factor;
    let offsets = LogTopic::new(node.log.clone(), node.meta.clone(), env.clone(), replicas);
    let groups = Groups::new(settings::groups(config), env.clone(), Arc::new(offsets));
    let helpers = (groups.start(), forget_deleted_topics(&env.tasks, &node.catalog, &groups));
    let parts = KafkaParts {
        groups,
        env: env.clone(),
        log: node.log.clone(),
        meta: node.meta.clone(),
        catalog: Arc::clone(&node.catalog),
        cluster: Arc::new(cluster),
    };
    let server = Server::new(Broker::new(settings::kafka(config), parts));
    server.listen(LISTENER, &config.listeners.kafka).await?;
    Ok((server, helpers))
}
