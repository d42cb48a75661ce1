//! Settings of a store.

use std::{sync::Arc, time::Duration};

use crate::{OpenError, StoreMetrics, physical::FIRST_ENTRY};

/// Settings of a store. Plain data; `file_size` may change between runs.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// Most bytes of log files, spares included. At least four files.
    pub max_bytes: u64,
    /// Bytes of one log file: a multiple of 4096, 64 KiB to 1 GiB. A frame has to fit into one file: keep it at twice a
    /// lane's `frame_bytes`, or more.
    pub file_size: u32,
    /// Emptied files kept for reuse beyond the one being written; at least 1.
    pub spare_files: usize,
    /// The kernel's `boot_id`, by which the store learns that it lost power. `None` always counts as the same boot.
    pub boot_id: Option<String>,
    /// Frames of `received` ledgers are synced at the latest after this long.
    pub lazy_sync_after: Duration,
    /// And at the latest after this many bytes.
    pub lazy_sync_bytes: u64,
    /// Where what happens is counted.
    pub metrics: Arc<StoreMetrics>,
    /// Rules to break on purpose.
    #[cfg(feature = "mutations")]
    pub mutations: Mutations,
}

/// Rules that a test breaks to show that breaking them is noticed. Never compiled into the product.
#[cfg(feature = "mutations")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mutations {
    /// S2: answer appends of syncing modes once they are written, before `fdatasync`.
    pub ack_before_fsync: bool,
    /// S3: answer a seal without syncing it.
    pub seal_not_durable: bool,
    /// S3: keep accepting appends after a seal.
    pub accept_after_seal: bool,
    /// Limbo: answer with authority after a power loss.
    pub limbo_authoritative: bool,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            max_bytes: 8 << 30,
            file_size: 128 << 20,
            spare_files: 2,
            boot_id: None,
            lazy_sync_after: Duration::from_secs(1),
            lazy_sync_bytes: 64 << 20,
            metrics: Arc::default(),
            #[cfg(feature = "mutations")]
            mutations: Mutations::default(),
        }
    }
}

impl StoreConfig {
    /// What of a file is left to checkpoints when frames are as large as can be, bytes: room for thousands of ledgers. Of small
    /// files a quarter.
    const ROOM_FOR_CHECKPOINTS: usize = 1 << 20;

    /// The largest batch, bytes, that a file has room for besides what else has to be in it.
    #[must_use]
    pub fn largest_batch(&self) -> usize {
        let file = self.file_size as usize;
        file - Self::ROOM_FOR_CHECKPOINTS.min(file / 4)
    }

    pub(crate) fn check(&self) -> Result<(), OpenError> {
        let size = self.file_size;
        if !size.is_multiple_of(FIRST_ENTRY) || !(64 << 10..=1 << 30).contains(&size) {
            return Err(OpenError::Config(format!(
                "file_size is {size}: use a multiple of 4096 from 64 KiB to 1 GiB"
            )));
        }
        if self.max_files() < 4 {
            return Err(OpenError::Config(format!(
                "max_bytes is {}: use at least four files of {size} bytes",
                self.max_bytes
            )));
        }
        if self.spare_files == 0 {
            return Err(OpenError::Config("spare_files is 0: use at least 1".to_owned()));
        }
        Ok(())
    }

    /// Log files that may exist at a time.
    pub(crate) fn max_files(&self) -> usize {
        usize::try_from(self.max_bytes / u64::from(self.file_size)).unwrap_or(usize::MAX)
    }

    pub(crate) fn ack_before_fsync(&self) -> bool {
        #[cfg(feature = "mutations")]
        return self.mutations.ack_before_fsync;
        #[cfg(not(feature = "mutations"))]
        false
    }

    pub(crate) fn seal_not_durable(&self) -> bool {
        #[cfg(feature = "mutations")]
        return self.mutations.seal_not_durable;
        #[cfg(not(feature = "mutations"))]
        false
    }

    pub(crate) fn accept_after_seal(&self) -> bool {
        #[cfg(feature = "mutations")]
        return self.mutations.accept_after_seal;
        #[cfg(not(feature = "mutations"))]
        false
    }

    pub(crate) fn limbo_authoritative(&self) -> bool {
        #[cfg(feature = "mutations")]
        return self.mutations.limbo_authoritative;
        #[cfg(not(feature = "mutations"))]
        false
    }
}
