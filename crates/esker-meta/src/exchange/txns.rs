//! Transactions on exchanges.

use super::ExchangeRecord;
use crate::{Expect, Meta, MetaError, Revision, Txn, Versioned, check_topic_name, meta::Settled};

impl Meta {
    /// An exchange.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn exchange(&self, name: &str) -> Result<Option<Versioned<ExchangeRecord>>, MetaError> {
        // A name that no exchange can have could otherwise reach outside `/exchanges/`.
        if check_topic_name(name).is_err() {
            return Ok(None);
        }
        let found = self.store().get(self.keys().exchange(name)).await?;
        found.as_ref().map(ExchangeRecord::decode).transpose()
    }

    /// Puts an exchange in place of the one that the caller knows (of revision `known`; `None` for none). `None` when there is
    /// another one by now: look again.
    ///
    /// # Errors
    /// When the store fails, or the record is not one.
    pub async fn put_exchange(
        &self,
        known: Option<Revision>,
        record: &ExchangeRecord,
    ) -> Result<Option<Revision>, MetaError> {
        let good = check_topic_name(&record.name).is_ok()
            && record.fits()
            && record.bindings.iter().all(|binding| binding.wrong_field(record.kind).is_none());
        if !good {
            return Err(MetaError::Invalid(format!("exchange {:?} is beyond its limits", record.name)));
        }
        let key = self.keys().exchange(&record.name);
        let expected = known.map_or(Expect::Absent, Expect::Modified);
        let txn = Txn::new().when(&key, expected).put(&key, record.encode());
        self.outcome(txn, &key).await
    }

    /// Deletes an exchange as the caller knows it. `None` when there is another one by now, or none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delete_exchange(
        &self,
        known: &Versioned<ExchangeRecord>,
    ) -> Result<Option<Revision>, MetaError> {
        let key = self.keys().exchange(&known.record.name);
        let txn = Txn::new().when(&key, Expect::Modified(known.modified)).delete(&key);
        self.outcome(txn, &key).await
    }

    async fn outcome(&self, txn: Txn, key: &str) -> Result<Option<Revision>, MetaError> {
        match self.settle(txn, Some(key)).await? {
            Settled::Done(revision) => Ok(Some(revision)),
            Settled::Refused(_) => Ok(None),
        }
    }
}
