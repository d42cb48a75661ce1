//! The manifest: what a shard has in the object store.
//!
//! A small [`Pointer`] in the metadata store names a [`Root`] (an immutable object) and the objects committed since
//! it was written. An object is visible iff it can be reached from the pointer. The format page is
//! `docs/formats/manifest.md`.

mod pointer;
mod root;

#[cfg(test)]
mod tests;

pub use pointer::{MAX_RECENT, Pointer, RootRef};
pub use root::{Garbage, GarbageKind, Root, RootPartition, RootRange};

use crate::{
    Epoch,
    object::{FOOTER_SIZE, Footer, FormatError, HEADER_SIZE, ObjectId, codec},
};

/// A data object as the manifest refers to it: enough to fetch any part of it with one ranged request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectRef {
    /// Its name.
    pub id: ObjectId,
    /// Its length in bytes.
    pub length: u32,
    /// Position of its first section.
    pub sections: u32,
    /// Position of its index; the footer is the last [`FOOTER_SIZE`] bytes.
    pub index: u32,
    /// The shard's epoch when it was built.
    pub epoch: Epoch,
}

impl ObjectRef {
    /// The reference to an object with this name, footer and length.
    #[must_use]
    pub const fn new(id: ObjectId, footer: &Footer) -> Self {
        Self {
            id,
            length: footer.footer + FOOTER_SIZE as u32,
            sections: footer.sections,
            index: footer.index,
            epoch: footer.epoch,
        }
    }

    /// Position of the footer.
    #[must_use]
    pub const fn footer(&self) -> u32 {
        self.length - FOOTER_SIZE as u32
    }

    fn encode(&self, out: &mut codec::Writer) {
        out.bytes(&self.id.0.to_be_bytes());
        out.varint(u64::from(self.length));
        // Lengths of the tail's parts rather than positions: they take fewer bytes.
        out.varint(u64::from(self.index - self.sections));
        out.varint(u64::from(self.footer() - self.index));
        out.varint(u64::from(self.epoch.0.cast_unsigned()));
    }

    fn decode(reader: &mut codec::Reader<'_>) -> Result<Self, FormatError> {
        let id = ObjectId(reader.u128()?);
        let length = reader.varint32("object length")?;
        let (sections, index) = (reader.varint32("sections length")?, reader.varint32("index length")?);
        let epoch = reader.epoch()?;
        let index_at = length.checked_sub(FOOTER_SIZE as u32).and_then(|at| at.checked_sub(index));
        let sections_at = index_at.and_then(|at| at.checked_sub(sections));
        match (sections_at, index_at) {
            (Some(sections), Some(index)) if sections >= HEADER_SIZE as u32 => {
                Ok(Self { id, length, sections, index, epoch })
            }
            _ => Err(reader.bad("object positions")),
        }
    }

    /// Fewest bytes of an encoded reference.
    const LEAST: usize = 20;
}
