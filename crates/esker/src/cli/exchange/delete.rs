//! `esker exchange delete`.

use clap::Args;
use esker_env::Env;
use esker_grpc::messages::DeleteExchangeRequest;
use serde_json::json;

use super::{Api, said};
use crate::cli::{error::CliError, output};

#[derive(Args)]
#[command(after_help = "Example:
  esker exchange delete orders")]
pub(crate) struct Delete {
    /// The exchanges
    #[arg(required = true)]
    exchange: Vec<String>,
    #[command(flatten)]
    pub(crate) api: Api,
}

impl Delete {
    pub(crate) async fn run(self, env: &Env) -> Result<(), CliError> {
        let client = self.api.connect(env).await?;
        for name in self.exchange {
            let asked = DeleteExchangeRequest { name: name.clone() };
            client.delete_exchange(asked).await.map_err(|status| said(&status))?;
            output::show(self.api.output, &json!({ "exchange": name, "deleted": true }), |out| {
                writeln!(out, "deleted exchange {name}")
            })?;
        }
        Ok(())
    }
}
