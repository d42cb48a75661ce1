//! `SaslHandshakeResponse`: versions 0-1, flexible none. Generated from `proto/kafka/SaslHandshakeResponse.json`, not to be edited.

use crate::codec::*;

/// `SaslHandshakeResponse`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SaslHandshakeResponse {
    /// Versions 0-1.
    pub error_code: i16,
    /// Versions 0-1.
    pub mechanisms: Vec<KString>,
}

impl Wire for SaslHandshakeResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "SaslHandshakeResponse.ErrorCode")?;
        m.mechanisms = Wire::read(r, "SaslHandshakeResponse.Mechanisms")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "SaslHandshakeResponse.ErrorCode")?;
        self.mechanisms.write(w, "SaslHandshakeResponse.Mechanisms")?;
        Ok(())
    }
}

impl Message for SaslHandshakeResponse {
    const NAME: &'static str = "SaslHandshakeResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl Response for SaslHandshakeResponse {
    const KEY: ApiKey = ApiKey::SaslHandshake;
}
