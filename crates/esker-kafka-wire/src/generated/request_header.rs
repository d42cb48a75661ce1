//! `RequestHeader`: versions 1-2, flexible 2. Generated from `proto/kafka/RequestHeader.json`, not to be edited.

use crate::codec::*;

/// `RequestHeader`: a message of versions 1-2.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestHeader {
    /// Versions 1-2.
    pub request_api_key: i16,
    /// Versions 1-2.
    pub request_api_version: i16,
    /// Versions 1-2.
    pub correlation_id: i32,
    /// Versions 1-2, null in 1-2.
    pub client_id: Option<KString>,
}

impl Default for RequestHeader {
    fn default() -> Self {
        Self {
            request_api_key: 0,
            request_api_version: 0,
            correlation_id: 0,
            client_id: Some(KString::default()),
        }
    }
}

impl Wire for RequestHeader {
    const MIN: usize = 10;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.request_api_key = Wire::read(r, "RequestHeader.RequestApiKey")?;
        m.request_api_version = Wire::read(r, "RequestHeader.RequestApiVersion")?;
        m.correlation_id = Wire::read(r, "RequestHeader.CorrelationId")?;
        m.client_id = r.classic_string("RequestHeader.ClientId")?;
        r.skip_tagged("RequestHeader")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.request_api_key.write(w, "RequestHeader.RequestApiKey")?;
        self.request_api_version.write(w, "RequestHeader.RequestApiVersion")?;
        self.correlation_id.write(w, "RequestHeader.CorrelationId")?;
        w.classic_string(self.client_id.as_ref(), "RequestHeader.ClientId")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for RequestHeader {
    const NAME: &'static str = "RequestHeader";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}
