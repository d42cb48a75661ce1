//! What a handler knows about the request it serves.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use esker_kafka_wire::KString;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{api::share_session::Holder, broker::Broker, budget::Grant, request_memory::RequestGrant};

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
    /// Members of share groups that have their session in it.
    pub(crate) share_sessions: Mutex<BTreeSet<Holder>>,
}

/// What one request and its response hold.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) request: Mutex<FrameMemory>,
    pub(crate) response: Mutex<Grant>,
}

/// What is granted for a request frame and what it decodes to: of its connection's share, and of the broker's.
#[derive(Debug, Default)]
pub(crate) struct FrameMemory {
    pub(crate) own: Grant,
    pub(crate) broker: Option<RequestGrant>,
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
    /// Bytes of its frame.
    pub(crate) frame: usize,
    /// What decoding it may take beside them.
    pub(crate) decode_budget: usize,
    /// What it holds, see [`Context::decoded`] and [`Context::reserve`].
    pub(crate) memory: Arc<Memory>,
}

impl Memory {
    /// What the request holds is given back.
    pub(crate) fn give_back_request(&self) {
        let held = std::mem::take(&mut *self.request.lock());
        drop(held);
    }
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
            self.memory.response.lock().own(grant);
        }
    }

    /// The request is decoded, with this much of its decode budget left: what was granted and is not needed goes back
    /// before the request waits for anything.
    pub(crate) fn decoded(&self, budget_left: usize) {
        let bytes = self.frame + self.decode_budget.saturating_sub(budget_left);
        let mut memory = self.memory.request.lock();
        memory.own.shrink(bytes);
        if let Some(grant) = &mut memory.broker {
            grant.shrink(bytes);
        }
    }

    /// Nothing of the request is held any more, though its answer may take long.
    pub(crate) fn request_is_taken(&self) {
        self.memory.give_back_request();
    }

    /// The name of the listener that the client uses.
    pub(crate) fn listener(&self) -> &str {
        &self.connection.peer.listener
    }
}
