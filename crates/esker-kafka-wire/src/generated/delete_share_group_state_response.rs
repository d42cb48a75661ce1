//! `DeleteShareGroupStateResponse`: versions 0, flexible 0. Generated from `proto/kafka/DeleteShareGroupStateResponse.json`, not to be edited.

use crate::codec::*;

/// `DeleteShareGroupStateResponse`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteShareGroupStateResponse {
    /// Versions 0.
    pub results: Vec<DeleteStateResult>,
}

impl Wire for DeleteShareGroupStateResponse {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.results = Wire::read(r, "DeleteShareGroupStateResponse.Results")?;
        r.skip_tagged("DeleteShareGroupStateResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.results.write(w, "DeleteShareGroupStateResponse.Results")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DeleteShareGroupStateResponse.Results`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteStateResult {
    /// Versions 0.
    pub topic_id: Uuid,
    /// Versions 0.
    pub partitions: Vec<PartitionResult>,
}

impl Wire for DeleteStateResult {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_id = Wire::read(r, "DeleteShareGroupStateResponse.Results.TopicId")?;
        m.partitions = Wire::read(r, "DeleteShareGroupStateResponse.Results.Partitions")?;
        r.skip_tagged("DeleteShareGroupStateResponse.Results")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_id.write(w, "DeleteShareGroupStateResponse.Results.TopicId")?;
        self.partitions.write(w, "DeleteShareGroupStateResponse.Results.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DeleteShareGroupStateResponse.Results.Partitions`: a structure of versions 0.
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
        m.partition = Wire::read(r, "DeleteShareGroupStateResponse.Results.Partitions.Partition")?;
        m.error_code = Wire::read(r, "DeleteShareGroupStateResponse.Results.Partitions.ErrorCode")?;
        m.error_message = r.nullable(true, "DeleteShareGroupStateResponse.Results.Partitions.ErrorMessage")?;
        r.skip_tagged("DeleteShareGroupStateResponse.Results.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition.write(w, "DeleteShareGroupStateResponse.Results.Partitions.Partition")?;
        self.error_code.write(w, "DeleteShareGroupStateResponse.Results.Partitions.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "DeleteShareGroupStateResponse.Results.Partitions.ErrorMessage")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DeleteShareGroupStateResponse {
    const NAME: &'static str = "DeleteShareGroupStateResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for DeleteShareGroupStateResponse {
    const KEY: ApiKey = ApiKey::DeleteShareGroupState;
}
