//! `CreatePartitionsRequest`: versions 0-3, flexible 2-3. Generated from `proto/kafka/CreatePartitionsRequest.json`, not to be edited.

use crate::codec::*;

/// `CreatePartitionsRequest`: a message of versions 0-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreatePartitionsRequest {
    /// Versions 0-3.
    pub topics: Vec<CreatePartitionsTopic>,
    /// Versions 0-3.
    pub timeout_ms: i32,
    /// Versions 0-3.
    pub validate_only: bool,
}

impl Wire for CreatePartitionsRequest {
    const MIN: usize = 7;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topics = Wire::read(r, "CreatePartitionsRequest.Topics")?;
        m.timeout_ms = Wire::read(r, "CreatePartitionsRequest.TimeoutMs")?;
        m.validate_only = Wire::read(r, "CreatePartitionsRequest.ValidateOnly")?;
        r.skip_tagged("CreatePartitionsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topics.write(w, "CreatePartitionsRequest.Topics")?;
        self.timeout_ms.write(w, "CreatePartitionsRequest.TimeoutMs")?;
        self.validate_only.write(w, "CreatePartitionsRequest.ValidateOnly")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `CreatePartitionsRequest.Topics`: a structure of versions 0-3.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatePartitionsTopic {
    /// Versions 0-3.
    pub name: KString,
    /// Versions 0-3.
    pub count: i32,
    /// Versions 0-3, null in 0-3.
    pub assignments: Option<Vec<CreatePartitionsAssignment>>,
}

impl Default for CreatePartitionsTopic {
    fn default() -> Self {
        Self {
            name: KString::default(),
            count: 0,
            assignments: Some(Vec::new()),
        }
    }
}

impl Wire for CreatePartitionsTopic {
    const MIN: usize = 7;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "CreatePartitionsRequest.Topics.Name")?;
        m.count = Wire::read(r, "CreatePartitionsRequest.Topics.Count")?;
        m.assignments = r.nullable(true, "CreatePartitionsRequest.Topics.Assignments")?;
        r.skip_tagged("CreatePartitionsRequest.Topics")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "CreatePartitionsRequest.Topics.Name")?;
        self.count.write(w, "CreatePartitionsRequest.Topics.Count")?;
        w.nullable(self.assignments.as_ref(), true, "CreatePartitionsRequest.Topics.Assignments")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `CreatePartitionsRequest.Topics.Assignments`: a structure of versions 0-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreatePartitionsAssignment {
    /// Versions 0-3.
    pub broker_ids: Vec<i32>,
}

impl Wire for CreatePartitionsAssignment {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.broker_ids = Wire::read(r, "CreatePartitionsRequest.Topics.Assignments.BrokerIds")?;
        r.skip_tagged("CreatePartitionsRequest.Topics.Assignments")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.broker_ids.write(w, "CreatePartitionsRequest.Topics.Assignments.BrokerIds")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for CreatePartitionsRequest {
    const NAME: &'static str = "CreatePartitionsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 3;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Request for CreatePartitionsRequest {
    const KEY: ApiKey = ApiKey::CreatePartitions;
    type Response = super::create_partitions_response::CreatePartitionsResponse;
}
