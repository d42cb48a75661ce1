//! foyer: memory first, then a disk tier. It runs its own tasks and reads its own clock, which is why the simulator
//! uses the plain cache instead.

use std::io::{Read, Write};

use bytes::Bytes;
use esker_core::object::ObjectId;
use esker_env::BoxFuture;
use foyer::{
    BlockEngineConfig, Code, DeviceBuilder, Error, FsDeviceBuilder, HybridCache, HybridCachePolicy,
    HybridCacheProperties, Location, PsyncIoEngineConfig, Source,
};
use futures::FutureExt;

use super::{BlockCache, BlockKey, Cached, Keep};
use crate::{ArchiveError, DiskCacheConfig};

/// The least disk tier: a few of foyer's 16 MiB files.
const LEAST_DISK: usize = 64 << 20;
/// foyer fills one buffer of this size while it writes another, and holds both from the start.
const WRITE_BUFFER: usize = 4 << 20;
/// Blocks that wait to be written to the disk tier; beyond it they are not kept there.
const WRITE_QUEUE: usize = 16 << 20;
/// Memory for each of foyer's own shards: enough that one block does not push out all others.
const SHARD_MEMORY: usize = 64 << 20;

pub(crate) struct FoyerCache(HybridCache<BlockKey, Bytes>);

impl Code for BlockKey {
    fn encode(&self, writer: &mut impl Write) -> foyer::Result<()> {
        let encoded = (self.object.0.to_le_bytes(), self.position.to_le_bytes());
        writer.write_all(&encoded.0).and_then(|()| writer.write_all(&encoded.1)).map_err(Error::io_error)
    }

    fn decode(reader: &mut impl Read) -> foyer::Result<Self> {
        let (mut object, mut position) = ([0; 16], [0; 4]);
        reader
            .read_exact(&mut object)
            .and_then(|()| reader.read_exact(&mut position))
            .map_err(Error::io_error)?;
        Ok(Self { object: ObjectId(u128::from_le_bytes(object)), position: u32::from_le_bytes(position) })
    }

    fn estimated_size(&self) -> usize {
        20
    }
}

impl FoyerCache {
    pub(crate) async fn open(memory: usize, disk: Option<&DiskCacheConfig>) -> Result<Self, ArchiveError> {
        let failed = |error: Error| ArchiveError::Cache(error.to_string());
        let builder = HybridCache::builder()
            .with_name("esker")
            // At once rather than on eviction: what was fetched survives a crash of the process.
            .with_policy(HybridCachePolicy::WriteOnInsertion)
            .memory(memory)
            .with_shards((memory / SHARD_MEMORY).clamp(1, 16))
            .with_weighter(|_: &BlockKey, bytes: &Bytes| bytes.len())
            .storage();
        let builder = match disk {
            None => builder,
            Some(disk) if disk.bytes < LEAST_DISK => {
                let why = format!("a disk cache takes at least {LEAST_DISK} bytes, not {}", disk.bytes);
                return Err(ArchiveError::Config(why));
            }
            Some(disk) => {
                let device =
                    FsDeviceBuilder::new(&disk.dir).with_capacity(disk.bytes).build().map_err(failed)?;
                builder.with_io_engine_config(PsyncIoEngineConfig::new()).with_engine_config(
                    BlockEngineConfig::new(device)
                        .with_buffer_pool_size(WRITE_BUFFER)
                        .with_submit_queue_size_threshold(WRITE_QUEUE),
                )
            }
        };
        Ok(Self(builder.build().await.map_err(failed)?))
    }
}

impl BlockCache for FoyerCache {
    fn get(&self, key: BlockKey) -> BoxFuture<'_, Option<Cached>> {
        async move {
            match self.0.get(&key).await {
                Ok(entry) => entry.map(|entry| Cached {
                    bytes: entry.value().clone(),
                    unchecked: entry.source() != Source::Memory,
                }),
                Err(error) => {
                    tracing::warn!(%error, "cache: a block cannot be read from the disk tier");
                    None
                }
            }
        }
        .boxed()
    }

    fn insert(&self, key: BlockKey, bytes: Bytes, keep: Keep) {
        let location = match keep {
            Keep::Long => Location::Default,
            Keep::Briefly | Keep::Ahead => Location::InMem,
        };
        self.0.insert_with_properties(key, bytes, HybridCacheProperties::default().with_location(location));
    }

    fn remove(&self, key: BlockKey) {
        self.0.remove(&key);
    }

    fn bytes(&self) -> usize {
        self.0.memory().usage()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async move {
            if let Err(error) = self.0.close().await {
                tracing::warn!(%error, "cache: the disk tier was not closed in order");
            }
        }
        .boxed()
    }
}
