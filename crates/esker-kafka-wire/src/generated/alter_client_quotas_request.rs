//! `AlterClientQuotasRequest`: versions 0-1, flexible 1. Generated from `proto/kafka/AlterClientQuotasRequest.json`, not to be edited.

use crate::codec::*;

/// `AlterClientQuotasRequest`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterClientQuotasRequest {
    /// Versions 0-1.
    pub entries: Vec<EntryData>,
    /// Versions 0-1.
    pub validate_only: bool,
}

impl Wire for AlterClientQuotasRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.entries = Wire::read(r, "AlterClientQuotasRequest.Entries")?;
        m.validate_only = Wire::read(r, "AlterClientQuotasRequest.ValidateOnly")?;
        r.skip_tagged("AlterClientQuotasRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.entries.write(w, "AlterClientQuotasRequest.Entries")?;
        self.validate_only.write(w, "AlterClientQuotasRequest.ValidateOnly")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterClientQuotasRequest.Entries`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EntryData {
    /// Versions 0-1.
    pub entity: Vec<EntityData>,
    /// Versions 0-1.
    pub ops: Vec<OpData>,
}

impl Wire for EntryData {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.entity = Wire::read(r, "AlterClientQuotasRequest.Entries.Entity")?;
        m.ops = Wire::read(r, "AlterClientQuotasRequest.Entries.Ops")?;
        r.skip_tagged("AlterClientQuotasRequest.Entries")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.entity.write(w, "AlterClientQuotasRequest.Entries.Entity")?;
        self.ops.write(w, "AlterClientQuotasRequest.Entries.Ops")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterClientQuotasRequest.Entries.Entity`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityData {
    /// Versions 0-1.
    pub entity_type: KString,
    /// Versions 0-1, null in 0-1.
    pub entity_name: Option<KString>,
}

impl Default for EntityData {
    fn default() -> Self {
        Self {
            entity_type: KString::default(),
            entity_name: Some(KString::default()),
        }
    }
}

impl Wire for EntityData {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.entity_type = Wire::read(r, "AlterClientQuotasRequest.Entries.Entity.EntityType")?;
        m.entity_name = r.nullable(true, "AlterClientQuotasRequest.Entries.Entity.EntityName")?;
        r.skip_tagged("AlterClientQuotasRequest.Entries.Entity")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.entity_type.write(w, "AlterClientQuotasRequest.Entries.Entity.EntityType")?;
        w.nullable(self.entity_name.as_ref(), true, "AlterClientQuotasRequest.Entries.Entity.EntityName")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterClientQuotasRequest.Entries.Ops`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OpData {
    /// Versions 0-1.
    pub key: KString,
    /// Versions 0-1.
    pub value: f64,
    /// Versions 0-1.
    pub remove: bool,
}

impl Wire for OpData {
    const MIN: usize = 11;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.key = Wire::read(r, "AlterClientQuotasRequest.Entries.Ops.Key")?;
        m.value = Wire::read(r, "AlterClientQuotasRequest.Entries.Ops.Value")?;
        m.remove = Wire::read(r, "AlterClientQuotasRequest.Entries.Ops.Remove")?;
        r.skip_tagged("AlterClientQuotasRequest.Entries.Ops")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.key.write(w, "AlterClientQuotasRequest.Entries.Ops.Key")?;
        self.value.write(w, "AlterClientQuotasRequest.Entries.Ops.Value")?;
        self.remove.write(w, "AlterClientQuotasRequest.Entries.Ops.Remove")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for AlterClientQuotasRequest {
    const NAME: &'static str = "AlterClientQuotasRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 1;
}

impl Request for AlterClientQuotasRequest {
    const KEY: ApiKey = ApiKey::AlterClientQuotas;
    type Response = super::alter_client_quotas_response::AlterClientQuotasResponse;
}
