//! What a record says of itself in headers, for the groups that heed it: any client can set them. Their form is described in
//! `docs/formats/message-headers.md`.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use esker_core::batch::{BatchError, BatchView, Record};
use esker_env::{Clock, Monotonic};
use esker_share::{Heeds, Look, Says};

/// Not before: milliseconds since 1970, decimal.
pub const DELIVER_AT: &str = "esker.deliver-at";
/// Not from then on: milliseconds since 1970, decimal.
pub const EXPIRES_AT: &str = "esker.expires-at";
/// 0 to [`MAX_PRIORITY`], decimal; the higher comes first.
pub const PRIORITY: &str = "esker.priority";
/// Names a message: 1 to [`MAX_DEDUPLICATION_ID`] bytes. It is for publishers; groups do not look at it.
pub const DEDUPLICATION_ID: &str = "esker.deduplication-id";
/// Bytes.
pub const MAX_DEDUPLICATION_ID: usize = 128;
/// The highest.
pub const MAX_PRIORITY: u8 = 9;

/// Looks at records for a group.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    heeds: Heeds,
    now: Monotonic,
    /// Milliseconds since 1970.
    wall: i64,
}

impl Reader {
    /// What the group heeds, as of now.
    #[must_use]
    pub fn new(heeds: Heeds, clock: &dyn Clock) -> Self {
        Self { heeds, now: clock.now(), wall: clock.wall_ms() }
    }

    /// What a record says. A header that makes no sense counts as none; of several of a name, the last one does.
    #[must_use]
    pub fn says(&self, record: &Record<'_>) -> Says {
        let mut says = Says::default();
        if !self.heeds.any() {
            return says;
        }
        for header in record.headers {
            let number = || std::str::from_utf8(header.value?).ok()?.parse::<i64>().ok();
            match header.key {
                key if self.heeds.times && key == DELIVER_AT.as_bytes() => {
                    says.due = number().map(|at| self.at(at)).filter(|due| *due > self.now);
                }
                key if self.heeds.times && key == EXPIRES_AT.as_bytes() => {
                    says.expires = number().map(|at| self.at(at));
                }
                key if self.heeds.priority && key == PRIORITY.as_bytes() => {
                    let priority = number().and_then(|number| u8::try_from(number).ok());
                    says.priority = priority.map_or(0, |priority| priority.min(MAX_PRIORITY));
                }
                _ => {}
            }
        }
        if self.heeds.order {
            says.key = record.key.map_or(0, number_of);
        }
        says
    }

    /// When it will be so late, or now if it was.
    fn at(&self, wall: i64) -> Monotonic {
        let ahead = u64::try_from(wall.saturating_sub(self.wall)).unwrap_or(0);
        // A time that does not fit is as good as never.
        self.now + Duration::from_millis(ahead.min(u64::MAX / 4_000_000))
    }

    /// The records of a batch; those outside of the `open` runs are not looked at.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn looks(
        &self,
        batch: &BatchView,
        open: &[(i64, i64)],
        max_decompressed: usize,
    ) -> Result<Vec<Look>, BatchError> {
        let mut looks = Vec::new();
        for record in &batch.records(max_decompressed)? {
            let record = record?;
            let says = is_open(open, record.offset).then(|| self.says(&record));
            looks.push(Look { offset: record.offset, cost: size(&record), says });
        }
        Ok(looks)
    }
}

/// Whether a record is to be looked at.
#[must_use]
pub fn is_open(open: &[(i64, i64)], offset: i64) -> bool {
    let behind = open.partition_point(|(first, _)| *first <= offset);
    behind.checked_sub(1).is_some_and(|at| offset <= open[at].1)
}

/// Bytes.
fn size(record: &Record<'_>) -> u64 {
    let len = |part: Option<&[u8]>| part.map_or(0, <[u8]>::len);
    (len(record.key) + len(record.value)) as u64
}

/// A number for a key; two keys that share one keep an order that they need not.
fn number_of(key: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish().max(1)
}

#[cfg(test)]
mod tests {
    use esker_core::batch::{BatchBuilder, Compression, NewRecord};

    use super::*;

    const NOW: Monotonic = Monotonic(Duration::from_secs(50));
    const ALL: Heeds = Heeds { times: true, priority: true, order: true };

    fn says(heeds: Heeds, key: Option<&[u8]>, headers: &[(&str, Option<&str>)]) -> Says {
        let headers: Vec<_> =
            headers.iter().map(|(key, value)| (key.as_bytes(), value.map(str::as_bytes))).collect();
        let mut builder = BatchBuilder::new(Compression::Lz4);
        builder
            .push(&NewRecord { timestamp: 1, key, value: Some(b"v"), headers: &headers })
            .expect("it fits");
        let batch = BatchView::parse(&builder.build().expect("a batch")).expect("a batch");
        let reader = Reader { heeds, now: NOW, wall: 1_000 };
        let looks = reader.looks(&batch, &[(0, 5)], 1 << 20).expect("readable");
        assert!(reader.looks(&batch, &[(1, 5)], 1 << 20).expect("readable")[0].says.is_none());
        looks[0].says.expect("it was looked at")
    }

    #[test]
    fn what_makes_sense_counts_and_what_the_group_does_not_heed_does_not() {
        let headers = [
            (DELIVER_AT, Some("3000")),
            (EXPIRES_AT, Some("999")),
            (PRIORITY, Some("3")),
            (PRIORITY, Some("200")),
            ("other", None),
        ];
        let said = says(ALL, Some(b"k"), &headers);
        assert_eq!((said.due, said.expires), (Some(NOW + Duration::from_secs(2)), Some(NOW)));
        assert_eq!((said.priority, said.unwanted), (9, false));
        assert_ne!(said.key, 0);
        assert_ne!(said.key, says(ALL, Some(b"j"), &[]).key);
        assert_eq!(says(ALL, None, &[]), Says::default());
        assert_eq!(says(Heeds::default(), Some(b"k"), &headers), Says::default());
        let only = says(Heeds { priority: true, ..Heeds::default() }, Some(b"k"), &headers);
        assert_eq!(only, Says { priority: 9, ..Says::default() });
    }

    #[test]
    fn nonsense_counts_as_nothing() {
        let rubbish = ["", "x", "1.5", "99999999999999999999", "\u{663}"];
        for text in rubbish {
            let headers = [(DELIVER_AT, Some(text)), (EXPIRES_AT, Some(text)), (PRIORITY, Some(text))];
            assert_eq!(says(ALL, None, &headers), Says::default(), "{text:?}");
        }
        let never = i64::MAX.to_string();
        assert!(says(ALL, None, &[(DELIVER_AT, Some(&never)), (EXPIRES_AT, None)]).due.is_some());
        assert_eq!(says(ALL, None, &[(DELIVER_AT, Some("-5")), (PRIORITY, Some("-1"))]), Says::default());
    }

    #[test]
    fn records_outside_of_the_runs_are_not_looked_at() {
        let open = [(3, 5), (9, i64::MAX)];
        let seen: Vec<i64> = (0..12).filter(|offset| is_open(&open, *offset)).collect();
        assert_eq!(seen, [3, 4, 5, 9, 10, 11]);
        assert!(!is_open(&[], 0));
    }
}
