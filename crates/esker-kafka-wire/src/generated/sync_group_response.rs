//! `SyncGroupResponse`: versions 0-5, flexible 4-5. Generated from `proto/kafka/SyncGroupResponse.json`, not to be edited.

use crate::codec::*;

/// `SyncGroupResponse`: a message of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SyncGroupResponse {
    /// Versions 1-5, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 0-5.
    pub error_code: i16,
    /// Versions 5, null in 5, default null, ignorable.
    pub protocol_type: Option<KString>,
    /// Versions 5, null in 5, default null, ignorable.
    pub protocol_name: Option<KString>,
    /// Versions 0-5.
    pub assignment: Bytes,
}

impl Wire for SyncGroupResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 1 { m.throttle_time_ms = Wire::read(r, "SyncGroupResponse.ThrottleTimeMs")?; }
        m.error_code = Wire::read(r, "SyncGroupResponse.ErrorCode")?;
        if v >= 5 { m.protocol_type = r.nullable(true, "SyncGroupResponse.ProtocolType")?; }
        if v >= 5 { m.protocol_name = r.nullable(true, "SyncGroupResponse.ProtocolName")?; }
        m.assignment = Wire::read(r, "SyncGroupResponse.Assignment")?;
        r.skip_tagged("SyncGroupResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 1 { self.throttle_time_ms.write(w, "SyncGroupResponse.ThrottleTimeMs")?; }
        self.error_code.write(w, "SyncGroupResponse.ErrorCode")?;
        if v >= 5 { w.nullable(self.protocol_type.as_ref(), true, "SyncGroupResponse.ProtocolType")?; }
        if v >= 5 { w.nullable(self.protocol_name.as_ref(), true, "SyncGroupResponse.ProtocolName")?; }
        self.assignment.write(w, "SyncGroupResponse.Assignment")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for SyncGroupResponse {
    const NAME: &'static str = "SyncGroupResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 5;
    const FLEXIBLE_FROM: i16 = 4;
}

impl Response for SyncGroupResponse {
    const KEY: ApiKey = ApiKey::SyncGroup;
}
