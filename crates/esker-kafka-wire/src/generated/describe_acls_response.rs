//! `DescribeAclsResponse`: versions 1-3, flexible 2-3. Generated from `proto/kafka/DescribeAclsResponse.json`, not to be edited.

use crate::codec::*;

/// `DescribeAclsResponse`: a message of versions 1-3.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeAclsResponse {
    /// Versions 1-3.
    pub throttle_time_ms: i32,
    /// Versions 1-3.
    pub error_code: i16,
    /// Versions 1-3, null in 1-3.
    pub error_message: Option<KString>,
    /// Versions 1-3.
    pub resources: Vec<DescribeAclsResource>,
}

impl Default for DescribeAclsResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(KString::default()),
            resources: Vec::new(),
        }
    }
}

impl Wire for DescribeAclsResponse {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "DescribeAclsResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "DescribeAclsResponse.ErrorCode")?;
        m.error_message = r.nullable(true, "DescribeAclsResponse.ErrorMessage")?;
        m.resources = Wire::read(r, "DescribeAclsResponse.Resources")?;
        r.skip_tagged("DescribeAclsResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "DescribeAclsResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "DescribeAclsResponse.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "DescribeAclsResponse.ErrorMessage")?;
        self.resources.write(w, "DescribeAclsResponse.Resources")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeAclsResponse.Resources`: a structure of versions 1-3.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeAclsResource {
    /// Versions 1-3.
    pub resource_type: i8,
    /// Versions 1-3.
    pub resource_name: KString,
    /// Versions 1-3, default 3.
    pub pattern_type: i8,
    /// Versions 1-3.
    pub acls: Vec<AclDescription>,
}

impl Default for DescribeAclsResource {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: KString::default(),
            pattern_type: 3,
            acls: Vec::new(),
        }
    }
}

impl Wire for DescribeAclsResource {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.resource_type = Wire::read(r, "DescribeAclsResponse.Resources.ResourceType")?;
        m.resource_name = Wire::read(r, "DescribeAclsResponse.Resources.ResourceName")?;
        m.pattern_type = Wire::read(r, "DescribeAclsResponse.Resources.PatternType")?;
        m.acls = Wire::read(r, "DescribeAclsResponse.Resources.Acls")?;
        r.skip_tagged("DescribeAclsResponse.Resources")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.resource_type.write(w, "DescribeAclsResponse.Resources.ResourceType")?;
        self.resource_name.write(w, "DescribeAclsResponse.Resources.ResourceName")?;
        self.pattern_type.write(w, "DescribeAclsResponse.Resources.PatternType")?;
        self.acls.write(w, "DescribeAclsResponse.Resources.Acls")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeAclsResponse.Resources.Acls`: a structure of versions 1-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AclDescription {
    /// Versions 1-3.
    pub principal: KString,
    /// Versions 1-3.
    pub host: KString,
    /// Versions 1-3.
    pub operation: i8,
    /// Versions 1-3.
    pub permission_type: i8,
}

impl Wire for AclDescription {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.principal = Wire::read(r, "DescribeAclsResponse.Resources.Acls.Principal")?;
        m.host = Wire::read(r, "DescribeAclsResponse.Resources.Acls.Host")?;
        m.operation = Wire::read(r, "DescribeAclsResponse.Resources.Acls.Operation")?;
        m.permission_type = Wire::read(r, "DescribeAclsResponse.Resources.Acls.PermissionType")?;
        r.skip_tagged("DescribeAclsResponse.Resources.Acls")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.principal.write(w, "DescribeAclsResponse.Resources.Acls.Principal")?;
        self.host.write(w, "DescribeAclsResponse.Resources.Acls.Host")?;
        self.operation.write(w, "DescribeAclsResponse.Resources.Acls.Operation")?;
        self.permission_type.write(w, "DescribeAclsResponse.Resources.Acls.PermissionType")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeAclsResponse {
    const NAME: &'static str = "DescribeAclsResponse";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 3;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Response for DescribeAclsResponse {
    const KEY: ApiKey = ApiKey::DescribeAcls;
}
