//! The pointer: the one small value that a commit replaces.

use super::ObjectRef;
use crate::{
    Epoch, ShardId,
    object::{
        FormatError, ObjectId,
        codec::{Reader, Writer},
    },
};

/// Objects that a pointer names besides the root. The commit that would need one more writes a new root.
pub const MAX_RECENT: usize = 16;

const MAGIC: [u8; 2] = *b"MP";
const VERSION: u16 = 1;
const WHAT: &str = "manifest pointer";

/// Where a shard's root is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootRef {
    /// Its name.
    pub id: ObjectId,
    /// Its length in bytes.
    pub length: u32,
    /// CRC32C of its bytes.
    pub crc: u32,
}

/// The value at `/manifests/<shard>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// The shard.
    pub shard: ShardId,
    /// The shard's epoch at the commit that wrote this.
    pub epoch: Epoch,
    /// Number of commits so far: each writes the number after the one it replaces, the first writes 1.
    pub sequence: u64,
    /// The root; `None` until the first one is written.
    pub root: Option<RootRef>,
    /// Objects committed since the root, oldest first, at most [`MAX_RECENT`].
    pub recent: Vec<ObjectRef>,
}

impl Pointer {
    /// Its bytes, at most about 700.
    ///
    /// # Panics
    /// When it names more than [`MAX_RECENT`] objects.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        assert!(self.recent.len() <= MAX_RECENT, "a full pointer is folded into a new root");
        let mut out = Writer::default();
        out.bytes(&MAGIC);
        out.bytes(&VERSION.to_le_bytes());
        out.varint(u64::from(self.shard.0));
        out.varint(u64::from(self.epoch.0.cast_unsigned()));
        out.varint(self.sequence);
        out.bytes(&[u8::from(self.root.is_some())]);
        if let Some(root) = &self.root {
            out.bytes(&root.id.0.to_be_bytes());
            out.varint(u64::from(root.length));
            out.bytes(&root.crc.to_le_bytes());
        }
        out.count(self.recent.len());
        for object in &self.recent {
            object.encode(&mut out);
        }
        out.seal()
    }

    /// Reads a pointer.
    ///
    /// # Errors
    /// When the bytes are not a pointer of a version this code reads.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::sealed(bytes, WHAT)?;
        if reader.array::<2>()? != MAGIC {
            return Err(FormatError::Magic(WHAT));
        }
        let version = reader.u16()?;
        if version != VERSION {
            return Err(FormatError::Version { what: WHAT, version, flags: 0 });
        }
        let shard = ShardId(reader.varint32("shard")?);
        let epoch = reader.epoch()?;
        let sequence = reader.varint()?;
        let root = match reader.u8()? {
            0 => None,
            1 => Some(RootRef {
                id: ObjectId(reader.u128()?),
                length: reader.varint32("root length")?,
                crc: reader.u32()?,
            }),
            _ => return Err(reader.bad("root")),
        };
        let count = reader.count(ObjectRef::LEAST)?;
        if count > MAX_RECENT {
            return Err(reader.bad("number of recent objects"));
        }
        let recent: Vec<_> = (0..count).map(|_| ObjectRef::decode(&mut reader)).collect::<Result<_, _>>()?;
        reader.finish()?;
        Ok(Self { shard, epoch, sequence, root, recent })
    }
}
