//! Connections to the brokers of one cluster, and what is known of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use esker_env::Env;
use esker_kafka_wire::Request;
use parking_lot::Mutex;

use crate::{ClientConfig, ClientError, Cluster, Connection, Connector};

/// A cluster's client. Cheap to clone; clones share connections and metadata.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    config: ClientConfig,
    env: Env,
    connector: Arc<dyn Connector>,
    /// One slot per address. A slot's lock is held while it connects, so that one connection is opened, not many.
    slots: Mutex<BTreeMap<String, Slot>>,
    cluster: Mutex<Arc<Cluster>>,
}

type Slot = Arc<tokio::sync::Mutex<Option<Arc<Connection>>>>;

impl Client {
    /// Connects to the first bootstrap address that answers and learns the brokers. Does not retry: a wrong address
    /// should be told at once.
    ///
    /// # Errors
    /// No address answers.
    pub async fn connect(
        config: ClientConfig,
        connector: Arc<dyn Connector>,
        env: Env,
    ) -> Result<Self, ClientError> {
        if config.bootstrap.is_empty() {
            return Err(ClientError::Settings("no bootstrap address was given".into()));
        }
        let client = Self::unconnected(config, connector, env);
        client.refresh_once(Some(&[])).await?;
        Ok(client)
    }

    fn unconnected(config: ClientConfig, connector: Arc<dyn Connector>, env: Env) -> Self {
        let cluster = Mutex::new(Arc::new(Cluster { controller: -1, ..Cluster::default() }));
        Self(Arc::new(Inner { config, env, connector, slots: Mutex::default(), cluster }))
    }

    /// A client with connections of its own: requests of one do not queue behind long fetches or joins of the other.
    #[must_use]
    pub fn fork(&self) -> Self {
        let fork =
            Self::unconnected(self.0.config.clone(), Arc::clone(&self.0.connector), self.0.env.clone());
        *fork.0.cluster.lock() = self.cluster();
        fork
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &ClientConfig {
        &self.0.config
    }

    /// The world it lives in.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.0.env
    }

    /// What is known now.
    #[must_use]
    pub fn cluster(&self) -> Arc<Cluster> {
        Arc::clone(&self.0.cluster.lock())
    }

    pub(crate) fn learn(&self, change: impl FnOnce(&Cluster) -> Cluster) -> Arc<Cluster> {
        let mut cluster = self.0.cluster.lock();
        *cluster = Arc::new(change(&cluster));
        Arc::clone(&cluster)
    }

    /// A connection to `host:port`, opened if there is none.
    ///
    /// # Errors
    /// The address does not answer.
    pub async fn connection_to(&self, address: &str) -> Result<Arc<Connection>, ClientError> {
        let slot = Arc::clone(self.0.slots.lock().entry(address.to_owned()).or_default());
        let mut slot = slot.lock().await;
        if let Some(connection) = slot.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(Arc::clone(connection));
        }
        *slot = None;
        let opened = Connection::open(&*self.0.connector, address, &self.0.config, &self.0.env).await?;
        let connection = Arc::new(opened);
        *slot = Some(Arc::clone(&connection));
        Ok(connection)
    }

    /// A connection to the broker of that id.
    ///
    /// # Errors
    /// The broker is unknown (refresh the metadata) or does not answer.
    pub async fn connection(&self, node: i32) -> Result<Arc<Connection>, ClientError> {
        let Some(address) = self.cluster().brokers.get(&node).map(crate::Broker::address) else {
            return Err(ClientError::Unreachable {
                addresses: format!("broker {node}"),
                detail: "the cluster's metadata does not list it now".into(),
            });
        };
        self.connection_to(&address).await
    }

    /// A connection to any broker: those known first, in a random rotation, then the bootstrap addresses.
    ///
    /// # Errors
    /// None answers.
    pub async fn any_connection(&self) -> Result<Arc<Connection>, ClientError> {
        let mut addresses: Vec<String> =
            self.cluster().brokers.values().map(crate::Broker::address).collect();
        if !addresses.is_empty() {
            let start = self.0.env.random.below(addresses.len() as u64) as usize;
            addresses.rotate_left(start);
        }
        for address in &self.0.config.bootstrap {
            if !addresses.contains(address) {
                addresses.push(address.clone());
            }
        }
        let mut last = None;
        for address in &addresses {
            match self.connection_to(address).await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = Some(error),
            }
        }
        let detail = match last.expect("there is at least one bootstrap address") {
            ClientError::Unreachable { detail, .. } => detail,
            other => other.to_string(),
        };
        Err(ClientError::Unreachable { addresses: addresses.join(", "), detail })
    }

    /// A connection to the broker that answers for the cluster.
    ///
    /// # Errors
    /// As [`Client::any_connection`].
    pub async fn controller_connection(&self) -> Result<Arc<Connection>, ClientError> {
        let controller = self.cluster().controller;
        match self.connection(controller).await {
            Ok(connection) => Ok(connection),
            Err(_) => self.any_connection().await,
        }
    }

    /// Calls any broker, once.
    ///
    /// # Errors
    /// Transport, timeout, codec.
    pub async fn call_any<R: Request>(&self, request: &R) -> Result<R::Response, ClientError> {
        self.any_connection().await?.call(request).await
    }

    /// Calls the controller, once. `server_wait` is how long the request allows the broker to take.
    ///
    /// # Errors
    /// Transport, timeout, codec.
    pub async fn call_controller<R: Request>(
        &self,
        request: &R,
        server_wait: Duration,
    ) -> Result<R::Response, ClientError> {
        self.controller_connection().await?.start(request, i16::MAX, server_wait)?.await
    }
}
