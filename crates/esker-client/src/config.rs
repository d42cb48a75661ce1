//! Settings that all parts of a client share.

use std::time::Duration;

/// Plain settings; every field has a sensible default.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Addresses (`host:port`) to ask first. At least one.
    pub bootstrap: Vec<String>,
    /// What the client calls itself in requests and broker logs.
    pub client_id: String,
    /// The longest wait for a connection.
    pub connect_timeout: Duration,
    /// The longest wait for an answer, on top of what the request itself asks the broker to wait.
    pub request_timeout: Duration,
    /// The longest that retries of one call go on.
    pub retry_for: Duration,
    /// First pause between retries; doubles up to [`ClientConfig::backoff_max`], with jitter.
    pub backoff: Duration,
    /// The longest pause between retries.
    pub backoff_max: Duration,
    /// The largest response taken, bytes. A larger one closes the connection.
    pub max_response_bytes: usize,
    /// Whether looking up a topic for producing may create it, if the broker allows that.
    pub auto_create_topics: bool,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            bootstrap: vec!["127.0.0.1:9092".to_owned()],
            client_id: "esker".to_owned(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            retry_for: Duration::from_secs(30),
            backoff: Duration::from_millis(50),
            backoff_max: Duration::from_secs(1),
            max_response_bytes: 128 * 1024 * 1024,
            auto_create_topics: true,
        }
    }
}
