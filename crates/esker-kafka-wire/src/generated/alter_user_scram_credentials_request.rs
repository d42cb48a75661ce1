//! `AlterUserScramCredentialsRequest`: versions 0, flexible 0. Generated from `proto/kafka/AlterUserScramCredentialsRequest.json`, not to be edited.

use crate::codec::*;

/// `AlterUserScramCredentialsRequest`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterUserScramCredentialsRequest {
    /// Versions 0.
    pub deletions: Vec<ScramCredentialDeletion>,
    /// Versions 0.
    pub upsertions: Vec<ScramCredentialUpsertion>,
}

impl Wire for AlterUserScramCredentialsRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.deletions = Wire::read(r, "AlterUserScramCredentialsRequest.Deletions")?;
        m.upsertions = Wire::read(r, "AlterUserScramCredentialsRequest.Upsertions")?;
        r.skip_tagged("AlterUserScramCredentialsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.deletions.write(w, "AlterUserScramCredentialsRequest.Deletions")?;
        self.upsertions.write(w, "AlterUserScramCredentialsRequest.Upsertions")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterUserScramCredentialsRequest.Deletions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScramCredentialDeletion {
    /// Versions 0.
    pub name: KString,
    /// Versions 0.
    pub mechanism: i8,
}

impl Wire for ScramCredentialDeletion {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "AlterUserScramCredentialsRequest.Deletions.Name")?;
        m.mechanism = Wire::read(r, "AlterUserScramCredentialsRequest.Deletions.Mechanism")?;
        r.skip_tagged("AlterUserScramCredentialsRequest.Deletions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "AlterUserScramCredentialsRequest.Deletions.Name")?;
        self.mechanism.write(w, "AlterUserScramCredentialsRequest.Deletions.Mechanism")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterUserScramCredentialsRequest.Upsertions`: a structure of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScramCredentialUpsertion {
    /// Versions 0.
    pub name: KString,
    /// Versions 0.
    pub mechanism: i8,
    /// Versions 0.
    pub iterations: i32,
    /// Versions 0.
    pub salt: Bytes,
    /// Versions 0.
    pub salted_password: Bytes,
}

impl Wire for ScramCredentialUpsertion {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.name = Wire::read(r, "AlterUserScramCredentialsRequest.Upsertions.Name")?;
        m.mechanism = Wire::read(r, "AlterUserScramCredentialsRequest.Upsertions.Mechanism")?;
        m.iterations = Wire::read(r, "AlterUserScramCredentialsRequest.Upsertions.Iterations")?;
        m.salt = Wire::read(r, "AlterUserScramCredentialsRequest.Upsertions.Salt")?;
        m.salted_password = Wire::read(r, "AlterUserScramCredentialsRequest.Upsertions.SaltedPassword")?;
        r.skip_tagged("AlterUserScramCredentialsRequest.Upsertions")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.name.write(w, "AlterUserScramCredentialsRequest.Upsertions.Name")?;
        self.mechanism.write(w, "AlterUserScramCredentialsRequest.Upsertions.Mechanism")?;
        self.iterations.write(w, "AlterUserScramCredentialsRequest.Upsertions.Iterations")?;
        self.salt.write(w, "AlterUserScramCredentialsRequest.Upsertions.Salt")?;
        self.salted_password.write(w, "AlterUserScramCredentialsRequest.Upsertions.SaltedPassword")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for AlterUserScramCredentialsRequest {
    const NAME: &'static str = "AlterUserScramCredentialsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for AlterUserScramCredentialsRequest {
    const KEY: ApiKey = ApiKey::AlterUserScramCredentials;
    type Response = super::alter_user_scram_credentials_response::AlterUserScramCredentialsResponse;
}
