//! `DeleteAclsResponse`: versions 1-3, flexible 2-3. Generated from `proto/kafka/DeleteAclsResponse.json`, not to be edited.

use crate::codec::*;

/// `DeleteAclsResponse`: a message of versions 1-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteAclsResponse {
    /// Versions 1-3.
    pub throttle_time_ms: i32,
    /// Versions 1-3.
    pub filter_results: Vec<DeleteAclsFilterResult>,
}

impl Wire for DeleteAclsResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "DeleteAclsResponse.ThrottleTimeMs")?;
        m.filter_results = Wire::read(r, "DeleteAclsResponse.FilterResults")?;
        r.skip_tagged("DeleteAclsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "DeleteAclsResponse.ThrottleTimeMs")?;
        self.filter_results.write(w, "DeleteAclsResponse.FilterResults")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DeleteAclsResponse.FilterResults`: a structure of versions 1-3.
#[derive(Debug, Clone, PartialEq)]
pub struct DeleteAclsFilterResult {
    /// Versions 1-3.
    pub error_code: i16,
    /// Versions 1-3, null in 1-3.
    pub error_message: Option<KString>,
    /// Versions 1-3.
    pub matching_acls: Vec<DeleteAclsMatchingAcl>,
}

impl Default for DeleteAclsFilterResult {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(KString::default()),
            matching_acls: Vec::new(),
        }
    }
}

impl Wire for DeleteAclsFilterResult {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "DeleteAclsResponse.FilterResults.ErrorCode")?;
        m.error_message = r.nullable(true, "DeleteAclsResponse.FilterResults.ErrorMessage")?;
        m.matching_acls = Wire::read(r, "DeleteAclsResponse.FilterResults.MatchingAcls")?;
        r.skip_tagged("DeleteAclsResponse.FilterResults")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "DeleteAclsResponse.FilterResults.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "DeleteAclsResponse.FilterResults.ErrorMessage")?;
        self.matching_acls.write(w, "DeleteAclsResponse.FilterResults.MatchingAcls")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DeleteAclsResponse.FilterResults.MatchingAcls`: a structure of versions 1-3.
#[derive(Debug, Clone, PartialEq)]
pub struct DeleteAclsMatchingAcl {
    /// Versions 1-3.
    pub error_code: i16,
    /// Versions 1-3, null in 1-3.
    pub error_message: Option<KString>,
    /// Versions 1-3.
    pub resource_type: i8,
    /// Versions 1-3.
    pub resource_name: KString,
    /// Versions 1-3, default 3.
    pub pattern_type: i8,
    /// Versions 1-3.
    pub principal: KString,
    /// Versions 1-3.
    pub host: KString,
    /// Versions 1-3.
    pub operation: i8,
    /// Versions 1-3.
    pub permission_type: i8,
}

impl Default for DeleteAclsMatchingAcl {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(KString::default()),
            resource_type: 0,
            resource_name: KString::default(),
            pattern_type: 3,
            principal: KString::default(),
            host: KString::default(),
            operation: 0,
            permission_type: 0,
        }
    }
}

impl Wire for DeleteAclsMatchingAcl {
    const MIN: usize = 11;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "DeleteAclsResponse.FilterResults.MatchingAcls.ErrorCode")?;
        m.error_message = r.nullable(true, "DeleteAclsResponse.FilterResults.MatchingAcls.ErrorMessage")?;
        m.resource_type = Wire::read(r, "DeleteAclsResponse.FilterResults.MatchingAcls.ResourceType")?;
        m.resource_name = Wire::read(r, "DeleteAclsResponse.FilterResults.MatchingAcls.ResourceName")?;
        m.pattern_type = Wire::read(r, "DeleteAclsResponse.FilterResults.MatchingAcls.PatternType")?;
        m.principal = Wire::read(r, "DeleteAclsResponse.FilterResults.MatchingAcls.Principal")?;
        m.host = Wire::read(r, "DeleteAclsResponse.FilterResults.MatchingAcls.Host")?;
        m.operation = Wire::read(r, "DeleteAclsResponse.FilterResults.MatchingAcls.Operation")?;
        m.permission_type = Wire::read(r, "DeleteAclsResponse.FilterResults.MatchingAcls.PermissionType")?;
        r.skip_tagged("DeleteAclsResponse.FilterResults.MatchingAcls")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "DeleteAclsResponse.FilterResults.MatchingAcls.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "DeleteAclsResponse.FilterResults.MatchingAcls.ErrorMessage")?;
        self.resource_type.write(w, "DeleteAclsResponse.FilterResults.MatchingAcls.ResourceType")?;
        self.resource_name.write(w, "DeleteAclsResponse.FilterResults.MatchingAcls.ResourceName")?;
        self.pattern_type.write(w, "DeleteAclsResponse.FilterResults.MatchingAcls.PatternType")?;
        self.principal.write(w, "DeleteAclsResponse.FilterResults.MatchingAcls.Principal")?;
        self.host.write(w, "DeleteAclsResponse.FilterResults.MatchingAcls.Host")?;
        self.operation.write(w, "DeleteAclsResponse.FilterResults.MatchingAcls.Operation")?;
        self.permission_type.write(w, "DeleteAclsResponse.FilterResults.MatchingAcls.PermissionType")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DeleteAclsResponse {
    const NAME: &'static str = "DeleteAclsResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 3;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Response for DeleteAclsResponse {
    const KEY: ApiKey = ApiKey::DeleteAcls;
}
