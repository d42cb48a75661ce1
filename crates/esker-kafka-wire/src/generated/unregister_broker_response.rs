//! `UnregisterBrokerResponse`: versions 0, flexible 0. Generated from `proto/kafka/UnregisterBrokerResponse.json`, not to be edited.

use crate::codec::*;

/// `UnregisterBrokerResponse`: a message of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct UnregisterBrokerResponse {
    /// Versions 0.
    pub throttle_time_ms: i32,
    /// Versions 0.
    pub error_code: i16,
    /// Versions 0, null in 0.
    pub error_message: Option<KString>,
}

impl Default for UnregisterBrokerResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(KString::default()),
        }
    }
}

impl Wire for UnregisterBrokerResponse {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "UnregisterBrokerResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "UnregisterBrokerResponse.ErrorCode")?;
        m.error_message = r.nullable(true, "UnregisterBrokerResponse.ErrorMessage")?;
        r.skip_tagged("UnregisterBrokerResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "UnregisterBrokerResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "UnregisterBrokerResponse.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "UnregisterBrokerResponse.ErrorMessage")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for UnregisterBrokerResponse {
    const NAME: &'static str = "UnregisterBrokerResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for UnregisterBrokerResponse {
    const KEY: ApiKey = ApiKey::UnregisterBroker;
}
