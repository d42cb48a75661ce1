//! `WriteShareGroupStateResponse`: versions 0-1, flexible 0-1. Generated from `proto/kafka/WriteShareGroupStateResponse.json`, not to be edited.

use crate::codec::*;

/// `WriteShareGroupStateResponse`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WriteShareGroupStateResponse {
    /// Versions 0-1.
    pub results: Vec<WriteStateResult>,
}

impl Wire for WriteShareGroupStateResponse {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.results = Wire::read(r, "WriteShareGroupStateResponse.Results")?;
        r.skip_tagged("WriteShareGroupStateResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.results.write(w, "WriteShareGroupStateResponse.Results")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `WriteShareGroupStateResponse.Results`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WriteStateResult {
    /// Versions 0-1.
    pub topic_id: Uuid,
    /// Versions 0-1.
    pub partitions: Vec<PartitionResult>,
}

impl Wire for WriteStateResult {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "WriteShareGroupStateResponse.Results.TopicId")?;
        m.partitions = Wire::read(r, "WriteShareGroupStateResponse.Results.Partitions")?;
        r.skip_tagged("WriteShareGroupStateResponse.Results")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "WriteShareGroupStateResponse.Results.TopicId")?;
        self.partitions.write(w, "WriteShareGroupStateResponse.Results.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `WriteShareGroupStateResponse.Results.Partitions`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionResult {
    /// Versions 0-1.
    pub partition: i32,
    /// Versions 0-1.
    pub error_code: i16,
    /// Versions 0-1, null in 0-1, default null.
    pub error_message: Option<KString>,
}

impl Wire for PartitionResult {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition = Wire::read(r, "WriteShareGroupStateResponse.Results.Partitions.Partition")?;
        m.error_code = Wire::read(r, "WriteShareGroupStateResponse.Results.Partitions.ErrorCode")?;
        m.error_message = r.nullable(true, "WriteShareGroupStateResponse.Results.Partitions.ErrorMessage")?;
        r.skip_tagged("WriteShareGroupStateResponse.Results.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition.write(w, "WriteShareGroupStateResponse.Results.Partitions.Partition")?;
        self.error_code.write(w, "WriteShareGroupStateResponse.Results.Partitions.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "WriteShareGroupStateResponse.Results.Partitions.ErrorMessage")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for WriteShareGroupStateResponse {
    const NAME: &'static str = "WriteShareGroupStateResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for WriteShareGroupStateResponse {
    const KEY: ApiKey = ApiKey::WriteShareGroupState;
}
