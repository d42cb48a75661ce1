//! A way to an etcd that can be cut, or made to swallow the answers.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Everything passes.
    Open,
    /// Requests pass, answers do not.
    Deaf,
    /// Every connection is closed, and every new one.
    Cut,
}

pub(crate) struct Proxy {
    pub(crate) endpoint: String,
    way: Arc<watch::Sender<Way>>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    pub(crate) async fn start(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = listener.local_addr().unwrap().to_string();
        let way = Arc::new(watch::Sender::new(Way::Open));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, target, Arc::clone(&way)));
        Self { endpoint, way, _tasks: tasks }
    }

    pub(crate) fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

async fn accept(listener: TcpListener, target: String, way: Arc<watch::Sender<Way>>) {
    let mut connections = JoinSet::new();
    loop {
        let (near, _) = listener.accept().await.unwrap();
        let Ok(far) = TcpStream::connect(&target).await else { continue };
        let mut way = way.subscribe();
        if *way.borrow() == Way::Cut {
            continue;
        }
        connections.spawn(async move {
            let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
            let deaf = way.clone();
            tokio::select! {
                () = pass(near_in, far_out, None) => {}
                () = pass(far_in, near_out, Some(deaf)) => {}
                _ = way.wait_for(|way| *way == Way::Cut) => {}
            }
        });
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, deaf: Option<watch::Receiver<Way>>) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        // What was swallowed breaks the connection for good: it never gets another byte.
        if deaf.as_ref().is_some_and(|way| *way.borrow() == Way::Deaf) {
            return std::future::pending().await;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
