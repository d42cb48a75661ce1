//! `esker bench consume`.

use std::time::Duration;

use clap::Args;
use esker_env::Env;

use super::read::{Reading, bulk};
use crate::cli::connect::Connect;
use crate::cli::error::CliError;
use crate::cli::output;

#[derive(Args)]
#[command(after_help = "Example:
  esker bench consume --topic esker-bench --records 1000000")]
pub(crate) struct Consume {
    /// The topic
    #[arg(long, default_value = "esker-bench")]
    topic: String,
    /// Stop after about so many records; at the end of the topic if not given
    #[arg(long, short = 'n')]
    records: Option<u64>,
    /// Consumers at once, each with connections of its own and a share of the partitions
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    consumers: u16,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

impl Consume {
    pub(crate) async fn run(self, env: Env) -> Result<(), CliError> {
        let client = self.connect.client(env.clone()).await?;
        let reading = Reading {
            topic: self.topic,
            connections: usize::from(self.consumers),
            records: self.records.unwrap_or(u64::MAX),
            decode: true,
            config: bulk(true),
            stall: Duration::from_secs(self.connect.timeout.max(1)),
        };
        let report = reading.run(&client, &env).await?;
        output::show(self.connect.output, &report, |out| report.text(out))?;
        Ok(())
    }
}
