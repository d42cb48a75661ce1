//! What a handler knows about the request it serves.

use std::{net::IpAddr, sync::Arc};

use esker_kafka_wire::KString;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{broker::Broker, budget::Grant};

/// Responses up to this many bytes are not counted.
const UNRESERVED: usize = 4 << 10;

/// Who a connection speaks for. Without authentication everybody is [`Principal::ANONYMOUS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// `User`, unless an authenticator says otherwise.
    pub kind: &'static str,
    /// The name.
    pub name: String,
}

impl Principal {
    /// Nobody in particular.
    pub const ANONYMOUS: &'static str = "ANONYMOUS";

    /// The principal of a connection that has not authenticated.
    #[must_use]
    pub fn anonymous() -> Self {
        Self { kind: "User", name: Self::ANONYMOUS.to_owned() }
    }
}

/// Where a connection came in.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The client's address.
    pub address: IpAddr,
    /// The client's port.
    pub port: u16,
    /// Name of the listener that accepted it; decides which endpoints the client is told.
    pub listener: Arc<str>,
}

/// One client connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) peer: Peer,
    /// Nobody checks it yet.
    #[allow(dead_code, reason = "the place that authentication will fill and authorization ask")]
    pub(crate) principal: Principal,
    /// Name and version that the client gave in ApiVersions.
    pub(crate) software: Mutex<Option<(KString, KString)>>,
}

/// One request in its connection. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) broker: Arc<Broker>,
    pub(crate) connection: Arc<Connection>,
    #[allow(dead_code, reason = "group APIs and quotas need it")]
    pub(crate) client_id: Option<KString>,
    pub(crate) version: i16,
    pub(crate) correlation_id: i32,
    /// Turns true when nobody waits for the answer any more, or the broker stops: long waits end early then.
    pub(crate) hurry: watch::Receiver<bool>,
    /// Response memory, see [`Context::reserve`].
    pub(crate) memory: Arc<Mutex<Grant>>,
}

impl Context {
    /// Completes when long waits should end.
    pub(crate) async fn hurried(&self) {
        let mut hurry = self.hurry.clone();
        // An error means that the connection is gone.
        let _ = hurry.wait_for(|hurry| *hurry).await;
    }

    /// Waits for response memory before a response of this many bytes is put together: clients that ask for large
    /// ones and do not read them must not fill the memory. Held until the response is written.
    pub(crate) async fn reserve(&self, bytes: usize) {
        if bytes > UNRESERVED {
            let grant = self.broker.response_memory.take(bytes).await;
            self.memory.lock().own(grant);
        }
    }

    /// The name of the listener that the client uses.
    pub(crate) fn listener(&self) -> &str {
        &self.connection.peer.listener
    }
}
