//! Writing: what waits while one append is under way is the next append.

use std::sync::Arc;

use bytes::Bytes;
use esker_core::{
    Epoch,
    batch::{BatchBuilder, BatchError, Compression, NewRecord},
};

use super::{Absent, Form, Machine, Partition, Phase, Runtime, Token, Written, partition::Active};
use crate::topic::TopicError;

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
        if !active.queue.is_empty() && !active.writing {
            active.writing = true;
            self.env.tasks.spawn(write_all(Arc::clone(self), Arc::clone(row), active.epoch));
        }
        for order in orders {
            M::carry_out(self, row, active.epoch, order);
        }
        if let Some(deadline) = active.machine.next_deadline() {
            self.alarm.at_latest(deadline);
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

    /// Appends writes in their order. Their results, in that order too.
    ///
    /// # Errors
    /// [`TopicError::Lost`] when it is not known which of them were written.
    async fn append(
        &self,
        partition: u32,
        writes: &[M::Write],
    ) -> Result<Vec<Result<(), Absent>>, TopicError> {
        let mut results = vec![Ok(()); writes.len()];
        let mut durable = Vec::new();
        let now_ms = self.env.clock.wall_ms();
        for batch in batches(writes, M::batch_bytes(&self.config)) {
            let appended = batch
                .build(writes, now_ms)
                .map_err(|error| TopicError::Unavailable(error.to_string()))
                .and_then(|bytes| self.topic.append(partition, bytes));
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
                    return Ok(results);
                }
                // With a part of the writes in the log and a part not, memory and log differ: start over from the log.
                TopicError::Refused(reason) | TopicError::Unavailable(reason) => {
                    return Err(TopicError::Lost(reason));
                }
                TopicError::Lost(reason) => return Err(TopicError::Lost(reason)),
            }
        }
        for done in durable {
            done.await.map_err(|error| TopicError::Lost(error.to_string()))?;
        }
        Ok(results)
    }
}

/// Writes until nothing is queued, or the partition is no longer the one that was loaded under `epoch`.
async fn write_all<M: Machine>(runtime: Arc<Runtime<M>>, row: Arc<Partition<M>>, epoch: Epoch) {
    loop {
        let writes = {
            let mut state = row.state.lock();
            let Some(active) = state.in_charge(Some(epoch)) else { return };
            if active.queue.is_empty() {
                active.writing = false;
                return;
            }
            std::mem::take(&mut active.queue)
        };
        let results = match runtime.append(row.index, &writes).await {
            Ok(results) => results,
            Err(error) => {
                let still_ours = row.state.lock().in_charge(Some(epoch)).is_some();
                if still_ours {
                    runtime.lose(&row, &error.to_string());
                }
                return;
            }
        };
        let told = runtime.with(&row, Some(epoch), |active, cx| {
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
