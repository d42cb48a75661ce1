//! `esker bench replay`.

use std::time::Duration;

use clap::Args;
use esker_env::Env;

use super::read::{Reading, bulk};
use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output;

#[derive(Args)]
#[command(after_help = "Example:
  esker bench replay --topic orders --connections 8")]
pub(crate) struct Replay {
    /// The topic
    #[arg(long, default_value = "esker-bench")]
    topic: String,
    /// Connections at once, each with a share of the partitions
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,
    /// Decompress and walk every record rather than count by the batches' headers
    #[arg(long)]
    decode: bool,
    /// Do not check the batches' checksums
    #[arg(long)]
    no_crc: bool,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl Replay {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env.clone()).await?;
        let reading = Reading {
            topic: self.topic,
            connections: usize::from(self.connections),
            records: u64::MAX,
            decode: self.decode,
            config: bulk(!self.no_crc),
            stall: Duration::from_secs(self.connect.timeout.max(1)),
        };
        let report = reading.run(&client, &env).await?;
        output::show(self.connect.output, &report, |out| report.text(out))?;
        Ok(())
    }
}
