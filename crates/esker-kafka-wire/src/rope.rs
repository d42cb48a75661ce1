//! Encoded bytes as a list of chunks, for vectored writes.

use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;
use std::io::IoSlice;

/// Bytes to send, in order, as shared chunks. None is empty.
///
/// It is a [`Buf`], so tokio's `write_buf` sends up to 64 chunks in one system call and drains what was taken.
#[derive(Debug, Clone, Default)]
pub struct Rope {
    chunks: VecDeque<Bytes>,
    len: usize,
}

impl Rope {
    /// No bytes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a chunk, shared. An empty one is dropped.
    pub fn push(&mut self, chunk: Bytes) {
        if !chunk.is_empty() {
            self.len += chunk.len();
            self.chunks.push_back(chunk);
        }
    }

    /// Appends all chunks of another rope.
    pub fn append(&mut self, mut other: Rope) {
        self.len += other.len;
        self.chunks.append(&mut other.chunks);
    }

    /// Bytes left to send.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The chunks in order.
    pub fn chunks(&self) -> impl ExactSizeIterator<Item = &Bytes> {
        self.chunks.iter()
    }

    /// Writes everything that the sink takes: calls it with up to 64 slices until the rope is empty or the sink
    /// takes nothing or fails, and drops what was taken. Returns the bytes taken by this call.
    ///
    /// # Errors
    /// The sink's (a `WouldBlock` leaves the rest in the rope).
    pub fn drain_into<E>(
        &mut self,
        mut sink: impl FnMut(&[IoSlice<'_>]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let mut taken = 0;
        while !self.is_empty() {
            let mut slices = [IoSlice::new(&[]); 64];
            let count = self.chunks_vectored(&mut slices);
            let n = sink(&slices[..count])?;
            if n == 0 {
                break;
            }
            self.advance(n);
            taken += n;
        }
        Ok(taken)
    }

    /// Everything in one piece: shared if it is one chunk, else copied together. For tests and small messages.
    pub fn into_bytes(mut self) -> Bytes {
        if self.chunks.len() == 1 {
            return self.chunks.pop_front().expect("there is one");
        }
        let mut joined = BytesMut::with_capacity(self.len);
        self.chunks.iter().for_each(|chunk| joined.extend_from_slice(chunk));
        joined.freeze()
    }
}

impl From<Bytes> for Rope {
    fn from(chunk: Bytes) -> Self {
        let mut rope = Self::new();
        rope.push(chunk);
        rope
    }
}

impl Buf for Rope {
    fn remaining(&self) -> usize {
        self.len
    }

    fn chunk(&self) -> &[u8] {
        self.chunks.front().map_or(&[], |chunk| &chunk[..])
    }

    fn chunks_vectored<'a>(&'a self, dst: &mut [IoSlice<'a>]) -> usize {
        let pairs = dst.iter_mut().zip(&self.chunks);
        pairs.map(|(slot, chunk)| *slot = IoSlice::new(chunk)).count()
    }

    /// # Panics
    /// `count` is more than [`Rope::len`], as for any [`Buf`].
    fn advance(&mut self, mut count: usize) {
        assert!(count <= self.len, "advance by {count} of {}", self.len);
        self.len -= count;
        while count > 0 {
            let first = self.chunks.front_mut().expect("len counts the chunks' bytes");
            if first.len() > count {
                first.advance(count);
                return;
            }
            count -= first.len();
            self.chunks.pop_front();
        }
    }
}
