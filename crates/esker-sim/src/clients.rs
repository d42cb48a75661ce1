//! Clients of a simulated broker: idempotent producers that never give up, and readers that believe nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use esker_core::{
    Epoch, Offset, PartitionId, ProducerId,
    batch::{BatchBuilder, Compression, NewRecord},
};
use esker_env::Env;
use esker_log::{AppendError, AppendOptions, Isolation, ProducerError, ReadError, ReadLimits};
use tokio::sync::Notify;

use crate::{
    history::{Ack, History, Sent, digest},
    slot::{Connection, Slot},
};

/// What a client needs of the world.
#[derive(Clone)]
pub(crate) struct Client {
    /// Time and this client's own randomness.
    pub(crate) env: Env,
    /// The broker.
    pub(crate) broker: Slot,
    /// Where observations go.
    pub(crate) history: History,
    /// Clients wind down once this is true.
    pub(crate) stop: Arc<AtomicBool>,
}

/// A batch on its way.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) bytes: Bytes,
    pub(crate) sent: Sent,
    /// What was acknowledged before it was sent for the first time.
    pub(crate) floor: i64,
}

impl Client {
    fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    async fn pause(&self, longest: Duration) {
        let millis = self.env.random.below(longest.as_millis() as u64 + 1);
        self.env.clock.sleep(Duration::from_millis(millis)).await;
    }

    /// An idempotent producer of one partition: up to five batches in flight, resent in order until acknowledged.
    pub(crate) async fn produce(self, partition: PartitionId, producer: ProducerId) {
        let mut sequence = 0;
        let mut unacked: Vec<Outgoing> = Vec::new();
        loop {
            let window = 1 + self.env.random.below(5) as usize;
            while unacked.len() < window && !self.stopping() {
                let floor = self.history.acked_end(partition);
                let batch = build(&self.env, producer, sequence, floor);
                sequence += batch.sent.records;
                unacked.push(batch);
            }
            if unacked.is_empty() {
                return;
            }
            let connection = self.broker.connect().await;
            let acked = self.send_all(&connection, partition, &unacked).await;
            drop(connection);
            unacked.drain(..acked);
            self.pause(Duration::from_millis(if unacked.is_empty() { 400 } else { 700 })).await;
        }
    }

    /// Sends in order and returns how many, from the front, were acknowledged.
    async fn send_all(&self, to: &Connection, partition: PartitionId, batches: &[Outgoing]) -> usize {
        let mut pending = Vec::new();
        for batch in batches {
            let checked = to.log.check(partition, &batch.bytes);
            let options = AppendOptions { all_replicas: true, ..AppendOptions::default() };
            let epoch = to.log.offsets(partition).map_or(Epoch(0), |offsets| offsets.epoch);
            match checked.and_then(|checked| to.log.append(partition, checked, options)) {
                Ok(appended) => {
                    if appended.duplicate {
                        self.history.count("duplicates");
                    }
                    pending.push((batch, appended, epoch));
                }
                Err(AppendError::Producer(error @ ProducerError::OutOfOrder { .. })) if to.alive() => {
                    // Nothing acknowledged can be missing and nothing was skipped: an idempotent producer never sees
                    // this.
                    self.history.violation(format!("{partition}: {error}"));
                    break;
                }
                Err(error) => {
                    self.history.note(format_args!("{partition}: append refused: {error}"));
                    self.history.count("refused");
                    break;
                }
            }
        }
        let mut acked = 0;
        for (batch, appended, epoch) in pending {
            // A client gives up waiting and sends again: as with a lost response.
            let patience = Duration::from_millis(50 + self.env.random.below(5_000));
            match self.env.timeout(patience, appended.ticket.durable()).await {
                Ok(Ok(())) if to.alive() => {
                    let ack = Ack { offset: appended.base_offset, epoch, floor: batch.floor };
                    self.history.acked(partition, ack, &batch.sent);
                    acked += 1;
                }
                _ => return acked,
            }
        }
        acked
    }

    /// Follows a partition from its front, jumps back now and then, and checks all it sees.
    pub(crate) async fn read(self, partition: PartitionId) {
        let waiter = Arc::new(Notify::new());
        let mut next = Offset(0);
        while !self.stopping() {
            let from = self.broker.connect().await;
            let limits = ReadLimits {
                max_bytes: 1 + self.env.random.below(8_000) as usize,
                at_least_one: true,
                isolation: Isolation::ReadUncommitted,
            };
            let told = self.history.told(partition);
            let answer =
                self.env.timeout(Duration::from_secs(20), from.log.read(partition, next, limits)).await;
            if !from.alive() {
                continue;
            }
            match answer {
                Ok(Ok(read)) => {
                    self.history.offsets(partition, &told, &read.offsets);
                    self.history.read(partition, next, &read.chunks);
                    next = read.next;
                    if read.chunks.is_empty() {
                        let _ = from.log.watch(partition, &waiter);
                        let _ = self.env.timeout(Duration::from_millis(300), waiter.notified()).await;
                    }
                }
                Ok(Err(ReadError::OutOfRange { log_start, .. })) => {
                    self.history.out_of_range(partition, next);
                    next = log_start;
                }
                Ok(Err(error)) => {
                    self.history.note(format_args!("{partition}: read at {next} failed: {error}"));
                    self.history.count("failed reads");
                    self.pause(Duration::from_millis(300)).await;
                }
                Err(_) => {
                    self.history.note(format_args!("{partition}: read at {next} had no answer"));
                    self.history.count("unanswered reads");
                }
            }
            if self.env.random.below(40) == 0 {
                next = Offset(self.env.random.below(next.0.cast_unsigned() + 1).cast_signed());
            }
            self.pause(Duration::from_millis(50)).await;
        }
    }

    /// Deletes records now and then.
    pub(crate) async fn delete(self, partition: PartitionId) {
        loop {
            self.pause(Duration::from_secs(20)).await;
            if self.stopping() {
                return;
            }
            let to = self.broker.connect().await;
            let Ok(offsets) = to.log.offsets(partition) else { continue };
            let span = (offsets.high_watermark.0 - offsets.log_start.0).cast_unsigned();
            let before = Offset(offsets.log_start.0 + self.env.random.below(span + 1).cast_signed());
            self.history.may_delete(partition, before);
            let answer = self
                .env
                .timeout(Duration::from_secs(5), to.log.delete_records(partition, Some(before)))
                .await;
            if !to.alive() {
                continue;
            }
            match answer {
                Ok(Ok(start)) => {
                    self.history.deleted(partition, offsets.epoch, start);
                    self.history.note(format_args!("{partition}: log start {start}"));
                    self.history.count("deletes");
                }
                Ok(Err(error)) => self.history.note(format_args!("{partition}: delete failed: {error}")),
                Err(_) => self.history.note(format_args!("{partition}: delete had no answer")),
            }
        }
    }
}

/// A batch of a few records.
pub(crate) fn build(env: &Env, producer: ProducerId, sequence: i32, floor: i64) -> Outgoing {
    let records = 1 + env.random.below(4) as i32;
    let codec = match env.random.below(4) {
        0 => Compression::Lz4,
        _ => Compression::None,
    };
    let mut builder = BatchBuilder::new(codec).producer(producer, 0, sequence);
    for number in 0..records {
        let value = vec![env.random.next_u64() as u8; env.random.below(600) as usize];
        let key = format!("{producer}/{}", sequence + number);
        let record = NewRecord {
            timestamp: env.clock.wall_ms(),
            key: Some(key.as_bytes()),
            value: Some(&value),
            headers: &[],
        };
        builder.push(&record).expect("small records are within every bound");
    }
    let bytes = builder.build().expect("small batches are within every bound");
    let sent = Sent { producer: producer.0, sequence, records, digest: digest(&bytes) };
    Outgoing { bytes, sent, floor }
}
