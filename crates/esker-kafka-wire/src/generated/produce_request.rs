//! `ProduceRequest`: versions 3-13, flexible 9-13. Generated from `proto/kafka/ProduceRequest.json`, not to be edited.

use crate::codec::*;

/// `ProduceRequest`: a message of versions 3-13.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProduceRequest {
    /// Versions 3-13, null in 3-13, default null.
    pub transactional_id: Option<KString>,
    /// Versions 3-13.
    pub acks: i16,
    /// Versions 3-13.
    pub timeout_ms: i32,
    /// Versions 3-13.
    pub topic_data: Vec<TopicProduceData>,
}

impl Wire for ProduceRequest {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.transactional_id = r.nullable(true, "ProduceRequest.TransactionalId")?;
        m.acks = Wire::read(r, "ProduceRequest.Acks")?;
        m.timeout_ms = Wire::read(r, "ProduceRequest.TimeoutMs")?;
        m.topic_data = Wire::read(r, "ProduceRequest.TopicData")?;
        r.skip_tagged("ProduceRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        w.nullable(self.transactional_id.as_ref(), true, "ProduceRequest.TransactionalId")?;
        self.acks.write(w, "ProduceRequest.Acks")?;
        self.timeout_ms.write(w, "ProduceRequest.TimeoutMs")?;
        self.topic_data.write(w, "ProduceRequest.TopicData")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ProduceRequest.TopicData`: a structure of versions 3-13.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicProduceData {
    /// Versions 3-12, ignorable.
    pub name: KString,
    /// Versions 13, ignorable.
    pub topic_id: Uuid,
    /// Versions 3-13.
    pub partition_data: Vec<PartitionProduceData>,
}

impl Wire for TopicProduceData {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v <= 12 { m.name = Wire::read(r, "ProduceRequest.TopicData.Name")?; }
        if v >= 13 { m.topic_id = Wire::read(r, "ProduceRequest.TopicData.TopicId")?; }
        m.partition_data = Wire::read(r, "ProduceRequest.TopicData.PartitionData")?;
        r.skip_tagged("ProduceRequest.TopicData")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v <= 12 { self.name.write(w, "ProduceRequest.TopicData.Name")?; }
        if v >= 13 { self.topic_id.write(w, "ProduceRequest.TopicData.TopicId")?; }
        self.partition_data.write(w, "ProduceRequest.TopicData.PartitionData")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ProduceRequest.TopicData.PartitionData`: a structure of versions 3-13.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionProduceData {
    /// Versions 3-13.
    pub index: i32,
    /// Versions 3-13, null in 3-13.
    pub records: Option<Records>,
}

impl Default for PartitionProduceData {
    fn default() -> Self {
        Self {
            index: 0,
            records: Some(Records::default()),
        }
    }
}

impl Wire for PartitionProduceData {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.index = Wire::read(r, "ProduceRequest.TopicData.PartitionData.Index")?;
        m.records = r.nullable(true, "ProduceRequest.TopicData.PartitionData.Records")?;
        r.skip_tagged("ProduceRequest.TopicData.PartitionData")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.index.write(w, "ProduceRequest.TopicData.PartitionData.Index")?;
        w.nullable(self.records.as_ref(), true, "ProduceRequest.TopicData.PartitionData.Records")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ProduceRequest {
    const NAME: &'static str = "ProduceRequest";
    const MIN_VERSION: i16 = 3;
    const MAX_VERSION: i16 = 13;
    const FLEXIBLE_FROM: i16 = 9;
}

impl Request for ProduceRequest {
    const KEY: ApiKey = ApiKey::Produce;
    type Response = super::produce_response::ProduceResponse;
}
