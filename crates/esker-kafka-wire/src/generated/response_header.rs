//! `ResponseHeader`: versions 0-1, flexible 1. Generated from `proto/kafka/ResponseHeader.json`, not to be edited.

use crate::codec::*;

/// `ResponseHeader`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResponseHeader {
    /// Versions 0-1.
    pub correlation_id: i32,
}

impl Wire for ResponseHeader {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.correlation_id = Wire::read(r, "ResponseHeader.CorrelationId")?;
        r.skip_tagged("ResponseHeader")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.correlation_id.write(w, "ResponseHeader.CorrelationId")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ResponseHeader {
    const NAME: &'static str = "ResponseHeader";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 1;
}
