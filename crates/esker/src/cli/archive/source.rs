//! Which archive, and the way to it: a broker that runs has the embedded metadata to itself and is asked over HTTP;
//! otherwise (and always with etcd) this process opens metadata and object store as a broker would.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use esker_archive::{Archive, ArchiveConfig, CacheConfig, CacheKind};
use esker_env::Env;
use esker_meta::{Catalog, EmbeddedMeta, EmbeddedState, Meta};

use super::remote::Remote;
use crate::archive::ArchiveAccess;
use crate::broker::variables;
use crate::cli::error::CliError;
use crate::cli::output::Format;
use crate::config::{Config, load};
use crate::metadata::Metadata;
use crate::settings;

/// Arguments that all archive commands share.
#[derive(Args, Clone)]
pub(crate) struct Source {
    /// The broker's configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The broker's data directory, as given to `esker dev` [default: the configuration's, or .dev]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) output: Format,
}

/// An archive that can be looked into.
pub(super) enum Opened {
    /// By the broker that runs on its data directory.
    Remote(Remote),
    /// By this process.
    Own(Own),
}

/// Metadata and object store, opened here.
pub(super) struct Own {
    pub(super) access: ArchiveAccess,
    meta: Metadata,
}

impl Own {
    /// Lets a broker have the metadata again.
    pub(super) async fn close(self) {
        let Self { access, meta } = self;
        drop(access);
        meta.close().await;
    }
}

impl Source {
    pub(super) async fn open(&self, env: &Env) -> Result<Opened, CliError> {
        let data = self.data.as_ref().map(|dir| ("node.data_dir", dir.display().to_string()));
        let flags: Vec<_> = data.into_iter().collect();
        let config = load(self.config.as_deref(), variables(), &flags)
            .map_err(|error| CliError::usage(error.to_string()))?;
        if !config.meta.is_embedded() {
            return Ok(Opened::Own(open(&config, env).await?));
        }
        let dir = config.node.data_dir.join("meta");
        match EmbeddedMeta::look(&dir).map_err(found)? {
            EmbeddedState::Absent => Err(CliError::Found(format!(
                "there is no metadata in {}: name the broker's configuration with --config, or its directory with --data",
                dir.display()
            ))),
            EmbeddedState::Held => Ok(Opened::Remote(Remote::new(&config.listeners.http, env.clone())?)),
            EmbeddedState::Free => Ok(Opened::Own(open(&config, env).await?)),
        }
    }
}

async fn open(config: &Config, env: &Env) -> Result<Own, CliError> {
    // An error means that a provider is there already, which is all that is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (objects, prefix) = settings::object_store(config, &variables().collect()).map_err(found)?;
    let metadata = Metadata::open(config, env).await.map_err(found)?;
    let meta = Meta::new(metadata.store(), metadata.keys().map_err(found)?, env.clone());
    let cluster = meta.load_cluster().await.map_err(found)?;
    let cluster = cluster
        .ok_or_else(|| CliError::Found(format!("{}: no cluster was created", metadata.place(config))))?;
    let catalog = Catalog::start(meta.clone()).await.map_err(found)?;
    // The broker's limits on requests, but nothing of its cache: that is on disk, and nothing is read twice here.
    let cache = CacheConfig { kind: CacheKind::Memory, memory_bytes: 0, ..CacheConfig::default() };
    let archive = ArchiveConfig { cache, ..settings::node(config, String::new(), false).archive };
    let archive = Archive::open(objects, &prefix, cluster.id, Arc::new(meta), env.clone(), archive)
        .await
        .map_err(found)?;
    let access = ArchiveAccess { archive: Arc::new(archive), catalog, shards: cluster.shards };
    Ok(Own { access, meta: metadata })
}

pub(super) fn found(error: impl std::fmt::Display) -> CliError {
    CliError::Found(error.to_string())
}
