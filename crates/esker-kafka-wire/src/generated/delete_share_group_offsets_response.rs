//! `DeleteShareGroupOffsetsResponse`: versions 0, flexible 0. Generated from `proto/kafka/DeleteShareGroupOffsetsResponse.json`, not to be edited.

use crate::codec::*;

/// `DeleteShareGroupOffsetsResponse`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteShareGroupOffsetsResponse {
    /// Versions 0.
    pub throttle_time_ms: i32,
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0, null in 0, default null.
    pub error_message: Option<KString>,
    /// Versions 0.
    pub responses: Vec<DeleteShareGroupOffsetsResponseTopic>,
}

impl Wire for DeleteShareGroupOffsetsResponse {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "DeleteShareGroupOffsetsResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "DeleteShareGroupOffsetsResponse.ErrorCode")?;
        m.error_message = r.nullable(true, "DeleteShareGroupOffsetsResponse.ErrorMessage")?;
        m.responses = Wire::read(r, "DeleteShareGroupOffsetsResponse.Responses")?;
        r.skip_tagged("DeleteShareGroupOffsetsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "DeleteShareGroupOffsetsResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "DeleteShareGroupOffsetsResponse.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "DeleteShareGroupOffsetsResponse.ErrorMessage")?;
        self.responses.write(w, "DeleteShareGroupOffsetsResponse.Responses")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DeleteShareGroupOffsetsResponse.Responses`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteShareGroupOffsetsResponseTopic {
    /// Versions 0.
    pub topic_name: KString,
    /// Versions 0.
    pub topic_id: Uuid,
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0, null in 0, default null.
    pub error_message: Option<KString>,
}

impl Wire for DeleteShareGroupOffsetsResponseTopic {
    const MIN: usize = 21;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic_name = Wire::read(r, "DeleteShareGroupOffsetsResponse.Responses.TopicName")?;
        m.topic_id = Wire::read(r, "DeleteShareGroupOffsetsResponse.Responses.TopicId")?;
        m.error_code = Wire::read(r, "DeleteShareGroupOffsetsResponse.Responses.ErrorCode")?;
        m.error_message = r.nullable(true, "DeleteShareGroupOffsetsResponse.Responses.ErrorMessage")?;
        r.skip_tagged("DeleteShareGroupOffsetsResponse.Responses")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic_name.write(w, "DeleteShareGroupOffsetsResponse.Responses.TopicName")?;
        self.topic_id.write(w, "DeleteShareGroupOffsetsResponse.Responses.TopicId")?;
        self.error_code.write(w, "DeleteShareGroupOffsetsResponse.Responses.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "DeleteShareGroupOffsetsResponse.Responses.ErrorMessage")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DeleteShareGroupOffsetsResponse {
    const NAME: &'static str = "DeleteShareGroupOffsetsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for DeleteShareGroupOffsetsResponse {
    const KEY: ApiKey = ApiKey::DeleteShareGroupOffsets;
}
