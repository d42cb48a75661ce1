//! `ConsumerGroupTargetAssignmentMetadataValue`: versions 0, flexible 0. Generated from `proto/kafka/ConsumerGroupTargetAssignmentMetadataValue.json`, not to be edited.

use crate::codec::*;

/// `ConsumerGroupTargetAssignmentMetadataValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupTargetAssignmentMetadataValue {
    /// Versions 0.
    pub assignment_epoch: i32,
    /// Versions 0, tag 0, default 0, ignorable.
    pub assignment_timestamp: i64,
}

impl Wire for ConsumerGroupTargetAssignmentMetadataValue {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.assignment_epoch = Wire::read(r, "ConsumerGroupTargetAssignmentMetadataValue.AssignmentEpoch")?;
        r.tagged("ConsumerGroupTargetAssignmentMetadataValue", &mut |r, tag| {
            match tag {
                0 => m.assignment_timestamp = Wire::read(r, "ConsumerGroupTargetAssignmentMetadataValue.AssignmentTimestamp")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.assignment_epoch.write(w, "ConsumerGroupTargetAssignmentMetadataValue.AssignmentEpoch")?;
        let tag0 = self.assignment_timestamp != 0;
        w.tag_count(u32::from(tag0));
        if tag0 {
            let start = w.begin_tag(0);
            self.assignment_timestamp.write(w, "ConsumerGroupTargetAssignmentMetadataValue.AssignmentTimestamp")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

impl Message for ConsumerGroupTargetAssignmentMetadataValue {
    const NAME: &'static str = "ConsumerGroupTargetAssignmentMetadataValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
