//! The way to the native API.

use esker_env::Env;
use esker_grpc::QueueClient;

use super::{error::CliError, output::Format};

/// Where to ask.
#[derive(clap::Args)]
pub(crate) struct Api {
    /// The native API's address of any broker
    #[arg(long, value_name = "HOST:PORT", env = "ESKER_API", default_value = "127.0.0.1:9095")]
    api: String,
    /// Text for people, or JSON, one document per line
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) output: Format,
}

impl Api {
    pub(super) async fn connect(&self, env: &Env) -> Result<QueueClient, CliError> {
        QueueClient::connect(&self.api, env).await.map_err(|error| {
            CliError::Found(format!("no native API at {}: {error}; name one with --api", self.api))
        })
    }
}

/// What a broker says.
pub(super) fn said(status: &tonic::Status) -> CliError {
    CliError::Found(status.message().to_owned())
}
