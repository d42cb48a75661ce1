//! Where everything is: the keys of docs/formats/metadata.md below a configurable prefix.

use esker_core::{BrokerId, LedgerId, ShardId, StoreId};

use crate::MetaError;

/// Builds and takes apart keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    prefix: String,
}

impl Keys {
    /// Keys below `prefix`: empty, or a path like `/esker/prod` without a slash at its end.
    ///
    /// # Errors
    /// [`MetaError::Invalid`] for any other prefix.
    pub fn new(prefix: &str) -> Result<Self, MetaError> {
        let path = prefix.starts_with('/') && !prefix.ends_with('/');
        let usable = prefix.is_empty() || (path && prefix.chars().all(|c| c.is_ascii_graphic()));
        if !usable {
            return Err(MetaError::Invalid(format!(
                "metadata key prefix {prefix:?}: use an ASCII path such as /esker, without a slash at its end"
            )));
        }
        Ok(Self { prefix: prefix.to_owned() })
    }

    pub(crate) fn cluster(&self) -> String {
        format!("{}/cluster", self.prefix)
    }

    pub(crate) fn controller(&self) -> String {
        format!("{}/controller", self.prefix)
    }

    pub(crate) fn sessions(&self) -> String {
        format!("{}/sessions/", self.prefix)
    }

    pub(crate) fn session(&self, broker: BrokerId) -> String {
        format!("{}/sessions/{broker}", self.prefix)
    }

    pub(crate) fn stores(&self) -> String {
        format!("{}/stores/", self.prefix)
    }

    pub(crate) fn store(&self, store: StoreId) -> String {
        format!("{}/stores/{store}", self.prefix)
    }

    pub(crate) fn all_ledgers(&self) -> String {
        format!("{}/ledgers/", self.prefix)
    }

    pub(crate) fn ledgers(&self, broker: BrokerId) -> String {
        format!("{}/ledgers/{broker}/", self.prefix)
    }

    pub(crate) fn ledger(&self, ledger: LedgerId) -> String {
        format!("{}/ledgers/{}/{}", self.prefix, ledger.broker, ledger.number)
    }

    pub(crate) fn shards(&self) -> String {
        format!("{}/shards/", self.prefix)
    }

    pub(crate) fn shard(&self, shard: ShardId) -> String {
        format!("{}/shards/{shard}", self.prefix)
    }

    pub(crate) fn manifest(&self, shard: ShardId) -> String {
        format!("{}/manifests/{shard}", self.prefix)
    }

    pub(crate) fn topics(&self) -> String {
        format!("{}/topics/", self.prefix)
    }

    pub(crate) fn topic(&self, name: &str) -> String {
        format!("{}/topics/{name}", self.prefix)
    }

    pub(crate) fn groups(&self) -> String {
        format!("{}/groups/", self.prefix)
    }

    pub(crate) fn group(&self, name: &str) -> String {
        format!("{}/groups/{name}", self.prefix)
    }

    pub(crate) fn exchanges(&self) -> String {
        format!("{}/exchanges/", self.prefix)
    }

    pub(crate) fn exchange(&self, name: &str) -> String {
        format!("{}/exchanges/{name}", self.prefix)
    }

    pub(crate) fn id(&self, counter: &str) -> String {
        format!("{}/ids/{counter}", self.prefix)
    }
}
