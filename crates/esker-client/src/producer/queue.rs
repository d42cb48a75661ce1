//! Batches that wait, by partition.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use esker_env::{Monotonic, Random};

use super::batch::{Batch, Stamp};
use super::outcome::Delivery;
use super::{ProducerConfig, ProducerRecord};
use crate::ClientError;

/// All partitions that were ever sent to, and which of them have work.
#[derive(Default)]
pub(super) struct Queues {
    all: Vec<Queue>,
    numbers: BTreeMap<Arc<str>, BTreeMap<i32, usize>>,
    /// Queues with a batch open, sealed or in flight.
    pub(super) active: BTreeSet<usize>,
    /// For keyless records: the partition that the open batch of each topic is in.
    sticky: BTreeMap<Arc<str>, i32>,
    /// Flushes that wait: nothing lingers meanwhile.
    pub(super) flushing: usize,
}

/// A producer id at work on one partition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    pub(super) producer: i64,
    pub(super) epoch: i16,
    next_sequence: i32,
}

impl Identity {
    pub(super) fn new(producer: i64, epoch: i16) -> Self {
        Self { producer, epoch, next_sequence: 0 }
    }

    /// Takes the sequence numbers of `records` records. They wrap to 0 behind `i32::MAX`.
    fn take(&mut self, records: usize) -> Stamp {
        let sequence = self.next_sequence;
        let next = (i64::from(sequence) + records as i64) % (i64::from(i32::MAX) + 1);
        self.next_sequence = next as i32;
        Stamp { producer: self.producer, epoch: self.epoch, sequence }
    }
}

pub(super) struct Queue {
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    next_serial: u64,
    pub(super) open: Option<Batch>,
    /// By serial: those that were sent before come first.
    pub(super) sealed: VecDeque<Batch>,
    pub(super) in_flight: usize,
    /// Serials of batches that carry a stamp of the current identity and are not done.
    pub(super) stamped: BTreeSet<u64>,
    pub(super) identity: Option<Identity>,
    /// A batch came back: nothing goes out before everything in flight is back too.
    pub(super) draining: bool,
    /// The identity is spent: it is dropped once nothing is in flight.
    pub(super) broken: bool,
    /// A pause after a failure.
    pub(super) not_before: Monotonic,
    /// Failures in a row.
    pub(super) failures: u32,
}

impl Queues {
    pub(super) fn get(&mut self, number: usize) -> &mut Queue {
        &mut self.all[number]
    }

    pub(super) fn is_idle(&self) -> bool {
        self.active.is_empty()
    }

    /// Takes a queue without work off the list.
    pub(super) fn settle(&mut self, number: usize) {
        let queue = &self.all[number];
        if queue.open.is_none() && queue.sealed.is_empty() && queue.in_flight == 0 {
            self.active.remove(&number);
        }
    }

    fn number(&mut self, topic: &Arc<str>, partition: i32) -> usize {
        if let Some(number) = self.numbers.get(topic).and_then(|numbers| numbers.get(&partition)) {
            return *number;
        }
        let number = self.all.len();
        self.all.push(Queue::new(Arc::clone(topic), partition));
        self.numbers.entry(Arc::clone(topic)).or_default().insert(partition, number);
        number
    }

    /// The partition for a keyless record: the same until its batch is full.
    pub(super) fn sticky(&mut self, topic: &Arc<str>, partitions: usize, random: &dyn Random) -> i32 {
        if let Some(partition) = self.sticky.get(topic).copied() {
            let open = self.numbers.get(topic).and_then(|numbers| numbers.get(&partition));
            if open.is_some_and(|number| self.all[*number].open.is_some()) {
                return partition;
            }
        }
        let partition = random.below(partitions as u64) as i32;
        self.sticky.insert(Arc::clone(topic), partition);
        partition
    }

    /// Adds a record; says too whether the sender should look.
    #[allow(clippy::too_many_arguments, reason = "one call, from one place")]
    pub(super) fn push(
        &mut self,
        config: &ProducerConfig,
        topic: &Arc<str>,
        partition: i32,
        record: &ProducerRecord,
        timestamp: i64,
        size: usize,
        now: Monotonic,
    ) -> Result<(Delivery, bool), ClientError> {
        let number = self.number(topic, partition);
        let queue = &mut self.all[number];
        let mut ready = false;
        if queue.open.as_ref().is_some_and(|open| open.size() + size > config.batch_bytes) {
            queue.seal();
            ready = true;
        }
        if queue.open.is_none() {
            queue.open = Some(Batch::new(queue.next_serial, config, now));
            queue.next_serial += 1;
            // The sender has a deadline to learn of.
            ready = true;
        }
        let open = queue.open.as_mut().expect("opened above");
        let delivery = match open.push(topic, partition, record, timestamp) {
            Ok(delivery) => delivery,
            Err(error) => {
                if open.records == 0 {
                    queue.open = None;
                }
                return Err(ClientError::Batch { topic: topic.to_string(), partition, error });
            }
        };
        open.memory += size;
        if open.size() >= config.batch_bytes {
            queue.seal();
            ready = true;
        }
        self.active.insert(number);
        Ok((delivery, ready))
    }
}

impl Queue {
    fn new(topic: Arc<str>, partition: i32) -> Self {
        Self {
            topic,
            partition,
            next_serial: 0,
            open: None,
            sealed: VecDeque::new(),
            in_flight: 0,
            stamped: BTreeSet::new(),
            identity: None,
            draining: false,
            broken: false,
            not_before: Monotonic::default(),
            failures: 0,
        }
    }

    /// Closes the open batch for records.
    pub(super) fn seal(&mut self) {
        if let Some(open) = self.open.take() {
            self.sealed.push_back(open);
        }
    }

    /// Puts a batch that came back where it belongs.
    pub(super) fn put_back(&mut self, batch: Batch) {
        let at = self.sealed.partition_point(|other| other.serial < batch.serial);
        self.sealed.insert(at, batch);
        self.draining = true;
    }

    /// Whether every older batch of the current identity is done, so that its sequence number is the next one the
    /// broker should expect.
    pub(super) fn is_oldest(&self, serial: u64) -> bool {
        self.stamped.first().is_none_or(|oldest| *oldest >= serial)
    }

    /// The stamp for a batch: the one it has, or the next.
    pub(super) fn stamp(&mut self, batch: &Batch) -> Option<Stamp> {
        let identity = self.identity.as_mut()?;
        self.stamped.insert(batch.serial);
        Some(batch.stamp.unwrap_or_else(|| identity.take(batch.records)))
    }

    /// Drops the identity once nothing is in flight. Returns the batches that cannot be sent under another one: they
    /// may be in the log already, and the broker could not tell that from their new numbers.
    pub(super) fn reset_identity(&mut self) -> Vec<Batch> {
        assert_eq!(self.in_flight, 0, "answers to the old identity are still on their way");
        self.broken = false;
        self.draining = false;
        self.identity = None;
        self.stamped.clear();
        let (lost, kept) =
            std::mem::take(&mut self.sealed).into_iter().partition(|b: &Batch| b.maybe_appended);
        self.sealed = kept;
        self.sealed.iter_mut().for_each(Batch::forget_stamp);
        Vec::from_iter::<VecDeque<Batch>>(lost)
    }
}
