//! `esker queue reply`.

use clap::Args;
use esker_env::Env;
use esker_grpc::messages::{self, ReplyRequest};
use serde_json::json;

use super::{Api, headers, said, value};
use crate::cli::{error::CliError, output, values};

#[derive(Args)]
#[command(after_help = "Examples:
  esker queue reply r1-00000001-... '1.09'
  address=$(esker queue receive prices --count 1 --output json | jq -r .reply_to)
  esker queue reply \"$address\" '1.09'")]
pub(crate) struct Reply {
    /// The address, as `esker queue receive --output json` shows it
    address: String,
    /// The reply; all of standard input if it is not given
    message: Option<String>,
    /// A header of the reply, may be repeated
    #[arg(long, short = 'H', value_name = "KEY=VALUE", value_parser = values::key_value)]
    header: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) api: Api,
}

impl Reply {
    pub(crate) async fn run(self, env: &Env) -> Result<(), CliError> {
        let reply = messages::Reply { value: Some(value(self.message)?), headers: headers(&self.header) };
        let asked = ReplyRequest { reply_to: self.address, reply: Some(reply) };
        let client = self.api.connect(env).await?;
        client.reply(asked).await.map_err(|status| said(&status))?;
        output::show(self.api.output, &json!({"replied": true}), |out| writeln!(out, "replied"))?;
        Ok(())
    }
}
