//! Writing: what waits while one append is under way is the next append.

use std::sync::Arc;

use bytes::Bytes;
use esker_core::{
    Epoch,
    batch::{BatchBuilder, BatchError, Compression, NewRecord},
};

use super::{
    Absent, Form, Machine, Partition, Phase, Runtime, Token, Written, compaction, partition::Active,
};
use crate::{records::Record, topic::TopicError};

impl<M: Machine> Runtime<M> {
    /// Sends answers, queues writes and begins orders, under the partition's lock.
    pub(super) fn settle(
        self: &Arc<Self>,
        row: &Arc<Partition<M>>,
        active: &mut Active<M>,
        answers: Vec<(Token, M::Answer)>,
        writes: Vec<M::Write>,
        orders: Vec<M::Order>,
    ) {
        for (token, answer) in answers {
            active.answer(token, answer);
        }
        active.queue.extend(writes);
        if !active.queue.is_empty() || active.compaction.is_due() {
            self.write_on(row, active);
        }
        for order in orders {
            M::carry_out(self, row, active.epoch, order);
        }
        if let Some(deadline) = active.machine.next_deadline() {
            self.alarm.at_latest(deadline);
        }
    }

    /// Has somebody write what is there to be written.
    pub(super) fn write_on(self: &Arc<Self>, row: &Arc<Partition<M>>, active: &mut Active<M>) {
        if !active.writing {
            active.writing = true;
            self.env.tasks.spawn_vital(
                "a coordinator's writer",
                write_all(Arc::clone(self), Arc::clone(row), active.epoch),
            );
        }
    }

    /// The partition is not ours: everything in memory is void, every waiting request learns that.
    pub(super) fn lose(&self, row: &Partition<M>, reason: &str) {
        let phase = std::mem::replace(&mut *row.state.lock(), Phase::Idle);
        if let Phase::Active(active) = phase {
            tracing::warn!(
                partition = row.index,
                count = active.machine.len(),
                waiting = active.waiting(),
                reason,
                "no longer coordinating these {}",
                M::NAME
            );
        }
    }

    /// Appends writes in their order. Their results, in that order too, and how many bytes they took.
    ///
    /// # Errors
    /// [`TopicError::Lost`] when it is not known which of them were written.
    async fn append(
        &self,
        partition: u32,
        epoch: Epoch,
        writes: &[M::Write],
    ) -> Result<(Vec<Result<(), Absent>>, usize), TopicError> {
        let mut results = vec![Ok(()); writes.len()];
        let mut size = 0;
        let mut durable = Vec::new();
        let now_ms = self.env.clock.wall_ms();
        for batch in batches(writes, M::batch_bytes(&self.config)) {
            let appended = batch
                .build(writes, now_ms)
                .map_err(|error| TopicError::Unavailable(error.to_string()))
                .and_then(|bytes| {
                    size += bytes.len();
                    self.topic.append(partition, epoch, bytes)
                });
            let error = match appended {
                Ok(done) => {
                    durable.push(done);
                    continue;
                }
                Err(error) => error,
            };
            match error {
                // Nothing of these is in the log; what comes behind them goes on.
                TopicError::Refused(reason) if batch.is_whole => {
                    tracing::info!(partition, reason, topic = self.topic.name(), "the log refuses a batch");
                    results[batch.writes].fill(Err(Absent::Refused));
                }
                TopicError::Unavailable(reason) if durable.is_empty() => {
                    tracing::warn!(partition, reason, topic = self.topic.name(), "no records are taken");
                    results.fill(Err(Absent::Unavailable));
                    return Ok((results, 0));
                }
                // With a part of the writes in the log and a part not, memory and log differ: start over from the log.
                TopicError::Refused(reason) | TopicError::Unavailable(reason) => {
                    // Who starts over must find that part there.
                    for done in durable {
                        let _ = done.await;
                    }
                    return Err(TopicError::Lost(reason));
                }
                TopicError::Lost(reason) => return Err(TopicError::Lost(reason)),
            }
        }
        for done in durable {
            done.await.map_err(|error| TopicError::Lost(error.to_string()))?;
        }
        Ok((results, size))
    }

    /// Appends records that say again what the log said. What is not taken now is not needed: the pass ends.
    async fn restate(
        &self,
        partition: u32,
        epoch: Epoch,
        records: &[Record],
    ) -> Result<Option<usize>, TopicError> {
        let batch = match compaction::restated(records, self.env.clock.wall_ms()) {
            Ok(batch) => batch,
            Err(error) => {
                tracing::warn!(partition, %error, topic = self.topic.name(), "not compacted");
                return Ok(None);
            }
        };
        let size = batch.len();
        match self.topic.append(partition, epoch, batch) {
            Ok(done) => done.await.map(|()| Some(size)).map_err(|error| TopicError::Lost(error.to_string())),
            Err(error @ TopicError::Lost(_)) => Err(error),
            Err(error) => {
                tracing::info!(partition, %error, topic = self.topic.name(), "not compacted");
                Ok(None)
            }
        }
    }
}

/// What is to be written next.
struct Turn<M: Machine> {
    writes: Vec<M::Write>,
    /// Said again.
    restated: Option<Vec<Record>>,
}

impl<M: Machine> Runtime<M> {
    /// The next turn; `None` when there is none, or the partition is no longer the one that was loaded under `epoch`.
    fn turn(self: &Arc<Self>, row: &Arc<Partition<M>>, epoch: Epoch) -> Option<Turn<M>> {
        let mut state = row.state.lock();
        let active = state.in_charge(Some(epoch))?;
        if active.compaction.is_due() {
            self.begin_pass(row, epoch, &mut active.compaction);
        }
        let writes = std::mem::take(&mut active.queue);
        active.compaction.note(&writes);
        let restated = active.compaction.next(M::batch_bytes(&self.config));
        if writes.is_empty() && restated.is_none() {
            self.end_pass(row, active);
            active.writing = false;
            return None;
        }
        Some(Turn { writes, restated })
    }

    /// Lets the log go as far as it may, when nothing is on its way to it.
    fn end_pass(self: &Arc<Self>, row: &Partition<M>, active: &mut Active<M>) {
        if let Some(cut) = active.compaction.finish() {
            self.let_go(row.index, cut);
        }
    }
}

/// Writes until there is nothing to write, or the partition is no longer the one that was loaded under `epoch`.
async fn write_all<M: Machine>(runtime: Arc<Runtime<M>>, row: Arc<Partition<M>>, epoch: Epoch) {
    while let Some(Turn { writes, restated }) = runtime.turn(&row, epoch) {
        let written = async {
            let (results, size) = runtime.append(row.index, epoch, &writes).await?;
            let restated = match restated {
                Some(records) => Some(runtime.restate(row.index, epoch, &records).await?),
                None => None,
            };
            Ok::<_, TopicError>((results, size, restated))
        };
        let (results, size, restated) = match written.await {
            Ok(written) => written,
            Err(error) => {
                let still_ours = row.state.lock().in_charge(Some(epoch)).is_some();
                if still_ours {
                    runtime.lose(&row, &error.to_string());
                }
                return;
            }
        };
        let told = runtime.with(&row, Some(epoch), |active, cx| {
            active.compaction.appended(size + restated.flatten().unwrap_or_default());
            // A write that was refused is not the newer value for which the pass has left one out.
            if restated == Some(None) || results.iter().any(Result::is_err) {
                active.compaction.give_up();
            }
            runtime.end_pass(&row, active);
            for (write, result) in writes.into_iter().zip(results) {
                active.machine.written(cx, write, result.map_err(M::Error::from));
            }
        });
        if told.is_none() {
            return;
        }
    }
}

/// One batch to be: some of the records of some writes.
struct Batch {
    form: Form,
    /// Which writes have records in it.
    writes: std::ops::Range<usize>,
    /// The place of its first record in the first of these.
    skip: usize,
    /// How many records there are.
    records: usize,
    /// Every record of its writes is in it.
    is_whole: bool,
}

impl Batch {
    fn build<W: Written>(&self, writes: &[W], now_ms: i64) -> Result<Bytes, BatchError> {
        let mut builder = BatchBuilder::new(Compression::None);
        match self.form {
            Form::Plain => {}
            Form::Transactional { producer, epoch } => {
                builder = builder.producer(producer, epoch, -1).transactional();
            }
            Form::Marker { producer, epoch, commit, coordinator_epoch } => {
                return Ok(BatchBuilder::end_marker(producer, epoch, commit, coordinator_epoch, now_ms));
            }
        }
        let records =
            writes[self.writes.clone()].iter().flat_map(W::records).skip(self.skip).take(self.records);
        for record in records {
            builder.push(&NewRecord {
                timestamp: now_ms,
                key: Some(&record.key),
                value: record.value.as_deref(),
                headers: &[],
            })?;
        }
        builder.build()
    }
}

/// Cuts writes into batches of about `batch_bytes`: plain ones share theirs, others have their own.
fn batches<W: Written>(writes: &[W], batch_bytes: usize) -> Vec<Batch> {
    let mut all: Vec<Batch> = Vec::new();
    let mut open: Option<(Batch, usize)> = None;
    for (index, write) in writes.iter().enumerate() {
        let form = write.form();
        if form != Form::Plain || open.as_ref().is_some_and(|(batch, _)| batch.form != Form::Plain) {
            all.extend(open.take().map(|(batch, _)| batch));
        }
        if let Form::Marker { .. } = form {
            all.push(Batch { form, writes: index..index + 1, skip: 0, records: 0, is_whole: true });
            continue;
        }
        for (place, record) in write.records().iter().enumerate() {
            if open.as_ref().is_some_and(|(_, size)| size + record.size() > batch_bytes) {
                let (mut batch, _) = open.take().expect("looked at above");
                // The write goes on in the next one.
                batch.is_whole &= place == 0;
                all.push(batch);
            }
            let (batch, size) = open.get_or_insert_with(|| {
                let batch =
                    Batch { form, writes: index..index + 1, skip: place, records: 0, is_whole: place == 0 };
                (batch, 0)
            });
            batch.writes.end = index + 1;
            batch.records += 1;
            *size += record.size();
        }
    }
    all.extend(open.map(|(batch, _)| batch));
    all
}

/// The batches that writes become, for tests that read them back.
#[cfg(test)]
pub(crate) fn to_batches<W: Written>(writes: &[W], batch_bytes: usize) -> Vec<Bytes> {
    let built = batches(writes, batch_bytes).into_iter().map(|batch| batch.build(writes, 1));
    built.collect::<Result<_, _>>().expect("small ones")
}
