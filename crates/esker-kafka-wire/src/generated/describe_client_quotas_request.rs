//! `DescribeClientQuotasRequest`: versions 0-1, flexible 1. Generated from `proto/kafka/DescribeClientQuotasRequest.json`, not to be edited.

use crate::codec::*;

/// `DescribeClientQuotasRequest`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeClientQuotasRequest {
    /// Versions 0-1.
    pub components: Vec<ComponentData>,
    /// Versions 0-1.
    pub strict: bool,
}

impl Wire for DescribeClientQuotasRequest {
    const MIN: usize = 3;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.components = Wire::read(r, "DescribeClientQuotasRequest.Components")?;
        m.strict = Wire::read(r, "DescribeClientQuotasRequest.Strict")?;
        r.skip_tagged("DescribeClientQuotasRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.components.write(w, "DescribeClientQuotasRequest.Components")?;
        self.strict.write(w, "DescribeClientQuotasRequest.Strict")?;
        w.tag_count(0);
        Ok(())
    }
}

/// `DescribeClientQuotasRequest.Components`: a structure of versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentData {
    /// Versions 0-1.
    pub entity_type: KString,
    /// Versions 0-1.
    pub match_type: i8,
    /// Versions 0-1, null in 0-1.
    pub match_: Option<KString>,
}

impl Default for ComponentData {
    fn default() -> Self {
        Self {
            entity_type: KString::default(),
            match_type: 0,
            match_: Some(KString::default()),
        }
    }
}

impl Wire for ComponentData {
    const MIN: usize = 4;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.entity_type = Wire::read(r, "DescribeClientQuotasRequest.Components.EntityType")?;
        m.match_type = Wire::read(r, "DescribeClientQuotasRequest.Components.MatchType")?;
        m.match_ = r.nullable(true, "DescribeClientQuotasRequest.Components.Match")?;
        r.skip_tagged("DescribeClientQuotasRequest.Components")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.entity_type.write(w, "DescribeClientQuotasRequest.Components.EntityType")?;
        self.match_type.write(w, "DescribeClientQuotasRequest.Components.MatchType")?;
        w.nullable(self.match_.as_ref(), true, "DescribeClientQuotasRequest.Components.Match")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DescribeClientQuotasRequest {
    const NAME: &'static str = "DescribeClientQuotasRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 1;
}

impl Request for DescribeClientQuotasRequest {
    const KEY: ApiKey = ApiKey::DescribeClientQuotas;
    type Response = super::describe_client_quotas_response::DescribeClientQuotasResponse;
}
