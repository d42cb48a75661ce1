//! The brokers' side of share fetches and acknowledgements, in the order of the handlers (`esker-kafka`,
//! `share_fetch/gather.rs` and `share_acks.rs`).

use std::sync::Arc;

use bytes::Bytes;
use esker_coordinator::{
    Reading, Seek, ShareError, ShareKey, SharePlace, ShareStates, ShareSummary, Turned, attributes, is_hidden,
};
use esker_core::{
    Offset, PartitionId,
    batch::{BatchError, BatchView},
};
use esker_log::{Isolation, Log, LogError, Offsets, ReadError, ReadLimits};
use esker_node::Node;
use esker_share::{Ack, AckBatch, Acquired, Member, Mode, Release, Span, Wanted};
use tokio::sync::Notify;

use super::{
    super::coordination::Coordinators,
    book::{Book, Place},
    settings::ShareGroup,
};

/// The most bytes that one batch decompresses to.
pub(super) const LIMIT: usize = 1 << 20;

/// Who asks for what of a partition.
#[derive(Clone)]
pub(super) struct Asker {
    pub(super) book: Book,
    pub(super) group: ShareGroup,
    pub(super) member: Member,
    pub(super) data: PartitionId,
}

/// What a member gets.
#[derive(Default)]
pub(super) struct Given {
    pub(super) runs: Vec<Acquired>,
    /// Whole batches of the log, with these records among others.
    pub(super) batches: Vec<Bytes>,
}

/// Why a leader does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Share(#[from] ShareError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error("the topic is not known here")]
    NoTopic,
}

impl Asker {
    pub(super) fn place(&self) -> Place {
        (self.group.name.clone(), self.data)
    }

    fn key(&self, node: &Node) -> Result<SharePlace, Refusal> {
        let topic = node.catalog.by_number(self.data.topic).ok_or(Refusal::NoTopic)?;
        let key = ShareKey {
            group: self.group.name.clone(),
            topic: topic.record.id.0,
            partition: self.data.index.cast_signed(),
        };
        Ok(SharePlace { key, data: self.data })
    }

    /// Gives records to the member.
    pub(super) async fn fetch(
        self,
        node: Arc<Node>,
        asked: Arc<Coordinators>,
        wanted: (u64, Mode),
        max_bytes: usize,
    ) -> Result<Given, Refusal> {
        let log = node.log.clone();
        let key = self.key(&node)?;
        drop(node);
        let (shares, env) = (asked.here.shares.clone(), asked.env.clone());
        drop(asked);
        let mark = self.book.mark();
        let offsets = log.offsets(self.data)?;
        let own = shares.overrides(&self.group.name);
        let (isolation, end) = match own.committed.unwrap_or(false) {
            true => (Isolation::ReadCommitted, offsets.last_stable),
            false => (Isolation::ReadUncommitted, offsets.high_watermark),
        };
        let Some(turned) = turn(&shares, &key, &offsets, end, own.heeds.any()).await? else {
            return Ok(Given::default());
        };
        let Some(before) = shares.describe(&key).await? else { return Ok(Given::default()) };
        let from = Offset(turned.from());
        if from > offsets.log_end {
            drop(turned);
            self.stands_beyond(&shares, &log, from).await;
            return Ok(Given::default());
        }
        if from >= end {
            return Ok(Given::default());
        }
        let limits = ReadLimits { max_bytes, at_least_one: true, isolation };
        let read = log.read(self.data, from, limits).await?;
        let reader = attributes::Reader::new(own.heeds, &*env.clock);
        let (mut spans, mut looks, mut batches) = (Vec::new(), Vec::new(), Vec::new());
        let place = self.place();
        for view in read.chunks.iter().flat_map(BatchView::all).flatten() {
            let (first, last) = (view.fields.base_offset, view.fields.last_offset());
            let hidden = is_hidden(&view.fields, &read.aborted);
            spans.push(Span { first, last, hidden });
            if own.heeds.any() && !hidden {
                looks.extend(reader.looks(&view, turned.open(), LIMIT)?);
                self.book.looked_at(&place, &view);
            }
            batches.push((first, last, Bytes::copy_from_slice(view.bytes())));
        }
        let runs = match own.heeds.any() {
            false => turned.acquire(&self.member, &spans, wanted)?,
            true => {
                let wanted = Wanted { records: wanted.0, bytes: u64::MAX };
                let mut runs = turned.select(&self.member, (&spans, &looks), wanted)?.acquired;
                runs.sort_unstable_by_key(|run| run.first);
                runs
            }
        };
        let epoch = before.leader_epoch;
        self.book.taken((&self.group, &place), &self.member, epoch, &runs, env.clock.now());
        let after = shares.describe(&key).await;
        if !matches!(after, Ok(Some(after)) if after.leader_epoch == epoch) {
            self.book.not_locked(&place, epoch, &runs);
        }
        if runs.is_empty() {
            return Ok(Given::default());
        }
        if let Err(error) = shares.confirm(self.data).await {
            self.book.history.count("share fetches not confirmed");
            self.book.giving_back(&place, &self.member, &runs);
            shares.give_back(&key, &self.member, &runs, epoch).await;
            return Err(error.into());
        }
        self.book.given((&self.group, &place), mark, &self.member, &runs);
        batches.retain(|(first, last, _)| runs.iter().any(|run| run.first <= *last && run.last >= *first));
        Ok(Given { runs, batches: batches.into_iter().map(|(_, _, bytes)| bytes).collect() })
    }

    /// Nothing is ever lost here, so no group is done with more than there is.
    async fn stands_beyond(&self, shares: &ShareStates, log: &Log, from: Offset) {
        let Ok(offsets) = log.offsets(self.data) else { return };
        if from > offsets.log_end && shares.confirm(self.data).await.is_ok() {
            let (group, data) = self.place();
            self.book
                .history
                .violation(format!("{group} in {data}: it stands at {from}, beyond {offsets:?}"));
        }
    }

    /// Takes what the member says of records that were given to it, each with its word, in ascending order.
    pub(super) async fn acknowledge(
        self,
        node: Arc<Node>,
        asked: Arc<Coordinators>,
        acks: Vec<(i64, Ack)>,
    ) -> Result<(), Refusal> {
        let key = self.key(&node)?;
        drop(node);
        let (shares, env) = (asked.here.shares.clone(), asked.env.clone());
        drop(asked);
        // Whoever leads it else has given nothing out to it.
        let before = shares.describe(&key).await?.ok_or(ShareError::InvalidRecordState)?;
        let runs = joined(&acks);
        let batches: Vec<AckBatch<'_>> =
            runs.iter().map(|(first, last, acks)| AckBatch { first: *first, last: *last, acks }).collect();
        let place = self.place();
        let now = env.clock.now();
        let saying = self.book.saying((&self.group, &place), &self.member, acks.clone(), before, now);
        let result = shares.acknowledge(&key, &self.member, &batches).await;
        let after = shares.describe(&key).await.ok().flatten();
        self.book.said(&saying, &self.member, result, after, env.clock.now());
        Ok(result?)
    }

    /// The member's session is closed, or its connection is gone.
    pub(super) async fn release(self, node: Arc<Node>, asked: Arc<Coordinators>, how: Release) {
        let Ok(key) = self.key(&node) else { return };
        drop(node);
        asked.here.shares.release(&key, &self.member, how).await;
        // Nothing happens between the two; before, something could be given to the member that comes back with the rest.
        self.book.releasing(&self.place(), &self.member, how == Release::Unseen);
    }

    /// Where the group stands, and the end of what it may read; by who leads the partition for certain.
    pub(super) async fn stand(
        self,
        node: Arc<Node>,
        asked: Arc<Coordinators>,
    ) -> Result<(Option<ShareSummary>, Offset), Refusal> {
        let key = self.key(&node)?;
        let offsets = node.log.offsets(self.data)?;
        drop(node);
        let summary = asked.here.shares.describe(&key).await?;
        asked.here.shares.confirm(self.data).await?;
        Ok((summary, offsets.high_watermark))
    }
}

/// Asks for the turn to read. A share partition that is new begins at the front.
async fn turn(
    shares: &ShareStates,
    key: &SharePlace,
    offsets: &Offsets,
    end: Offset,
    each: bool,
) -> Result<Option<Turned>, Refusal> {
    let watcher = Arc::new(Notify::new());
    let seek = Seek { log_start: offsets.log_start.0, end: end.0, cursor: None, each };
    for _ in 0..2 {
        match shares.read(key, seek, &watcher).await? {
            Reading::From(turned) => return Ok(Some(turned)),
            Reading::Wait => return Ok(None),
            Reading::Unknown => shares.initialize(key, offsets.log_start.0).await?,
        }
    }
    Ok(None)
}

/// What is said of records that follow one another, together.
fn joined(acks: &[(i64, Ack)]) -> Vec<(i64, i64, Vec<Ack>)> {
    let mut runs: Vec<(i64, i64, Vec<Ack>)> = Vec::new();
    for (offset, ack) in acks {
        match runs.last_mut() {
            Some((_, last, acks)) if *last + 1 == *offset => {
                *last = *offset;
                acks.push(*ack);
            }
            _ => runs.push((*offset, *offset, vec![*ack])),
        }
    }
    runs
}
