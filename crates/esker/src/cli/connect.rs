//! How to reach the cluster: arguments that every command shares.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use esker_client::{Client, ClientConfig, ClientError, TcpConnector};
use esker_env::Env;

use super::output::Format;

/// Arguments that every command shares.
#[derive(Args, Clone)]
pub(crate) struct Connect {
    /// Brokers to ask first, HOST:PORT[,HOST:PORT]...
    #[arg(long, env = "ESKER_BOOTSTRAP", default_value = "127.0.0.1:9092", value_delimiter = ',')]
    pub(crate) bootstrap: Vec<String>,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) output: Format,
    /// The longest wait for an answer, and for retries to succeed, in seconds
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    pub(crate) timeout: u64,
}

impl Connect {
    pub(crate) async fn client(&self, env: Env) -> Result<Client, ClientError> {
        let limit = Duration::from_secs(self.timeout.max(1));
        let config = ClientConfig {
            bootstrap: self.bootstrap.iter().map(|address| with_port(address)).collect(),
            client_id: "esker-cli".into(),
            connect_timeout: limit.min(Duration::from_secs(5)),
            request_timeout: limit,
            retry_for: limit,
            ..ClientConfig::default()
        };
        Client::connect(config, Arc::new(TcpConnector), env).await
    }
}

/// Adds Kafka's port where none is given.
fn with_port(address: &str) -> String {
    let bare_v6 = address.matches(':').count() > 1 && !address.starts_with('[');
    match address.rsplit_once(':') {
        _ if bare_v6 => format!("[{address}]:9092"),
        Some((_, port)) if port.parse::<u16>().is_ok() => address.to_owned(),
        _ => format!("{address}:9092"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_port_gets_kafkas() {
        for (given, full) in [
            ("h", "h:9092"),
            ("h:1", "h:1"),
            ("::1", "[::1]:9092"),
            ("[::1]:7", "[::1]:7"),
            ("[::1]", "[::1]:9092"),
        ] {
            assert_eq!(with_port(given), full);
        }
    }
}
