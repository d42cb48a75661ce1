//! What records of transactions say to share groups that look at them. Nothing is drawn for it: it follows from the value.

/// Of one record.
pub(super) struct Spice {
    /// Every fifth has none.
    pub(super) key: Option<Vec<u8>>,
    /// 0 to 9, as the header has it.
    pub(super) priority: Vec<u8>,
}

impl Spice {
    /// Of a value, where there are so many keys; `None` where there are none.
    pub(super) fn of(value: &[u8], keys: u64) -> Option<Self> {
        let number = u64::from(crc32c::crc32c(value));
        let key = number.checked_rem(keys)?;
        let key = (!(number / keys).is_multiple_of(5)).then(|| format!("key-{key}").into_bytes());
        Some(Self { key, priority: (number / 97 % 10).to_string().into_bytes() })
    }
}
