//! `ElectLeadersRequest`: versions 0-2, flexible 2. Generated from `proto/kafka/ElectLeadersRequest.json`, not to be edited.

use crate::codec::*;

/// `ElectLeadersRequest`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq)]
pub struct ElectLeadersRequest {
    /// Versions 1-2.
    pub election_type: i8,
    /// Versions 0-2, null in 0-2.
    pub topic_partitions: Option<Vec<TopicPartitions>>,
    /// Versions 0-2, default 60000.
    pub timeout_ms: i32,
}

impl Default for ElectLeadersRequest {
    fn default() -> Self {
        Self {
            election_type: 0,
            topic_partitions: Some(Vec::new()),
            timeout_ms: 60000,
        }
    }
}

impl Wire for ElectLeadersRequest {
    const MIN: usize = 7;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 1 { m.election_type = Wire::read(r, "ElectLeadersRequest.ElectionType")?; }
        m.topic_partitions = r.nullable(true, "ElectLeadersRequest.TopicPartitions")?;
        m.timeout_ms = Wire::read(r, "ElectLeadersRequest.TimeoutMs")?;
        r.skip_tagged("ElectLeadersRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 1 { self.election_type.write(w, "ElectLeadersRequest.ElectionType")?; } else if self.election_type != 0 { return w.lacks("ElectLeadersRequest.ElectionType"); }
        w.nullable(self.topic_partitions.as_ref(), true, "ElectLeadersRequest.TopicPartitions")?;
        self.timeout_ms.write(w, "ElectLeadersRequest.TimeoutMs")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ElectLeadersRequest.TopicPartitions`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartitions {
    /// Versions 0-2.
    pub topic: KString,
    /// Versions 0-2.
    pub partitions: Vec<i32>,
}

impl Wire for TopicPartitions {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic = Wire::read(r, "ElectLeadersRequest.TopicPartitions.Topic")?;
        m.partitions = Wire::read(r, "ElectLeadersRequest.TopicPartitions.Partitions")?;
        r.skip_tagged("ElectLeadersRequest.TopicPartitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic.write(w, "ElectLeadersRequest.TopicPartitions.Topic")?;
        self.partitions.write(w, "ElectLeadersRequest.TopicPartitions.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ElectLeadersRequest {
    const NAME: &'static str = "ElectLeadersRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Request for ElectLeadersRequest {
    const KEY: ApiKey = ApiKey::ElectLeaders;
    type Response = super::elect_leaders_response::ElectLeadersResponse;
}
