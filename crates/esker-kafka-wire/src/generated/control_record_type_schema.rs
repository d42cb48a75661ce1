//! `ControlRecordTypeSchema`: versions 0, flexible none. Generated from `proto/kafka/ControlRecordTypeSchema.json`, not to be edited.

use crate::codec::*;

/// `ControlRecordTypeSchema`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ControlRecordTypeSchema {
    /// Versions 0.
    pub type_: i16,
}

impl Wire for ControlRecordTypeSchema {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.type_ = Wire::read(r, "ControlRecordTypeSchema.Type")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.type_.write(w, "ControlRecordTypeSchema.Type")?;
        Ok(())
    }
}

impl Message for ControlRecordTypeSchema {
    const NAME: &'static str = "ControlRecordTypeSchema";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}
