//! `DescribeClusterRequest`: versions 0-2, flexible 0-2. Generated from `proto/kafka/DescribeClusterRequest.json`, not to be edited.

use crate::codec::*;

/// `DescribeClusterRequest`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeClusterRequest {
    /// Versions 0-2.
    pub include_cluster_authorized_operations: bool,
    /// Versions 1-2, default 1.
    pub endpoint_type: i8,
    /// Versions 2.
    pub include_fenced_brokers: bool,
}

impl Default for DescribeClusterRequest {
    fn default() -> Self {
        Self {
            include_cluster_authorized_operations: false,
            endpoint_type: 1,
            include_fenced_brokers: false,
        }
    }
}

impl Wire for DescribeClusterRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.include_cluster_authorized_operations = Wire::read(r, "DescribeClusterRequest.IncludeClusterAuthorizedOperations")?;
        if v >= 1 { m.endpoint_type = Wire::read(r, "DescribeClusterRequest.EndpointType")?; }
        if v >= 2 { m.include_fenced_brokers = Wire::read(r, "DescribeClusterRequest.IncludeFencedBrokers")?; }
        r.skip_tagged("DescribeClusterRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.include_cluster_authorized_operations.write(w, "DescribeClusterRequest.IncludeClusterAuthorizedOperations")?;
        if v >= 1 { self.endpoint_type.write(w, "DescribeClusterRequest.EndpointType")?; } else if self.endpoint_type != 1 { return w.lacks("DescribeClusterRequest.EndpointType"); }
        if v >= 2 { self.include_fenced_brokers.write(w, "DescribeClusterRequest.IncludeFencedBrokers")?; } else if self.include_fenced_brokers { return w.lacks("DescribeClusterRequest.IncludeFencedBrokers"); }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeClusterRequest {
    const NAME: &'static str = "DescribeClusterRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for DescribeClusterRequest {
    const KEY: ApiKey = ApiKey::DescribeCluster;
    type Response = super::describe_cluster_response::DescribeClusterResponse;
}
