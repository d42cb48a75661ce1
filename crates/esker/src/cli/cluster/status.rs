//! `esker cluster status`.

use std::io;

use esker_control_grpc::{BrokerView, ClusterView, ControlClient};
use esker_env::Env;

use super::{
    super::{
        error::CliError,
        output::{Table, show},
    },
    Peer, name, shards,
};

/// Shows the cluster.
#[derive(clap::Args)]
#[command(after_help = "Example: esker cluster status --grpc broker-0:9094")]
pub(crate) struct Status {
    #[command(flatten)]
    pub(super) peer: Peer,
    /// List every ledger too
    #[arg(long)]
    ledgers: bool,
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
    pub(super) async fn run(&self, env: &Env) -> Result<(), CliError> {
        let status = status(&self.peer, env).await?;
        show(self.peer.output, &status, |out| write_status(out, &status, self.ledgers))?;
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
        let ledger = name(blocked.ledger);
        writeln!(out, "  if its stores never come back: esker cluster unclean-recover {ledger}")?;
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
