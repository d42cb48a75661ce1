//! The page of metrics: docs/metrics.md says what each of them means.
//!
//! What happens is counted where it happens, in the structs of [`Counted`]; what is, is looked up when somebody asks, in
//! [`Parts`]. One file for each area writes both onto the page.

mod archive;
mod cluster;
mod groups;
mod kafka;
mod log;
mod process;

use std::{fmt, sync::Arc, time::Duration};

use esker_archive::ArchiveMetrics;
use esker_coordinator::{GroupLag, Groups, ShareStates, Transactions};
use esker_env::Env;
use esker_grpc::{Deduplication, StreamsService};
use esker_kafka::{Broker, KafkaMetrics};
use esker_log::LogMetrics;
use esker_meta::{MetaMetrics, MetaStore, MeteredMeta};
use esker_metrics::Page;
use esker_node::{Node, NodeConfig};
use esker_wal::StoreMetrics;

use parking_lot::RwLock;
pub(crate) use process::count_panics;

use crate::{config::MetricsSettings, state::Serving};

/// What is counted as things happen, from the start on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counted {
    store: Arc<StoreMetrics>,
    log: Arc<LogMetrics>,
    archive: Arc<ArchiveMetrics>,
    meta: Arc<MetaMetrics>,
    pub(crate) kafka: Arc<KafkaMetrics>,
}

impl Counted {
    /// The metadata store, with what this broker asks of it counted here.
    pub(crate) fn meta(&self, store: Arc<dyn MetaStore>, env: &Env) -> Arc<dyn MetaStore> {
        Arc::new(MeteredMeta::new(store, Arc::clone(&env.clock), Arc::clone(&self.meta)))
    }

    /// A node with these settings counts here.
    pub(crate) fn count_node(&self, config: &mut NodeConfig) {
        config.store.metrics = Arc::clone(&self.store);
        config.log.metrics = Arc::clone(&self.log);
        config.archive.metrics = Arc::clone(&self.archive);
    }
}

/// What is asked when the page is, once the broker serves.
pub(crate) struct Parts {
    pub(crate) env: Env,
    pub(crate) node: Arc<Node>,
    pub(crate) broker: Arc<Broker>,
    /// Copies that a ledger should have (R).
    pub(crate) copies: usize,
    pub(crate) coordinated: Coordinated,
    /// The native API, where it is served.
    pub(crate) streams: Option<StreamsService>,
    pub(crate) ids: Deduplication,
    pub(crate) session_ttl: Duration,
    pub(crate) settings: MetricsSettings,
}

/// The coordinators.
pub(crate) struct Coordinated {
    pub(crate) groups: Groups,
    pub(crate) lag: Arc<GroupLag>,
    pub(crate) shares: ShareStates,
    pub(crate) transactions: Transactions,
}

/// Renders the broker's figures.
pub(crate) struct Metrics {
    counted: Counted,
    parts: RwLock<Option<Arc<Parts>>>,
}

impl Metrics {
    pub(crate) fn new(counted: Counted) -> Self {
        Self { counted, parts: RwLock::default() }
    }

    /// From here on the page has what a serving broker has.
    pub(crate) fn serves(&self, parts: Parts) {
        *self.parts.write() = Some(Arc::new(parts));
    }

    /// From here on it has no more than before, and nothing of the broker is kept.
    pub(crate) fn is_over(&self) {
        *self.parts.write() = None;
    }

    /// The whole page.
    ///
    /// # Errors
    /// As [`esker_metrics::render`] says.
    pub(crate) fn render(&self, serving: &Serving) -> Result<String, fmt::Error> {
        let ready = serving.not_ready().is_none();
        let (counted, parts) = (self.counted.clone(), self.parts.read().clone());
        esker_metrics::render(move |page| {
            process::write(page);
            page.gauge("esker_ready", "1 while the broker takes traffic, as /readyz says").value(ready);
            kafka::write_counted(page, &counted.kafka);
            log::write_counted(page, &counted.log, &counted.store, &counted.kafka);
            archive::write_counted(page, &counted.archive);
            cluster::write_counted(page, &counted.meta);
            if let Some(parts) = parts.as_deref() {
                write(page, parts, &counted.meta);
            }
        })
    }
}

/// What a broker that serves has beyond its counts.
fn write(page: &mut Page<'_>, parts: &Parts, meta: &MetaMetrics) {
    let stats = parts.node.log.stats();
    let budgets = groups::write(page, parts);
    kafka::write(page, parts, &stats, &budgets);
    cluster::write(page, parts, meta, &stats);
    log::write(page, parts, &stats);
    log::write_topics(page, &parts.node.log);
    if parts.settings.per_partition {
        log::write_partitions(page, &parts.node.log);
    }
    archive::write(page, parts, &stats);
}
