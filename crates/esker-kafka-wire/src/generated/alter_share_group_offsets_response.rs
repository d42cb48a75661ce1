//! `AlterShareGroupOffsetsResponse`: versions 0, flexible 0. Generated from `proto/kafka/AlterShareGroupOffsetsResponse.json`, not to be edited.

use crate::codec::*;

/// `AlterShareGroupOffsetsResponse`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterShareGroupOffsetsResponse {
    /// Versions 0.
    pub throttle_time_ms: i32,
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0, null in 0, default null.
    pub error_message: Option<KString>,
    /// Versions 0.
    pub responses: Vec<AlterShareGroupOffsetsResponseTopic>,
}

impl Wire for AlterShareGroupOffsetsResponse {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "AlterShareGroupOffsetsResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "AlterShareGroupOffsetsResponse.ErrorCode")?;
        m.error_message = r.nullable(true, "AlterShareGroupOffsetsResponse.ErrorMessage")?;
        m.responses = Wire::read(r, "AlterShareGroupOffsetsResponse.Responses")?;
        r.skip_tagged("AlterShareGroupOffsetsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "AlterShareGroupOffsetsResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "AlterShareGroupOffsetsResponse.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "AlterShareGroupOffsetsResponse.ErrorMessage")?;
        self.responses.write(w, "AlterShareGroupOffsetsResponse.Responses")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterShareGroupOffsetsResponse.Responses`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterShareGroupOffsetsResponseTopic {
    /// Versions 0.
    pub topic_name: KString,
    /// Versions 0.
    pub topic_id: Uuid,
    /// Versions 0.
    pub partitions: Vec<AlterShareGroupOffsetsResponsePartition>,
}

impl Wire for AlterShareGroupOffsetsResponseTopic {
    const MIN: usize = 19;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_name = Wire::read(r, "AlterShareGroupOffsetsResponse.Responses.TopicName")?;
        m.topic_id = Wire::read(r, "AlterShareGroupOffsetsResponse.Responses.TopicId")?;
        m.partitions = Wire::read(r, "AlterShareGroupOffsetsResponse.Responses.Partitions")?;
        r.skip_tagged("AlterShareGroupOffsetsResponse.Responses")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_name.write(w, "AlterShareGroupOffsetsResponse.Responses.TopicName")?;
        self.topic_id.write(w, "AlterShareGroupOffsetsResponse.Responses.TopicId")?;
        self.partitions.write(w, "AlterShareGroupOffsetsResponse.Responses.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterShareGroupOffsetsResponse.Responses.Partitions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterShareGroupOffsetsResponsePartition {
    /// Versions 0.
    pub partition_index: i32,
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0, null in 0, default null.
    pub error_message: Option<KString>,
}

impl Wire for AlterShareGroupOffsetsResponsePartition {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "AlterShareGroupOffsetsResponse.Responses.Partitions.PartitionIndex")?;
        m.error_code = Wire::read(r, "AlterShareGroupOffsetsResponse.Responses.Partitions.ErrorCode")?;
        m.error_message = r.nullable(true, "AlterShareGroupOffsetsResponse.Responses.Partitions.ErrorMessage")?;
        r.skip_tagged("AlterShareGroupOffsetsResponse.Responses.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "AlterShareGroupOffsetsResponse.Responses.Partitions.PartitionIndex")?;
        self.error_code.write(w, "AlterShareGroupOffsetsResponse.Responses.Partitions.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "AlterShareGroupOffsetsResponse.Responses.Partitions.ErrorMessage")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for AlterShareGroupOffsetsResponse {
    const NAME: &'static str = "AlterShareGroupOffsetsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for AlterShareGroupOffsetsResponse {
    const KEY: ApiKey = ApiKey::AlterShareGroupOffsets;
}
