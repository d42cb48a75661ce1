//! Record batches as they travel: any number of byte chunks, never copied.

use bytes::{Bytes, BytesMut};
use std::fmt;

/// The value of a `records` field: batches in as many chunks as they were read in.
///
/// Equality and length are those of the bytes, however they are cut.
#[derive(Clone, Default)]
pub struct Records(Chunks);

/// One chunk, the usual case, needs no list.
#[derive(Clone, Default)]
enum Chunks {
    #[default]
    None,
    One(Bytes),
    Many(Vec<Bytes>),
}

impl Records {
    /// No bytes.
    pub const fn new() -> Self {
        Self(Chunks::None)
    }

    /// Appends a chunk; the bytes are shared, not copied. An empty one is dropped.
    pub fn push(&mut self, chunk: Bytes) {
        if chunk.is_empty() {
            return;
        }
        self.0 = match std::mem::take(&mut self.0) {
            Chunks::None => Chunks::One(chunk),
            Chunks::One(first) => Chunks::Many(vec![first, chunk]),
            Chunks::Many(mut all) => {
                all.push(chunk);
                Chunks::Many(all)
            }
        };
    }

    /// The chunks in order; none is empty.
    pub fn chunks(&self) -> &[Bytes] {
        match &self.0 {
            Chunks::None => &[],
            Chunks::One(chunk) => std::slice::from_ref(chunk),
            Chunks::Many(all) => all,
        }
    }

    /// Length in bytes of all chunks.
    pub fn len(&self) -> usize {
        self.chunks().iter().map(Bytes::len).sum()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.chunks().is_empty()
    }

    /// The bytes in one piece: shared if there is at most one chunk (always so after decoding), else copied together.
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Chunks::None => Bytes::new(),
            Chunks::One(chunk) => chunk,
            Chunks::Many(all) => {
                let mut joined = BytesMut::with_capacity(all.iter().map(Bytes::len).sum());
                all.iter().for_each(|chunk| joined.extend_from_slice(chunk));
                joined.freeze()
            }
        }
    }
}

impl From<Bytes> for Records {
    fn from(chunk: Bytes) -> Self {
        Self::from_iter([chunk])
    }
}

impl From<Vec<Bytes>> for Records {
    fn from(mut chunks: Vec<Bytes>) -> Self {
        chunks.retain(|chunk| !chunk.is_empty());
        match chunks.len() {
            0 | 1 => Self::from_iter(chunks),
            _ => Self(Chunks::Many(chunks)),
        }
    }
}

impl FromIterator<Bytes> for Records {
    fn from_iter<I: IntoIterator<Item = Bytes>>(chunks: I) -> Self {
        let mut records = Self::new();
        chunks.into_iter().for_each(|chunk| records.push(chunk));
        records
    }
}

impl PartialEq for Records {
    fn eq(&self, other: &Self) -> bool {
        let same_cuts = || self.chunks() == other.chunks();
        let bytes = |records: &'_ Self| records.chunks().iter().flatten().copied().collect::<Vec<u8>>();
        self.len() == other.len() && (same_cuts() || bytes(self) == bytes(other))
    }
}

impl Eq for Records {}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Records({} bytes in {} chunks)", self.len(), self.chunks().len())
    }
}
