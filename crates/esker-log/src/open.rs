//! Opening: rows are rebuilt from each shard's manifest and from the directories of the ledgers that it has pending.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::AtomicBool},
};

use esker_archive::{Archive, ShardArchive};
use esker_core::{
    EntryKind, Epoch, FastMap, FrameIndex, LedgerId, Mode, PartitionId, ShardId, StoreId, shard_map::shard_of,
};
use esker_env::{Env, Monotonic, watch};
use esker_meta::{Catalog, SessionKey};
use esker_wal::{Descriptor, LaneConfig, LaneWatch, LedgerWriter, LogStore, Roller, Store};
use tokio::sync::Notify;

use crate::{
    commit::Sink,
    error::OpenError,
    lanes::{Lane, Lanes},
    log::{Inner, Log},
    metrics::LogMetrics,
    partition::FrameRef,
    pressure::Pressure,
    producers::ProducerTable,
    settings::LogConfig,
    shard::{Shard, ShardState},
    shard_table::ShardTable,
    stores::{StoreLookup, Stores},
    tail::Tail,
    topics::Topics,
    transactions::Transactions,
    trim::Floors,
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
    /// Its mode.
    pub mode: Mode,
    /// Stores with copies.
    pub copyset: Vec<StoreId>,
    /// Where it was sealed; `None` while open.
    pub end: Option<FrameIndex>,
}

/// A lane of this session.
pub struct OwnedLane {
    /// Its mode.
    pub mode: Mode,
    /// Its open ledger.
    pub ledger: LedgerPlace,
    /// The stores of the ledger's copyset, in its order. Whoever chose them found them before the ledger was recorded:
    /// that one of them is gone by now is for the lane's writer to notice.
    pub stores: Vec<Arc<dyn LogStore>>,
    /// Stores that must hold a frame before it is committed.
    pub write_quorum: usize,
}

/// Gives each lane what replaces its ledger when stores fail.
pub type RollerOf = Box<dyn Fn(Mode) -> Arc<dyn Roller> + Send + Sync>;

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
    /// Finds it and all others.
    pub stores: StoreLookup,
    /// Replaces lanes' ledgers.
    pub roller: RollerOf,
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
    /// Starts the lanes, opens every shard, then starts the maintenance loop.
    ///
    /// # Errors
    /// See [`OpenError`]. Nothing is served then.
    pub async fn open(parts: LogParts, config: LogConfig) -> Result<Self, OpenError> {
        assert!(!parts.lanes.is_empty(), "a log has at least one lane");
        let topics = Topics::new(config.topic_defaults.clone(), config.counted_topics)?;
        topics.refresh(&parts.catalog);
        let stores = Stores::new(parts.store.id(), parts.stores);
        let inner = Arc::new_cyclic(|weak| {
            let lanes = parts.lanes.into_iter().map(|lane| {
                let sink = Arc::new(Sink { log: weak.clone(), mode: lane.mode });
                let roller = (parts.roller)(lane.mode);
                open_lane(lane, &stores, &parts.env, &config.metrics, sink, roller)
            });
            let lanes = Lanes::new(lanes.collect());
            Inner {
                lanes,
                rollers: ByMode(parts.roller),
                tail: Tail::new(config.tail_bytes),
                pressure: Pressure::new(&config),
                env: parts.env,
                config,
                catalog: parts.catalog,
                archive: parts.archive,
                session: parts.session,
                topics,
                shards: ShardTable::new(parts.shard_count),
                ownership: watch::Sender::new(0),
                stores,
                store: parts.store,
                sealed_ends: parking_lot::Mutex::default(),
                rolled: parking_lot::Mutex::default(),
                retired: parking_lot::Mutex::default(),
                closed: watch::Sender::new(None),
                released: watch::Sender::new(0),
                stopping: AtomicBool::new(false),
                maintain: Notify::new(),
            }
        });
        let log = Self(inner);
        log.open_shards(parts.shards, &parts.ledgers).await?;
        log.start_maintenance();
        Ok(log)
    }

    /// Modes that topics have and that no lane is open for, of those given. Until one is, their appends are in the
    /// strictest lane.
    #[must_use]
    pub fn missing_lanes(&self, of: &[Mode]) -> Vec<Mode> {
        let inner = &self.0;
        inner.topics.refresh(&inner.catalog);
        let wanted = inner.topics.modes();
        of.iter().copied().filter(|mode| wanted.contains(mode) && !inner.lanes.has(*mode)).collect()
    }

    /// Opens one more lane.
    ///
    /// # Panics
    /// When there is one of its mode already.
    pub fn add_lane(&self, lane: OwnedLane) {
        let inner = &self.0;
        let sink = Arc::new(Sink { log: Arc::downgrade(inner), mode: lane.mode });
        let roller = (inner.rollers.0)(lane.mode);
        inner.lanes.add(open_lane(lane, &inner.stores, &inner.env, &inner.config.metrics, sink, roller));
    }

    /// Opens shards that this session has been given. `ledgers` are the ones that they have pending.
    ///
    /// # Errors
    /// See [`OpenError`]; none of these shards is open then.
    ///
    /// # Panics
    /// When one of them is open already.
    pub async fn open_shards(
        &self,
        shards: Vec<OwnedShard>,
        ledgers: &[LedgerPlace],
    ) -> Result<(), OpenError> {
        let inner = &self.0;
        inner.topics.refresh(&inner.catalog);
        for ledger in ledgers {
            inner.stores.add_ledger(ledger.id, &ledger.copyset);
        }
        let now = inner.env.clock.wall_ms();
        let wanted: BTreeSet<ShardId> = shards.iter().map(|shard| shard.id).collect();
        let known: BTreeSet<_> = ledgers.iter().map(|ledger| ledger.id).collect();
        if let Some(unknown) = shards.iter().find_map(|shard| shard.pending.difference(&known).next()) {
            // Without it there would be offsets missing, and given out again.
            return Err(OpenError::Unreadable {
                what: format!("ledger {unknown}"),
                message: "shards have it pending and it has no descriptor".to_owned(),
            });
        }
        let directories =
            Directories::read(&inner.stores, ledgers, inner.shards.len(), &wanted, inner.env.clock.now())
                .await?;
        let opened = futures::future::try_join_all(shards.iter().map(|owned| {
            let directories = &directories;
            async move {
                let name = format!("shard {}", owned.id);
                let archive = inner
                    .archive
                    .open_shard(owned.id, inner.session, owned.epoch)
                    .await
                    .map_err(|error| OpenError::Unreadable { what: name, message: error.to_string() })?;
                let state = rebuild(owned, &archive, directories, &inner.topics, now)?;
                Ok::<_, OpenError>(Shard::new(owned.id, owned.epoch, archive, state))
            }
        }))
        .await?;
        {
            // At once, as seen by a trim: nothing of a ledger may be taken for released while a shard needs it.
            let mut sealed_ends = inner.sealed_ends.lock();
            for ledger in ledgers {
                // Again: a trim may have released it for the shards that were there.
                inner.stores.add_ledger(ledger.id, &ledger.copyset);
            }
            sealed_ends.extend(directories.ends);
            for shard in opened {
                {
                    let mut state = shard.state.lock();
                    inner.pressure.batches_added(state.unarchived_batches);
                    if state.unarchived_batches > 0 {
                        state.unarchived_since = Some(inner.env.clock.now());
                    }
                }
                inner.shards.insert(Arc::new(shard));
            }
        }
        inner.ownership.send_modify(|changes| *changes += 1);
        inner.maintain.notify_one();
        Ok(())
    }
}

/// What replaces the ledgers of each lane.
pub(crate) struct ByMode(RollerOf);

fn open_lane(
    lane: OwnedLane,
    known: &Stores,
    env: &Env,
    metrics: &LogMetrics,
    sink: Arc<Sink>,
    roller: Arc<dyn Roller>,
) -> Lane {
    let OwnedLane { mode, ledger, stores, write_quorum } = lane;
    known.add_ledger(ledger.id, &ledger.copyset);
    let descriptor = Descriptor { ledger: ledger.id, mode, copyset: ledger.copyset, write_quorum };
    let watch = LaneWatch { own_store: Some(known.own()), metrics: Arc::clone(&metrics.lanes) };
    let config = LaneConfig { watch, ..LaneConfig::for_mode(mode) };
    Lane::new(mode, LedgerWriter::open(descriptor, stores, config, env, sink, roller))
}

/// What the directories of sealed ledgers say.
struct Directories {
    /// Their entries, by shard and partition.
    entries: FastMap<ShardId, BTreeMap<PartitionId, Vec<Entry>>>,
    /// Where each of them ends.
    ends: Floors,
}

/// A directory entry and where its bytes are.
struct Entry {
    frame: Arc<FrameRef>,
    slot: u32,
    position: u32,
}

impl Directories {
    /// Reads the directory of each pending ledger once and sorts out its entries of the shards that are wanted.
    async fn read(
        stores: &Stores,
        ledgers: &[LedgerPlace],
        shard_count: u32,
        wanted: &BTreeSet<ShardId>,
        since: Monotonic,
    ) -> Result<Self, OpenError> {
        let mut found = Self { entries: FastMap::default(), ends: Floors::new() };
        for ledger in ledgers {
            let Some(end) = ledger.end else {
                let message = "a shard has it pending, and it is not sealed".to_owned();
                return Err(OpenError::Unreadable { what: format!("ledger {}", ledger.id), message });
            };
            found.ends.insert(ledger.id, end);
            for (index, headers) in directory(stores, ledger, end).await? {
                if index >= end {
                    continue; // adopted by nobody: its frames went to the next ledger
                }
                let frame = Arc::new(FrameRef { ledger: ledger.id, index, headers, written: None, since });
                let mut position = 0;
                for (slot, header) in frame.headers.iter().enumerate() {
                    let shard = shard_of(header.partition, shard_count);
                    if wanted.contains(&shard) {
                        let entry = Entry { frame: Arc::clone(&frame), slot: slot as u32, position };
                        let partitions = found.entries.entry(shard).or_default();
                        partitions.entry(header.partition).or_default().push(entry);
                    }
                    position += header.length;
                }
            }
        }
        Ok(found)
    }
}

type Directory = Vec<(FrameIndex, Arc<[esker_core::BatchHeader]>)>;

/// The directory of a sealed ledger, from the first of its stores that holds all of it. One that lagged behind when the
/// ledger was recovered, or was away, does not: only W stores are filled up to the end.
async fn directory(stores: &Stores, ledger: &LedgerPlace, end: FrameIndex) -> Result<Directory, OpenError> {
    let mut message = "none of its stores can be reached".to_owned();
    for store in stores.of_copyset(&ledger.copyset) {
        // Sealing again changes nothing, and says what is there.
        let answer = match store.seal(ledger.id, ledger.mode).await {
            Ok(answer) => answer,
            Err(error) => {
                message = error.to_string();
                continue;
            }
        };
        let lacks = answer.missing.iter().any(|frames| frames.start < end && frames.end > answer.trim);
        if answer.tail < end || lacks {
            message = format!("store {} holds a part of it", store.id());
            continue;
        }
        match store.directory(ledger.id, answer.trim).await {
            Ok(directory) if holds(&directory, answer.trim, end) => return Ok(directory),
            Ok(_) => message = format!("store {} has lost a part of it", store.id()),
            Err(error) => message = error.to_string(),
        }
    }
    Err(OpenError::Unreadable { what: format!("ledger {}", ledger.id), message })
}

/// Whether there is every frame of `trim..end`.
fn holds(directory: &Directory, trim: FrameIndex, end: FrameIndex) -> bool {
    let below = directory.iter().take_while(|(index, _)| *index < end).count() as u64;
    below == end.0.saturating_sub(trim.0)
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
            row.transactions = Transactions::from_snapshot(&producers.snapshot());
            row.archived_producers = producers;
        }
    }
    let Some(partitions) = directories.entries.get(&owned.id) else { return Ok(state) };
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
