//! Who a store is (`store`, written once), and the header block of each log file.

use esker_core::StoreId;
use esker_env::Random;
use uuid::Uuid;

use super::codec::{Put, Take};

const IDENTITY_MAGIC: u32 = u32::from_le_bytes(*b"EskS");
const FILE_MAGIC: u32 = u32::from_le_bytes(*b"EskW");
const VERSION: u32 = 1;
/// The identity is written twice, each copy in a block of its own.
const COPY: usize = 4096;
/// Bytes of the identity file.
pub(crate) const IDENTITY_LEN: usize = 2 * COPY;

/// Who a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) id: StoreId,
    /// Seeds the checksums of entry headers, see [`super::EntryHeader`].
    pub(crate) nonce: u64,
}

impl Identity {
    pub(crate) fn random(random: &dyn Random) -> Self {
        Self { id: StoreId::from_random(random.bytes16()), nonce: random.next_u64() }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut copy = Put::default();
        copy.u32(IDENTITY_MAGIC);
        copy.u32(VERSION);
        copy.0.extend_from_slice(self.id.0.as_bytes());
        copy.u64(self.nonce);
        let crc = crc32c::crc32c(&copy.0);
        copy.u32(crc);
        copy.0.resize(COPY, 0);
        copy.0.repeat(2)
    }

    /// # Errors
    /// When neither copy is intact, or the format is newer.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        for copy in bytes.chunks(COPY) {
            let mut fields = Take(copy);
            let Some((magic, version)) = fields.u32().zip(fields.u32()) else { continue };
            let Some((id, nonce)) = fields.array::<16>().zip(fields.u64()) else { continue };
            let covered = &copy[..copy.len() - fields.0.len()];
            if magic != IDENTITY_MAGIC || fields.u32() != Some(crc32c::crc32c(covered)) {
                continue;
            }
            if version != VERSION {
                return Err(format!("format version {version}, which this build does not know"));
            }
            return Ok(Self { id: StoreId(Uuid::from_bytes(id)), nonce });
        }
        Err("both copies are damaged".to_owned())
    }
}

/// The header block of a log file. For people and tools, and to notice files that were moved; entries carry what
/// recovery needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileHeader {
    pub(crate) store: StoreId,
    pub(crate) sequence: u32,
}

impl FileHeader {
    pub(crate) const SIZE: usize = 32;

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Put::default();
        out.u32(FILE_MAGIC);
        out.u32(VERSION);
        out.0.extend_from_slice(self.store.0.as_bytes());
        out.u32(self.sequence);
        let crc = crc32c::crc32c(&out.0);
        out.u32(crc);
        out.0
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Take(bytes);
        if fields.u32()? != FILE_MAGIC || fields.u32()? != VERSION {
            return None;
        }
        let store = StoreId(Uuid::from_bytes(fields.array()?));
        let sequence = fields.u32()?;
        (fields.u32()? == crc32c::crc32c(&bytes[..Self::SIZE - 4])).then_some(Self { store, sequence })
    }
}
