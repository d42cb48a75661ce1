//! `ConsumerGroupRegularExpressionValue`: versions 0, flexible 0. Generated from `proto/kafka/ConsumerGroupRegularExpressionValue.json`, not to be edited.

use crate::codec::*;

/// `ConsumerGroupRegularExpressionValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupRegularExpressionValue {
    /// Versions 0.
    pub topics: Vec<KString>,
    /// Versions 0.
    pub version: i64,
    /// Versions 0.
    pub timestamp: i64,
}

impl Wire for ConsumerGroupRegularExpressionValue {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topics = Wire::read(r, "ConsumerGroupRegularExpressionValue.Topics")?;
        m.version = Wire::read(r, "ConsumerGroupRegularExpressionValue.Version")?;
        m.timestamp = Wire::read(r, "ConsumerGroupRegularExpressionValue.Timestamp")?;
        r.skip_tagged("ConsumerGroupRegularExpressionValue")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topics.write(w, "ConsumerGroupRegularExpressionValue.Topics")?;
        self.version.write(w, "ConsumerGroupRegularExpressionValue.Version")?;
        self.timestamp.write(w, "ConsumerGroupRegularExpressionValue.Timestamp")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ConsumerGroupRegularExpressionValue {
    const NAME: &'static str = "ConsumerGroupRegularExpressionValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
