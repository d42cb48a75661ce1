//! `ListPartitionReassignmentsRequest`: versions 0, flexible 0. Generated from `proto/kafka/ListPartitionReassignmentsRequest.json`, not to be edited.

use crate::codec::*;

/// `ListPartitionReassignmentsRequest`: a message of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct ListPartitionReassignmentsRequest {
    /// Versions 0, default 60000.
    pub timeout_ms: i32,
    /// Versions 0, null in 0, default null.
    pub topics: Option<Vec<ListPartitionReassignmentsTopics>>,
}

impl Default for ListPartitionReassignmentsRequest {
    fn default() -> Self {
        Self {
            timeout_ms: 60000,
            topics: None,
        }
    }
}

impl Wire for ListPartitionReassignmentsRequest {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.timeout_ms = Wire::read(r, "ListPartitionReassignmentsRequest.TimeoutMs")?;
        m.topics = r.nullable(true, "ListPartitionReassignmentsRequest.Topics")?;
        r.skip_tagged("ListPartitionReassignmentsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.timeout_ms.write(w, "ListPartitionReassignmentsRequest.TimeoutMs")?;
        w.nullable(self.topics.as_ref(), true, "ListPartitionReassignmentsRequest.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ListPartitionReassignmentsRequest.Topics`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListPartitionReassignmentsTopics {
    /// Versions 0.
    pub name: KString,
    /// Versions 0.
    pub partition_indexes: Vec<i32>,
}

impl Wire for ListPartitionReassignmentsTopics {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "ListPartitionReassignmentsRequest.Topics.Name")?;
        m.partition_indexes = Wire::read(r, "ListPartitionReassignmentsRequest.Topics.PartitionIndexes")?;
        r.skip_tagged("ListPartitionReassignmentsRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "ListPartitionReassignmentsRequest.Topics.Name")?;
        self.partition_indexes.write(w, "ListPartitionReassignmentsRequest.Topics.PartitionIndexes")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ListPartitionReassignmentsRequest {
    const NAME: &'static str = "ListPartitionReassignmentsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for ListPartitionReassignmentsRequest {
    const KEY: ApiKey = ApiKey::ListPartitionReassignments;
    type Response = super::list_partition_reassignments_response::ListPartitionReassignmentsResponse;
}
