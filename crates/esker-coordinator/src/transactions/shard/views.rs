//! What operators ask.

use esker_kafka_wire::KString;

use super::{Shard, TransactionError};
use crate::transactions::types::{TransactionDescription, TransactionSummary};

impl Shard {
    pub(crate) fn describe(&self, id: &KString) -> Result<TransactionDescription, TransactionError> {
        let found = self.ids.get(id).filter(|transaction| !transaction.is_hidden());
        found.map(|transaction| transaction.describe()).ok_or(TransactionError::NotFound)
    }

    pub(crate) fn list(&self) -> impl Iterator<Item = TransactionSummary> {
        self.ids
            .values()
            .filter(|transaction| !transaction.is_hidden())
            .map(|transaction| transaction.summary())
    }
}
