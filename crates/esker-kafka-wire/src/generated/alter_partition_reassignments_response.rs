//! `AlterPartitionReassignmentsResponse`: versions 0-1, flexible 0-1. Generated from `proto/kafka/AlterPartitionReassignmentsResponse.json`, not to be edited.

use crate::codec::*;

/// `AlterPartitionReassignmentsResponse`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterPartitionReassignmentsResponse {
    /// Versions 0-1.
    pub throttle_time_ms: i32,
    /// Versions 1, default true, ignorable.
    pub allow_replication_factor_change: bool,
    /// Versions 0-1.
    pub error_code: i16,
    /// Versions 0-1, null in 0-1.
    pub error_message: Option<KString>,
    /// Versions 0-1.
    pub responses: Vec<ReassignableTopicResponse>,
}

impl Default for AlterPartitionReassignmentsResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            allow_replication_factor_change: true,
            error_code: 0,
            error_message: Some(KString::default()),
            responses: Vec::new(),
        }
    }
}

impl Wire for AlterPartitionReassignmentsResponse {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "AlterPartitionReassignmentsResponse.ThrottleTimeMs")?;
        if v >= 1 { m.allow_replication_factor_change = Wire::read(r, "AlterPartitionReassignmentsResponse.AllowReplicationFactorChange")?; }
        m.error_code = Wire::read(r, "AlterPartitionReassignmentsResponse.ErrorCode")?;
        m.error_message = r.nullable(true, "AlterPartitionReassignmentsResponse.ErrorMessage")?;
        m.responses = Wire::read(r, "AlterPartitionReassignmentsResponse.Responses")?;
        r.skip_tagged("AlterPartitionReassignmentsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.throttle_time_ms.write(w, "AlterPartitionReassignmentsResponse.ThrottleTimeMs")?;
        if v >= 1 { self.allow_replication_factor_change.write(w, "AlterPartitionReassignmentsResponse.AllowReplicationFactorChange")?; }
        self.error_code.write(w, "AlterPartitionReassignmentsResponse.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "AlterPartitionReassignmentsResponse.ErrorMessage")?;
        self.responses.write(w, "AlterPartitionReassignmentsResponse.Responses")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterPartitionReassignmentsResponse.Responses`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReassignableTopicResponse {
    /// Versions 0-1.
    pub name: KString,
    /// Versions 0-1.
    pub partitions: Vec<ReassignablePartitionResponse>,
}

impl Wire for ReassignableTopicResponse {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "AlterPartitionReassignmentsResponse.Responses.Name")?;
        m.partitions = Wire::read(r, "AlterPartitionReassignmentsResponse.Responses.Partitions")?;
        r.skip_tagged("AlterPartitionReassignmentsResponse.Responses")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "AlterPartitionReassignmentsResponse.Responses.Name")?;
        self.partitions.write(w, "AlterPartitionReassignmentsResponse.Responses.Partitions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterPartitionReassignmentsResponse.Responses.Partitions`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct ReassignablePartitionResponse {
    /// Versions 0-1.
    pub partition_index: i32,
    /// Versions 0-1.
    pub error_code: i16,
    /// Versions 0-1, null in 0-1.
    pub error_message: Option<KString>,
}

impl Default for ReassignablePartitionResponse {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
            error_message: Some(KString::default()),
        }
    }
}

impl Wire for ReassignablePartitionResponse {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.partition_index = Wire::read(r, "AlterPartitionReassignmentsResponse.Responses.Partitions.PartitionIndex")?;
        m.error_code = Wire::read(r, "AlterPartitionReassignmentsResponse.Responses.Partitions.ErrorCode")?;
        m.error_message = r.nullable(true, "AlterPartitionReassignmentsResponse.Responses.Partitions.ErrorMessage")?;
        r.skip_tagged("AlterPartitionReassignmentsResponse.Responses.Partitions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.partition_index.write(w, "AlterPartitionReassignmentsResponse.Responses.Partitions.PartitionIndex")?;
        self.error_code.write(w, "AlterPartitionReassignmentsResponse.Responses.Partitions.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "AlterPartitionReassignmentsResponse.Responses.Partitions.ErrorMessage")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for AlterPartitionReassignmentsResponse {
    const NAME: &'static str = "AlterPartitionReassignmentsResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for AlterPartitionReassignmentsResponse {
    const KEY: ApiKey = ApiKey::AlterPartitionReassignments;
}
