//! The object format: an immutable file in the object store that holds batches of many partitions of one shard.
//!
//! The format page is `docs/formats/object.md`. This module turns batches into an object's bytes (without copying
//! them) and reads its parts back; where objects live and how they are fetched is `esker-archive`'s business.

mod builder;
pub(crate) mod codec;
mod footer;
mod id;
mod index;
mod section;
mod state;

#[cfg(test)]
mod tests;

pub use builder::{BuildError, BuiltObject, MAX_BLOCK_BYTES, ObjectBuilder};
pub use footer::{FOOTER_SIZE, Footer, HEADER_SIZE, check_header, encode_header};
pub use id::{BadObjectId, ObjectId};
pub use index::{IndexEntry, Span, decode_index};
pub use section::{BlockEntry, Section};
pub use state::PartitionSection;

/// Bytes that are not what they should be: damaged, cut short, or of a newer version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The bytes end early.
    #[error("{0} is cut short")]
    Truncated(&'static str),
    /// The checksum does not match.
    #[error("{0} is damaged: its CRC32C does not match")]
    Crc(&'static str),
    /// The magic bytes are missing.
    #[error("{0} does not start and end as it should: not one of ours, or damaged")]
    Magic(&'static str),
    /// Written by a newer release.
    #[error("{what} has version {version}, flags {flags:#x}, which this release does not read")]
    Version {
        /// The part.
        what: &'static str,
        /// Its version.
        version: u16,
        /// Its flags.
        flags: u16,
    },
    /// A field is out of range or contradicts another one, under an intact checksum.
    #[error("{what} has a bad {field}")]
    Field {
        /// The part.
        what: &'static str,
        /// The field.
        field: &'static str,
    },
}
