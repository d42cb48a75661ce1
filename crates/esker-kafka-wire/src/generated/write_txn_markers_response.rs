//! `WriteTxnMarkersResponse`: versions 1-2, flexible 1-2. Generated from `proto/kafka/WriteTxnMarkersResponse.json`, not to be edited.

use crate::codec::*;

/// `WriteTxnMarkersResponse`: a message of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WriteTxnMarkersResponse {
    /// Versions 1-2.
    pub markers: Vec<WritableTxnMarkerResult>,
}

impl Wire for WriteTxnMarkersResponse {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.markers = Wire::read(r, "WriteTxnMarkersResponse.Markers")?;
        r.skip_tagged("WriteTxnMarkersResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.markers.write(w, "WriteTxnMarkersResponse.Markers")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `WriteTxnMarkersResponse.Markers`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WritableTxnMarkerResult {
    /// Versions 1-2.
    pub producer_id: i64,
    /// Versions 1-2.
    pub topics: Vec<WritableTxnMarkerTopicResult>,
}

impl Wire for WritableTxnMarkerResult {
    const MIN: usize = 10;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.producer_id = Wire::read(r, "WriteTxnMarkersResponse.Markers.ProducerId")?;
        m.topics = Wire::read(r, "WriteTxnMarkersResponse.Markers.Topics")?;
        r.skip_tagged("WriteTxnMarkersResponse.Markers")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.producer_id.write(w, "WriteTxnMarkersResponse.Markers.ProducerId")?;
        self.topics.write(w, "WriteTxnMarkersResponse.Markers.Topics")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `WriteTxnMarkersResponse.Markers.Topics`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WritableTxnMarkerTopicResult {
    /// Versions 1-2.
    pub name: KString,
    /// Versions 1-2.
    pub partitions: Vec<WritableTxnMarkerPartitionResult>,
}

impl Wire for WritableTxnMarkerTopicResult {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "WriteTxnMarkersResponse.Markers.Topics.Name")?;
        m.partitions = Wire::read(r, "WriteTxnMarkersResponse.Markers.Topics.Partitions")?;
        r.skip_tagged("WriteTxnMarkersResponse.Markers.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "WriteTxnMarkersResponse.Markers.Topics.Name")?;
        self.partitions.write(w, "WriteTxnMarkersResponse.Markers.Topics.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `WriteTxnMarkersResponse.Markers.Topics.Partitions`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WritableTxnMarkerPartitionResult {
    /// Versions 1-2.
    pub partition_index: i32,
    /// Versions 1-2.
    pub error_code: i16,
}

impl Wire for WritableTxnMarkerPartitionResult {
    const MIN: usize = 7;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "WriteTxnMarkersResponse.Markers.Topics.Partitions.PartitionIndex")?;
        m.error_code = Wire::read(r, "WriteTxnMarkersResponse.Markers.Topics.Partitions.ErrorCode")?;
        r.skip_tagged("WriteTxnMarkersResponse.Markers.Topics.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "WriteTxnMarkersResponse.Markers.Topics.Partitions.PartitionIndex")?;
        self.error_code.write(w, "WriteTxnMarkersResponse.Markers.Topics.Partitions.ErrorCode")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for WriteTxnMarkersResponse {
    const NAME: &'static str = "WriteTxnMarkersResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 1;
}

impl Response for WriteTxnMarkersResponse {
    const KEY: ApiKey = ApiKey::WriteTxnMarkers;
}
