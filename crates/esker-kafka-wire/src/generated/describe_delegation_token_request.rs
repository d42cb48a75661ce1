//! `DescribeDelegationTokenRequest`: versions 1-3, flexible 2-3. Generated from `proto/kafka/DescribeDelegationTokenRequest.json`, not to be edited.

use crate::codec::*;

/// `DescribeDelegationTokenRequest`: a message of versions 1-3.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeDelegationTokenRequest {
    /// Versions 1-3, null in 1-3.
    pub owners: Option<Vec<DescribeDelegationTokenOwner>>,
}

impl Default for DescribeDelegationTokenRequest {
    fn default() -> Self {
        Self {
            owners: Some(Vec::new()),
        }
    }
}

impl Wire for DescribeDelegationTokenRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.owners = r.nullable(true, "DescribeDelegationTokenRequest.Owners")?;
        r.skip_tagged("DescribeDelegationTokenRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        w.nullable(self.owners.as_ref(), true, "DescribeDelegationTokenRequest.Owners")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeDelegationTokenRequest.Owners`: a structure of versions 1-3.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeDelegationTokenOwner {
    /// Versions 1-3.
    pub principal_type: KString,
    /// Versions 1-3.
    pub principal_name: KString,
}

impl Wire for DescribeDelegationTokenOwner {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.principal_type = Wire::read(r, "DescribeDelegationTokenRequest.Owners.PrincipalType")?;
        m.principal_name = Wire::read(r, "DescribeDelegationTokenRequest.Owners.PrincipalName")?;
        r.skip_tagged("DescribeDelegationTokenRequest.Owners")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.principal_type.write(w, "DescribeDelegationTokenRequest.Owners.PrincipalType")?;
        self.principal_name.write(w, "DescribeDelegationTokenRequest.Owners.PrincipalName")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeDelegationTokenRequest {
    const NAME: &'static str = "DescribeDelegationTokenRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 3;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Request for DescribeDelegationTokenRequest {
    const KEY: ApiKey = ApiKey::DescribeDelegationToken;
    type Response = super::describe_delegation_token_response::DescribeDelegationTokenResponse;
}
