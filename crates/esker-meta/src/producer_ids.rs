//! Producer ids, handed out from blocks of `/ids/producer`.

use std::ops::Range;

use esker_core::ProducerId;
use tokio::sync::Mutex;

use crate::{Meta, MetaError};

/// Ids of one block. A broker that restarts leaves the rest of its block unused.
const BLOCK: u64 = 1000;

/// Hands out producer ids that no other broker and no other run ever hands out.
pub struct ProducerIds {
    meta: Meta,
    // Held while a new block is fetched: everyone who waits needs that very block.
    block: Mutex<Range<u64>>,
}

impl ProducerIds {
    /// A source without a block yet.
    #[must_use]
    pub fn new(meta: Meta) -> Self {
        Self { meta, block: Mutex::new(0..0) }
    }

    /// A new producer id.
    ///
    /// # Errors
    /// When a new block is needed and the store fails.
    pub async fn next(&self) -> Result<ProducerId, MetaError> {
        let mut block = self.block.lock().await;
        if block.is_empty() {
            *block = self.meta.reserve("producer", BLOCK).await?;
        }
        let id = block.next().expect("a reserved block is not empty");
        i64::try_from(id).map(ProducerId).map_err(|_| MetaError::Corrupt {
            key: self.meta.keys().id("producer"),
            field: "next (no producer ids left)".to_owned(),
        })
    }
}
