//! `ListGroupsRequest`: versions 0-5, flexible 3-5. Generated from `proto/kafka/ListGroupsRequest.json`, not to be edited.

use crate::codec::*;

/// `ListGroupsRequest`: a message of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListGroupsRequest {
    /// Versions 4-5.
    pub states_filter: Vec<KString>,
    /// Versions 5.
    pub types_filter: Vec<KString>,
}

impl Wire for ListGroupsRequest {
    const MIN: usize = 0;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 4 { m.states_filter = Wire::read(r, "ListGroupsRequest.StatesFilter")?; }
        if v >= 5 { m.types_filter = Wire::read(r, "ListGroupsRequest.TypesFilter")?; }
        r.skip_tagged("ListGroupsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 4 { self.states_filter.write(w, "ListGroupsRequest.StatesFilter")?; } else if !self.states_filter.is_empty() { return w.lacks("ListGroupsRequest.StatesFilter"); }
        if v >= 5 { self.types_filter.write(w, "ListGroupsRequest.TypesFilter")?; } else if !self.types_filter.is_empty() { return w.lacks("ListGroupsRequest.TypesFilter"); }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ListGroupsRequest {
    const NAME: &'static str = "ListGroupsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 5;
    const FLEXIBLE_FROM: i16 = 3;
}

impl Request for ListGroupsRequest {
    const KEY: ApiKey = ApiKey::ListGroups;
    type Response = super::list_groups_response::ListGroupsResponse;
}
