//! `DeleteGroupsRequest`: versions 0-2, flexible 2. Generated from `proto/kafka/DeleteGroupsRequest.json`, not to be edited.

use crate::codec::*;

/// `DeleteGroupsRequest`: a message of versions 0-2.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteGroupsRequest {
    /// Versions 0-2.
    pub groups_names: Vec<KString>,
}

impl Wire for DeleteGroupsRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.groups_names = Wire::read(r, "DeleteGroupsRequest.GroupsNames")?;
        r.skip_tagged("DeleteGroupsRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.groups_names.write(w, "DeleteGroupsRequest.GroupsNames")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for DeleteGroupsRequest {
    const NAME: &'static str = "DeleteGroupsRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 2;
    const FLEXIBLE_FROM: i16 = 2;
}

impl Request for DeleteGroupsRequest {
    const KEY: ApiKey = ApiKey::DeleteGroups;
    type Response = super::delete_groups_response::DeleteGroupsResponse;
}
