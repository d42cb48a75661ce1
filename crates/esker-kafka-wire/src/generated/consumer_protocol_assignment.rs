//! `ConsumerProtocolAssignment`: versions 0-3, flexible none. Generated from `proto/kafka/ConsumerProtocolAssignment.json`, not to be edited.

use crate::codec::*;

/// `ConsumerProtocolAssignment`: a message of versions 0-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerProtocolAssignment {
    /// Versions 0-3.
    pub assigned_partitions: Vec<TopicPartition>,
    /// Versions 0-3, null in 0-3, default null.
    pub user_data: Option<Bytes>,
}

impl Wire for ConsumerProtocolAssignment {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.assigned_partitions = Wire::read(r, "ConsumerProtocolAssignment.AssignedPartitions")?;
        m.user_data = r.nullable(true, "ConsumerProtocolAssignment.UserData")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.assigned_partitions.write(w, "ConsumerProtocolAssignment.AssignedPartitions")?;
        w.nullable(self.user_data.as_ref(), true, "ConsumerProtocolAssignment.UserData")?;
        Ok(())
    }
}

/// `ConsumerProtocolAssignment.AssignedPartitions`: a structure of versions 0-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartition {
    /// Versions 0-3.
    pub topic: KString,
    /// Versions 0-3.
    pub partitions: Vec<i32>,
}

impl Wire for TopicPartition {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic = Wire::read(r, "ConsumerProtocolAssignment.AssignedPartitions.Topic")?;
        m.partitions = Wire::read(r, "ConsumerProtocolAssignment.AssignedPartitions.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic.write(w, "ConsumerProtocolAssignment.AssignedPartitions.Topic")?;
        self.partitions.write(w, "ConsumerProtocolAssignment.AssignedPartitions.Partitions")?;
        Ok(())
    }
}

impl Message for ConsumerProtocolAssignment {
    const NAME: &'static str = "ConsumerProtocolAssignment";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 3;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}
