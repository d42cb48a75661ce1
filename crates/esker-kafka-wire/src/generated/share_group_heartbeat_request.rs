//! `ShareGroupHeartbeatRequest`: versions 1, flexible 1. Generated from `proto/kafka/ShareGroupHeartbeatRequest.json`, not to be edited.

use crate::codec::*;

/// `ShareGroupHeartbeatRequest`: a message of versions 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupHeartbeatRequest {
    /// Versions 1.
    pub group_id: KString,
    /// Versions 1.
    pub member_id: KString,
    /// Versions 1.
    pub member_epoch: i32,
    /// Versions 1, null in 1, default null.
    pub rack_id: Option<KString>,
    /// Versions 1, null in 1, default null.
    pub subscribed_topic_names: Option<Vec<KString>>,
}

impl Wire for ShareGroupHeartbeatRequest {
    const MIN: usize = 9;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.group_id = Wire::read(r, "ShareGroupHeartbeatRequest.GroupId")?;
        m.member_id = Wire::read(r, "ShareGroupHeartbeatRequest.MemberId")?;
        m.member_epoch = Wire::read(r, "ShareGroupHeartbeatRequest.MemberEpoch")?;
        m.rack_id = r.nullable(true, "ShareGroupHeartbeatRequest.RackId")?;
        m.subscribed_topic_names = r.nullable(true, "ShareGroupHeartbeatRequest.SubscribedTopicNames")?;
        r.skip_tagged("ShareGroupHeartbeatRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.group_id.write(w, "ShareGroupHeartbeatRequest.GroupId")?;
        self.member_id.write(w, "ShareGroupHeartbeatRequest.MemberId")?;
        self.member_epoch.write(w, "ShareGroupHeartbeatRequest.MemberEpoch")?;
        w.nullable(self.rack_id.as_ref(), true, "ShareGroupHeartbeatRequest.RackId")?;
        w.nullable(self.subscribed_topic_names.as_ref(), true, "ShareGroupHeartbeatRequest.SubscribedTopicNames")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for ShareGroupHeartbeatRequest {
    const NAME: &'static str = "ShareGroupHeartbeatRequest";
    const MIN_VERSION: i16 = 1;
    const MAX_VERSION: i16 = 1;
    const FLEXIBLE_FROM: i16 = 1;
}

impl Request for ShareGroupHeartbeatRequest {
    const KEY: ApiKey = ApiKey::ShareGroupHeartbeat;
    type Response = super::share_group_heartbeat_response::ShareGroupHeartbeatResponse;
}
