//! `EndTxnMarker`: versions 0, flexible none. Generated from `proto/kafka/EndTxnMarker.json`, not to be edited.

use crate::codec::*;

/// `EndTxnMarker`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EndTxnMarker {
    /// Versions 0.
    pub coordinator_epoch: i32,
}

impl Wire for EndTxnMarker {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.coordinator_epoch = Wire::read(r, "EndTxnMarker.CoordinatorEpoch")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.coordinator_epoch.write(w, "EndTxnMarker.CoordinatorEpoch")?;
        Ok(())
    }
}

impl Message for EndTxnMarker {
    const NAME: &'static str = "EndTxnMarker";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}
