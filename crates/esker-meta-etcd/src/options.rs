//! Settings.

use std::{fmt, time::Duration};

/// How to reach etcd: plain data.
#[derive(Clone, Debug)]
pub struct EtcdOptions {
    /// Members, `host:port` each; at least one. Any of them will do, and the next one when it fails.
    pub endpoints: Vec<String>,
    /// TLS; plain text without.
    pub tls: Option<Tls>,
    /// User and password, where etcd asks for them.
    pub credentials: Option<Credentials>,
    /// The longest that a call takes, all attempts together; an endpoint gets a third of it. The time to live of a
    /// session should not be shorter.
    pub request_timeout: Duration,
}

impl EtcdOptions {
    /// Plain text to these endpoints, 3 s for a call.
    #[must_use]
    pub fn new(endpoints: Vec<String>) -> Self {
        Self { endpoints, tls: None, credentials: None, request_timeout: Duration::from_secs(3) }
    }
}

/// TLS to etcd. Everything is PEM.
#[derive(Clone, Default)]
pub struct Tls {
    /// Who must have signed etcd's certificate; the system's authorities when absent.
    pub ca: Option<Vec<u8>>,
    /// The client's certificate chain and key, where etcd asks for them.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ca, identity) = (self.ca.is_some(), self.identity.is_some());
        f.debug_struct("Tls").field("ca", &ca).field("identity", &identity).finish()
    }
}

/// A user of etcd.
#[derive(Clone)]
pub struct Credentials {
    /// The name.
    pub user: String,
    /// The password; never shown.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}
