//! `DeleteRecordsRequest`: versions 0-2, flexible 2. Generated from `proto/kafka/DeleteRecordsRequest.json`, not to be edited.

use crate::codec::*;

/// `DeleteRecordsRequest`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteRecordsRequest {
    /// Versions 0-2.
    pub topics: Vec<DeleteRecordsTopic>,
    /// Versions 0-2.
    pub timeout_ms: i32,
}

impl Wire for DeleteRecordsRequest {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topics = Wire::read(r, "DeleteRecordsRequest.Topics")?;
        m.timeout_ms = Wire::read(r, "DeleteRecordsRequest.TimeoutMs")?;
        r.skip_tagged("DeleteRecordsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topics.write(w, "DeleteRecordsRequest.Topics")?;
        self.timeout_ms.write(w, "DeleteRecordsRequest.TimeoutMs")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DeleteRecordsRequest.Topics`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteRecordsTopic {
    /// Versions 0-2.
    pub name: KString,
    /// Versions 0-2.
    pub partitions: Vec<DeleteRecordsPartition>,
}

impl Wire for DeleteRecordsTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "DeleteRecordsRequest.Topics.Name")?;
        m.partitions = Wire::read(r, "DeleteRecordsRequest.Topics.Partitions")?;
        r.skip_tagged("DeleteRecordsRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "DeleteRecordsRequest.Topics.Name")?;
        self.partitions.write(w, "DeleteRecordsRequest.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DeleteRecordsRequest.Topics.Partitions`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteRecordsPartition {
    /// Versions 0-2.
    pub partition_index: i32,
    /// Versions 0-2.
    pub offset: i64,
}

impl Wire for DeleteRecordsPartition {
    const MIN: usize = 12;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "DeleteRecordsRequest.Topics.Partitions.PartitionIndex")?;
        m.offset = Wire::read(r, "DeleteRecordsRequest.Topics.Partitions.Offset")?;
        r.skip_tagged("DeleteRecordsRequest.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "DeleteRecordsRequest.Topics.Partitions.PartitionIndex")?;
        self.offset.write(w, "DeleteRecordsRequest.Topics.Partitions.Offset")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DeleteRecordsRequest {
    const NAME: &'static str = "DeleteRecordsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Request for DeleteRecordsRequest {
    const KEY: ApiKey = ApiKey::DeleteRecords;
    type Response = super::delete_records_response::DeleteRecordsResponse;
}
