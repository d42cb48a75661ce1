//! The page of metrics: docs/metrics.md says what each of them means.
//!
//! What happens is counted where it happens, in the structs of [`Counted`]; what is, is looked up when somebody asks, in
//! [`Parts`]. One file for each area writes both onto the page.

mod archive;
mod kafka;
mod log;
mod process;

use std::sync::{Arc, OnceLock};

use esker_archive::ArchiveMetrics;
use esker_kafka::{Broker, KafkaMetrics};
use esker_log::LogMetrics;
use esker_metrics::Page;
use esker_node::{Node, NodeConfig};
use esker_wal::StoreMetrics;

pub(crate) use process::count_panics;

use crate::state::Serving;

/// What is counted as things happen, from the start on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counted {
    store: Arc<StoreMetrics>,
    log: Arc<LogMetrics>,
    archive: Arc<ArchiveMetrics>,
    pub(crate) kafka: Arc<KafkaMetrics>,
}

impl Counted {
    /// A node with these settings counts here.
    pub(crate) fn count_node(&self, config: &mut NodeConfig) {
        config.store.metrics = Arc::clone(&self.store);
        config.log.metrics = Arc::clone(&self.log);
        config.archive.metrics = Arc::clone(&self.archive);
    }
}

/// What is asked when the page is, once the broker serves.
pub(crate) struct Parts {
    pub(crate) node: Arc<Node>,
    pub(crate) broker: Arc<Broker>,
    /// Copies that a ledger should have (R).
    pub(crate) copies: usize,
}

/// Renders the broker's figures.
pub(crate) struct Metrics {
    counted: Counted,
    parts: OnceLock<Parts>,
}

impl Metrics {
    pub(crate) fn new(counted: Counted) -> Self {
        Self { counted, parts: OnceLock::new() }
    }

    /// From here on the page has what a serving broker has.
    pub(crate) fn serves(&self, parts: Parts) {
        // Said once.
        let _ = self.parts.set(parts);
    }

    /// The whole page.
    pub(crate) fn render(&self, serving: &Serving) -> String {
        let mut page = Page::default();
        process::write(&mut page);
        page.gauge("esker_ready", "1 while the broker takes traffic, as /readyz says")
            .value(serving.not_ready().is_none());
        kafka::write_counted(&mut page, &self.counted.kafka);
        log::write_counted(&mut page, &self.counted.log, &self.counted.store, &self.counted.kafka);
        archive::write_counted(&mut page, &self.counted.archive);
        if let Some(parts) = self.parts.get() {
            let stats = parts.node.log.stats();
            kafka::write(&mut page, parts, &stats);
            log::write(&mut page, parts, &stats);
            log::write_topics(&mut page, &parts.node.log);
            archive::write(&mut page, parts, &stats);
        }
        page.finish()
    }
}
