//! `StreamsGroupMetadataValue`: versions 0, flexible 0. Generated from `proto/kafka/StreamsGroupMetadataValue.json`, not to be edited.

use crate::codec::*;

/// `StreamsGroupMetadataValue`: a message of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamsGroupMetadataValue {
    /// Versions 0.
    pub epoch: i32,
    /// Versions 0.
    pub metadata_hash: i64,
    /// Versions 0, tag 0, default -1.
    pub validated_topology_epoch: i32,
    /// Versions 0, null in 0, tag 1.
    pub last_assignment_configs: Option<Vec<LastAssignmentConfig>>,
}

impl Default for StreamsGroupMetadataValue {
    fn default() -> Self {
        Self {
            epoch: 0,
            metadata_hash: 0,
            validated_topology_epoch: -1,
            last_assignment_configs: Some(Vec::new()),
        }
    }
}

impl Wire for StreamsGroupMetadataValue {
    const MIN: usize = 13;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.epoch = Wire::read(r, "StreamsGroupMetadataValue.Epoch")?;
        m.metadata_hash = Wire::read(r, "StreamsGroupMetadataValue.MetadataHash")?;
        r.tagged("StreamsGroupMetadataValue", &mut |r, tag| {
            match tag {
                0 => m.validated_topology_epoch = Wire::read(r, "StreamsGroupMetadataValue.ValidatedTopologyEpoch")?,
                1 => m.last_assignment_configs = r.nullable(true, "StreamsGroupMetadataValue.LastAssignmentConfigs")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.epoch.write(w, "StreamsGroupMetadataValue.Epoch")?;
        self.metadata_hash.write(w, "StreamsGroupMetadataValue.MetadataHash")?;
        let tag0 = self.validated_topology_epoch != -1;
        let tag1 = self.last_assignment_configs.as_ref().is_none_or(|x| !x.is_empty());
        w.tag_count(u32::from(tag0) + u32::from(tag1));
        if tag0 {
            let start = w.begin_tag(0);
            self.validated_topology_epoch.write(w, "StreamsGroupMetadataValue.ValidatedTopologyEpoch")?;
            w.end_tag(start);
        }
        if tag1 {
            let start = w.begin_tag(1);
            w.nullable(self.last_assignment_configs.as_ref(), true, "StreamsGroupMetadataValue.LastAssignmentConfigs")?;
            w.end_tag(start);
        }
        Ok(())
    }
}

/// `StreamsGroupMetadataValue.LastAssignmentConfig`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LastAssignmentConfig {
    /// Versions 0.
    pub key: KString,
    /// Versions 0.
    pub value: KString,
}

impl Wire for LastAssignmentConfig {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.key = Wire::read(r, "StreamsGroupMetadataValue.LastAssignmentConfig.Key")?;
        m.value = Wire::read(r, "StreamsGroupMetadataValue.LastAssignmentConfig.Value")?;
        r.skip_tagged("StreamsGroupMetadataValue.LastAssignmentConfig")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.key.write(w, "StreamsGroupMetadataValue.LastAssignmentConfig.Key")?;
        self.value.write(w, "StreamsGroupMetadataValue.LastAssignmentConfig.Value")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for StreamsGroupMetadataValue {
    const NAME: &'static str = "StreamsGroupMetadataValue";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}
