//! `HeartbeatResponse`: versions 0-4, flexible 4. Generated from `proto/kafka/HeartbeatResponse.json`, not to be edited.

use crate::codec::*;

/// `HeartbeatResponse`: a message of versions 0-4.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeartbeatResponse {
    /// Versions 1-4, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 0-4.
    pub error_code: i16,
}

impl Wire for HeartbeatResponse {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 1 { m.throttle_time_ms = Wire::read(r, "HeartbeatResponse.ThrottleTimeMs")?; }
        m.error_code = Wire::read(r, "HeartbeatResponse.ErrorCode")?;
        r.skip_tagged("HeartbeatResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 1 { self.throttle_time_ms.write(w, "HeartbeatResponse.ThrottleTimeMs")?; }
        self.error_code.write(w, "HeartbeatResponse.ErrorCode")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for HeartbeatResponse {
    const NAME: &'static str = "HeartbeatResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 4;
    const FLEXIBLE_FROM: i16 = 4;
}

impl Response for HeartbeatResponse {
    const KEY: ApiKey = ApiKey::Heartbeat;
}
