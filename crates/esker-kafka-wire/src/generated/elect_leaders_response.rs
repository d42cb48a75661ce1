//! `ElectLeadersResponse`: versions 0-2, flexible 2. Generated from `proto/kafka/ElectLeadersResponse.json`, not to be edited.

use crate::codec::*;

/// `ElectLeadersResponse`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ElectLeadersResponse {
    /// Versions 0-2.
    pub throttle_time_ms: i32,
    /// Versions 1-2.
    pub error_code: i16,
    /// Versions 0-2.
    pub replica_election_results: Vec<ReplicaElectionResult>,
}

impl Wire for ElectLeadersResponse {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "ElectLeadersResponse.ThrottleTimeMs")?;
        if v >= 1 { m.error_code = Wire::read(r, "ElectLeadersResponse.ErrorCode")?; }
        m.replica_election_results = Wire::read(r, "ElectLeadersResponse.ReplicaElectionResults")?;
        r.skip_tagged("ElectLeadersResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.throttle_time_ms.write(w, "ElectLeadersResponse.ThrottleTimeMs")?;
        if v >= 1 { self.error_code.write(w, "ElectLeadersResponse.ErrorCode")?; } else if self.error_code != 0 { return w.lacks("ElectLeadersResponse.ErrorCode"); }
        self.replica_election_results.write(w, "ElectLeadersResponse.ReplicaElectionResults")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ElectLeadersResponse.ReplicaElectionResults`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReplicaElectionResult {
    /// Versions 0-2.
    pub topic: KString,
    /// Versions 0-2.
    pub partition_result: Vec<PartitionResult>,
}

impl Wire for ReplicaElectionResult {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.topic = Wire::read(r, "ElectLeadersResponse.ReplicaElectionResults.Topic")?;
        m.partition_result = Wire::read(r, "ElectLeadersResponse.ReplicaElectionResults.PartitionResult")?;
        r.skip_tagged("ElectLeadersResponse.ReplicaElectionResults")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.topic.write(w, "ElectLeadersResponse.ReplicaElectionResults.Topic")?;
        self.partition_result.write(w, "ElectLeadersResponse.ReplicaElectionResults.PartitionResult")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `ElectLeadersResponse.ReplicaElectionResults.PartitionResult`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionResult {
    /// Versions 0-2.
    pub partition_id: i32,
    /// Versions 0-2.
    pub error_code: i16,
    /// Versions 0-2, null in 0-2.
    pub error_message: Option<KString>,
}

impl Default for PartitionResult {
    fn default() -> Self {
        Self {
            partition_id: 0,
            error_code: 0,
            error_message: Some(KString::default()),
        }
    }
}

impl Wire for PartitionResult {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_id = Wire::read(r, "ElectLeadersResponse.ReplicaElectionResults.PartitionResult.PartitionId")?;
        m.error_code = Wire::read(r, "ElectLeadersResponse.ReplicaElectionResults.PartitionResult.ErrorCode")?;
        m.error_message = r.nullable(true, "ElectLeadersResponse.ReplicaElectionResults.PartitionResult.ErrorMessage")?;
        r.skip_tagged("ElectLeadersResponse.ReplicaElectionResults.PartitionResult")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_id.write(w, "ElectLeadersResponse.ReplicaElectionResults.PartitionResult.PartitionId")?;
        self.error_code.write(w, "ElectLeadersResponse.ReplicaElectionResults.PartitionResult.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "ElectLeadersResponse.ReplicaElectionResults.PartitionResult.ErrorMessage")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ElectLeadersResponse {
    const NAME: &'static str = "ElectLeadersResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Response for ElectLeadersResponse {
    const KEY: ApiKey = ApiKey::ElectLeaders;
}
