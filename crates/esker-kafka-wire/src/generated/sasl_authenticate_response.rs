//! `SaslAuthenticateResponse`: versions 0-2, flexible 2. Generated from `proto/kafka/SaslAuthenticateResponse.json`, not to be edited.

use crate::codec::*;

/// `SaslAuthenticateResponse`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq)]
pub struct SaslAuthenticateResponse {
    /// Versions 0-2.
    pub error_code: i16,
    /// Versions 0-2, null in 0-2.
    pub error_message: Option<KString>,
    /// Versions 0-2.
    pub auth_bytes: Bytes,
    /// Versions 1-2, default 0, ignorable.
    pub session_lifetime_ms: i64,
}

impl Default for SaslAuthenticateResponse {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(KString::default()),
            auth_bytes: Bytes::default(),
            session_lifetime_ms: 0,
        }
    }
}

impl Wire for SaslAuthenticateResponse {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.error_code = Wire::read(r, "SaslAuthenticateResponse.ErrorCode")?;
        m.error_message = r.nullable(true, "SaslAuthenticateResponse.ErrorMessage")?;
        m.auth_bytes = Wire::read(r, "SaslAuthenticateResponse.AuthBytes")?;
        if v >= 1 { m.session_lifetime_ms = Wire::read(r, "SaslAuthenticateResponse.SessionLifetimeMs")?; }
        r.skip_tagged("SaslAuthenticateResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.error_code.write(w, "SaslAuthenticateResponse.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "SaslAuthenticateResponse.ErrorMessage")?;
        self.auth_bytes.write(w, "SaslAuthenticateResponse.AuthBytes")?;
        if v >= 1 { self.session_lifetime_ms.write(w, "SaslAuthenticateResponse.SessionLifetimeMs")?; }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for SaslAuthenticateResponse {
    const NAME: &'static str = "SaslAuthenticateResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Response for SaslAuthenticateResponse {
    const KEY: ApiKey = ApiKey::SaslAuthenticate;
}
