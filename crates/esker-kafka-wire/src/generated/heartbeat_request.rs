//! `HeartbeatRequest`: versions 0-4, flexible 4. Generated from `proto/kafka/HeartbeatRequest.json`, not to be edited.

use crate::codec::*;

/// `HeartbeatRequest`: a message of versions 0-4.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeartbeatRequest {
    /// Versions 0-4.
    pub group_id: KString,
    /// Versions 0-4.
    pub generation_id: i32,
    /// Versions 0-4.
    pub member_id: KString,
    /// Versions 3-4, null in 3-4, default null.
    pub group_instance_id: Option<KString>,
}

impl Wire for HeartbeatRequest {
    const MIN: usize = 8;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        m.group_id = Wire::read(r, "HeartbeatRequest.GroupId")?;
        m.generation_id = Wire::read(r, "HeartbeatRequest.GenerationId")?;
        m.member_id = Wire::read(r, "HeartbeatRequest.MemberId")?;
        if v >= 3 { m.group_instance_id = r.nullable(true, "HeartbeatRequest.GroupInstanceId")?; }
        r.skip_tagged("HeartbeatRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        self.group_id.write(w, "HeartbeatRequest.GroupId")?;
        self.generation_id.write(w, "HeartbeatRequest.GenerationId")?;
        self.member_id.write(w, "HeartbeatRequest.MemberId")?;
        if v >= 3 { w.nullable(self.group_instance_id.as_ref(), true, "HeartbeatRequest.GroupInstanceId")?; } else if self.group_instance_id.is_some() { return w.lacks("HeartbeatRequest.GroupInstanceId"); }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for HeartbeatRequest {
    const NAME: &'static str = "HeartbeatRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 4;
    const FLEXIBLE_FROM: i16 = 4;
}

impl Request for HeartbeatRequest {
    const KEY: ApiKey = ApiKey::Heartbeat;
    type Response = super::heartbeat_response::HeartbeatResponse;
}
