//! `/ids/<name>`: counters of which no number is handed out twice.

use std::ops::Range;

use crate::{
    Expect, KeyValue, Meta, MetaError, Revision, Txn,
    codec::{Source, encode},
    meta::Settled,
    proto,
};

/// A counter's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counter {
    /// The next number that has not been handed out.
    pub(crate) next: u64,
    /// The key's modification revision.
    pub(crate) modified: Revision,
}

impl Counter {
    pub(crate) fn encode(next: u64) -> bytes::Bytes {
        encode(&proto::Counter { next })
    }

    pub(crate) fn decode(entry: Option<&KeyValue>) -> Result<Self, MetaError> {
        let Some(entry) = entry else { return Ok(Self::default()) };
        let (_, message) = Source::message::<proto::Counter>(entry)?;
        Ok(Self { next: message.next, modified: entry.modified })
    }
}

impl Meta {
    pub(crate) async fn counter(&self, name: &str) -> Result<Counter, MetaError> {
        Counter::decode(self.store().get(self.keys().id(name)).await?.as_ref())
    }

    /// Takes `count` numbers from the counter; the first ever is 0. Numbers whose reservation has an unknown outcome
    /// are skipped, never repeated.
    ///
    /// # Errors
    /// When the store fails, or the counter has no numbers left.
    pub async fn reserve(&self, name: &str, count: u64) -> Result<Range<u64>, MetaError> {
        let key = self.keys().id(name);
        loop {
            let counter = self.counter(name).await?;
            let end = counter
                .next
                .checked_add(count)
                .ok_or_else(|| MetaError::Corrupt { key: key.clone(), field: "next".to_owned() })?;
            let txn =
                Txn::new().when(&key, Expect::Modified(counter.modified)).put(&key, Counter::encode(end));
            // No witness: another's reservation of as many numbers has the same bytes.
            if let Settled::Done(_) = self.settle(txn, None).await? {
                return Ok(counter.next..end);
            }
        }
    }
}
