//! Newtypes for every id, epoch and offset, so that no two of them can be mixed up.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// Defines a newtype over an integer with its bounds-free accessors and a `Display` that prints the bare number.
macro_rules! integer_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            /// The bare number, for a format or a protocol field.
            #[must_use]
            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }
    };
}

integer_id! {
    /// A broker's configured id (`node.id` in Kafka's terms). Never negative.
    BrokerId(i32)
}
integer_id! {
    /// One incarnation of a broker process: the create-revision of its leased key in the metadata store. Never
    /// reused, and a later incarnation always has the larger number.
    SessionId(i64)
}
integer_id! {
    /// A shard, `0..S`. The unit of ownership, manifest, offload and failover.
    ShardId(u32)
}
integer_id! {
    /// The epoch of a shard's ownership: grows by one each time the shard changes owner. It is what Kafka clients
    /// see as the leader epoch of every partition of the shard, hence `i32`, never negative.
    Epoch(i32)
}
integer_id! {
    /// A topic's number: small, assigned once from `/ids/topic`, never reused, also after the topic is deleted.
    TopicNumber(u32)
}
integer_id! {
    /// The index of a frame in its ledger, dense from 0.
    FrameIndex(u64)
}
integer_id! {
    /// The position of a record in its partition, dense from 0. Negative values are never offsets.
    Offset(i64)
}
integer_id! {
    /// Kafka's producer id. `-1` (see [`ProducerId::NONE`]) marks a producer without idempotence.
    ProducerId(i64)
}

impl ProducerId {
    /// The batch was written by a producer without idempotence.
    pub const NONE: Self = Self(-1);
}

impl Epoch {
    /// The epoch after this one; `None` once `i32` is exhausted.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(next) => Some(Self(next)),
            None => None,
        }
    }
}

impl FrameIndex {
    /// The index after this one.
    ///
    /// # Panics
    /// When `u64` is exhausted, which a ledger cannot reach.
    #[must_use]
    pub const fn next(self) -> Self {
        match self.0.checked_add(1) {
            Some(next) => Self(next),
            None => panic!("a ledger holds fewer than 2^64 frames"),
        }
    }
}

/// Defines a newtype over a UUID that prints in the usual hyphenated form.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Makes an id from 16 random bytes (UUID version 4). The caller brings the randomness.
            #[must_use]
            pub fn from_random(random: [u8; 16]) -> Self {
                Self(uuid::Builder::from_random_bytes(random).into_uuid())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_id! {
    /// A store: one write-ahead-log directory. Written when the directory is formatted, so a blank disk is another
    /// store and can never be taken for one that has nothing.
    StoreId
}
uuid_id! {
    /// A topic's UUID as Kafka clients see it (Metadata v10+). Never nil, never reused.
    TopicId
}
uuid_id! {
    /// The cluster's id.
    ClusterId
}

/// A ledger: one writer session's replicated log of one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LedgerId {
    /// The broker that writes it.
    pub broker: BrokerId,
    /// Its number among that broker's ledgers; grows, never reused.
    pub number: u64,
}

impl fmt::Display for LedgerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.broker, self.number)
    }
}

/// A partition as the log knows it: by the topic's number, never by its name (names are reused, numbers are not).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionId {
    /// The topic's number.
    pub topic: TopicNumber,
    /// The partition's index in its topic, `0..partitions`.
    pub index: u32,
}

impl fmt::Display for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_in_the_forms_that_keys_and_logs_use() {
        assert_eq!(LedgerId { broker: BrokerId(3), number: 17 }.to_string(), "3/17");
        assert_eq!(PartitionId { topic: TopicNumber(9), index: 4 }.to_string(), "9-4");
        assert_eq!(StoreId::from_random([7; 16]).0.get_version_num(), 4);
    }

    #[test]
    fn the_last_epoch_has_no_successor() {
        assert_eq!(Epoch(0).next(), Some(Epoch(1)));
        assert_eq!(Epoch(i32::MAX).next(), None);
    }
}
