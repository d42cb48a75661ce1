//! `AddOffsetsToTxnRequest`: versions 0-4, flexible 3-4. Generated from `proto/kafka/AddOffsetsToTxnRequest.json`, not to be edited.

use crate::codec::*;

/// `AddOffsetsToTxnRequest`: a message of versions 0-4.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddOffsetsToTxnRequest {
    /// Versions 0-4.
    pub transactional_id: KString,
    /// Versions 0-4.
    pub producer_id: i64,
    /// Versions 0-4.
    pub producer_epoch: i16,
    /// Versions 0-4.
    pub group_id: KString,
}

impl Wire for AddOffsetsToTxnRequest {
    const MIN: usize = 13;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.transactional_id = Wire::read(r, "AddOffsetsToTxnRequest.TransactionalId")?;
        m.producer_id = Wire::read(r, "AddOffsetsToTxnRequest.ProducerId")?;
        m.producer_epoch = Wire::read(r, "AddOffsetsToTxnRequest.ProducerEpoch")?;
        m.group_id = Wire::read(r, "AddOffsetsToTxnRequest.GroupId")?;
        r.skip_tagged("AddOffsetsToTxnRequest")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.transactional_id.write(w, "AddOffsetsToTxnRequest.TransactionalId")?;
        self.producer_id.write(w, "AddOffsetsToTxnRequest.ProducerId")?;
        self.producer_epoch.write(w, "AddOffsetsToTxnRequest.ProducerEpoch")?;
        self.group_id.write(w, "AddOffsetsToTxnRequest.GroupId")?;
        w.tag_count(0);
        Ok(())
    }
}

impl Message for AddOffsetsToTxnRequest {
    const NAME: &'static str = "AddOffsetsToTxnRequest";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 4;
    const FLEXIBLE_FROM: i16 = 3;
}

impl Request for AddOffsetsToTxnRequest {
    const KEY: ApiKey = ApiKey::AddOffsetsToTxn;
    type Response = super::add_offsets_to_txn_response::AddOffsetsToTxnResponse;
}
