//! `FindCoordinatorResponse`: versions 0-6, flexible 3-6. Generated from `proto/kafka/FindCoordinatorResponse.json`, not to be edited.

use crate::codec::*;

/// `FindCoordinatorResponse`: a message of versions 0-6.
#[derive(Debug, Clone, PartialEq)]
pub struct FindCoordinatorResponse {
    /// Versions 1-6, ignorable.
    pub throttle_time_ms: i32,
    /// Versions 0-3.
    pub error_code: i16,
    /// Versions 1-3, null in 1-3, ignorable.
    pub error_message: Option<KString>,
    /// Versions 0-3.
    pub node_id: i32,
    /// Versions 0-3.
    pub host: KString,
    /// Versions 0-3.
    pub port: i32,
    /// Versions 4-6.
    pub coordinators: Vec<Coordinator>,
}

impl Default for FindCoordinatorResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(KString::default()),
            node_id: 0,
            host: KString::default(),
            port: 0,
            coordinators: Vec::new(),
        }
    }
}

impl Wire for FindCoordinatorResponse {
    const MIN: usize = 6;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let v = r.version();
        let mut m = Self::default();
        if v >= 1 { m.throttle_time_ms = Wire::read(r, "FindCoordinatorResponse.ThrottleTimeMs")?; }
        if v <= 3 { m.error_code = Wire::read(r, "FindCoordinatorResponse.ErrorCode")?; }
        if (1..=3).contains(&v) { m.error_message = r.nullable(true, "FindCoordinatorResponse.ErrorMessage")?; }
        if v <= 3 { m.node_id = Wire::read(r, "FindCoordinatorResponse.NodeId")?; }
        if v <= 3 { m.host = Wire::read(r, "FindCoordinatorResponse.Host")?; }
        if v <= 3 { m.port = Wire::read(r, "FindCoordinatorResponse.Port")?; }
        if v >= 4 { m.coordinators = Wire::read(r, "FindCoordinatorResponse.Coordinators")?; }
        r.skip_tagged("FindCoordinatorResponse")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        let v = w.version();
        if v >= 1 { self.throttle_time_ms.write(w, "FindCoordinatorResponse.ThrottleTimeMs")?; }
        if v <= 3 { self.error_code.write(w, "FindCoordinatorResponse.ErrorCode")?; } else if self.error_code != 0 { return w.lacks("FindCoordinatorResponse.ErrorCode"); }
        if (1..=3).contains(&v) { w.nullable(self.error_message.as_ref(), true, "FindCoordinatorResponse.ErrorMessage")?; }
        if v <= 3 { self.node_id.write(w, "FindCoordinatorResponse.NodeId")?; } else if self.node_id != 0 { return w.lacks("FindCoordinatorResponse.NodeId"); }
        if v <= 3 { self.host.write(w, "FindCoordinatorResponse.Host")?; } else if !self.host.is_empty() { return w.lacks("FindCoordinatorResponse.Host"); }
        if v <= 3 { self.port.write(w, "FindCoordinatorResponse.Port")?; } else if self.port != 0 { return w.lacks("FindCoordinatorResponse.Port"); }
        if v >= 4 { self.coordinators.write(w, "FindCoordinatorResponse.Coordinators")?; } else if !self.coordinators.is_empty() { return w.lacks("FindCoordinatorResponse.Coordinators"); }
        w.tag_count(0);
        Ok(())
    }
}

/// `FindCoordinatorResponse.Coordinators`: a structure of versions 4-6.
#[derive(Debug, Clone, PartialEq)]
pub struct Coordinator {
    /// Versions 4-6.
    pub key: KString,
    /// Versions 4-6.
    pub node_id: i32,
    /// Versions 4-6.
    pub host: KString,
    /// Versions 4-6.
    pub port: i32,
    /// Versions 4-6.
    pub error_code: i16,
    /// Versions 4-6, null in 4-6, ignorable.
    pub error_message: Option<KString>,
}

impl Default for Coordinator {
    fn default() -> Self {
        Self {
            key: KString::default(),
            node_id: 0,
            host: KString::default(),
            port: 0,
            error_code: 0,
            error_message: Some(KString::default()),
        }
    }
}

impl Wire for Coordinator {
    const MIN: usize = 14;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.key = Wire::read(r, "FindCoordinatorResponse.Coordinators.Key")?;
        m.node_id = Wire::read(r, "FindCoordinatorResponse.Coordinators.NodeId")?;
        m.host = Wire::read(r, "FindCoordinatorResponse.Coordinators.Host")?;
        m.port = Wire::read(r, "FindCoordinatorResponse.Coordinators.Port")?;
        m.error_code = Wire::read(r, "FindCoordinatorResponse.Coordinators.ErrorCode")?;
        m.error_message = r.nullable(true, "FindCoordinatorResponse.Coordinators.ErrorMessage")?;
        r.skip_tagged("FindCoordinatorResponse.Coordinators")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.key.write(w, "FindCoordinatorResponse.Coordinators.Key")?;
        self.node_id.write(w, "FindCoordinatorResponse.Coordinators.NodeId")?;
        self.host.write(w, "FindCoordinatorResponse.Coordinators.Host")?;
        self.port.write(w, "FindCoordinatorResponse.Coordinators.Port")?;
        self.error_code.write(w, "FindCoordinatorResponse.Coordinators.ErrorCode")?;
        w.nullable(self.error_message.as_ref(), true, "FindCoordinatorResponse.Coordinators.ErrorMessage")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for FindCoordinatorResponse {
    const NAME: &'static str = "FindCoordinatorResponse";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 6;
    const FLEXIBLE_FROM: i16 = 3;
}

impl Response for FindCoordinatorResponse {
    const KEY: ApiKey = ApiKey::FindCoordinator;
}
