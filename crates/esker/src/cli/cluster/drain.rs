//! `esker cluster drain`.

use std::time::Duration;

use esker_core::BrokerId;
use esker_env::Env;

use super::{
    super::{error::CliError, output::show},
    Peer,
};

/// Drains a broker.
#[derive(clap::Args)]
#[command(after_help = "Example: esker cluster drain 3 --grpc broker-0:9094")]
pub(crate) struct Drain {
    /// The broker's id; where it runs, its own variable says it
    #[arg(value_name = "BROKER", env = "ESKER_NODE__ID")]
    broker: i32,
    #[command(flatten)]
    pub(super) peer: Peer,
    /// Give up waiting after this many seconds; the drain goes on
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    timeout: u64,
}

/// Between two looks at a drain.
const LOOK_EVERY: Duration = Duration::from_millis(200);

impl Drain {
    pub(super) async fn run(&self, env: &Env) -> Result<(), CliError> {
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
