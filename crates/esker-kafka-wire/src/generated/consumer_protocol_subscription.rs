//! `ConsumerProtocolSubscription`: versions 0-3, flexible none. Generated from `proto/kafka/ConsumerProtocolSubscription.json`, not to be edited.

use crate::codec::*;

/// `ConsumerProtocolSubscription`: a message of versions 0-3.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsumerProtocolSubscription {
    /// Versions 0-3.
    pub topics: Vec<KString>,
    /// Versions 0-3, null in 0-3, default null.
    pub user_data: Option<Bytes>,
    /// Versions 1-3, ignorable.
    pub owned_partitions: Vec<TopicPartition>,
    /// Versions 2-3, default -1, ignorable.
    pub generation_id: i32,
    /// Versions 3, null in 3, default null, ignorable.
    pub rack_id: Option<KString>,
}

impl Default for ConsumerProtocolSubscription {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            user_data: None,
            owned_partitions: Vec::new(),
            generation_id: -1,
            rack_id: None,
        }
    }
}

impl Wire for ConsumerProtocolSubscription {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.topics = Wire::read(r, "ConsumerProtocolSubscription.Topics")?;
        m.user_data = r.nullable(true, "ConsumerProtocolSubscription.UserData")?;
        if v >= 1 { m.owned_partitions = Wire::read(r, "ConsumerProtocolSubscription.OwnedPartitions")?; }
        if v >= 2 { m.generation_id = Wire::read(r, "ConsumerProtocolSubscription.GenerationId")?; }
        if v >= 3 { m.rack_id = r.nullable(true, "ConsumerProtocolSubscription.RackId")?; }
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.topics.write(w, "ConsumerProtocolSubscription.Topics")?;
        w.nullable(self.user_data.as_ref(), true, "ConsumerProtocolSubscription.UserData")?;
        if v >= 1 { self.owned_partitions.write(w, "ConsumerProtocolSubscription.OwnedPartitions")?; }
        if v >= 2 { self.generation_id.write(w, "ConsumerProtocolSubscription.GenerationId")?; }
        if v >= 3 { w.nullable(self.rack_id.as_ref(), true, "ConsumerProtocolSubscription.RackId")?; }
        Ok(())
    }
}

/// `ConsumerProtocolSubscription.OwnedPartitions`: a structure of versions 1-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartition {
    /// Versions 1-3.
    pub topic: KString,
    /// Versions 1-3.
    pub partitions: Vec<i32>,
}

impl Wire for TopicPartition {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic = Wire::read(r, "ConsumerProtocolSubscription.OwnedPartitions.Topic")?;
        m.partitions = Wire::read(r, "ConsumerProtocolSubscription.OwnedPartitions.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic.write(w, "ConsumerProtocolSubscription.OwnedPartitions.Topic")?;
        self.partitions.write(w, "ConsumerProtocolSubscription.OwnedPartitions.Partitions")?;
        Ok(())
    }
}

impl Message for ConsumerProtocolSubscription {
    const NAME: &'static str = "ConsumerProtocolSubscription";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 3;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}
