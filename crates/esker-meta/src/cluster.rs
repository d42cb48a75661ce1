//! `/cluster`: id, number of shards, format version. Written once.

use esker_core::ClusterId;

use crate::{
    Expect, KeyValue, Meta, MetaError, Txn,
    codec::{Source, encode, uuid_bytes},
    meta::Settled,
    proto,
};

/// The cluster's unchanging facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Its id, random.
    pub id: ClusterId,
    /// Its number of shards, `1..=`[`Cluster::MAX_SHARDS`].
    pub shards: u32,
    /// Version of all metadata; this build knows [`Cluster::FORMAT_VERSION`].
    pub format_version: u32,
}

impl Cluster {
    /// The version that this build reads and writes.
    pub const FORMAT_VERSION: u32 = 1;
    /// Most shards of a cluster.
    pub const MAX_SHARDS: u32 = 65_536;

    pub(crate) fn encode(&self) -> bytes::Bytes {
        encode(&proto::Cluster {
            id: uuid_bytes(self.id.0),
            shards: self.shards,
            format_version: self.format_version,
        })
    }

    pub(crate) fn decode(entry: &KeyValue) -> Result<Self, MetaError> {
        let (source, message) = Source::message::<proto::Cluster>(entry)?;
        // First, since a later version may mean something else by the rest.
        source.ensure(
            message.format_version == Self::FORMAT_VERSION,
            &format!("format version {} (this build knows {})", message.format_version, Self::FORMAT_VERSION),
        )?;
        source.ensure((1..=Self::MAX_SHARDS).contains(&message.shards), "shards")?;
        Ok(Self {
            id: ClusterId(source.uuid(&message.id, "id")?),
            shards: message.shards,
            format_version: message.format_version,
        })
    }
}

impl Meta {
    /// The cluster's record; `None` before it was created.
    ///
    /// # Errors
    /// When the store fails or the record is of a format version that this build does not know.
    pub async fn load_cluster(&self) -> Result<Option<Cluster>, MetaError> {
        self.store().get(self.keys().cluster()).await?.as_ref().map(Cluster::decode).transpose()
    }

    /// The cluster's record, created with `shards` shards when there is none yet. An existing cluster keeps the number
    /// it was created with.
    ///
    /// # Errors
    /// As [`Meta::load_cluster`]; [`MetaError::Invalid`] when `shards` is outside its range.
    pub async fn create_or_load_cluster(&self, shards: u32) -> Result<Cluster, MetaError> {
        if let Some(cluster) = self.load_cluster().await? {
            return Ok(cluster);
        }
        if !(1..=Cluster::MAX_SHARDS).contains(&shards) {
            return Err(MetaError::Invalid(format!("{shards} shards: use 1 to {}", Cluster::MAX_SHARDS)));
        }
        let id = ClusterId::from_random(self.env().random.bytes16());
        let cluster = Cluster { id, shards, format_version: Cluster::FORMAT_VERSION };
        let key = self.keys().cluster();
        let txn = Txn::new().when(&key, Expect::Absent).put(&key, cluster.encode()).or_get(&key);
        match self.settle(txn, Some(&key)).await? {
            Settled::Done(_) => Ok(cluster),
            Settled::Refused(reads) => match reads.first() {
                Some(Some(found)) => Cluster::decode(found),
                _ => Err(MetaError::Corrupt { key, field: "presence (created, then deleted)".to_owned() }),
            },
        }
    }
}
