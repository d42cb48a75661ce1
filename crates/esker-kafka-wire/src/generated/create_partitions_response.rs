//! `CreatePartitionsResponse`: versions 0-3, flexible 2-3. Generated from `proto/kafka/CreatePartitionsResponse.json`, not to be edited.

use crate::codec::*;

/// `CreatePartitionsResponse`: a message of versions 0-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreatePartitionsResponse {
    /// Versions 0-3.
    pub throttle_time_ms: i32,
    /// Versions 0-3.
    pub results: Vec<CreatePartitionsTopicResult>,
}

impl Wire for CreatePartitionsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "CreatePartitionsResponse.ThrottleTimeMs")?;
        m.results = Wire::read(r, "CreatePartitionsResponse.Results")?;
        r.skip_tagged("CreatePartitionsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "CreatePartitionsResponse.ThrottleTimeMs")?;
        self.results.write(w, "CreatePartitionsResponse.Results")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `CreatePartitionsResponse.Results`: a structure of versions 0-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreatePartitionsTopicResult {
    /// Versions 0-3.
    pub name: KString,
    /// Versions 0-3.
    pub error_code: i16,
    /// Versions 0-3, null in 0-3, default null.
    pub error_message: Option<KString>,
}

impl Wire for CreatePartitionsTopicResult {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "CreatePartitionsResponse.Results.Name")?;
        m.error_code = Wire::read(r, "CreatePartitionsResponse.Results.ErrorCode")?;
        m.error_message = r.nullable(true, "CreatePartitionsResponse.Results.ErrorMessage")?;
        r.skip_tagged("CreatePartitionsResponse.Results")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "CreatePartitionsResponse.Results.Name")?;
        self.error_code.write(w, "CreatePartitionsResponse.Results.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "CreatePartitionsResponse.Results.ErrorMessage")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for CreatePartitionsResponse {
    const NAME: &'static str = "CreatePartitionsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 3;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Response for CreatePartitionsResponse {
    const KEY: ApiKey = ApiKey::CreatePartitions;
}
