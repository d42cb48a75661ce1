//! `InitializeShareGroupStateResponse`: versions 0, flexible 0. Generated from `proto/kafka/InitializeShareGroupStateResponse.json`, not to be edited.

use crate::codec::*;

/// `InitializeShareGroupStateResponse`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InitializeShareGroupStateResponse {
    /// Versions 0.
    pub results: Vec<InitializeStateResult>,
}

impl Wire for InitializeShareGroupStateResponse {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.results = Wire::read(r, "InitializeShareGroupStateResponse.Results")?;
        r.skip_tagged("InitializeShareGroupStateResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.results.write(w, "InitializeShareGroupStateResponse.Results")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `InitializeShareGroupStateResponse.Results`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InitializeStateResult {
    /// Versions 0.
    pub topic_id: Uuid,
    /// Versions 0.
    pub partitions: Vec<PartitionResult>,
}

impl Wire for InitializeStateResult {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "InitializeShareGroupStateResponse.Results.TopicId")?;
        m.partitions = Wire::read(r, "InitializeShareGroupStateResponse.Results.Partitions")?;
        r.skip_tagged("InitializeShareGroupStateResponse.Results")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "InitializeShareGroupStateResponse.Results.TopicId")?;
        self.partitions.write(w, "InitializeShareGroupStateResponse.Results.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `InitializeShareGroupStateResponse.Results.Partitions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionResult {
    /// Versions 0.
    pub partition: i32,
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0, null in 0, default null.
    pub error_message: Option<KString>,
}

impl Wire for PartitionResult {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition = Wire::read(r, "InitializeShareGroupStateResponse.Results.Partitions.Partition")?;
        m.error_code = Wire::read(r, "InitializeShareGroupStateResponse.Results.Partitions.ErrorCode")?;
        m.error_message = r.nullable(true, "InitializeShareGroupStateResponse.Results.Partitions.ErrorMessage")?;
        r.skip_tagged("InitializeShareGroupStateResponse.Results.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition.write(w, "InitializeShareGroupStateResponse.Results.Partitions.Partition")?;
        self.error_code.write(w, "InitializeShareGroupStateResponse.Results.Partitions.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "InitializeShareGroupStateResponse.Results.Partitions.ErrorMessage")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for InitializeShareGroupStateResponse {
    const NAME: &'static str = "InitializeShareGroupStateResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for InitializeShareGroupStateResponse {
    const KEY: ApiKey = ApiKey::InitializeShareGroupState;
}
