//! TCP listeners.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{KafkaMetrics, broker::Broker, connection::serve_connection, context::Peer};

/// A listener cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("listener {listener} cannot use {address}: {error}")]
pub struct ServerError {
    /// Its name.
    pub listener: String,
    /// The address asked for.
    pub address: String,
    /// What the system said.
    #[source]
    pub error: std::io::Error,
}

/// Accepts connections for one broker, from any number of listeners.
pub struct Server {
    broker: Arc<Broker>,
    admission: Arc<Admission>,
    stop: watch::Sender<bool>,
}

/// Counts connections.
struct Admission {
    max: usize,
    max_per_ip: usize,
    counts: Mutex<Counts>,
    /// Changes whenever a connection ends.
    open: watch::Sender<usize>,
    metrics: Arc<KafkaMetrics>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    by_ip: BTreeMap<IpAddr, usize>,
}

/// One admitted connection; frees its place when dropped.
struct Place {
    admission: Arc<Admission>,
    address: IpAddr,
}

impl Admission {
    fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut counts = self.counts.lock();
        let here = counts.by_ip.get(&address).copied().unwrap_or(0);
        if counts.all >= self.max || here >= self.max_per_ip {
            self.metrics.refused_limit.inc();
            return None;
        }
        counts.all += 1;
        counts.by_ip.insert(address, here + 1);
        self.open.send_replace(counts.all);
        self.metrics.opened.inc();
        self.metrics.connections.add(1);
        Some(Place { admission: Arc::clone(self), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.admission.counts.lock();
        counts.all -= 1;
        let here = counts.by_ip.get_mut(&self.address).expect("admitted under this address");
        *here -= 1;
        if *here == 0 {
            counts.by_ip.remove(&self.address);
        }
        self.admission.open.send_replace(counts.all);
        self.admission.metrics.connections.add(-1);
    }
}

impl Server {
    /// A server without listeners.
    #[must_use]
    pub fn new(broker: Arc<Broker>) -> Self {
        let admission = Admission {
            max: broker.config.max_connections,
            max_per_ip: broker.config.max_connections_per_ip,
            counts: Mutex::default(),
            open: watch::Sender::new(0),
            metrics: Arc::clone(&broker.config.metrics),
        };
        Self { broker, admission: Arc::new(admission), stop: watch::Sender::new(false) }
    }

    /// Opens a listener and serves what it accepts, until [`Server::stop`]. Returns the bound address.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub async fn listen(&self, listener: &str, address: &str) -> Result<SocketAddr, ServerError> {
        let failed =
            |error| ServerError { listener: listener.to_owned(), address: address.to_owned(), error };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let bound = socket.local_addr().map_err(failed)?;
        let accepting = accept(
            Arc::clone(&self.broker),
            Arc::clone(&self.admission),
            socket,
            listener.into(),
            self.stop.subscribe(),
        );
        self.broker.env.tasks.spawn_vital("accepting Kafka's clients", accepting);
        Ok(bound)
    }

    /// Connections that are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.admission.counts.lock().all
    }

    /// Accepts no more, lets every connection answer what it has begun, and waits for them for at most `patience`.
    /// Returns whether all have ended.
    pub async fn stop(&self, patience: Duration) -> bool {
        self.stop.send_replace(true);
        let mut open = self.admission.open.subscribe();
        let ended = open.wait_for(|open| *open == 0);
        self.broker.env.timeout(patience, ended).await.is_ok()
    }
}

async fn accept(
    broker: Arc<Broker>,
    admission: Arc<Admission>,
    socket: TcpListener,
    listener: Arc<str>,
    stop: watch::Receiver<bool>,
) {
    let mut stopping = stop.clone();
    let mut refused = 0u64;
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stopping.wait_for(|stop| *stop) => return,
            accepted = socket.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, as a rule: connections must end before another can begin.
                tracing::warn!(%listener, %error, "cannot accept connections");
                broker.env.clock.sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Some(place) = admission.admit(address.ip()) else {
            refused += 1;
            if refused.is_power_of_two() {
                tracing::warn!(%listener, client = %address, refused, "too many connections");
            }
            continue;
        };
        let serving =
            serve_stream(Arc::clone(&broker), stream, address, Arc::clone(&listener), stop.clone(), place);
        broker.env.tasks.spawn(serving);
    }
}

async fn serve_stream(
    broker: Arc<Broker>,
    stream: TcpStream,
    address: SocketAddr,
    listener: Arc<str>,
    stop: watch::Receiver<bool>,
    place: Place,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(client = %address, %error, "no TCP_NODELAY");
    }
    let peer = Peer { address: address.ip(), port: address.port(), listener };
    let (reader, writer) = stream.into_split();
    serve_connection(broker, reader, writer, peer, stop).await;
    drop(place);
}
