//! Stores behind real sockets on loopback.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use esker_core::StoreId;
use esker_env::{Env, Tasks};
use esker_wal::{LogStore, StoreConfig};
use esker_wal_grpc::{ClientOptions, RemoteStore, ServerOptions, StoreService, serve, tcp, tcp_incoming};
use futures::StreamExt;
use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

use crate::common::Host;

/// A host whose store is served; its process can be stopped and killed.
pub struct Served {
    pub host: Host,
    pub address: String,
    pub brake: Brake,
    server: Tasks,
}

impl Served {
    pub async fn start(seed: u64, config: StoreConfig) -> Self {
        let host = Host::started(seed, config).await;
        let (brake, server) = (Brake::default(), Tasks::new());
        let mut served = Self { host, address: "127.0.0.1:0".to_owned(), brake, server };
        served.listen().await;
        served
    }

    /// Serves at the address of before.
    async fn listen(&mut self) {
        let listener = TcpListener::bind(&self.address).await.unwrap();
        self.address = listener.local_addr().unwrap().to_string();
        self.server = Tasks::new();
        let env = Env { tasks: self.server.clone(), ..self.host.env.clone() };
        let options = ServerOptions::default();
        let service = StoreService::new(self.host.as_log_store(), options.clone());
        let brake = self.brake.clone();
        self.server.spawn(async move {
            let incoming = tcp_incoming(listener)
                .map(|accepted| accepted.map(|stream| Braked { stream, brake: brake.clone() }));
            serve(service, incoming, &env, &options).await;
        });
    }

    /// kill -9: connections are reset, the port is closed.
    pub async fn kill(&mut self) {
        self.server.abort_all();
        self.server.wait_idle().await;
        self.host.kill().await;
    }

    pub async fn start_again(&mut self) {
        self.host.start().await;
        self.listen().await;
    }

    /// The same store at another port.
    pub async fn move_away(&mut self) {
        self.address = "127.0.0.1:0".to_owned();
        self.start_again().await;
    }

    pub fn client(&self) -> RemoteStore {
        self.client_with(&self.host.env, quick())
    }

    pub fn client_with(&self, env: &Env, options: ClientOptions) -> RemoteStore {
        self.client_of(self.host.id(), env, options)
    }

    pub fn client_of(&self, id: StoreId, env: &Env, options: ClientOptions) -> RemoteStore {
        let env = Env { tasks: Tasks::new(), ..env.clone() };
        RemoteStore::new(id, &self.address, &env, tcp(), options)
    }
}

/// Deadlines that a test can wait for.
pub fn quick() -> ClientOptions {
    ClientOptions {
        connect_timeout: Duration::from_millis(500),
        call_timeout: Duration::from_secs(2),
        ping_interval: Duration::from_millis(100),
        ping_timeout: Duration::from_millis(300),
        first_pause: Duration::from_millis(5),
        longest_pause: Duration::from_millis(20),
        ..ClientOptions::default()
    }
}

pub async fn served(count: u64, config: &StoreConfig) -> Vec<Served> {
    let mut all = Vec::new();
    for seed in 0..count {
        all.push(Served::start(seed, config.clone()).await);
    }
    all
}

/// Clients as they are, until the store can be reached.
pub async fn reached(store: &dyn LogStore, ledger: esker_core::LedgerId) {
    while store.directory(ledger, esker_core::FrameIndex(0)).await.is_err() {
        tokio::task::yield_now().await;
    }
}

/// Stops a process: its connections stay open and silent, the kernel goes on accepting.
#[derive(Clone, Default)]
pub struct Brake(Arc<Mutex<Braking>>);

#[derive(Default)]
struct Braking {
    on: bool,
    waiting: Vec<Waker>,
}

impl Brake {
    pub fn stop(&self) {
        self.0.lock().on = true;
    }

    pub fn go_on(&self) {
        let mut braking = self.0.lock();
        braking.on = false;
        braking.waiting.drain(..).for_each(Waker::wake);
    }

    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        let mut braking = self.0.lock();
        if braking.on {
            braking.waiting.push(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

struct Braked {
    stream: TcpStream,
    brake: Brake,
}

impl AsyncRead for Braked {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        std::task::ready!(self.brake.poll(context));
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Braked {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        std::task::ready!(self.brake.poll(context));
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
