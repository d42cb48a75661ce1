//! `DescribeAclsRequest`: versions 1-3, flexible 2-3. Generated from `proto/kafka/DescribeAclsRequest.json`, not to be edited.

use crate::codec::*;

/// `DescribeAclsRequest`: a message of versions 1-3.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeAclsRequest {
    /// Versions 1-3.
    pub resource_type_filter: i8,
    /// Versions 1-3, null in 1-3.
    pub resource_name_filter: Option<KString>,
    /// Versions 1-3, default 3.
    pub pattern_type_filter: i8,
    /// Versions 1-3, null in 1-3.
    pub principal_filter: Option<KString>,
    /// Versions 1-3, null in 1-3.
    pub host_filter: Option<KString>,
    /// Versions 1-3.
    pub operation: i8,
    /// Versions 1-3.
    pub permission_type: i8,
}

impl Default for DescribeAclsRequest {
    fn default() -> Self {
        Self {
            resource_type_filter: 0,
            resource_name_filter: Some(KString::default()),
            pattern_type_filter: 3,
            principal_filter: Some(KString::default()),
            host_filter: Some(KString::default()),
            operation: 0,
            permission_type: 0,
        }
    }
}

impl Wire for DescribeAclsRequest {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.resource_type_filter = Wire::read(r, "DescribeAclsRequest.ResourceTypeFilter")?;
        m.resource_name_filter = r.nullable(true, "DescribeAclsRequest.ResourceNameFilter")?;
        m.pattern_type_filter = Wire::read(r, "DescribeAclsRequest.PatternTypeFilter")?;
        m.principal_filter = r.nullable(true, "DescribeAclsRequest.PrincipalFilter")?;
        m.host_filter = r.nullable(true, "DescribeAclsRequest.HostFilter")?;
        m.operation = Wire::read(r, "DescribeAclsRequest.Operation")?;
        m.permission_type = Wire::read(r, "DescribeAclsRequest.PermissionType")?;
        r.skip_tagged("DescribeAclsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.resource_type_filter.write(w, "DescribeAclsRequest.ResourceTypeFilter")?;
        w.nullable(self.resource_name_filter.as_ref(), true, "DescribeAclsRequest.ResourceNameFilter")?;
        self.pattern_type_filter.write(w, "DescribeAclsRequest.PatternTypeFilter")?;
        w.nullable(self.principal_filter.as_ref(), true, "DescribeAclsRequest.PrincipalFilter")?;
        w.nullable(self.host_filter.as_ref(), true, "DescribeAclsRequest.HostFilter")?;
        self.operation.write(w, "DescribeAclsRequest.Operation")?;
        self.permission_type.write(w, "DescribeAclsRequest.PermissionType")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeAclsRequest {
    const NAME: &'static str = "DescribeAclsRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 3;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Request for DescribeAclsRequest {
    const KEY: ApiKey = ApiKey::DescribeAcls;
    type Response = super::describe_acls_response::DescribeAclsResponse;
}
