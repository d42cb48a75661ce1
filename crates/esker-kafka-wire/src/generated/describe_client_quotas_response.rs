//! `DescribeClientQuotasResponse`: versions 0-1, flexible 1. Generated from `proto/kafka/DescribeClientQuotasResponse.json`, not to be edited.

use crate::codec::*;

/// `DescribeClientQuotasResponse`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeClientQuotasResponse {
    /// Versions 0-1.
    pub throttle_time_ms: i32,
    /// Versions 0-1.
    pub error_code: i16,
    /// Versions 0-1, null in 0-1.
    pub error_message: Option<KString>,
    /// Versions 0-1, null in 0-1.
    pub entries: Option<Vec<EntryData>>,
}

impl Default for DescribeClientQuotasResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(KString::default()),
            entries: Some(Vec::new()),
        }
    }
}

impl Wire for DescribeClientQuotasResponse {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.throttle_time_ms = Wire::read(r, "DescribeClientQuotasResponse.ThrottleTimeMs")?;
        m.error_code = Wire::read(r, "DescribeClientQuotasResponse.ErrorCode")?;
        m.error_message = r.nullable(true, "DescribeClientQuotasResponse.ErrorMessage")?;
        m.entries = r.nullable(true, "DescribeClientQuotasResponse.Entries")?;
        r.skip_tagged("DescribeClientQuotasResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.throttle_time_ms.write(w, "DescribeClientQuotasResponse.ThrottleTimeMs")?;
        self.error_code.write(w, "DescribeClientQuotasResponse.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "DescribeClientQuotasResponse.ErrorMessage")?;
        w.nullable(self.entries.as_ref(), true, "DescribeClientQuotasResponse.Entries")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeClientQuotasResponse.Entries`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EntryData {
    /// Versions 0-1.
    pub entity: Vec<EntityData>,
    /// Versions 0-1.
    pub values: Vec<ValueData>,
}

impl Wire for EntryData {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.entity = Wire::read(r, "DescribeClientQuotasResponse.Entries.Entity")?;
        m.values = Wire::read(r, "DescribeClientQuotasResponse.Entries.Values")?;
        r.skip_tagged("DescribeClientQuotasResponse.Entries")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.entity.write(w, "DescribeClientQuotasResponse.Entries.Entity")?;
        self.values.write(w, "DescribeClientQuotasResponse.Entries.Values")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeClientQuotasResponse.Entries.Entity`: a structure of versions 0-1.
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
        m.entity_type = Wire::read(r, "DescribeClientQuotasResponse.Entries.Entity.EntityType")?;
        m.entity_name = r.nullable(true, "DescribeClientQuotasResponse.Entries.Entity.EntityName")?;
        r.skip_tagged("DescribeClientQuotasResponse.Entries.Entity")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.entity_type.write(w, "DescribeClientQuotasResponse.Entries.Entity.EntityType")?;
        w.nullable(self.entity_name.as_ref(), true, "DescribeClientQuotasResponse.Entries.Entity.EntityName")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeClientQuotasResponse.Entries.Values`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ValueData {
    /// Versions 0-1.
    pub key: KString,
    /// Versions 0-1.
    pub value: f64,
}

impl Wire for ValueData {
    const MIN: usize = 10;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.key = Wire::read(r, "DescribeClientQuotasResponse.Entries.Values.Key")?;
        m.value = Wire::read(r, "DescribeClientQuotasResponse.Entries.Values.Value")?;
        r.skip_tagged("DescribeClientQuotasResponse.Entries.Values")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.key.write(w, "DescribeClientQuotasResponse.Entries.Values.Key")?;
        self.value.write(w, "DescribeClientQuotasResponse.Entries.Values.Value")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeClientQuotasResponse {
    const NAME: &'static str = "DescribeClientQuotasResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 1;
}

impl Response for DescribeClientQuotasResponse {
    const KEY: ApiKey = ApiKey::DescribeClientQuotas;
}
