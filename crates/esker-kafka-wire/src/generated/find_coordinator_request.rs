//! `FindCoordinatorRequest`: versions 0-6, flexible 3-6. Generated from `proto/kafka/FindCoordinatorRequest.json`, not to be edited.

use crate::codec::*;

/// `FindCoordinatorRequest`: a message of versions 0-6.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FindCoordinatorRequest {
    /// Versions 0-3.
    pub key: KString,
    /// Versions 1-6, default 0.
    pub key_type: i8,
    /// Versions 4-6.
    pub coordinator_keys: Vec<KString>,
}

impl Wire for FindCoordinatorRequest {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v <= 3 { m.key = Wire::read(r, "FindCoordinatorRequest.Key")?; }
        if v >= 1 { m.key_type = Wire::read(r, "FindCoordinatorRequest.KeyType")?; }
        if v >= 4 { m.coordinator_keys = Wire::read(r, "FindCoordinatorRequest.CoordinatorKeys")?; }
        r.skip_tagged("FindCoordinatorRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v <= 3 { self.key.write(w, "FindCoordinatorRequest.Key")?; } else if !self.key.is_empty() { return w.lacks("FindCoordinatorRequest.Key"); }
        if v >= 1 { self.key_type.write(w, "FindCoordinatorRequest.KeyType")?; } else if self.key_type != 0 { return w.lacks("FindCoordinatorRequest.KeyType"); }
        if v >= 4 { self.coordinator_keys.write(w, "FindCoordinatorRequest.CoordinatorKeys")?; } else if !self.coordinator_keys.is_empty() { return w.lacks("FindCoordinatorRequest.CoordinatorKeys"); }
        w.tag_count(0);
        Ok(())
    }
}

impl Message for FindCoordinatorRequest {
    const NAME: &'static str = "FindCoordinatorRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 6;
    const FLEXIBLE_FROM: i16 = 3;
}

impl Request for FindCoordinatorRequest {
    const KEY: ApiKey = ApiKey::FindCoordinator;
    type Response = super::find_coordinator_response::FindCoordinatorResponse;
}
