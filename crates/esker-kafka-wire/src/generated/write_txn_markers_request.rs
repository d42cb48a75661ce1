//! `WriteTxnMarkersRequest`: versions 1-2, flexible 1-2. Generated from `proto/kafka/WriteTxnMarkersRequest.json`, not to be edited.

use crate::codec::*;

/// `WriteTxnMarkersRequest`: a message of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WriteTxnMarkersRequest {
    /// Versions 1-2.
    pub markers: Vec<WritableTxnMarker>,
}

impl Wire for WriteTxnMarkersRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.markers = Wire::read(r, "WriteTxnMarkersRequest.Markers")?;
        r.skip_tagged("WriteTxnMarkersRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.markers.write(w, "WriteTxnMarkersRequest.Markers")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `WriteTxnMarkersRequest.Markers`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WritableTxnMarker {
    /// Versions 1-2.
    pub producer_id: i64,
    /// Versions 1-2.
    pub producer_epoch: i16,
    /// Versions 1-2.
    pub transaction_result: bool,
    /// Versions 1-2.
    pub topics: Vec<WritableTxnMarkerTopic>,
    /// Versions 1-2.
    pub coordinator_epoch: i32,
    /// Versions 2, default 0, ignorable.
    pub transaction_version: i8,
}

impl Wire for WritableTxnMarker {
    const MIN: usize = 17;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.producer_id = Wire::read(r, "WriteTxnMarkersRequest.Markers.ProducerId")?;
        m.producer_epoch = Wire::read(r, "WriteTxnMarkersRequest.Markers.ProducerEpoch")?;
        m.transaction_result = Wire::read(r, "WriteTxnMarkersRequest.Markers.TransactionResult")?;
        m.topics = Wire::read(r, "WriteTxnMarkersRequest.Markers.Topics")?;
        m.coordinator_epoch = Wire::read(r, "WriteTxnMarkersRequest.Markers.CoordinatorEpoch")?;
        if v >= 2 { m.transaction_version = Wire::read(r, "WriteTxnMarkersRequest.Markers.TransactionVersion")?; }
        r.skip_tagged("WriteTxnMarkersRequest.Markers")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.producer_id.write(w, "WriteTxnMarkersRequest.Markers.ProducerId")?;
        self.producer_epoch.write(w, "WriteTxnMarkersRequest.Markers.ProducerEpoch")?;
        self.transaction_result.write(w, "WriteTxnMarkersRequest.Markers.TransactionResult")?;
        self.topics.write(w, "WriteTxnMarkersRequest.Markers.Topics")?;
        self.coordinator_epoch.write(w, "WriteTxnMarkersRequest.Markers.CoordinatorEpoch")?;
        if v >= 2 { self.transaction_version.write(w, "WriteTxnMarkersRequest.Markers.TransactionVersion")?; }
        w.tag_count(0);
        Ok(())
    }
}

/// `WriteTxnMarkersRequest.Markers.Topics`: a structure of versions 1-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WritableTxnMarkerTopic {
    /// Versions 1-2.
    pub name: KString,
    /// Versions 1-2.
    pub partition_indexes: Vec<i32>,
}

impl Wire for WritableTxnMarkerTopic {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "WriteTxnMarkersRequest.Markers.Topics.Name")?;
        m.partition_indexes = Wire::read(r, "WriteTxnMarkersRequest.Markers.Topics.PartitionIndexes")?;
        r.skip_tagged("WriteTxnMarkersRequest.Markers.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "WriteTxnMarkersRequest.Markers.Topics.Name")?;
        self.partition_indexes.write(w, "WriteTxnMarkersRequest.Markers.Topics.PartitionIndexes")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for WriteTxnMarkersRequest {
    const NAME: &'static str = "WriteTxnMarkersRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 1;
}

impl Request for WriteTxnMarkersRequest {
    const KEY: ApiKey = ApiKey::WriteTxnMarkers;
    type Response = super::write_txn_markers_response::WriteTxnMarkersResponse;
}
