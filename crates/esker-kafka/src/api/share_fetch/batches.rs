//! What was read for a share fetch: which batches there are, and which of their bytes go out. Nothing is copied.

use bytes::Bytes;
use esker_coordinator::{attributes, is_hidden};
use esker_core::batch::{BatchError, BatchView};
use esker_kafka_wire::Records;
use esker_log::Read;
use esker_share::{Acquired, Look, Span};

/// The most bytes to which one batch may decompress.
const MAX_DECOMPRESSED: usize = 64 << 20;

/// Batches that were read.
pub(super) struct Batches {
    pub(super) spans: Vec<Span>,
    /// Where each of them is: chunk, first byte, byte behind it.
    places: Vec<(usize, usize, usize)>,
    chunks: Vec<Bytes>,
}

impl Batches {
    /// The batches of a read. What follows bytes that are no batch is left out: nobody can be given it.
    pub(super) fn of(read: Read) -> Self {
        let mut batches = Self { spans: Vec::new(), places: Vec::new(), chunks: read.chunks };
        for (at, chunk) in batches.chunks.iter().enumerate() {
            let mut from = 0;
            for view in BatchView::all(chunk) {
                let Ok(view) = view else { break };
                let fields = &view.fields;
                let first = fields.base_offset;
                batches.spans.push(Span {
                    first,
                    last: first.saturating_add(i64::from(fields.last_offset_delta)),
                    hidden: is_hidden(fields, &read.aborted),
                });
                batches.places.push((at, from, from + view.len()));
                from += view.len();
            }
        }
        batches
    }

    /// What the records say that are in the `open` runs.
    ///
    /// # Errors
    /// They cannot be read.
    pub(super) fn looks(
        &self,
        reader: &attributes::Reader,
        open: &[(i64, i64)],
    ) -> Result<Vec<Look>, BatchError> {
        let mut looks = Vec::new();
        for (span, (chunk, from, to)) in self.spans.iter().zip(&self.places) {
            if !span.hidden {
                let batch = BatchView::parse(&self.chunks[*chunk].slice(from..to))?;
                looks.extend(reader.looks(&batch, open, MAX_DECOMPRESSED)?);
            }
        }
        Ok(looks)
    }

    /// The bytes of the batches that have any of what was acquired.
    pub(super) fn holding(&self, acquired: &[Acquired]) -> Records {
        let mut records = Records::new();
        let mut open: Option<(usize, usize, usize)> = None;
        for (span, place) in self.spans.iter().zip(&self.places) {
            if !acquired.iter().any(|run| run.first <= span.last && run.last >= span.first) {
                continue;
            }
            let (chunk, from, to) = *place;
            open = match open {
                // Batches that follow one another go out as one slice.
                Some((same, begin, end)) if same == chunk && end == from => Some((chunk, begin, to)),
                before => {
                    self.push(&mut records, before);
                    Some((chunk, from, to))
                }
            };
        }
        self.push(&mut records, open);
        records
    }

    fn push(&self, records: &mut Records, slice: Option<(usize, usize, usize)>) {
        if let Some((chunk, from, to)) = slice {
            records.push(self.chunks[chunk].slice(from..to));
        }
    }
}
