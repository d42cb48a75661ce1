//! `ListConfigResourcesRequest`: versions 0-1, flexible 0-1. Generated from `proto/kafka/ListConfigResourcesRequest.json`, not to be edited.

use crate::codec::*;

/// `ListConfigResourcesRequest`: a message of versions 0-1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListConfigResourcesRequest {
    /// Versions 1.
    pub resource_types: Vec<i8>,
}

impl Wire for ListConfigResourcesRequest {
    const MIN: usize = 1;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 1 { m.resource_types = Wire::read(r, "ListConfigResourcesRequest.ResourceTypes")?; }
        r.skip_tagged("ListConfigResourcesRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 1 { self.resource_types.write(w, "ListConfigResourcesRequest.ResourceTypes")?; } else if !self.resource_types.is_empty() { return w.lacks("ListConfigResourcesRequest.ResourceTypes"); }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ListConfigResourcesRequest {
    const NAME: &'static str = "ListConfigResourcesRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for ListConfigResourcesRequest {
    const KEY: ApiKey = ApiKey::ListConfigResources;
    type Response = super::list_config_resources_response::ListConfigResourcesResponse;
}
