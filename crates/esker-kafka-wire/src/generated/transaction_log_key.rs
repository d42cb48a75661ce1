//! `TransactionLogKey`: versions 0, flexible none. Generated from `proto/kafka/TransactionLogKey.json`, not to be edited.

use crate::codec::*;

/// `TransactionLogKey`: a message of versions 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TransactionLogKey {
    /// Versions 0.
    pub transactional_id: KString,
}

impl Wire for TransactionLogKey {
    const MIN: usize = 2;

    fn read(r: &mut Reader, _: &'static str) -> Result<Self, DecodeError> {
        let mut m = Self::default();
        m.transactional_id = Wire::read(r, "TransactionLogKey.TransactionalId")?;
        Ok(m)
    }

    fn write(&self, w: &mut Writer, _: &'static str) -> Result<(), EncodeError> {
        self.transactional_id.write(w, "TransactionLogKey.TransactionalId")?;
        Ok(())
    }
}

impl Message for TransactionLogKey {
    const NAME: &'static str = "TransactionLogKey";
    const MIN_VERSION: i16 = 0;
    const MAX_VERSION: i16 = 0;
    const FLEXIBLE_FROM: i16 = i16::MAX;
}

impl CoordinatorKey for TransactionLogKey {
    const RECORD_TYPE: i16 = 0;
}
