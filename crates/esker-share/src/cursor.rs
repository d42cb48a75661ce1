//! How far a member has looked that does not want everything.

use std::collections::VecDeque;

/// The order in which records are given out: the lower comes first, then the earlier.
pub(crate) type Key = (u8, i64);

/// So many are remembered.
const REMEMBERED: usize = 1024;

/// How far a member has looked: what lies before it does not want. Begins at the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) at: Key,
    /// News that it has heard of.
    heard: u64,
    /// Whose news: see [`News::life`].
    life: u64,
}

/// What can be given out that could not before, the latest of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct News {
    /// Another one with each leader: what one has told says nothing of what another one has.
    pub(crate) life: u64,
    told: u64,
    latest: VecDeque<Key>,
}

impl Extend<Key> for News {
    fn extend<I: IntoIterator<Item = Key>>(&mut self, keys: I) {
        keys.into_iter().for_each(|key| self.push(key));
    }
}

impl News {
    pub(crate) fn push(&mut self, key: Key) {
        self.told += 1;
        if self.latest.len() == REMEMBERED {
            self.latest.pop_front();
        }
        self.latest.push_back(key);
    }

    /// Takes a cursor back to what it has not heard of.
    pub(crate) fn tell(&self, cursor: &mut Cursor) {
        if cursor.life != self.life {
            *cursor = Cursor { at: Key::default(), heard: self.told, life: self.life };
            return;
        }
        let missed = usize::try_from(self.told.saturating_sub(cursor.heard)).unwrap_or(usize::MAX);
        if missed > self.latest.len() || cursor.heard > self.told {
            cursor.at = Key::default();
        } else {
            let first = self.latest.iter().rev().take(missed).min();
            cursor.at = first.copied().map_or(cursor.at, |first| first.min(cursor.at));
        }
        cursor.heard = self.told;
    }

    /// After everything has changed: no cursor counts any more.
    pub(crate) fn voided(&self) -> Self {
        Self { life: self.life, told: self.told + REMEMBERED as u64 + 1, latest: VecDeque::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_goes_back_to_what_it_has_missed() {
        let mut news = News::default();
        let mut cursor = Cursor { at: (0, 50), ..Cursor::default() };
        news.tell(&mut cursor);
        assert_eq!(cursor.at, (0, 50));
        news.extend([(0, 70), (0, 20), (0, 30)]);
        news.tell(&mut cursor);
        assert_eq!(cursor.at, (0, 20));
        cursor.at = (0, 90);
        news.tell(&mut cursor);
        assert_eq!(cursor.at, (0, 90), "told once");
        news.extend((0..1025).map(|offset| (0, 1000 + offset)));
        news.tell(&mut cursor);
        assert_eq!(cursor.at, (0, 0), "more than is remembered");
        cursor.at = (0, 90);
        news.voided().tell(&mut cursor);
        assert_eq!(cursor.at, (0, 0));
        // The next leader has told more than the cursor has heard of, and none of it.
        cursor.at = (0, 90);
        let mut next = News { life: 1, told: cursor.heard, ..News::default() };
        next.push((0, 95));
        next.tell(&mut cursor);
        assert_eq!(cursor.at, (0, 0));
        cursor.at = (0, 90);
        next.tell(&mut cursor);
        assert_eq!(cursor.at, (0, 90));
    }
}
