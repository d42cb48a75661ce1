//! `DescribeUserScramCredentialsRequest`: versions 0, flexible 0. Generated from `proto/kafka/DescribeUserScramCredentialsRequest.json`, not to be edited.

use crate::codec::*;

/// `DescribeUserScramCredentialsRequest`: a message of versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeUserScramCredentialsRequest {
    /// Versions 0, null in 0.
    pub users: Option<Vec<UserName>>,
}

impl Default for DescribeUserScramCredentialsRequest {
    fn default() -> Self {
        Self {
            users: Some(Vec::new()),
        }
    }
}

impl Wire for DescribeUserScramCredentialsRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.users = r.nullable(true, "DescribeUserScramCredentialsRequest.Users")?;
        r.skip_tagged("DescribeUserScramCredentialsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        w.nullable(self.users.as_ref(), true, "DescribeUserScramCredentialsRequest.Users")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeUserScramCredentialsRequest.Users`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserName {
    /// Versions 0.
    pub name: KString,
}

impl Wire for UserName {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "DescribeUserScramCredentialsRequest.Users.Name")?;
        r.skip_tagged("DescribeUserScramCredentialsRequest.Users")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "DescribeUserScramCredentialsRequest.Users.Name")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeUserScramCredentialsRequest {
    const NAME: &'static str = "DescribeUserScramCredentialsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for DescribeUserScramCredentialsRequest {
    const KEY: ApiKey = ApiKey::DescribeUserScramCredentials;
    type Response = super::describe_user_scram_credentials_response::DescribeUserScramCredentialsResponse;
}
