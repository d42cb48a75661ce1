//! `EndTxnRequest`: versions 0-5, flexible 3-5. Generated from `proto/kafka/EndTxnRequest.json`, not to be edited.

use crate::codec::*;

/// `EndTxnRequest`: a message of versions 0-5.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EndTxnRequest {
    /// Versions 0-5.
    pub transactional_id: KString,
    /// Versions 0-5.
    pub producer_id: i64,
    /// Versions 0-5.
    pub producer_epoch: i16,
    /// Versions 0-5.
    pub committed: bool,
}

impl Wire for EndTxnRequest {
    const MIN: usize = 13;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.transactional_id = Wire::read(r, "EndTxnRequest.TransactionalId")?;
        m.producer_id = Wire::read(r, "EndTxnRequest.ProducerId")?;
        m.producer_epoch = Wire::read(r, "EndTxnRequest.ProducerEpoch")?;
        m.committed = Wire::read(r, "EndTxnRequest.Committed")?;
        r.skip_tagged("EndTxnRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.transactional_id.write(w, "EndTxnRequest.TransactionalId")?;
        self.producer_id.write(w, "EndTxnRequest.ProducerId")?;
        self.producer_epoch.write(w, "EndTxnRequest.ProducerEpoch")?;
        self.committed.write(w, "EndTxnRequest.Committed")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for EndTxnRequest {
    const NAME: &'static str = "EndTxnRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 5;
    const FLEXIBLE_FROM: i16 = 3;
}

impl Request for EndTxnRequest {
    const KEY: ApiKey = ApiKey::EndTxn;
    type Response = super::end_txn_response::EndTxnResponse;
}
