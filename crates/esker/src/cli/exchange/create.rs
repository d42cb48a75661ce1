//! `esker exchange create`.

use clap::Args;
use esker_env::Env;
use esker_grpc::messages::CreateExchangeRequest;
use serde_json::json;

use super::{Api, Kind, kind_name, said};
use crate::cli::{error::CliError, output};

#[derive(Args)]
#[command(after_help = "Examples:
  esker exchange create orders --kind topic
  esker exchange create all --kind fanout")]
pub(crate) struct Create {
    /// The exchange
    exchange: String,
    /// How it finds the queues of a message
    #[arg(long, value_enum)]
    kind: Kind,
    #[command(flatten)]
    pub(crate) api: Api,
}

impl Create {
    pub(crate) async fn run(self, env: &Env) -> Result<(), CliError> {
        let asked = CreateExchangeRequest { name: self.exchange, kind: self.kind.message().into() };
        let client = self.api.connect(env).await?;
        let made = client.create_exchange(asked).await.map_err(|status| said(&status))?;
        let exchange = made.exchange.unwrap_or_default();
        let kind = kind_name(exchange.kind);
        let document = json!({ "exchange": exchange.name, "kind": kind, "created": made.created });
        output::show(self.api.output, &document, |out| {
            let what = if made.created { "created" } else { "there is" };
            writeln!(out, "{what} {kind} exchange {}", exchange.name)
        })?;
        Ok(())
    }
}
