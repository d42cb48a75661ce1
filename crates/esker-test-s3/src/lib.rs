//! An S3 endpoint over a directory, with faults on demand: for tests and for trying Esker out. Not a product.
//!
//! [`Server::start`] serves a directory (one subdirectory per bucket) through the s3s-fs crate, which this wraps with
//! what it lacks: requests for one key wait for each other, TCP sends without delay, and faults can be turned on and
//! off while it runs, in process through [`Server::faults`] or over HTTP (`/-/faults`). What of an access policy its
//! clients have used is at `/-/actions`.
#![allow(
    clippy::disallowed_methods,
    reason = "a tool beside the product: it uses the process's own tasks, clock and files"
)]

mod actions;
mod admin;
mod faults;
mod locks;
mod serve;

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

pub use faults::{FaultSettings, Faults, Requests};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use tokio::{net::TcpListener, task::JoinHandle};

/// The access key that requests must be signed with.
pub const ACCESS_KEY: &str = "esker-test";
/// Its secret.
pub const SECRET_KEY: &str = "esker-test-secret";

/// What to serve.
#[derive(Clone, Debug)]
pub struct Options {
    /// Directory of the buckets; created when missing.
    pub root: PathBuf,
    /// Buckets to create.
    pub buckets: Vec<String>,
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Seed of the faults' randomness.
    pub seed: u64,
    /// Faults from the start.
    pub faults: FaultSettings,
}

impl Options {
    /// Serves `root` with one bucket on a free port of the loopback interface, without faults.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, bucket: &str) -> Self {
        Self {
            root: root.into(),
            buckets: vec![bucket.to_owned()],
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            seed: 0,
            faults: FaultSettings::default(),
        }
    }
}

/// A running endpoint; it ends when dropped.
pub struct Server {
    address: SocketAddr,
    faults: Arc<Faults>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Starts serving, on the current tokio runtime.
    ///
    /// # Errors
    /// When the directory cannot be used or the address is taken.
    pub async fn start(options: Options) -> io::Result<Self> {
        for bucket in &options.buckets {
            std::fs::create_dir_all(options.root.join(bucket))?;
        }
        std::fs::create_dir_all(&options.root)?;
        let files =
            s3s_fs::FileSystem::new(&options.root).map_err(|error| io::Error::other(format!("{error:?}")))?;
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let actions = Arc::<actions::Actions>::default();
        service.set_access(actions::Recorder(Arc::clone(&actions)));
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let faults = Arc::new(Faults::new(options.seed, options.faults));
        let endpoint = serve::Endpoint::new(service.build(), Arc::clone(&faults), actions);
        let accepting = tokio::spawn(serve::accept(listener, endpoint));
        Ok(Self { address, faults, accepting })
    }

    /// Its URL, for the `endpoint` setting of a client.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its faults, to be changed at any time, and its counters.
    #[must_use]
    pub fn faults(&self) -> &Arc<Faults> {
        &self.faults
    }

    /// Serves until the task ends, which it does not by itself.
    pub async fn wait(mut self) {
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
