//! `DeleteAclsRequest`: versions 1-3, flexible 2-3. Generated from `proto/kafka/DeleteAclsRequest.json`, not to be edited.

use crate::codec::*;

/// `DeleteAclsRequest`: a message of versions 1-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteAclsRequest {
    /// Versions 1-3.
    pub filters: Vec<DeleteAclsFilter>,
}

impl Wire for DeleteAclsRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.filters = Wire::read(r, "DeleteAclsRequest.Filters")?;
        r.skip_tagged("DeleteAclsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.filters.write(w, "DeleteAclsRequest.Filters")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DeleteAclsRequest.Filters`: a structure of versions 1-3.
#[derive(Debug, Clone, PartialEq)]
pub struct DeleteAclsFilter {
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

impl Default for DeleteAclsFilter {
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

impl Wire for DeleteAclsFilter {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.resource_type_filter = Wire::read(r, "DeleteAclsRequest.Filters.ResourceTypeFilter")?;
        m.resource_name_filter = r.nullable(true, "DeleteAclsRequest.Filters.ResourceNameFilter")?;
        m.pattern_type_filter = Wire::read(r, "DeleteAclsRequest.Filters.PatternTypeFilter")?;
        m.principal_filter = r.nullable(true, "DeleteAclsRequest.Filters.PrincipalFilter")?;
        m.host_filter = r.nullable(true, "DeleteAclsRequest.Filters.HostFilter")?;
        m.operation = Wire::read(r, "DeleteAclsRequest.Filters.Operation")?;
        m.permission_type = Wire::read(r, "DeleteAclsRequest.Filters.PermissionType")?;
        r.skip_tagged("DeleteAclsRequest.Filters")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.resource_type_filter.write(w, "DeleteAclsRequest.Filters.ResourceTypeFilter")?;
        w.nullable(self.resource_name_filter.as_ref(), true, "DeleteAclsRequest.Filters.ResourceNameFilter")?;
        self.pattern_type_filter.write(w, "DeleteAclsRequest.Filters.PatternTypeFilter")?;
        w.nullable(self.principal_filter.as_ref(), true, "DeleteAclsRequest.Filters.PrincipalFilter")?;
        w.nullable(self.host_filter.as_ref(), true, "DeleteAclsRequest.Filters.HostFilter")?;
        self.operation.write(w, "DeleteAclsRequest.Filters.Operation")?;
        self.permission_type.write(w, "DeleteAclsRequest.Filters.PermissionType")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DeleteAclsRequest {
    const NAME: &'static str = "DeleteAclsRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 3;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Request for DeleteAclsRequest {
    const KEY: ApiKey = ApiKey::DeleteAcls;
    type Response = super::delete_acls_response::DeleteAclsResponse;
}
