//! What must hold at the end, and of the archive all the time.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use esker_archive::{Archive, ArchiveConfig};
use esker_core::{ClusterId, Offset, PartitionId, ShardId, TopicNumber};
use esker_env::Env;
use esker_log::{Isolation, Log, ReadLimits};
use esker_meta::{Keys, MemoryMeta, Meta, MetaStore};
use object_store::ObjectStore;

use crate::{history::History, slot::Slot};

/// How often the end's reads are repeated before they count as failed.
const ATTEMPTS: u32 = 20;

/// How long one read may take at the end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks at the archive past all faults.
pub(crate) struct Inspector {
    env: Env,
    archive: Arc<Archive>,
    shards: u32,
    history: History,
}

/// The inspector only reads, whosever the objects are.
const NOBODY: ClusterId = ClusterId(uuid::Uuid::nil());

/// What may only grow in a shard's manifest.
type Heights = BTreeMap<u32, (u64, i32, BTreeMap<(u32, u32), (i64, i64)>)>;

impl Inspector {
    pub(crate) async fn open(
        env: Env,
        objects: Arc<dyn ObjectStore>,
        meta: &MemoryMeta,
        config: ArchiveConfig,
        shards: u32,
        history: History,
    ) -> Self {
        let store = Arc::new(meta.client()) as Arc<dyn MetaStore>;
        let meta = Meta::new(store, Keys::new("").expect("no prefix is a prefix"), env.clone());
        let archive = Archive::open(objects, "", NOBODY, Arc::new(meta), env.clone(), config).await;
        let archive = Arc::new(archive.expect("the scenario's archive config is valid"));
        Self { env, archive, shards, history }
    }

    /// Watches manifests for as long as the world runs.
    pub(crate) async fn watch(&self) {
        let mut heights = Heights::new();
        loop {
            self.env.clock.sleep(Duration::from_millis(700)).await;
            self.look(&mut heights).await;
        }
    }

    async fn look(&self, heights: &mut Heights) {
        for shard in 0..self.shards {
            // Fails while the metadata store is down, and when an object goes between the look at it and the read.
            let Ok(now) = self.archive.list(ShardId(shard)).await else { continue };
            let height = heights.entry(shard).or_default();
            if now.sequence < height.0 || now.epoch < height.1 {
                self.history.violation(format!(
                    "shard {shard}: manifest went back from sequence {} epoch {} to {} {}",
                    height.0, height.1, now.sequence, now.epoch
                ));
            }
            (height.0, height.1) = (now.sequence, now.epoch);
            for partition in now.partitions {
                let known = height.2.entry((partition.topic, partition.index)).or_default();
                if partition.next_offset < known.0 || partition.log_start < known.1 {
                    self.history.violation(format!(
                        "shard {shard}: partition {}-{} went back from {known:?} to end {} start {}",
                        partition.topic, partition.index, partition.next_offset, partition.log_start
                    ));
                }
                *known = (partition.next_offset, partition.log_start);
            }
        }
    }

    /// Verifies every object and every range.
    pub(crate) async fn verify(&self) {
        for shard in 0..self.shards {
            match self.archive.verify(ShardId(shard), &|_, _| {}).await {
                Ok(report) => {
                    for problem in report.problems {
                        self.history.violation(format!("verify of shard {shard}: {problem:?}"));
                    }
                    self.history.note(format_args!(
                        "shard {shard}: {} commits, {} objects, {} batches",
                        report.sequence, report.objects, report.batches
                    ));
                }
                Err(error) => self.history.violation(format!("verify of shard {shard}: {error}")),
            }
            if let Err(error) = self.ranges(ShardId(shard)).await {
                self.history.violation(format!("objects of shard {shard}: {error}"));
            }
        }
    }

    /// Ranges of live objects are contiguous, disjoint, and reach from the log start to the end.
    async fn ranges(&self, shard: ShardId) -> Result<(), esker_archive::ArchiveError> {
        let manifest = self.archive.list(shard).await?;
        let mut ranges: BTreeMap<PartitionId, Vec<(i64, i64)>> = BTreeMap::new();
        for object in &manifest.objects {
            let id = object.id.parse().expect("an object's name is one");
            for section in self.archive.inspect(shard, id).await?.partitions {
                let id = PartitionId { topic: TopicNumber(section.topic), index: section.index };
                ranges.entry(id).or_default().push((section.first_offset, section.last_offset + 1));
            }
        }
        for partition in &manifest.partitions {
            let id = PartitionId { topic: TopicNumber(partition.topic), index: partition.index };
            let mut spans = ranges.remove(&id).unwrap_or_default();
            // An object stays for the sake of other partitions.
            spans.retain(|span| span.1 > partition.log_start);
            spans.sort_unstable();
            let broken = spans.windows(2).find(|pair| pair[0].1 != pair[1].0);
            if let Some(pair) = broken {
                self.history.violation(format!("{id}: objects hold {:?} and then {:?}", pair[0], pair[1]));
            }
            let first = spans.first().map_or(partition.next_offset, |span| span.0);
            let end = spans.last().map_or(partition.next_offset, |span| span.1);
            if first > partition.log_start || end != partition.next_offset {
                self.history.violation(format!(
                    "{id}: objects hold {first}..{end}, the manifest says {}..{}",
                    partition.log_start, partition.next_offset
                ));
            }
        }
        Ok(())
    }
}

/// Reads every partition from front to end and checks it.
pub(crate) async fn read_everything(env: &Env, slot: &Slot, partitions: &[PartitionId], history: &History) {
    for &partition in partitions {
        let mut outcome = Ok(());
        for _ in 0..ATTEMPTS {
            outcome = read_partition(env, slot, partition, history).await;
            if outcome.is_ok() {
                break;
            }
            env.clock.sleep(Duration::from_millis(500)).await;
        }
        if let Err(error) = outcome {
            history.violation(format!("{partition}: cannot be read at the end: {error}"));
        }
    }
}

async fn read_partition(
    env: &Env,
    slot: &Slot,
    partition: PartitionId,
    history: &History,
) -> Result<(), String> {
    let from = env.timeout(PATIENCE, slot.connect()).await.map_err(|_| "no broker")?;
    read_whole(env, &from.log, partition, history).await
}

/// Reads a partition from front to end and checks it.
pub(crate) async fn read_whole(
    env: &Env,
    log: &Log,
    partition: PartitionId,
    history: &History,
) -> Result<(), String> {
    let told = history.told(partition);
    let offsets = log.offsets(partition).map_err(|error| error.to_string())?;
    history.offsets(partition, &told, &offsets);
    let limits =
        ReadLimits { max_bytes: 64 << 10, at_least_one: true, isolation: Isolation::ReadUncommitted };
    let mut chunks = Vec::new();
    let mut next = offsets.log_start;
    while next < offsets.high_watermark {
        let read = env.timeout(PATIENCE, log.read(partition, next, limits)).await;
        let read = read.map_err(|_| format!("no answer at {next}"))?.map_err(|error| error.to_string())?;
        if read.next <= next {
            return Err(format!("nothing at {next}, below the high watermark {}", offsets.high_watermark));
        }
        next = read.next;
        chunks.extend(read.chunks);
    }
    // A second read of the same batch may begin inside it: never, as reads go on at batch ends.
    history.check_content(partition, offsets.log_start, Offset(offsets.high_watermark.0), &chunks);
    history.note(format_args!("{partition}: {}..{} whole", offsets.log_start, offsets.high_watermark));
    Ok(())
}
