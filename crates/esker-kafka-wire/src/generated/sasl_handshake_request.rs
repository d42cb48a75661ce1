//! `SaslHandshakeRequest`: versions 0-1, flexible none. Generated from `proto/kafka/SaslHandshakeRequest.json`, not to be edited.

use crate::codec::*;

/// `SaslHandshakeRequest`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SaslHandshakeRequest {
    /// Versions 0-1.
    pub mechanism: KString,
}

impl Wire for SaslHandshakeRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.mechanism = Wire::read(r, "SaslHandshakeRequest.Mechanism")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.mechanism.write(w, "SaslHandshakeRequest.Mechanism")?;
        Ok(())
    }
}

impl Message for SaslHandshakeRequest {
    const NAME: &'static str = "SaslHandshakeRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl Request for SaslHandshakeRequest {
    const KEY: ApiKey = ApiKey::SaslHandshake;
    type Response = super::sasl_handshake_response::SaslHandshakeResponse;
}
