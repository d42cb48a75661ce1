//! The metadata store that the configuration names.

use std::{path::Path, sync::Arc, time::Duration};

use esker_env::{Env, Monotonic};
use esker_meta::{EmbeddedMeta, Keys, Meta, MetaError, MetaStore};
use esker_meta_etcd::{Credentials, EtcdMeta, EtcdOptions, EtcdUrl, Tls};

use crate::config::{Config, ConfigError, MetaSettings};

/// Between two questions to an etcd that does not answer.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Between two log lines about it.
const TELL_EVERY: Duration = Duration::from_secs(30);

/// An opened store.
pub(crate) enum Metadata {
    /// In the data directory, held by this process alone.
    Embedded(Arc<EmbeddedMeta>),
    /// Shared.
    Etcd { store: Arc<EtcdMeta>, keys: Keys },
}

/// Why it was not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Meta(#[from] MetaError),
}

impl Metadata {
    /// Opens it. With etcd nothing is sent yet.
    pub(crate) async fn open(config: &Config, env: &Env) -> Result<Self, OpenError> {
        let settings = &config.meta;
        if settings.is_embedded() {
            let dir = config.node.data_dir.join("meta");
            return Ok(Self::Embedded(Arc::new(EmbeddedMeta::open(&dir, env.clone()).await?)));
        }
        let url: EtcdUrl = settings.url.parse().map_err(|error| bad("url", error))?;
        let keys = Keys::new(&url.key_prefix())?;
        let store = Arc::new(EtcdMeta::new(options(settings, url)?, env.clone())?);
        Ok(Self::Etcd { store, keys })
    }

    /// Waits for etcd's first answer, however long that takes: brokers may be started before it, and one that ended instead would be
    /// started again later and later by whatever watches over it.
    ///
    /// # Errors
    /// When it answers, and not with anything that a broker could begin with.
    pub(crate) async fn await_answer(&self, env: &Env) -> Result<(), MetaError> {
        let Self::Etcd { store, keys } = self else { return Ok(()) };
        let meta = Meta::new(Arc::clone(store) as _, keys.clone(), env.clone());
        let mut told: Option<Monotonic> = None;
        loop {
            let why = match meta.load_cluster().await {
                Err(MetaError::Unavailable(why)) => why,
                answer => return answer.map(drop),
            };
            let now = env.clock.now();
            if told.is_none_or(|told| now - told >= TELL_EVERY) {
                tracing::warn!("waiting for the metadata store: {why}");
                told = Some(now);
            }
            env.clock.sleep(ASK_EVERY).await;
        }
    }

    /// The store, for whoever needs no more than the contract.
    pub(crate) fn store(&self) -> Arc<dyn MetaStore> {
        match self {
            Self::Embedded(store) => Arc::clone(store) as _,
            Self::Etcd { store, .. } => Arc::clone(store) as _,
        }
    }

    /// Where this cluster's keys are in it.
    pub(crate) fn keys(&self) -> Result<Keys, MetaError> {
        match self {
            Self::Embedded(_) => Keys::new(""),
            Self::Etcd { keys, .. } => Ok(keys.clone()),
        }
    }

    /// Where it is, for messages.
    pub(crate) fn place(&self, config: &Config) -> String {
        match self {
            Self::Embedded(store) => store.path().display().to_string(),
            Self::Etcd { .. } => config.meta.url.clone(),
        }
    }

    /// Lets go of what it holds.
    pub(crate) async fn close(&self) {
        if let Self::Embedded(store) = self {
            store.close().await;
        }
    }
}

fn bad(key: &str, error: impl std::fmt::Display) -> ConfigError {
    ConfigError::Meaning(format!("meta.{key}: {error}"))
}

fn options(settings: &MetaSettings, url: EtcdUrl) -> Result<EtcdOptions, ConfigError> {
    let certificate = |key: &str, path: &Path| read(path).map_err(|error| bad(key, error));
    let tls = if url.tls {
        let (ca, cert) = (&settings.tls_ca, &settings.tls_cert);
        let ca = if ca.as_os_str().is_empty() { None } else { Some(certificate("tls_ca", ca)?) };
        let identity = if cert.as_os_str().is_empty() {
            None
        } else {
            Some((certificate("tls_cert", cert)?, certificate("tls_key", &settings.tls_key)?))
        };
        Some(Tls { ca, identity })
    } else {
        None
    };
    let credentials = (!settings.user.is_empty())
        .then(|| Credentials { user: settings.user.clone(), password: settings.password.clone() });
    let request_timeout = Duration::from_millis(settings.request_timeout_ms);
    Ok(EtcdOptions { endpoints: url.endpoints, tls, credentials, request_timeout })
}

#[allow(clippy::disallowed_methods, reason = "certificates are configuration, read once at the start")]
fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
