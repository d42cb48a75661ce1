//! What became of a batch, told to everyone who waits for one of its records.

use std::sync::{Arc, OnceLock};

use esker_env::Monotonic;
use tokio::sync::Notify;

use crate::ClientError;

/// A record that the broker has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// Its offset; -1 if the broker did not tell (acks=0, or a duplicate that it no longer knows the place of).
    pub offset: i64,
    /// The broker's timestamp in milliseconds since the Unix epoch, if the topic uses log append time.
    pub log_append_time: Option<i64>,
    /// When the client learned of it.
    pub at: Monotonic,
}

/// A batch's success: the first offset and log append time, -1 where there is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ack {
    pub(super) base_offset: i64,
    pub(super) log_append_time: i64,
    pub(super) at: Monotonic,
}

impl Ack {
    /// The broker has the batch and does not tell where.
    pub(super) fn unknown(at: Monotonic) -> Self {
        Self { base_offset: -1, log_append_time: -1, at }
    }
}

#[derive(Default)]
struct Outcome {
    result: OnceLock<Result<Ack, ClientError>>,
    told: Notify,
}

/// The end that tells. Dropped untold, it tells that the producer was closed.
pub(super) struct Promise(Arc<Outcome>);

impl Promise {
    pub(super) fn new() -> Self {
        Self(Arc::default())
    }

    pub(super) fn tell(&self, result: Result<Ack, ClientError>) {
        if self.0.result.set(result).is_ok() {
            self.0.told.notify_waiters();
        }
    }

    pub(super) fn delivery(&self, topic: &Arc<str>, partition: i32, index: usize) -> Delivery {
        Delivery { outcome: Arc::clone(&self.0), topic: Arc::clone(topic), partition, index }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.tell(Err(ClientError::Closed));
    }
}

/// The fate of one record. Dropping it does not stop the record.
pub struct Delivery {
    outcome: Arc<Outcome>,
    topic: Arc<str>,
    partition: i32,
    index: usize,
}

impl Delivery {
    /// The partition it goes to.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// The result, if there is one yet.
    #[must_use]
    pub fn poll_result(&self) -> Option<Result<Acknowledged, ClientError>> {
        let result = self.outcome.result.get()?;
        Some(result.clone().map(|ack| Acknowledged {
            topic: Arc::clone(&self.topic),
            partition: self.partition,
            offset: if ack.base_offset < 0 { -1 } else { ack.base_offset + self.index as i64 },
            log_append_time: (ack.log_append_time >= 0).then_some(ack.log_append_time),
            at: ack.at,
        }))
    }

    /// Waits for the result.
    ///
    /// # Errors
    /// The broker refused the record, or it was not acknowledged in time.
    pub async fn wait(&self) -> Result<Acknowledged, ClientError> {
        loop {
            let told = self.outcome.told.notified();
            tokio::pin!(told);
            told.as_mut().enable();
            if let Some(result) = self.poll_result() {
                return result;
            }
            told.await;
        }
    }
}
