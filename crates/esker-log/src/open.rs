//! Opening: rows are rebuilt from each shard's manifest and from the directories of the ledgers that it has pending.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::AtomicBool},
};

use esker_archive::{Archive, ShardArchive};
use esker_core::{
    EntryKind, Epoch, FastMap, FrameIndex, LedgerId, Mode, PartitionId, ShardId, StoreId, shard_map::shard_of,
};
use esker_env::Env;
use esker_meta::{Catalog, SessionKey};
use esker_wal::{Descriptor, LaneConfig, LedgerWriter, LogStore, NoRoll, Store};
use tokio::sync::{Notify, watch};

use crate::{
    commit::Sink,
    error::OpenError,
    lanes::{Lane, Lanes},
    log::{Inner, Log},
    partition::FrameRef,
    pressure::Pressure,
    producers::ProducerTable,
    settings::LogConfig,
    shard::{Shard, ShardState},
    stores::Stores,
    tail::Tail,
    topics::Topics,
};

/// A shard that this broker has been given.
#[derive(Clone, Debug)]
pub struct OwnedShard {
    /// Which.
    pub id: ShardId,
    /// Under which epoch.
    pub epoch: Epoch,
    /// Sealed ledgers with records of it that no object may have.
    pub pending: BTreeSet<LedgerId>,
}

/// A ledger as this broker needs to know it.
#[derive(Clone, Debug)]
pub struct LedgerPlace {
    /// Its id.
    pub id: LedgerId,
    /// Stores with copies.
    pub copyset: Vec<StoreId>,
    /// Where it was sealed; `None` while open.
    pub end: Option<FrameIndex>,
}

/// A lane of this session.
#[derive(Clone, Debug)]
pub struct OwnedLane {
    /// Its mode.
    pub mode: Mode,
    /// Its open ledger.
    pub ledger: LedgerPlace,
    /// Stores that must hold a frame before it is committed.
    pub write_quorum: usize,
}

/// The parts that a log is made of.
pub struct LogParts {
    /// The world.
    pub env: Env,
    /// All topics.
    pub catalog: Arc<Catalog>,
    /// Objects.
    pub archive: Arc<Archive>,
    /// This broker's own store.
    pub store: Arc<Store>,
    /// Every store that can be reached, the own one first.
    pub stores: Vec<Arc<dyn LogStore>>,
    /// This session.
    pub session: SessionKey,
    /// Shards of the whole cluster.
    pub shard_count: u32,
    /// The shards that this broker owns.
    pub shards: Vec<OwnedShard>,
    /// Sealed ledgers that some of these shards have pending.
    pub ledgers: Vec<LedgerPlace>,
    /// The lanes of this session, the strictest first; at least one.
    pub lanes: Vec<OwnedLane>,
}

impl Log {
    /// Opens every shard, then starts the lanes and the maintenance loop.
    ///
    /// # Errors
    /// See [`OpenError`]. Nothing is served then.
    pub async fn open(parts: LogParts, config: LogConfig) -> Result<Self, OpenError> {
        assert!(!parts.lanes.is_empty(), "a log has at least one lane");
        let topics = Topics::new(config.topic_defaults.clone())?;
        topics.refresh(&parts.catalog);
        let stores = Stores::new(parts.stores.clone());
        for ledger in parts.ledgers.iter().chain(parts.lanes.iter().map(|lane| &lane.ledger)) {
            stores.add_ledger(ledger.id, &ledger.copyset);
        }
        let sealed_ends = parts
            .ledgers
            .iter()
            .map(|ledger| (ledger.id, ledger.end.expect("pending ledgers are sealed")))
            .collect();
        let now = parts.env.clock.wall_ms();
        let directories = Directories::read(&stores, &parts).await?;
        let opened = futures::future::try_join_all(parts.shards.iter().map(|owned| {
            let (archive, topics, directories) = (&parts.archive, &topics, &directories);
            async move {
                let name = format!("shard {}", owned.id);
                let archive = archive
                    .open_shard(owned.id, parts.session, owned.epoch)
                    .await
                    .map_err(|error| OpenError::Unreadable { what: name, message: error.to_string() })?;
                let state = rebuild(owned, &archive, directories, topics, now)?;
                Ok::<_, OpenError>(Shard {
                    id: owned.id,
                    epoch: owned.epoch,
                    archive,
                    state: parking_lot::Mutex::new(state),
                    flushing: tokio::sync::Mutex::new(()),
                })
            }
        }))
        .await?;
        let pressure = Pressure::new(&config);
        let mut shards: Vec<Option<Arc<Shard>>> = Vec::new();
        shards.resize_with(parts.shard_count as usize, || None);
        for shard in opened {
            {
                let mut state = shard.state.lock();
                pressure.batches_added(state.unarchived_batches);
                if state.unarchived_batches > 0 {
                    state.unarchived_since = Some(parts.env.clock.now());
                }
            }
            let slot = shards.get_mut(shard.id.0 as usize).expect("shard ids are below the shard count");
            *slot = Some(Arc::new(shard));
        }
        let inner = Arc::new_cyclic(|weak| Inner {
            lanes: Lanes::new(
                parts
                    .lanes
                    .iter()
                    .map(|lane| {
                        let copyset = stores.of_copyset(&lane.ledger.copyset);
                        let descriptor = Descriptor {
                            ledger: lane.ledger.id,
                            mode: lane.mode,
                            copyset: lane.ledger.copyset.clone(),
                            write_quorum: lane.write_quorum,
                        };
                        let sink = Arc::new(Sink(weak.clone()));
                        let settings = LaneConfig::for_mode(lane.mode);
                        let writer = LedgerWriter::open(
                            descriptor,
                            copyset,
                            settings,
                            &parts.env,
                            sink,
                            Arc::new(NoRoll),
                        );
                        Lane::new(lane.mode, writer)
                    })
                    .collect(),
            ),
            tail: Tail::new(config.tail_bytes),
            pressure,
            env: parts.env,
            config,
            catalog: parts.catalog,
            topics,
            shard_count: parts.shard_count,
            shards,
            stores,
            store: parts.store,
            sealed_ends: parking_lot::Mutex::new(sealed_ends),
            closed: watch::Sender::new(None),
            released: watch::Sender::new(0),
            stopping: AtomicBool::new(false),
            maintain: Notify::new(),
        });
        let log = Self(inner);
        log.start_maintenance();
        Ok(log)
    }
}

/// One shard's entries in the directories of sealed ledgers, by partition.
struct Directories(FastMap<ShardId, BTreeMap<PartitionId, Vec<Entry>>>);

/// A directory entry and where its bytes are.
struct Entry {
    frame: Arc<FrameRef>,
    slot: u32,
    position: u32,
}

impl Directories {
    /// Reads the directory of each pending ledger once and sorts its entries out.
    async fn read(stores: &Stores, parts: &LogParts) -> Result<Self, OpenError> {
        let mut shards: FastMap<ShardId, BTreeMap<PartitionId, Vec<Entry>>> = FastMap::default();
        for ledger in &parts.ledgers {
            let end = ledger.end.expect("pending ledgers are sealed");
            for (index, headers) in directory(stores, ledger).await? {
                if index >= end {
                    continue; // adopted by nobody: its frames went to the next ledger
                }
                let frame = Arc::new(FrameRef { ledger: ledger.id, index, headers });
                let mut position = 0;
                for (slot, header) in frame.headers.iter().enumerate() {
                    let shard = shard_of(header.partition, parts.shard_count);
                    let entry = Entry { frame: Arc::clone(&frame), slot: slot as u32, position };
                    shards.entry(shard).or_default().entry(header.partition).or_default().push(entry);
                    position += header.length;
                }
            }
        }
        Ok(Self(shards))
    }
}

type Directory = Vec<(FrameIndex, Arc<[esker_core::BatchHeader]>)>;

/// The directory of a ledger from the first of its stores that can tell.
async fn directory(stores: &Stores, ledger: &LedgerPlace) -> Result<Directory, OpenError> {
    let mut message = "none of its stores can be reached".to_owned();
    for store in stores.of_copyset(&ledger.copyset) {
        match store.directory(ledger.id, FrameIndex(0)).await {
            Ok(directory) => return Ok(directory),
            Err(error) => message = error.to_string(),
        }
    }
    Err(OpenError::Unreadable { what: format!("ledger {}", ledger.id), message })
}

/// The rows of a shard.
fn rebuild(
    owned: &OwnedShard,
    archive: &ShardArchive,
    directories: &Directories,
    topics: &Topics,
    now: i64,
) -> Result<ShardState, OpenError> {
    let mut state = ShardState { pending: owned.pending.clone(), ..ShardState::default() };
    let partitions = archive.partitions().map_err(|error| OpenError::Unreadable {
        what: format!("manifest of shard {}", owned.id),
        message: error.to_string(),
    })?;
    for (id, archived) in partitions {
        if topics.contains(id) {
            let producers = ProducerTable::from_snapshot(archived.producers);
            let row = state.row(id);
            row.log_start = archived.log_start;
            row.high_watermark = archived.next_offset;
            row.log_end = archived.next_offset;
            row.epochs = archived.epochs;
            row.producers = producers.clone();
            row.archived_end = archived.next_offset;
            row.archived_producers = producers;
        }
    }
    let Some(partitions) = directories.0.get(&owned.id) else { return Ok(state) };
    for (&id, entries) in partitions {
        if !topics.contains(id) {
            continue; // deleted, and the ledger is not trimmed yet
        }
        let pending = |entry: &&Entry| owned.pending.contains(&entry.frame.ledger);
        let kind = |entry: &Entry| entry.frame.headers[entry.slot as usize].kind;
        let base = |entry: &Entry| entry.frame.headers[entry.slot as usize].base_offset;
        let mut entries: Vec<&Entry> = entries.iter().filter(pending).collect();
        // Lanes commit in no common order and a roll repeats frames: offsets give the order. Log starts last, so
        // that the records below them are there.
        entries.sort_by_key(|entry| (kind(entry) == EntryKind::LogStart, base(entry), entry.frame.ledger));
        let row = state.row(id);
        for entry in entries {
            row.replay(&entry.frame, entry.slot, entry.position, now)?;
        }
        let left = row.local.len();
        let bytes = row.local_bytes;
        state.unarchived_batches += left;
        state.unarchived_bytes += bytes;
    }
    Ok(state)
}
