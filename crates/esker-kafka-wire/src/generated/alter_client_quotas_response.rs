//! `AlterClientQuotasResponse`: versions 0-1, flexible 1. Generated from `proto/kafka/AlterClientQuotasResponse.json`, not to be edited.

use crate::codec::*;

/// `AlterClientQuotasResponse`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterClientQuotasResponse {
    /// Versions 0-1.
    pub throttle_time_ms: i32,
    /// Versions 0-1.
    pub entries: Vec<EntryData>,
}

impl Wire for AlterClientQuotasResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "AlterClientQuotasResponse.ThrottleTimeMs")?;
        m.entries = Wire::read(r, "AlterClientQuotasResponse.Entries")?;
        r.skip_tagged("AlterClientQuotasResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "AlterClientQuotasResponse.ThrottleTimeMs")?;
        self.entries.write(w, "AlterClientQuotasResponse.Entries")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterClientQuotasResponse.Entries`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryData {
    /// Versions 0-1.
    pub error_code: i16,
    /// Versions 0-1, null in 0-1.
    pub error_message: Option<KString>,
    /// Versions 0-1.
    pub entity: Vec<EntityData>,
}

impl Default for EntryData {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(KString::default()),
            entity: Vec::new(),
        }
    }
}

impl Wire for EntryData {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.error_code = Wire::read(r, "AlterClientQuotasResponse.Entries.ErrorCode")?;
        m.error_message = r.nullable(true, "AlterClientQuotasResponse.Entries.ErrorMessage")?;
        m.entity = Wire::read(r, "AlterClientQuotasResponse.Entries.Entity")?;
        r.skip_tagged("AlterClientQuotasResponse.Entries")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.error_code.write(w, "AlterClientQuotasResponse.Entries.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "AlterClientQuotasResponse.Entries.ErrorMessage")?;
        self.entity.write(w, "AlterClientQuotasResponse.Entries.Entity")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `AlterClientQuotasResponse.Entries.Entity`: a structure of versions 0-1.
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
        m.entity_type = Wire::read(r, "AlterClientQuotasResponse.Entries.Entity.EntityType")?;
        m.entity_name = r.nullable(true, "AlterClientQuotasResponse.Entries.Entity.EntityName")?;
        r.skip_tagged("AlterClientQuotasResponse.Entries.Entity")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.entity_type.write(w, "AlterClientQuotasResponse.Entries.Entity.EntityType")?;
        w.nullable(self.entity_name.as_ref(), true, "AlterClientQuotasResponse.Entries.Entity.EntityName")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for AlterClientQuotasResponse {
    const NAME: &'static str = "AlterClientQuotasResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 1;
}

impl Response for AlterClientQuotasResponse {
    const KEY: ApiKey = ApiKey::AlterClientQuotas;
}
