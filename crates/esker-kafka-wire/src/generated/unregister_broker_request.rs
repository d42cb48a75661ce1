//! `UnregisterBrokerRequest`: versions 0, flexible 0. Generated from `proto/kafka/UnregisterBrokerRequest.json`, not to be edited.

use crate::codec::*;

/// `UnregisterBrokerRequest`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UnregisterBrokerRequest {
    /// Versions 0.
    pub broker_id: i32,
}

impl Wire for UnregisterBrokerRequest {
    const MIN: usize = 5;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.broker_id = Wire::read(r, "UnregisterBrokerRequest.BrokerId")?;
        r.skip_tagged("UnregisterBrokerRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.broker_id.write(w, "UnregisterBrokerRequest.BrokerId")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for UnregisterBrokerRequest {
    const NAME: &'static str = "UnregisterBrokerRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = 0;
}

impl Request for UnregisterBrokerRequest {
    const KEY: ApiKey = ApiKey::UnregisterBroker;
    type Response = super::unregister_broker_response::UnregisterBrokerResponse;
}
