//! `esker exchange list`.

use clap::Args;
use esker_env::Env;
use esker_grpc::messages::ListExchangesRequest;
use serde_json::json;

use super::{Api, kind_name, said};
use crate::cli::{
    error::CliError,
    output::{self, Table},
};

#[derive(Args)]
#[command(after_help = "Examples:
  esker exchange list
  esker exchange list shop. --output json")]
pub(crate) struct List {
    /// Only exchanges that begin with this
    #[arg(default_value = "", hide_default_value = true)]
    prefix: String,
    #[command(flatten)]
    pub(crate) api: Api,
}

impl List {
    pub(crate) async fn run(self, env: &Env) -> Result<(), CliError> {
        let client = self.api.connect(env).await?;
        let mut asked = ListExchangesRequest { prefix: self.prefix, ..ListExchangesRequest::default() };
        let mut all = Vec::new();
        loop {
            let page = client.exchanges(asked.clone()).await.map_err(|status| said(&status))?;
            all.extend(page.exchanges);
            if page.next_page_token.is_empty() {
                break;
            }
            asked.page_token = page.next_page_token;
        }
        let documents: Vec<_> = all
            .iter()
            .map(|exchange| {
                json!({
                    "exchange": exchange.name,
                    "kind": kind_name(exchange.kind),
                    "bindings": exchange.binding_count,
                })
            })
            .collect();
        output::show(self.api.output, &documents, |mut out| {
            let mut table = Table::new(&["exchange", "kind", "bindings"]);
            for exchange in &all {
                let bindings = exchange.binding_count.to_string();
                table.row([exchange.name.clone(), kind_name(exchange.kind).to_owned(), bindings]);
            }
            table.write(&mut out)
        })?;
        Ok(())
    }
}
