//! Asking a broker on this machine over its HTTP port.

use bytes::Bytes;
use esker_env::Env;
use http_body_util::{BodyExt, Empty};
use hyper::{Request, StatusCode, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

use super::source::found;
use crate::cli::error::CliError;

pub(crate) struct Remote {
    address: String,
    env: Env,
}

impl Remote {
    /// For the broker whose `listeners.http` this is.
    pub(super) fn new(listener: &str, env: Env) -> Result<Self, CliError> {
        let bad = || {
            CliError::usage(format!("listeners.http is {listener:?}, which is no host:port to connect to"))
        };
        let (host, port) = listener.rsplit_once(':').ok_or_else(bad)?;
        let host = match host {
            "" | "0.0.0.0" => "127.0.0.1",
            "[::]" => "[::1]",
            host => host,
        };
        let port: u16 = port.parse().ok().filter(|port| *port > 0).ok_or_else(bad)?;
        Ok(Self { address: format!("{host}:{port}"), env })
    }

    /// Fetches a page. Nothing is timed: a check of everything takes as long as it takes.
    pub(super) async fn get<T: DeserializeOwned>(&self, page: &str) -> Result<T, CliError> {
        let failed = |error: &dyn std::fmt::Display| {
            CliError::Found(format!(
                "a broker runs on this data directory, but its HTTP port {} cannot be asked: {error}",
                self.address
            ))
        };
        let stream = TcpStream::connect(&self.address).await.map_err(|error| failed(&error))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| failed(&error))?;
        self.env.tasks.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "HTTP connection ended");
            }
        });
        let request = Request::get(page).header(header::HOST, &self.address).body(Empty::<Bytes>::new());
        let response = sender.send_request(request.map_err(found)?).await.map_err(|error| failed(&error))?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| failed(&error))?.to_bytes();
        if status != StatusCode::OK {
            let text = String::from_utf8_lossy(&body);
            return Err(CliError::Found(format!("the broker at {}: {}", self.address, text.trim_end())));
        }
        serde_json::from_slice(&body).map_err(|error| failed(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_every_address_is_asked_on_this_machine() {
        for (listener, asked) in [
            ("127.0.0.1:9096", "127.0.0.1:9096"),
            ("0.0.0.0:9096", "127.0.0.1:9096"),
            (":9096", "127.0.0.1:9096"),
            ("[::]:1", "[::1]:1"),
            ("host:7", "host:7"),
        ] {
            let remote = Remote::new(listener, Env::real()).ok().unwrap();
            assert_eq!(remote.address, asked);
        }
        for bad in ["host", "host:", "host:0", "host:x"] {
            assert!(Remote::new(bad, Env::real()).is_err(), "{bad}");
        }
    }
}
