//! `CreateAclsRequest`: versions 1-3, flexible 2-3. Generated from `proto/kafka/CreateAclsRequest.json`, not to be edited.

use crate::codec::*;

/// `CreateAclsRequest`: a message of versions 1-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateAclsRequest {
    /// Versions 1-3.
    pub creations: Vec<AclCreation>,
}

impl Wire for CreateAclsRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.creations = Wire::read(r, "CreateAclsRequest.Creations")?;
        r.skip_tagged("CreateAclsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.creations.write(w, "CreateAclsRequest.Creations")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `CreateAclsRequest.Creations`: a structure of versions 1-3.
#[derive(Debug, Clone, PartialEq)]
pub struct AclCreation {
    /// Versions 1-3.
    pub resource_type: i8,
    /// Versions 1-3.
    pub resource_name: KString,
    /// Versions 1-3, default 3.
    pub resource_pattern_type: i8,
    /// Versions 1-3.
    pub principal: KString,
    /// Versions 1-3.
    pub host: KString,
    /// Versions 1-3.
    pub operation: i8,
    /// Versions 1-3.
    pub permission_type: i8,
}

impl Default for AclCreation {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: KString::default(),
            resource_pattern_type: 3,
            principal: KString::default(),
            host: KString::default(),
            operation: 0,
            permission_type: 0,
        }
    }
}

impl Wire for AclCreation {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.resource_type = Wire::read(r, "CreateAclsRequest.Creations.ResourceType")?;
        m.resource_name = Wire::read(r, "CreateAclsRequest.Creations.ResourceName")?;
        m.resource_pattern_type = Wire::read(r, "CreateAclsRequest.Creations.ResourcePatternType")?;
        m.principal = Wire::read(r, "CreateAclsRequest.Creations.Principal")?;
        m.host = Wire::read(r, "CreateAclsRequest.Creations.Host")?;
        m.operation = Wire::read(r, "CreateAclsRequest.Creations.Operation")?;
        m.permission_type = Wire::read(r, "CreateAclsRequest.Creations.PermissionType")?;
        r.skip_tagged("CreateAclsRequest.Creations")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.resource_type.write(w, "CreateAclsRequest.Creations.ResourceType")?;
        self.resource_name.write(w, "CreateAclsRequest.Creations.ResourceName")?;
        self.resource_pattern_type.write(w, "CreateAclsRequest.Creations.ResourcePatternType")?;
        self.principal.write(w, "CreateAclsRequest.Creations.Principal")?;
        self.host.write(w, "CreateAclsRequest.Creations.Host")?;
        self.operation.write(w, "CreateAclsRequest.Creations.Operation")?;
        self.permission_type.write(w, "CreateAclsRequest.Creations.PermissionType")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for CreateAclsRequest {
    const NAME: &'static str = "CreateAclsRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 3;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Request for CreateAclsRequest {
    const KEY: ApiKey = ApiKey::CreateAcls;
    type Response = super::create_acls_response::CreateAclsResponse;
}
