//! `esker cluster`: who is there, who owns what, and what waits for what. Asks a broker's gRPC port.

use std::{fmt::Write as _, io, time::Duration};

use clap::Subcommand;
use esker_control_grpc::{BrokerView, ClusterView, ControlClient, LedgerIdView};
use esker_core::BrokerId;
use esker_env::Env;

use super::{
    error::CliError,
    output::{Format, Table, show},
};

#[derive(Subcommand)]
pub(crate) enum ClusterCommand {
    /// Show the brokers, their shards, and what is blocked
    Status(Status),
    /// Let others take over everything that a broker does, and wait until it can be stopped
    Drain(Drain),
}

/// Where to ask.
#[derive(clap::Args)]
pub(crate) struct Peer {
    /// The gRPC address of any broker
    #[arg(long, value_name = "HOST:PORT", env = "ESKER_GRPC", default_value = "127.0.0.1:9094")]
    grpc: String,
    /// Text for people, or JSON, one document per line
    #[arg(long, value_enum, default_value = "text")]
    output: Format,
}

/// Shows the cluster.
#[derive(clap::Args)]
#[command(after_help = "Example: esker cluster status --grpc broker-0:9094")]
pub(crate) struct Status {
    #[command(flatten)]
    peer: Peer,
    /// List every ledger too
    #[arg(long)]
    ledgers: bool,
}

/// Drains a broker.
#[derive(clap::Args)]
#[command(after_help = "Example: esker cluster drain 3 --grpc broker-0:9094")]
pub(crate) struct Drain {
    /// The broker's id
    #[arg(value_name = "BROKER")]
    broker: i32,
    #[command(flatten)]
    peer: Peer,
    /// Give up waiting after this many seconds; the drain goes on
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    timeout: u64,
}

/// Between two looks at a drain.
const LOOK_EVERY: Duration = Duration::from_millis(200);

impl ClusterCommand {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::Status(command) => command.peer.output,
            Self::Drain(command) => command.peer.output,
        }
    }

    pub(super) async fn run(self, env: Env) -> Result<(), CliError> {
        match self {
            Self::Status(command) => command.run(&env).await,
            Self::Drain(command) => command.run(&env).await,
        }
    }
}

impl Peer {
    async fn connect(&self, env: &Env) -> Result<ControlClient, CliError> {
        ControlClient::connect(&self.grpc, env).await.map_err(|error| {
            CliError::Found(format!("no broker of a cluster at {}: {error}; name one with --grpc", self.grpc))
        })
    }
}

/// Asks the controller if it is somebody else: only it knows what waits.
async fn status(peer: &Peer, env: &Env) -> Result<ClusterView, CliError> {
    let failed = |error: esker_control::PeerError| CliError::Found(error.to_string());
    let status = peer.connect(env).await?.status().await.map_err(failed)?;
    let controller = status.controller.and_then(|controller| {
        status
            .brokers
            .iter()
            .find(|broker| broker.session == controller)
            .and_then(|broker| address(broker, "grpc"))
    });
    match controller {
        Some(address) if address != peer.grpc => match ControlClient::connect(&address, env).await {
            Ok(controller) => Ok(controller.status().await.unwrap_or(status)),
            // Its address may be one for other brokers only.
            Err(_) => Ok(status),
        },
        _ => Ok(status),
    }
}

impl Status {
    async fn run(&self, env: &Env) -> Result<(), CliError> {
        let status = status(&self.peer, env).await?;
        show(self.peer.output, &status, |out| write_status(out, &status, self.ledgers))?;
        Ok(())
    }
}

impl Drain {
    async fn run(&self, env: &Env) -> Result<(), CliError> {
        let failed = |error: esker_control::PeerError| CliError::Found(error.to_string());
        let client = self.peer.connect(env).await?;
        let broker = BrokerId(self.broker);
        client.drain(broker).await.map_err(failed)?;
        let drained = async {
            while !client.drained(broker).await.map_err(failed)? {
                env.clock.sleep(LOOK_EVERY).await;
            }
            Ok::<_, CliError>(())
        };
        match env.timeout(Duration::from_secs(self.timeout), drained).await {
            Ok(drained) => drained?,
            Err(_) => {
                let message =
                    format!("broker {broker} still has something to do: see `esker cluster status`");
                return Err(CliError::Found(message));
            }
        }
        let done = serde_json::json!({ "broker": self.broker, "drained": true });
        show(self.peer.output, &done, |out| writeln!(out, "broker {broker} can be stopped"))?;
        Ok(())
    }
}

fn write_status(out: &mut dyn io::Write, status: &ClusterView, ledgers: bool) -> io::Result<()> {
    let mut out = out;
    let mut table = Table::new(&["broker", "kafka", "rack", "shards", "store", "state"]);
    for broker in &status.brokers {
        let id = broker.session.broker;
        let leads = status.controller == Some(broker.session);
        table.row([
            if leads { format!("{id} (controller)") } else { id.to_string() },
            address(broker, "kafka").unwrap_or_else(|| "-".to_owned()),
            broker.rack.clone().unwrap_or_else(|| "-".to_owned()),
            broker.shards.len().to_string(),
            broker.store.clone(),
            state(broker),
        ]);
    }
    table.write(&mut out)?;
    if !status.ownerless.is_empty() {
        writeln!(out, "\n{} without an owner", shards(&status.ownerless))?;
    }
    for blocked in &status.blocked {
        writeln!(out, "\nblocked: {}", blocked.text)?;
    }
    for moving in &status.moving {
        writeln!(out, "moving: shard {} to broker {}", moving.shard, moving.to.broker)?;
    }
    if ledgers {
        let mut table = Table::new(&["ledger", "mode", "copies", "missing", "end", "pending in"]);
        for ledger in &status.ledgers {
            let end = ledger.end.map_or_else(|| "open".to_owned(), |end| end.to_string());
            table.row([
                name(ledger.id),
                ledger.mode.clone(),
                format!("{} (quorum {})", ledger.copyset.len(), ledger.write_quorum),
                ledger.missing.len().to_string(),
                end,
                shards(&ledger.pending_in),
            ]);
        }
        writeln!(out)?;
        table.write(&mut out)?;
    }
    Ok(())
}

fn address(broker: &BrokerView, listener: &str) -> Option<String> {
    let endpoint = broker.endpoints.iter().find(|endpoint| endpoint.listener == listener)?;
    Some(format!("{}:{}", endpoint.host, endpoint.port))
}

fn state(broker: &BrokerView) -> String {
    let state = broker.state.clone().unwrap_or_else(|| "new".to_owned());
    if broker.drained { format!("{state}, drained") } else { state }
}

fn name(ledger: LedgerIdView) -> String {
    format!("{}/{}", ledger.broker, ledger.number)
}

/// `no shards`, `1 shard`, `shards 1, 2, 5`.
fn shards(shards: &[u32]) -> String {
    match shards {
        [] => "no shards".to_owned(),
        [one] => format!("shard {one}"),
        many => {
            let mut text = "shards".to_owned();
            for (at, shard) in many.iter().enumerate() {
                let _ = write!(text, "{} {shard}", if at > 0 { "," } else { "" });
            }
            text
        }
    }
}
