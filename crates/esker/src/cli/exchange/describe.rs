//! `esker exchange describe`.

use clap::Args;
use esker_env::Env;
use esker_grpc::messages::{Binding, GetExchangeRequest, HeaderMatch};
use serde_json::{Value, json};

use super::{Api, kind_name, said};
use crate::cli::{
    error::CliError,
    output::{self, Table},
};

#[derive(Args)]
#[command(after_help = "Example:
  esker exchange describe orders --output json")]
pub(crate) struct Describe {
    /// The exchange
    exchange: String,
    #[command(flatten)]
    pub(crate) api: Api,
}

/// Headers as they are given to `bind`.
fn headers(binding: &Binding) -> Vec<String> {
    let header = |header: &esker_grpc::messages::Header| match &header.value {
        Some(value) => format!("{}={}", header.key, String::from_utf8_lossy(value)),
        None => header.key.clone(),
    };
    binding.headers.iter().map(header).collect()
}

fn is_any(binding: &Binding) -> bool {
    binding.header_match == i32::from(HeaderMatch::Any)
}

fn document(binding: &Binding) -> Value {
    json!({
        "queue": binding.queue,
        "routing_key": binding.routing_key,
        "headers": headers(binding),
        "any": is_any(binding),
    })
}

impl Describe {
    pub(crate) async fn run(self, env: &Env) -> Result<(), CliError> {
        let asked = GetExchangeRequest { name: self.exchange };
        let found = self.api.connect(env).await?.exchange(asked).await.map_err(|status| said(&status))?;
        let exchange = found.exchange.unwrap_or_default();
        let kind = kind_name(exchange.kind);
        let bindings: Vec<_> = exchange.bindings.iter().map(document).collect();
        let all = json!({ "exchange": exchange.name, "kind": kind, "bindings": bindings });
        output::show(self.api.output, &all, |mut out| {
            writeln!(out, "{kind} exchange {}", exchange.name)?;
            let mut table = Table::new(&["queue", "routing key", "headers"]);
            for binding in &exchange.bindings {
                let between = if is_any(binding) { " or " } else { " and " };
                let headers = headers(binding).join(between);
                table.row([binding.queue.clone(), binding.routing_key.clone(), headers]);
            }
            table.write(&mut out)
        })?;
        Ok(())
    }
}
