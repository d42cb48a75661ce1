//! The plain cache: an LRU in memory.

use bytes::Bytes;
use esker_env::BoxFuture;
use futures::FutureExt;
use parking_lot::Mutex;

use super::{BlockCache, BlockKey, Cached, Keep};
use crate::lru::Lru;

pub(crate) struct MemoryCache(Mutex<Lru<BlockKey, Bytes>>);

impl MemoryCache {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Mutex::new(Lru::new(bytes)))
    }
}

impl BlockCache for MemoryCache {
    fn get(&self, key: BlockKey) -> BoxFuture<'_, Option<Cached>> {
        async move { self.0.lock().get(&key).map(|bytes| Cached { bytes, unchecked: false }) }.boxed()
    }

    fn insert(&self, key: BlockKey, bytes: Bytes, _keep: Keep) {
        let weight = bytes.len();
        self.0.lock().insert(key, bytes, weight);
    }

    fn remove(&self, key: BlockKey) {
        self.0.lock().remove(&key);
    }

    fn bytes(&self) -> usize {
        self.0.lock().weight()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }
}
