//! `ShareSnapshotValue`: versions 0, flexible 0. Generated from `proto/kafka/ShareSnapshotValue.json`, not to be edited.

use crate::codec::*;

/// `ShareSnapshotValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareSnapshotValue {
    /// Versions 0.
    pub snapshot_epoch: i32,
    /// Versions 0.
    pub state_epoch: i32,
    /// Versions 0.
    pub leader_epoch: i32,
    /// Versions 0.
    pub start_offset: i64,
    /// Versions 0, tag 0, default -1.
    pub delivery_complete_count: i32,
    /// Versions 0.
    pub create_timestamp: i64,
    /// Versions 0.
    pub write_timestamp: i64,
    /// Versions 0.
    pub state_batches: Vec<StateBatch>,
}

impl Default for ShareSnapshotValue {
    fn default() -> Self {
        Self {
            snapshot_epoch: 0,
            state_epoch: 0,
            leader_epoch: 0,
            start_offset: 0,
            delivery_complete_count: -1,
            create_timestamp: 0,
            write_timestamp: 0,
            state_batches: Vec::new(),
        }
    }
}

impl Wire for ShareSnapshotValue {
    const MIN: usize = 38;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.snapshot_epoch = Wire::read(r, "ShareSnapshotValue.SnapshotEpoch")?;
        m.state_epoch = Wire::read(r, "ShareSnapshotValue.StateEpoch")?;
        m.leader_epoch = Wire::read(r, "ShareSnapshotValue.LeaderEpoch")?;
        m.start_offset = Wire::read(r, "ShareSnapshotValue.StartOffset")?;
        m.create_timestamp = Wire::read(r, "ShareSnapshotValue.CreateTimestamp")?;
        m.write_timestamp = Wire::read(r, "ShareSnapshotValue.WriteTimestamp")?;
        m.state_batches = Wire::read(r, "ShareSnapshotValue.StateBatches")?;
        r.tagged("ShareSnapshotValue", &mut |r, tag| {
            match tag {
                0 => m.delivery_complete_count = Wire::read(r, "ShareSnapshotValue.DeliveryCompleteCount")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.snapshot_epoch.write(w, "ShareSnapshotValue.SnapshotEpoch")?;
        self.state_epoch.write(w, "ShareSnapshotValue.StateEpoch")?;
        self.leader_epoch.write(w, "ShareSnapshotValue.LeaderEpoch")?;
        self.start_offset.write(w, "ShareSnapshotValue.StartOffset")?;
        self.create_timestamp.write(w, "ShareSnapshotValue.CreateTimestamp")?;
        self.write_timestamp.write(w, "ShareSnapshotValue.WriteTimestamp")?;
        self.state_batches.write(w, "ShareSnapshotValue.StateBatches")?;
        let tag0 = self.delivery_complete_count != -1;
        w.tag_count(u32::from(tag0));
        if tag0 {
            let start = w.begin_tag(0);
            self.delivery_complete_count.write(w, "ShareSnapshotValue.DeliveryCompleteCount")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

/// `ShareSnapshotValue.StateBatches`: a structure of versions 0.
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
        m.first_offset = Wire::read(r, "ShareSnapshotValue.StateBatches.FirstOffset")?;
        m.last_offset = Wire::read(r, "ShareSnapshotValue.StateBatches.LastOffset")?;
        m.delivery_state = Wire::read(r, "ShareSnapshotValue.StateBatches.DeliveryState")?;
        m.delivery_count = Wire::read(r, "ShareSnapshotValue.StateBatches.DeliveryCount")?;
        r.skip_tagged("ShareSnapshotValue.StateBatches")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.first_offset.write(w, "ShareSnapshotValue.StateBatches.FirstOffset")?;
        self.last_offset.write(w, "ShareSnapshotValue.StateBatches.LastOffset")?;
        self.delivery_state.write(w, "ShareSnapshotValue.StateBatches.DeliveryState")?;
        self.delivery_count.write(w, "ShareSnapshotValue.StateBatches.DeliveryCount")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ShareSnapshotValue {
    const NAME: &'static str = "ShareSnapshotValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
