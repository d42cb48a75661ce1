//! What front ends call. Each call completes when its answer is durable. A call may be dropped at any time; what it asked
//! for happens all the same.

use std::{collections::BTreeMap, sync::Arc};

use esker_core::{Epoch, PartitionId, ProducerId, batch::BatchFields, producer::AbortedTxn};
use esker_env::{Env, Rule, TaskGuard};
use esker_kafka_wire::KString;
use esker_share::{AckBatch, Acquired, Cursor, Limits, Look, Member, Mode, Release, Span, Wanted};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{
    ShareKey, SharePlace,
    dead_letters::Undertaker,
    error::ShareError,
    homes::Homes,
    machine::Outside,
    settings::{ShareConfig, ShareOverrides},
    shard::{ReadFrom, ShareSummary, StateShard, Taking, Turn},
};
use crate::{
    facts::ClusterFacts,
    runtime::{Partition, Runtime},
    topic::InternalTopic,
};

type Row = Arc<Partition<StateShard>>;

/// Whether nobody is to see this batch: a marker, or one of these aborted transactions, which come with what was read.
#[must_use]
pub fn is_hidden(batch: &BatchFields, aborted: &[AbortedTxn]) -> bool {
    let of_aborted = |txn: &AbortedTxn| {
        txn.producer == ProducerId(batch.producer_id)
            && (txn.first_offset.0..=txn.last_offset.0).contains(&batch.base_offset)
    };
    !Rule::HiddenPassedOver.is_broken()
        && (batch.attributes.is_control()
            || (batch.attributes.is_transactional() && aborted.iter().any(of_aborted)))
}

/// The share partitions that this broker leads. Cheap to clone.
#[derive(Clone)]
pub struct ShareStates(pub(super) Arc<Runtime<StateShard>>);

/// Ends the watch over locks when dropped.
#[must_use = "dropping it ends lock timeouts"]
pub struct ShareGuard(#[expect(dead_code, reason = "held for its drop")] TaskGuard);

/// What may be read of a share partition now.
pub enum Reading {
    /// The group has not read from it: it must be told where to begin ([`ShareStates::initialize`]).
    Unknown,
    /// Nothing: whoever asked is told when to look again.
    Wait,
    /// From here on. Nobody else reads until this is dropped.
    From(Turned),
}

/// What somebody who wants to read knows.
#[derive(Clone, Copy, Debug)]
pub struct Seek {
    /// The first offset of the log.
    pub log_start: i64,
    /// Behind the last one that may be given out.
    pub end: i64,
    /// How far a member that does not want everything has looked.
    pub cursor: Option<Cursor>,
    /// What is read is given out record by record ([`Turned::select`]), so it has to be known which ones are open.
    pub each: bool,
}

/// What was given out, record by record.
#[derive(Clone, Debug)]
pub struct Selected {
    /// In the order in which it is to be taken.
    pub acquired: Vec<Acquired>,
    /// How far the member has looked now.
    pub cursor: Option<Cursor>,
}

/// The turn to read a share partition, and to give out what was read.
pub struct Turned {
    runtime: Arc<Runtime<StateShard>>,
    row: Row,
    key: ShareKey,
    start: ReadFrom,
    done: bool,
}

impl Turned {
    /// The first offset that may be given out.
    #[must_use]
    pub fn from(&self) -> i64 {
        self.start.from
    }

    /// The leader epoch under which it is given out.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.start.epoch
    }

    /// Those from there on that may be given out, in runs, for whoever has said [`Seek::each`].
    #[must_use]
    pub fn open(&self) -> &[(i64, i64)] {
        &self.start.open
    }

    /// Gives what was read from [`Turned::from`] on to a member, as far as it is available and up to a number of records.
    ///
    /// # Errors
    /// [`ShareError::NotLeader`] when the partition was lost meanwhile, even if it is led here again: whoever leads it now
    /// knows nothing of this turn, and where to read next may lie before it.
    pub fn acquire(
        mut self,
        member: &Member,
        read: &[Span],
        wanted: (u64, Mode),
    ) -> Result<Vec<Acquired>, ShareError> {
        self.done = true;
        let taking = Taking { member, from: self.start.from, read, wanted };
        let (key, epoch) = (&self.key, Some(self.start.epoch));
        let acquired =
            self.runtime.with(&self.row, epoch, |active, cx| active.machine.acquire(cx, key, &taking));
        acquired.ok_or(ShareError::NotLeader)
    }

    /// The same record by record: see [`esker_share::SharePartition::select`].
    ///
    /// # Errors
    /// As for [`Turned::acquire`].
    pub fn select(
        mut self,
        member: &Member,
        read: (&[Span], &[Look]),
        wanted: Wanted,
    ) -> Result<Selected, ShareError> {
        self.done = true;
        let (key, start) = (&self.key, &self.start);
        let selected = self.runtime.with(&self.row, Some(start.epoch), |active, cx| {
            active.machine.select(cx, key, (member, start), read, wanted)
        });
        selected.ok_or(ShareError::NotLeader)
    }
}

impl Drop for Turned {
    fn drop(&mut self) {
        if !self.done {
            let (key, epoch) = (&self.key, Some(self.start.epoch));
            self.runtime.with(&self.row, epoch, |active, cx| active.machine.end_read(cx, key));
        }
    }
}

impl ShareStates {
    /// The share partitions. Call [`ShareStates::start`] once.
    #[must_use]
    pub fn new(
        config: ShareConfig,
        env: Env,
        topic: Arc<dyn InternalTopic>,
        facts: Arc<dyn ClusterFacts>,
        homes: Arc<dyn Homes>,
        undertaker: Arc<dyn Undertaker>,
    ) -> Self {
        Self(Runtime::new(config, env, topic, Outside { facts, homes, undertaker }))
    }

    /// Loads what is led here in the background, and begins to watch locks.
    pub fn start(&self) -> ShareGuard {
        ShareGuard(self.0.start())
    }

    /// Looks at every partition again, because shards have come or gone.
    pub fn ownership_changed(&self) {
        self.0.ownership_changed();
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &ShareConfig {
        &self.0.config
    }

    /// What is set for a group.
    #[must_use]
    pub fn overrides(&self, group: &str) -> ShareOverrides {
        self.0.outside.facts.overrides(group).share
    }

    /// What counts for a group.
    #[must_use]
    pub fn limits(&self, group: &str) -> Limits {
        self.config().limits(&self.overrides(group))
    }

    /// Where the state of share partitions of `data` is: the owner of this partition of `__share_group_state` leads them.
    /// Creates the topic when it is missing.
    ///
    /// # Errors
    /// [`ShareError::Unavailable`] when there is no such place now.
    pub async fn find(&self, data: PartitionId) -> Result<u32, ShareError> {
        self.0.ensure_topic().await?;
        self.0.outside.homes.home(data).ok_or(ShareError::Unavailable)
    }

    async fn row(&self, data: PartitionId) -> Result<Row, ShareError> {
        let home = self.find(data).await?;
        self.0.row(home).ok_or(ShareError::Unavailable)
    }

    /// Makes a share partition that begins at `start`, unless there is one.
    ///
    /// # Errors
    /// See [`ShareError`].
    pub async fn initialize(&self, place: &SharePlace, start: i64) -> Result<(), ShareError> {
        let row = self.row(place.data).await?;
        let act = |shard: &mut StateShard, cx: &mut super::shard::Cx<'_>, token| {
            shard.initialize(cx, &place.key, start, token);
        };
        self.0.ask_row(&row, act, || ()).await?.1
    }

    /// Asks for the turn to read. `watcher` is told, once, of anything that the log does not tell of and that may be worth
    /// looking again for.
    ///
    /// # Errors
    /// See [`ShareError`].
    pub async fn read(
        &self,
        place: &SharePlace,
        seek: Seek,
        watcher: &Arc<Notify>,
    ) -> Result<Reading, ShareError> {
        let row = self.row(place.data).await?;
        let key = &place.key;
        let turn =
            self.0.on_row(&row, |active, cx| active.machine.begin_read(cx, key, seek, watcher)).await?;
        Ok(match turn {
            Turn::Unknown => Reading::Unknown,
            Turn::Wait => Reading::Wait,
            Turn::Read(start) => {
                let runtime = Arc::clone(&self.0);
                Reading::From(Turned { runtime, row, key: key.clone(), start, done: false })
            }
        })
    }

    /// Takes what a member says of records. Completes once that is durable.
    ///
    /// # Errors
    /// See [`ShareError`]; nothing of it counts then, unless this broker has lost the partition.
    pub async fn acknowledge(
        &self,
        place: &SharePlace,
        member: &str,
        batches: &[AckBatch<'_>],
    ) -> Result<(), ShareError> {
        let row = self.row(place.data).await?;
        let act = |shard: &mut StateShard, cx: &mut super::shard::Cx<'_>, token| {
            shard.acknowledge(cx, &place.key, member, batches, token);
        };
        self.0.ask_row(&row, act, || ()).await?.1
    }

    /// Takes back what a member has of a share partition.
    pub async fn release(&self, place: &SharePlace, member: &str, how: Release) {
        let Ok(row) = self.row(place.data).await else { return };
        // Whoever leads it else has given nothing out to it yet.
        let _ = self.0.on_row(&row, |active, cx| active.machine.release(cx, &place.key, member, how)).await;
    }

    /// Takes back what never reached the member to which it was given under `epoch` ([`Turned::epoch`]).
    pub async fn give_back(&self, place: &SharePlace, member: &str, runs: &[Acquired], epoch: Epoch) {
        let Ok(row) = self.row(place.data).await else { return };
        // Under another epoch it was given out anew, if at all.
        self.0.with(&row, Some(epoch), |active, cx| active.machine.give_back(cx, &place.key, member, runs));
    }

    /// Moves the start.
    ///
    /// # Errors
    /// See [`ShareError`].
    pub async fn reset(&self, place: &SharePlace, start: i64) -> Result<(), ShareError> {
        let row = self.row(place.data).await?;
        let act = |shard: &mut StateShard, cx: &mut super::shard::Cx<'_>, token| {
            shard.reset(cx, &place.key, start, token);
        };
        self.0.ask_row(&row, act, || ()).await?.1
    }

    /// Ends a share partition: the group has never read from it.
    ///
    /// # Errors
    /// See [`ShareError`].
    pub async fn end(&self, place: &SharePlace) -> Result<(), ShareError> {
        let row = self.row(place.data).await?;
        let act = |shard: &mut StateShard, cx: &mut super::shard::Cx<'_>, token| {
            shard.end(cx, &place.key, Some(token));
        };
        self.0.ask_row(&row, act, || ()).await?.1
    }

    /// Where the group stands; `None` when it has not read from the partition.
    ///
    /// # Errors
    /// See [`ShareError`].
    pub async fn describe(&self, place: &SharePlace) -> Result<Option<ShareSummary>, ShareError> {
        let row = self.row(place.data).await?;
        self.0.on_row(&row, |active, _| active.machine.summary(&place.key)).await
    }

    /// The partitions led here that a group has read from, by topic.
    ///
    /// # Errors
    /// [`ShareError::Loading`] when a part is still being read.
    pub async fn of_group(&self, group: &KString) -> Result<BTreeMap<Uuid, Vec<i32>>, ShareError> {
        let mut all: BTreeMap<Uuid, Vec<i32>> = BTreeMap::new();
        for row in self.0.rows() {
            match self.0.on_row(&row, |active, _| active.machine.of_group(group)).await {
                Ok(found) => {
                    for (topic, partition) in found {
                        all.entry(topic).or_default().push(partition);
                    }
                }
                Err(ShareError::NotLeader) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// Makes sure that this broker led the partition when this was called: that nobody else has given out and taken back
    /// what it has.
    ///
    /// # Errors
    /// [`ShareError::NotLeader`] when that cannot be told.
    pub async fn confirm(&self, data: PartitionId) -> Result<(), ShareError> {
        let home = self.find(data).await?;
        if Rule::ShareConfirmed.is_broken() {
            return Ok(());
        }
        self.0.topic.confirm(home).await.map_err(|_| ShareError::NotLeader)
    }

    /// Topics are gone: ends their share partitions, in the background.
    pub fn topics_deleted(&self, topics: &[Uuid]) {
        self.0.on_every(|shard, cx| shard.topics_deleted(cx, topics));
    }
}
