//! Whose the objects below a prefix are.
//!
//! What no manifest reaches is deleted after a grace, and manifests hang from the metadata store. A cluster whose
//! metadata is new, because etcd was lost or because the same URL was given to two clusters, would take everything
//! that another one left there for such leftovers. So an object says which cluster a prefix belongs to
//! (`docs/formats/manifest.md`), and nothing is written or deleted below it before that was read.

use esker_core::{ClusterId, object::FormatError};

use object_store::path::Path;

use crate::{Archive, ArchiveError, Parts, requests::Create};

/// The version that this build reads and writes.
const VERSION: u16 = 1;
/// Longer is not ours.
const MAX_BYTES: u64 = 256;
/// Reads of a damaged marker, before it counts as damaged where it is stored; looks at one that comes and goes.
const ATTEMPTS: u32 = 3;
const WHAT: &str = "cluster marker";

/// `esker-cluster <version> <UUID> <CRC32C of all before it, 8 hex digits>`, and a line feed.
fn encode(cluster: ClusterId) -> String {
    let said = format!("esker-cluster {VERSION} {cluster} ");
    format!("{said}{:08x}\n", crc32c::crc32c(said.as_bytes()))
}

fn decode(bytes: &[u8]) -> Result<ClusterId, FormatError> {
    let text = std::str::from_utf8(bytes).map_err(|_| FormatError::Magic(WHAT))?;
    let text = text.strip_suffix('\n').ok_or(FormatError::Truncated(WHAT))?;
    let (before, crc) = text.rsplit_once(' ').ok_or(FormatError::Magic(WHAT))?;
    let rest = before.strip_prefix("esker-cluster ").ok_or(FormatError::Magic(WHAT))?;
    if crc != format!("{:08x}", crc32c::crc32c(&bytes[..=before.len()])) {
        return Err(FormatError::Crc(WHAT));
    }
    let field = |field| FormatError::Field { what: WHAT, field };
    let (version, id) = rest.split_once(' ').ok_or(field("version"))?;
    match version.parse::<u16>() {
        Ok(VERSION) => {}
        Ok(version) => return Err(FormatError::Version { what: WHAT, version, flags: 0 }),
        Err(_) => return Err(field("version")),
    }
    id.parse().map_err(|_| field("cluster id"))
}

impl Archive {
    /// Makes sure that the prefix is this cluster's: an unmarked one becomes so. The first upload or deletion does so
    /// too; calling this at the start tells an operator at once what is wrong. Asks the object store until it has
    /// succeeded once.
    ///
    /// # Errors
    /// [`ArchiveError::OtherCluster`] when the prefix is another cluster's; others as [`ArchiveError`] says.
    pub async fn claim(&self) -> Result<(), ArchiveError> {
        self.parts.claim().await
    }
}

impl Parts {
    /// As [`Archive::claim`].
    pub(crate) async fn claim(&self) -> Result<(), ArchiveError> {
        self.claimed.get_or_try_init(|| self.mark()).await.copied()
    }

    /// As [`Archive::claim`], but asks again in any case: before what cannot be taken back.
    pub(crate) async fn mark(&self) -> Result<(), ArchiveError> {
        let path = self.names.marker();
        let mut last = None;
        for round in 1..=ATTEMPTS {
            let found = self.requests.get_small(&path, MAX_BYTES).await;
            let created = match found {
                Ok(Some(bytes)) => match decode(&bytes) {
                    Ok(owner) if owner == self.cluster => return Ok(()),
                    Ok(theirs) => {
                        let (path, ours) = (path.to_string(), self.cluster);
                        return Err(ArchiveError::OtherCluster { path, theirs, ours });
                    }
                    // An answer can be damaged on its way.
                    Err(error) => {
                        last = Some(error);
                        false
                    }
                },
                Ok(None) => {
                    self.check_unmarked().await?;
                    self.create_marker(&path, Create::Always).await?
                }
                // Without the right to list, S3 says this of what does not exist. What exists is not replaced.
                Err(error @ ArchiveError::Refused { .. }) => {
                    if !matches!(self.create_marker(&path, Create::Conditional).await, Ok(true)) {
                        return Err(error);
                    }
                    true
                }
                Err(error) => return Err(error),
            };
            // The next look says who was first, also where the store has no conditional writes.
            if !created {
                self.env.clock.sleep(self.requests.pause(round)).await;
            }
        }
        let path = path.to_string();
        Err(match last {
            Some(source) => ArchiveError::Damaged { path, position: 0, source },
            None => ArchiveError::Missing { path },
        })
    }

    async fn create_marker(&self, path: &Path, how: Create) -> Result<bool, ArchiveError> {
        let created = self.requests.create(path, encode(self.cluster).into(), how).await?;
        if created {
            tracing::info!(%path, cluster = %self.cluster, "marked the object store's prefix as this cluster's");
        }
        Ok(created)
    }

    /// Objects without a marker are this cluster's when its metadata knows of some. Otherwise the marker was lost, and the
    /// metadata may be another cluster's.
    async fn check_unmarked(&self) -> Result<(), ArchiveError> {
        let shards = self.requests.shards(&self.names).await?;
        let end = self.env.clock.now() + self.config.commit_deadline;
        for shard in &shards {
            if self.read_pointer(*shard, end).await?.is_some() {
                return Ok(());
            }
        }
        if shards.is_empty() {
            return Ok(());
        }
        Err(ArchiveError::Unmarked { path: self.names.marker().to_string(), ours: self.cluster })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_marker_is_read_as_it_was_written_and_with_any_change_not_at_all(
            id in any::<[u8; 16]>(),
            at in any::<prop::sample::Index>(),
            bit in 0u8..8,
        ) {
            let id = ClusterId::from_random(id);
            let mut marker = encode(id).into_bytes();
            prop_assert!(marker.len() as u64 <= MAX_BYTES);
            prop_assert_eq!(decode(&marker), Ok(id));
            let at = at.index(marker.len());
            prop_assert!(decode(&marker[..at]).is_err());
            marker[at] ^= 1 << bit;
            prop_assert!(decode(&marker).is_err());
        }

        #[test]
        fn hostile_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(decode(&bytes).is_err());
        }
    }

    #[test]
    fn a_marker_of_a_later_version_is_said_to_be_one() {
        let said = "esker-cluster 2 whatever it says ";
        let marker = format!("{said}{:08x}\n", crc32c::crc32c(said.as_bytes()));
        assert_eq!(decode(marker.as_bytes()), Err(FormatError::Version { what: WHAT, version: 2, flags: 0 }));
    }
}
