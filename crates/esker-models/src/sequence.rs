//! A short list in a fixed place, so that states are cheap to copy and to compare.

/// Most items of a list in a model.
const MOST: usize = 4;

/// Up to four small numbers, none of them 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Sequence {
    len: u8,
    at: [u8; MOST],
}

impl Sequence {
    pub(crate) const fn len(&self) -> u8 {
        self.len
    }

    pub(crate) fn get(&self, index: u8) -> Option<u8> {
        (index < self.len).then(|| self.at[usize::from(index)])
    }

    pub(crate) fn push(&mut self, item: u8) {
        assert!(item != 0, "what is not there is 0, or equal lists would differ");
        self.at[usize::from(self.len)] = item;
        self.len += 1;
    }

    pub(crate) fn truncate(&mut self, len: u8) {
        while self.len > len {
            self.len -= 1;
            self.at[usize::from(self.len)] = 0;
        }
    }

    pub(crate) fn below(mut self, len: u8) -> Self {
        self.truncate(len);
        self
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u8> + use<> {
        self.at.into_iter().take(usize::from(self.len))
    }

    pub(crate) fn starts_with(&self, other: &Self) -> bool {
        self.len >= other.len && self.below(other.len) == *other
    }
}
