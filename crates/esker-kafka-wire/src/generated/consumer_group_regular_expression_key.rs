//! `ConsumerGroupRegularExpressionKey`: versions 0, flexible none. Generated from `proto/kafka/ConsumerGroupRegularExpressionKey.json`, not to be edited.

use crate::codec::*;

/// `ConsumerGroupRegularExpressionKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupRegularExpressionKey {
    /// Versions 0.
    pub group_id: KString,
    /// Versions 0.
    pub regular_expression: KString,
}

impl Wire for ConsumerGroupRegularExpressionKey {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "ConsumerGroupRegularExpressionKey.GroupId")?;
        m.regular_expression = Wire::read(r, "ConsumerGroupRegularExpressionKey.RegularExpression")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "ConsumerGroupRegularExpressionKey.GroupId")?;
        self.regular_expression.write(w, "ConsumerGroupRegularExpressionKey.RegularExpression")?;
        Ok(())
    }
}

impl Message for ConsumerGroupRegularExpressionKey {
    const NAME: &'static str = "ConsumerGroupRegularExpressionKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for ConsumerGroupRegularExpressionKey {
    const RECORD_TYPE: i16 = 16;
}
