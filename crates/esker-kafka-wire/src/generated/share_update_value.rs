//! `ShareUpdateValue`: versions 0, flexible 0. Generated from `proto/kafka/ShareUpdateValue.json`, not to be edited.

use crate::codec::*;

/// `ShareUpdateValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareUpdateValue {
    /// Versions 0.
    pub snapshot_epoch: i32,
    /// Versions 0.
    pub leader_epoch: i32,
    /// Versions 0.
    pub start_offset: i64,
    /// Versions 0, tag 0, default -1.
    pub delivery_complete_count: i32,
    /// Versions 0.
    pub state_batches: Vec<StateBatch>,
}

impl Default for ShareUpdateValue {
    fn default() -> Self {
        Self {
            snapshot_epoch: 0,
            leader_epoch: 0,
            start_offset: 0,
            delivery_complete_count: -1,
            state_batches: Vec::new(),
        }
    }
}

impl Wire for ShareUpdateValue {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.snapshot_epoch = Wire::read(r, "ShareUpdateValue.SnapshotEpoch")?;
        m.leader_epoch = Wire::read(r, "ShareUpdateValue.LeaderEpoch")?;
        m.start_offset = Wire::read(r, "ShareUpdateValue.StartOffset")?;
        m.state_batches = Wire::read(r, "ShareUpdateValue.StateBatches")?;
        r.tagged("ShareUpdateValue", &mut |r, tag| {
            match tag {
                0 => m.delivery_complete_count = Wire::read(r, "ShareUpdateValue.DeliveryCompleteCount")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.snapshot_epoch.write(w, "ShareUpdateValue.SnapshotEpoch")?;
        self.leader_epoch.write(w, "ShareUpdateValue.LeaderEpoch")?;
        self.start_offset.write(w, "ShareUpdateValue.StartOffset")?;
        self.state_batches.write(w, "ShareUpdateValue.StateBatches")?;
        let tag0 = self.delivery_complete_count != -1;
        w.tag_count(u32::from(tag0));
        if tag0 {
            let start = w.begin_tag(0);
            self.delivery_complete_count.write(w, "ShareUpdateValue.DeliveryCompleteCount")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

/// `ShareUpdateValue.StateBatches`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StateBatch {
    /// Versions 0.
    pub first_offset: i64,
    /// Versions 0.
    pub last_offset: i64,
    /// Versions 0.
    pub delivery_state: i8,
    /// Versions 0.
    pub delivery_count: i16,
}

impl Wire for StateBatch {
    const MIN: usize = 20;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.first_offset = Wire::read(r, "ShareUpdateValue.StateBatches.FirstOffset")?;
        m.last_offset = Wire::read(r, "ShareUpdateValue.StateBatches.LastOffset")?;
        m.delivery_state = Wire::read(r, "ShareUpdateValue.StateBatches.DeliveryState")?;
        m.delivery_count = Wire::read(r, "ShareUpdateValue.StateBatches.DeliveryCount")?;
        r.skip_tagged("ShareUpdateValue.StateBatches")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.first_offset.write(w, "ShareUpdateValue.StateBatches.FirstOffset")?;
        self.last_offset.write(w, "ShareUpdateValue.StateBatches.LastOffset")?;
        self.delivery_state.write(w, "ShareUpdateValue.StateBatches.DeliveryState")?;
        self.delivery_count.write(w, "ShareUpdateValue.StateBatches.DeliveryCount")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ShareUpdateValue {
    const NAME: &'static str = "ShareUpdateValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
