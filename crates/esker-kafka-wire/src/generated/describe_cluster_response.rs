//! `DescribeClusterResponse`: versions 0-2, flexible 0-2. Generated from `proto/kafka/DescribeClusterResponse.json`, not to be edited.

use crate::codec::*;

/// `DescribeClusterResponse`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeClusterResponse {
    /// Versions 0-2.
    pub throttle_time_ms: i32,
    /// Versions 0-2.
    pub error_code: i16,
    /// Versions 0-2, null in 0-2, default null.
    pub error_message: Option<KString>,
    /// Versions 1-2, default 1.
    pub endpoint_type: i8,
    /// Versions 0-2.
    pub cluster_id: KString,
    /// Versions 0-2, default -1.
    pub controller_id: i32,
    /// Versions 0-2.
    pub brokers: Vec<DescribeClusterBroker>,
    /// Versions 0-2, default -2147483648.
    pub cluster_authorized_operations: i32,
}

impl Default for DescribeClusterResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: None,
            endpoint_type: 1,
            cluster_id: KString::default(),
            controller_id: -1,
            brokers: Vec::new(),
            cluster_authorized_operations: -2147483648,
        }
    }
}

impl Wire for DescribeClusterResponse {
    const MIN: usize = 18;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "DescribeClusterResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "DescribeClusterResponse.ErrorCode")?;
        m.error_message = r.nullable(true, "DescribeClusterResponse.ErrorMessage")?;
        if v >= 1 { m.endpoint_type = Wire::read(r, "DescribeClusterResponse.EndpointType")?; }
        m.cluster_id = Wire::read(r, "DescribeClusterResponse.ClusterId")?;
        m.controller_id = Wire::read(r, "DescribeClusterResponse.ControllerId")?;
        m.brokers = Wire::read(r, "DescribeClusterResponse.Brokers")?;
        m.cluster_authorized_operations = Wire::read(r, "DescribeClusterResponse.ClusterAuthorizedOperations")?;
        r.skip_tagged("DescribeClusterResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.throttle_time_ms.write(w, "DescribeClusterResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "DescribeClusterResponse.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "DescribeClusterResponse.ErrorMessage")?;
        if v >= 1 { self.endpoint_type.write(w, "DescribeClusterResponse.EndpointType")?; } else if self.endpoint_type != 1 { return w.lacks("DescribeClusterResponse.EndpointType"); }
        self.cluster_id.write(w, "DescribeClusterResponse.ClusterId")?;
        self.controller_id.write(w, "DescribeClusterResponse.ControllerId")?;
        self.brokers.write(w, "DescribeClusterResponse.Brokers")?;
        self.cluster_authorized_operations.write(w, "DescribeClusterResponse.ClusterAuthorizedOperations")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeClusterResponse.Brokers`: a structure of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeClusterBroker {
    /// Versions 0-2.
    pub broker_id: i32,
    /// Versions 0-2.
    pub host: KString,
    /// Versions 0-2.
    pub port: i32,
    /// Versions 0-2, null in 0-2, default null.
    pub rack: Option<KString>,
    /// Versions 2.
    pub is_fenced: bool,
}

impl Wire for DescribeClusterBroker {
    const MIN: usize = 11;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.broker_id = Wire::read(r, "DescribeClusterResponse.Brokers.BrokerId")?;
        m.host = Wire::read(r, "DescribeClusterResponse.Brokers.Host")?;
        m.port = Wire::read(r, "DescribeClusterResponse.Brokers.Port")?;
        m.rack = r.nullable(true, "DescribeClusterResponse.Brokers.Rack")?;
        if v >= 2 { m.is_fenced = Wire::read(r, "DescribeClusterResponse.Brokers.IsFenced")?; }
        r.skip_tagged("DescribeClusterResponse.Brokers")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.broker_id.write(w, "DescribeClusterResponse.Brokers.BrokerId")?;
        self.host.write(w, "DescribeClusterResponse.Brokers.Host")?;
        self.port.write(w, "DescribeClusterResponse.Brokers.Port")?;
        w.nullable(self.rack.as_ref(), true, "DescribeClusterResponse.Brokers.Rack")?;
        if v >= 2 { self.is_fenced.write(w, "DescribeClusterResponse.Brokers.IsFenced")?; } else if self.is_fenced { return w.lacks("DescribeClusterResponse.Brokers.IsFenced"); }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeClusterResponse {
    const NAME: &'static str = "DescribeClusterResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Response for DescribeClusterResponse {
    const KEY: ApiKey = ApiKey::DescribeCluster;
}
