//! `SaslAuthenticateRequest`: versions 0-2, flexible 2. Generated from `proto/kafka/SaslAuthenticateRequest.json`, not to be edited.

use crate::codec::*;

/// `SaslAuthenticateRequest`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SaslAuthenticateRequest {
    /// Versions 0-2.
    pub auth_bytes: Bytes,
}

impl Wire for SaslAuthenticateRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.auth_bytes = Wire::read(r, "SaslAuthenticateRequest.AuthBytes")?;
        r.skip_tagged("SaslAuthenticateRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.auth_bytes.write(w, "SaslAuthenticateRequest.AuthBytes")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for SaslAuthenticateRequest {
    const NAME: &'static str = "SaslAuthenticateRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Request for SaslAuthenticateRequest {
    const KEY: ApiKey = ApiKey::SaslAuthenticate;
    type Response = super::sasl_authenticate_response::SaslAuthenticateResponse;
}
