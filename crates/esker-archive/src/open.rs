//! Loading a shard's manifest: pointer, root, recent objects.
//!
//! The root carries every partition's state as of its commit; recent objects bring newer ones. So a shard costs one
//! request for the root and one or two for each of at most 16 recent objects, however many partitions it has.

use std::collections::BTreeMap;

use bytes::Bytes;
use esker_core::{
    PartitionId, ShardId,
    manifest::{ObjectRef, Pointer, Root, RootRef},
    object::{FOOTER_SIZE, Footer, FormatError, IndexEntry, Section, Span, decode_index},
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{ArchiveError, Parts, StoredPointer, view::View};

/// A tail (sections, index, footer) up to this size is fetched whole; of a larger one, first index and footer.
const WHOLE_TAIL: u32 = 256 << 10;
/// Recent objects fetched at the same time.
const AT_ONCE: usize = 16;

/// An object's index and as much of its tail as came with it.
pub(crate) struct Tail {
    pub(crate) object: ObjectRef,
    pub(crate) footer: Footer,
    pub(crate) index: Vec<IndexEntry>,
    bytes: Bytes,
    /// Position of `bytes` in the object.
    start: u32,
}

impl Parts {
    /// The view that a pointer leads to.
    pub(crate) async fn load(
        &self,
        shard: ShardId,
        stored: Option<StoredPointer>,
    ) -> Result<View, ArchiveError> {
        let Some((value, revision)) = stored else { return Ok(View::empty(shard)) };
        let bad = |source| ArchiveError::BadPointer { shard: shard.0, source };
        let pointer = Pointer::decode(&value).map_err(bad)?;
        if pointer.shard != shard {
            return Err(bad(FormatError::Field { what: "manifest pointer", field: "shard" }));
        }
        // Owned items, here and below: a future with a closure over references would not count as `Send`.
        let tails = stream::iter(pointer.recent.clone()).map(|object| self.tail(shard, object));
        let tails = tails.buffered(AT_ONCE).try_collect::<Vec<_>>();
        let root = async {
            match &pointer.root {
                Some(root) => self.root(shard, root).await.map(Some),
                None => Ok(None),
            }
        };
        let (root, tails) = futures::try_join!(root, tails)?;
        let mut view = match root {
            Some(root) => View::from_root(root, pointer.clone(), revision),
            None => View { pointer: pointer.clone(), revision, ..View::empty(shard) },
        };
        let mut newest: BTreeMap<PartitionId, (usize, Span)> = BTreeMap::new();
        for (number, tail) in tails.iter().enumerate() {
            view.add_object(tail.object, &tail.index).map_err(|_| ArchiveError::Damaged {
                path: self.names.data(shard, tail.object.id).to_string(),
                position: u64::from(tail.footer.index),
                source: FormatError::Field {
                    what: "object index",
                    field: "range (it overlaps an earlier object)",
                },
            })?;
            newest.extend(tail.index.iter().map(|entry| (entry.partition, (number, entry.section))));
        }
        self.load_states(shard, &tails, &newest, &mut view).await?;
        Ok(view)
    }

    /// Reads and checks a root.
    pub(crate) async fn root(&self, shard: ShardId, root: &RootRef) -> Result<Root, ArchiveError> {
        let path = self.names.root(shard, root.id);
        let bytes = self.requests.get(&path, 0..root.length, root.length).await?;
        let damaged = |source| ArchiveError::Damaged { path: path.to_string(), position: 0, source };
        if crc32c::crc32c(&bytes) != root.crc {
            return Err(damaged(FormatError::Crc("manifest root")));
        }
        let root = Root::decode(&bytes).map_err(damaged)?;
        if root.shard != shard {
            return Err(damaged(FormatError::Field { what: "manifest root", field: "shard" }));
        }
        Ok(root)
    }

    /// Reads an object's footer and index, and its sections too when they are small.
    pub(crate) async fn tail(&self, shard: ShardId, object: ObjectRef) -> Result<Tail, ArchiveError> {
        let path = self.names.data(shard, object.id);
        let whole = object.length - object.sections <= WHOLE_TAIL;
        let start = if whole { object.sections } else { object.index };
        let bytes = self.requests.get(&path, start..object.length, object.length).await?;
        let damaged = |position, source| ArchiveError::Damaged { path: path.to_string(), position, source };
        let position = u64::from(object.footer());
        let footer = bytes.last_chunk::<FOOTER_SIZE>().ok_or(FormatError::Truncated("object footer"));
        let footer = footer.and_then(|footer| Footer::decode(footer, position));
        let footer = footer.map_err(|source| damaged(position, source))?;
        if footer.shard != shard || ObjectRef::new(object.id, &footer) != object {
            let source =
                FormatError::Field { what: "object footer", field: "positions (the manifest has others)" };
            return Err(damaged(position, source));
        }
        let index = &bytes[(object.index - start) as usize..(object.footer() - start) as usize];
        let index =
            decode_index(index, &footer).map_err(|source| damaged(u64::from(footer.index), source))?;
        Ok(Tail { object, footer, index, bytes, start })
    }

    /// Takes each partition's state from its newest section among the recent objects.
    async fn load_states(
        &self,
        shard: ShardId,
        tails: &[Tail],
        newest: &BTreeMap<PartitionId, (usize, Span)>,
        view: &mut View,
    ) -> Result<(), ArchiveError> {
        let mut plans = Vec::with_capacity(tails.len());
        for (number, tail) in tails.iter().enumerate() {
            let spans = newest
                .values()
                .filter(|(tail, _)| *tail == number)
                .map(|(_, Span { position, length })| (*position, position + length));
            let bounds = spans.reduce(|all, span| (all.0.min(span.0), all.1.max(span.1)));
            plans.push((tail.object, bounds, tail.bytes.clone(), tail.start));
        }
        let missing = stream::iter(plans).map(|(object, bounds, bytes, from)| async move {
            match bounds {
                Some((start, end)) if start < from => {
                    let path = self.names.data(shard, object.id);
                    let bytes = self.requests.get(&path, start..end, object.length).await?;
                    Ok::<_, ArchiveError>((bytes, start))
                }
                _ => Ok((bytes, from)),
            }
        });
        let sections: Vec<(Bytes, u32)> = missing.buffered(AT_ONCE).try_collect().await?;
        for (&partition, &(number, span)) in newest {
            let (bytes, start) = &sections[number];
            let from = (span.position - start) as usize;
            let section =
                Section::decode(&bytes[from..from + span.length as usize], tails[number].footer.sections);
            let section = section.map_err(|source| ArchiveError::Damaged {
                path: self.names.data(shard, tails[number].object.id).to_string(),
                position: u64::from(span.position),
                source,
            })?;
            let state = Bytes::from(section.state.encode_state());
            view.set_state(partition, section.state.log_start, state);
        }
        Ok(())
    }
}
