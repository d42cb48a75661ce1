//! `DeleteTopicsResponse`: versions 1-6, flexible 4-6. Generated from `proto/kafka/DeleteTopicsResponse.json`, not to be edited.

use crate::codec::*;

/// `DeleteTopicsResponse`: a message of versions 1-6.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteTopicsResponse {
    /// Versions 1-6, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 1-6.
    pub responses: Vec<DeletableTopicResult>,
}

impl Wire for DeleteTopicsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "DeleteTopicsResponse.ThrottleTimeMs")?;
        m.responses = Wire::read(r, "DeleteTopicsResponse.Responses")?;
        r.skip_tagged("DeleteTopicsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "DeleteTopicsResponse.ThrottleTimeMs")?;
        self.responses.write(w, "DeleteTopicsResponse.Responses")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DeleteTopicsResponse.Responses`: a structure of versions 1-6.
#[derive(Debug, Clone, PartialEq)]
pub struct DeletableTopicResult {
    /// Versions 1-6, null in 6.
    pub name: Option<KString>,
    /// Versions 6, ignorable.
    pub topic_id: Uuid,
    /// Versions 1-6.
    pub error_code: i16,
    /// Versions 5-6, null in 5-6, default null, ignorable.
    pub error_message: Option<KString>,
}

impl Default for DeletableTopicResult {
    fn default() -> Self {
        Self {
            name: Some(KString::default()),
            topic_id: Uuid::nil(),
            error_code: 0,
            error_message: None,
        }
    }
}

impl Wire for DeletableTopicResult {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.name = r.nullable(v >= 6, "DeleteTopicsResponse.Responses.Name")?;
        if v >= 6 { m.topic_id = Wire::read(r, "DeleteTopicsResponse.Responses.TopicId")?; }
        m.error_code = Wire::read(r, "DeleteTopicsResponse.Responses.ErrorCode")?;
        if v >= 5 { m.error_message = r.nullable(true, "DeleteTopicsResponse.Responses.ErrorMessage")?; }
        r.skip_tagged("DeleteTopicsResponse.Responses")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        w.nullable(self.name.as_ref(), v >= 6, "DeleteTopicsResponse.Responses.Name")?;
        if v >= 6 { self.topic_id.write(w, "DeleteTopicsResponse.Responses.TopicId")?; }
        self.error_code.write(w, "DeleteTopicsResponse.Responses.ErrorCode")?;
        if v >= 5 { w.nullable(self.error_message.as_ref(), true, "DeleteTopicsResponse.Responses.ErrorMessage")?; }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DeleteTopicsResponse {
    const NAME: &'static str = "DeleteTopicsResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 6;
    const FLEXIBLE_FROM: i16 = 4;
}

impl Response for DeleteTopicsResponse {
    const KEY: ApiKey = ApiKey::DeleteTopics;
}
