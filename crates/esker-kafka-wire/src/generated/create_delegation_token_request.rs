//! `CreateDelegationTokenRequest`: versions 1-3, flexible 2-3. Generated from `proto/kafka/CreateDelegationTokenRequest.json`, not to be edited.

use crate::codec::*;

/// `CreateDelegationTokenRequest`: a message of versions 1-3.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateDelegationTokenRequest {
    /// Versions 3, null in 3.
    pub owner_principal_type: Option<KString>,
    /// Versions 3, null in 3.
    pub owner_principal_name: Option<KString>,
    /// Versions 1-3.
    pub renewers: Vec<CreatableRenewers>,
    /// Versions 1-3.
    pub max_lifetime_ms: i64,
}

impl Default for CreateDelegationTokenRequest {
    fn default() -> Self {
        Self {
            owner_principal_type: Some(KString::default()),
            owner_principal_name: Some(KString::default()),
            renewers: Vec::new(),
            max_lifetime_ms: 0,
        }
    }
}

impl Wire for CreateDelegationTokenRequest {
    const MIN: usize = 10;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 3 { m.owner_principal_type = r.nullable(true, "CreateDelegationTokenRequest.OwnerPrincipalType")?; }
        if v >= 3 { m.owner_principal_name = r.nullable(true, "CreateDelegationTokenRequest.OwnerPrincipalName")?; }
        m.renewers = Wire::read(r, "CreateDelegationTokenRequest.Renewers")?;
        m.max_lifetime_ms = Wire::read(r, "CreateDelegationTokenRequest.MaxLifetimeMs")?;
        r.skip_tagged("CreateDelegationTokenRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 3 { w.nullable(self.owner_principal_type.as_ref(), true, "CreateDelegationTokenRequest.OwnerPrincipalType")?; } else if self.owner_principal_type.as_ref().is_none_or(|x| !x.is_empty()) { return w.lacks("CreateDelegationTokenRequest.OwnerPrincipalType"); }
        if v >= 3 { w.nullable(self.owner_principal_name.as_ref(), true, "CreateDelegationTokenRequest.OwnerPrincipalName")?; } else if self.owner_principal_name.as_ref().is_none_or(|x| !x.is_empty()) { return w.lacks("CreateDelegationTokenRequest.OwnerPrincipalName"); }
        self.renewers.write(w, "CreateDelegationTokenRequest.Renewers")?;
        self.max_lifetime_ms.write(w, "CreateDelegationTokenRequest.MaxLifetimeMs")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `CreateDelegationTokenRequest.Renewers`: a structure of versions 1-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreatableRenewers {
    /// Versions 1-3.
    pub principal_type: KString,
    /// Versions 1-3.
    pub principal_name: KString,
}

impl Wire for CreatableRenewers {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.principal_type = Wire::read(r, "CreateDelegationTokenRequest.Renewers.PrincipalType")?;
        m.principal_name = Wire::read(r, "CreateDelegationTokenRequest.Renewers.PrincipalName")?;
        r.skip_tagged("CreateDelegationTokenRequest.Renewers")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.principal_type.write(w, "CreateDelegationTokenRequest.Renewers.PrincipalType")?;
        self.principal_name.write(w, "CreateDelegationTokenRequest.Renewers.PrincipalName")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for CreateDelegationTokenRequest {
    const NAME: &'static str = "CreateDelegationTokenRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 3;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Request for CreateDelegationTokenRequest {
    const KEY: ApiKey = ApiKey::CreateDelegationToken;
    type Response = super::create_delegation_token_response::CreateDelegationTokenResponse;
}
