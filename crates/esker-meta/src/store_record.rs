//! `/stores/<uuid>`: the write-ahead-log directories that the cluster knows.

use esker_core::{BrokerId, StoreId};

use crate::{
    Authority, Expect, GuardedError, KeyValue, Meta, MetaError, Revision, SessionKey,
    codec::{Source, encode, uuid_bytes},
    meta::Settled,
    proto,
};

/// What may be done with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreState {
    /// May be part of new copysets.
    Active,
    /// Holds what it holds; no new ledgers.
    Draining,
    /// An operator declared it gone for good.
    Lost,
}

/// One store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreRecord {
    /// Its id.
    pub id: StoreId,
    /// The broker that last served it.
    pub broker: BrokerId,
    /// What may be done with it.
    pub state: StoreState,
}

impl StoreRecord {
    pub(crate) fn encode(&self) -> bytes::Bytes {
        let state = match self.state {
            StoreState::Active => proto::StoreState::Active,
            StoreState::Draining => proto::StoreState::Draining,
            StoreState::Lost => proto::StoreState::Lost,
        };
        encode(&proto::Store { id: uuid_bytes(self.id.0), broker: self.broker.0, state: state.into() })
    }

    pub(crate) fn decode(entry: &KeyValue) -> Result<Self, MetaError> {
        let (source, message) = Source::message::<proto::Store>(entry)?;
        let id = StoreId(source.uuid(&message.id, "id")?);
        source.ensure(entry.key.ends_with(&format!("/{id}")), "id")?;
        source.ensure(message.broker >= 0, "broker")?;
        let state = match message.state() {
            proto::StoreState::Active => StoreState::Active,
            proto::StoreState::Draining => StoreState::Draining,
            proto::StoreState::Lost => StoreState::Lost,
            proto::StoreState::Unspecified => return Err(source.bad("state")),
        };
        Ok(Self { id, broker: BrokerId(message.broker), state })
    }
}

impl Meta {
    /// Writes the record of a store that the session's broker serves.
    ///
    /// # Errors
    /// [`GuardedError::SessionLost`], [`GuardedError::Changed`] when somebody wrote at the same time, or when the store
    /// fails.
    pub async fn put_store(&self, session: SessionKey, record: &StoreRecord) -> Result<(), GuardedError> {
        let key = self.keys().store(record.id);
        let before = self.store().get(key.clone()).await?.map_or(Revision::NONE, |found| found.modified);
        let txn = self.guarded(session).when(&key, Expect::Modified(before)).put(&key, record.encode());
        match self.settle(txn, Some(&key)).await? {
            Settled::Done(_) => Ok(()),
            Settled::Refused(reads) => Err(self.refusal(session.into(), &reads, key)),
        }
    }

    /// Changes what may be done with a store. The record is otherwise as its broker wrote it.
    ///
    /// # Errors
    /// [`GuardedError::SessionLost`]; [`GuardedError::Changed`] when there is no such store, or when somebody wrote its
    /// record at the same time.
    pub async fn set_store_state(
        &self,
        by: impl Into<Authority>,
        store: StoreId,
        state: StoreState,
    ) -> Result<(), GuardedError> {
        let by = by.into();
        let key = self.keys().store(store);
        let Some(found) = self.store().get(key.clone()).await? else {
            return Err(GuardedError::Changed(key));
        };
        let record = StoreRecord::decode(&found)?;
        if record.state == state {
            return Ok(());
        }
        let record = StoreRecord { state, ..record };
        let txn = self.guarded(by).when(&key, Expect::Modified(found.modified)).put(&key, record.encode());
        match self.settle(txn, Some(&key)).await? {
            Settled::Done(_) => Ok(()),
            Settled::Refused(reads) => Err(self.refusal(by, &reads, key)),
        }
    }

    /// Deletes a store's record, if it still is as given. That it is gone already is no error.
    ///
    /// # Errors
    /// [`GuardedError::SessionLost`]; [`GuardedError::Changed`] when its broker has it again, or when somebody else wrote
    /// it at the same time.
    pub async fn delete_store(
        &self,
        by: impl Into<Authority>,
        record: &StoreRecord,
    ) -> Result<(), GuardedError> {
        let by = by.into();
        let key = self.keys().store(record.id);
        let Some(found) = self.store().get(key.clone()).await? else { return Ok(()) };
        if StoreRecord::decode(&found)? != *record {
            return Err(GuardedError::Changed(key));
        }
        let txn = self.guarded(by).when(&key, Expect::Modified(found.modified)).delete(&key);
        match self.settle(txn, Some(&key)).await? {
            Settled::Done(_) => Ok(()),
            Settled::Refused(reads) => Err(self.refusal(by, &reads, key)),
        }
    }

    /// A store's record.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn store_record(&self, store: StoreId) -> Result<Option<StoreRecord>, MetaError> {
        self.store().get(self.keys().store(store)).await?.as_ref().map(StoreRecord::decode).transpose()
    }

    /// All stores.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn store_records(&self) -> Result<Vec<StoreRecord>, MetaError> {
        self.store().list(self.keys().stores()).await?.entries.iter().map(StoreRecord::decode).collect()
    }
}
