//! What records of transactions say about themselves.

/// In every record of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// The transaction, by the number that it has in this world.
    pub(super) txn: u64,
    /// How many records the transaction wrote to the partition before this one.
    pub(super) place: u32,
    pub(super) copied: Option<Copied>,
}

/// Of which record a copy was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Copied {
    /// The source's partition.
    pub(super) index: u32,
    pub(super) offset: i64,
    /// CRC32C of its value.
    pub(super) digest: u32,
}

const OWN: usize = 13;
const WHOLE: usize = OWN + 16;

impl Stamp {
    /// A value that says this, and has some more bytes.
    pub(super) fn value(&self, padding: usize) -> Vec<u8> {
        let mut value = Vec::with_capacity(WHOLE + padding);
        value.extend(self.txn.to_be_bytes());
        value.extend(self.place.to_be_bytes());
        value.push(u8::from(self.copied.is_some()));
        if let Some(copied) = self.copied {
            value.extend(copied.index.to_be_bytes());
            value.extend(copied.offset.to_be_bytes());
            value.extend(copied.digest.to_be_bytes());
        }
        value.resize(value.len() + padding, self.place as u8);
        value
    }

    pub(super) fn read(value: &[u8]) -> Option<Self> {
        fn field<const N: usize>(value: &[u8], at: usize) -> Option<[u8; N]> {
            value.get(at..at + N)?.try_into().ok()
        }
        let copied = if *value.get(OWN - 1)? == 1 {
            Some(Copied {
                index: u32::from_be_bytes(field(value, OWN)?),
                offset: i64::from_be_bytes(field(value, OWN + 4)?),
                digest: u32::from_be_bytes(field(value, OWN + 12)?),
            })
        } else {
            None
        };
        let txn = u64::from_be_bytes(field(value, 0)?);
        Some(Self { txn, place: u32::from_be_bytes(field(value, 8)?), copied })
    }
}
