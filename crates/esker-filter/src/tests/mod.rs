//! What filters match, what is refused, and what a hostile one cannot do.

use bytes::Bytes;
use esker_core::batch::{BatchBuilder, BatchView, Compression, NewRecord};

use crate::{Filter, MAX_ERROR_BYTES};

mod hostile;
mod matching;
mod refused;

type Headers<'a> = &'a [(&'a [u8], Option<&'a [u8]>)];

/// A message in a batch of its own.
pub(super) struct Sent(BatchView);

impl Sent {
    pub(super) fn new(key: Option<&[u8]>, value: Option<&[u8]>, headers: Headers<'_>) -> Self {
        let mut batch = BatchBuilder::new(Compression::None);
        batch.push(&NewRecord { timestamp: 1_700_000_000_000, key, value, headers }).unwrap();
        let bytes: Bytes = batch.build().unwrap();
        Self(BatchView::parse(&bytes).unwrap())
    }

    pub(super) fn matches(&self, filter: &Filter) -> bool {
        let records = self.0.records(1 << 24).unwrap();
        let record = records.iter().next().unwrap().unwrap();
        filter.matches(&record)
    }
}

/// Text headers, key `order-7`, a value of five bytes.
pub(super) fn sent(headers: &[(&str, &str)]) -> Sent {
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (name.as_bytes(), Some(value.as_bytes()))).collect();
    Sent::new(Some(b"order-7"), Some(b"12345"), &headers)
}

pub(super) fn parse(text: &str) -> Filter {
    Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Whether it is refused; its error is bounded, on one line.
pub(super) fn refusal(text: &str) -> Option<String> {
    let error = Filter::parse(text).err()?;
    let shown = error.to_string();
    assert!(shown.len() <= MAX_ERROR_BYTES && !shown.contains('\n'), "{shown}");
    assert!(error.line() >= 1 && error.column() >= 1);
    Some(shown)
}
