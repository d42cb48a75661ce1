//! Giving records out one by one, by what each of them says.

use esker_env::Monotonic;

use crate::{
    acquire::{Acquired, Span, Taking},
    cursor::Cursor,
    limits::Limits,
    partition::SharePartition,
    picker::Picker,
    ranges::Class,
    state::{Entry, Member, State},
};

/// A record that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Its offset.
    pub offset: i64,
    /// What it takes of [`Wanted::bytes`].
    pub cost: u64,
    /// What it says; `None` when nobody has looked: it stays as it is.
    pub says: Option<Says>,
}

/// What a record says of itself, and whether a member wants it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Says {
    /// Nobody is to have it before.
    pub due: Option<Monotonic>,
    /// Nobody is to have it from then on.
    pub expires: Option<Monotonic>,
    /// The higher comes first.
    pub priority: u8,
    /// A number for its key; 0 when it has none.
    pub key: u64,
    /// This member does not want it, but another one may.
    pub unwanted: bool,
}

/// How much is given out at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Records.
    pub records: u64,
    /// Their cost. The first record is given out whatever it costs.
    pub bytes: u64,
}

impl SharePartition {
    /// The records from `from` on that are to be looked at: runs of those that can be given out or are new, at most `most`
    /// of them.
    #[must_use]
    pub fn open_runs(&self, from: i64, most: usize) -> Vec<(i64, i64)> {
        let mut runs = Vec::new();
        let mut next = from;
        while runs.len() < most
            && let Some((first, last, _)) = self.ranges.next_of(Class::Available, next)
        {
            runs.push((first, last));
            next = last + 1;
        }
        if runs.len() < most {
            runs.push((self.end().max(from), i64::MAX));
        }
        runs
    }

    /// Gives out what is available of the records that were read from `from` on, in the order in which it is to be given out.
    /// `read` are whole batches as for [`SharePartition::acquire`], and `looks` the records in those that are not hidden, in
    /// order: where there is none, the log has none (any more), and that is passed over. A member that does not want all of
    /// them has a cursor, which goes behind what it was offered.
    pub fn select(
        &mut self,
        member: &Member,
        from: i64,
        read: (&[Span], &[Look]),
        (wanted, cursor): (Wanted, Option<&mut Cursor>),
        now: Monotonic,
        limits: &Limits,
    ) -> Vec<Acquired> {
        if from > self.end() {
            // The log is not known from the end on: what lies between might be records.
            return Vec::new();
        }
        let picks = self.picks(limits);
        if self.picker.as_ref().is_some_and(|picker| from > picker.looked) {
            // It was planned before somebody forgot what was looked at: what lies between comes first.
            return Vec::new();
        }
        let taking = Taking::new(member, wanted.records, now, limits);
        let mut selecting = Selecting { taking, wanted, cursor, now };
        if picks {
            self.walk(from, read, |share, look| match look {
                Some(look) => share.note(&mut selecting, look),
                None => true,
            });
            self.pick(&mut selecting, read.1);
        } else {
            self.walk(from, read, |share, look| match look {
                Some(look) => share.look_at(&mut selecting, look),
                None => selecting.taking.left > 0,
            });
        }
        let taken = selecting.taking.done(self);
        self.advance();
        taken
    }

    /// Whether the group's settings say that records have to be looked at before one is chosen. Begins to, or ends it, when
    /// they have changed.
    pub(crate) fn picks(&mut self, limits: &Limits) -> bool {
        let heeds = limits.heeds;
        if self.picker.as_ref().is_some_and(|picker| picker.heeds() != heeds) || !heeds.picks() {
            self.picker = None;
        }
        if heeds.picks() && self.picker.is_none() {
            self.picker = Some(Box::new(Picker::new(heeds, self.start())));
            self.news = self.news.voided();
        }
        heeds.picks()
    }

    /// Goes over what was read: each record is looked at; what is none is passed over. `look` is asked with `None` before a
    /// batch that has records: whether it may be looked at, and says of each record whether the next one may be.
    fn walk(
        &mut self,
        from: i64,
        (read, mut looks): (&[Span], &[Look]),
        mut look: impl FnMut(&mut Self, Option<&Look>) -> bool,
    ) {
        let mut next = from.max(self.start());
        for span in read {
            if span.last < next || span.last < span.first || span.last == i64::MAX {
                continue;
            }
            looks = &looks[looks.partition_point(|look| look.offset < span.first.max(next))..];
            let inside = looks.partition_point(|look| look.offset <= span.last);
            let inside = if span.hidden { &[] } else { &looks[..inside] };
            if !inside.is_empty() && !look(self, None) {
                self.skip(next, span.first);
                return;
            }
            for each in inside {
                self.skip(next, each.offset);
                next = each.offset;
                if !look(self, Some(each)) {
                    return;
                }
                next += 1;
            }
            self.skip(next, span.last + 1);
            next = span.last + 1;
        }
    }

    /// There is nothing to give out from `first` to before `end`.
    fn skip(&mut self, first: i64, end: i64) {
        if first < end {
            self.pass_over(first, end - 1);
        }
    }

    /// How often a record was given out, if it can be given out; `Err` when it is with somebody, or for later, or done with.
    fn open_count(&self, offset: i64) -> Result<u16, ()> {
        if offset >= self.end() {
            return Ok(0);
        }
        let known = self.ranges.within(offset, offset).next();
        known
            .filter(|(_, _, entry)| entry.state == State::Available)
            .map(|(_, _, entry)| entry.count)
            .ok_or(())
    }

    /// What becomes of an open record.
    fn put(&mut self, offset: i64, entry: &Entry) {
        if offset >= self.end() {
            self.append(offset, entry.clone());
        } else {
            self.change(offset, offset, |_, _, _| Some(entry.clone()));
        }
    }

    /// Puts away what is not to be given out now. `None` when it is not to be put away; else whether the next one may be
    /// looked at.
    fn put_away(
        &mut self,
        selecting: &mut Selecting<'_>,
        look: &Look,
        count: u16,
        says: &Says,
    ) -> Option<bool> {
        let Look { offset, .. } = *look;
        let limits = selecting.taking.limits;
        // One may have been out for the last time when the leader died: nobody else could take it back.
        let expired = says.expires.is_some_and(|expires| expires <= selecting.now);
        if expired || count >= limits.max_deliveries {
            self.put(offset, &Entry { count, state: limits.given_up().state() });
            selecting.taking.spent = true;
            return Some(true);
        }
        let due = says.due.filter(|due| *due > selecting.now)?;
        if self.is_crowded() {
            return Some(false);
        }
        self.put(offset, &Entry { count, state: State::Deferred });
        self.deferred.insert(offset, due);
        Some(true)
    }

    /// Gives out a record, if it is available. Whether the next one may be looked at.
    fn look_at(&mut self, selecting: &mut Selecting<'_>, look: &Look) -> bool {
        let offset = look.offset;
        let Ok(count) = self.open_count(offset) else { return true };
        let new = offset >= self.end();
        let Some(says) = look.says else { return !new };
        if let Some(next) = self.put_away(selecting, look, count, &says) {
            return next;
        }
        if says.unwanted {
            if new {
                if self.is_crowded() {
                    return false;
                }
                self.append(offset, Entry { count: 0, state: State::Available });
            }
            return selecting.pass((0, offset));
        }
        if !selecting.may_take(look, self.counted()) || (new && self.is_crowded()) {
            return false;
        }
        let entry = selecting.take(look, count);
        self.put(offset, &entry);
        true
    }

    /// Learns what a record says. Whether the next one may be looked at.
    fn note(&mut self, selecting: &mut Selecting<'_>, look: &Look) -> bool {
        let offset = look.offset;
        let new = offset >= self.end();
        if !new && !self.picker.as_ref().is_some_and(|picker| picker.is_unknown(offset)) {
            return true;
        }
        let Ok(count) = self.open_count(offset) else { return self.passed(offset) };
        let Some(says) = look.says else { return false };
        if let Some(next) = self.put_away(selecting, look, count, &says) {
            return next && self.passed(offset);
        }
        if self.picker.as_ref().is_some_and(|picker| picker.is_full()) || (new && self.is_crowded()) {
            return false;
        }
        if new {
            self.append(offset, Entry { count: 0, state: State::Available });
        }
        if let Some(picker) = &mut self.picker {
            self.news.extend(picker.know(look, &says));
        }
        true
    }

    /// A record was looked at, and is not to be given out now.
    fn passed(&mut self, offset: i64) -> bool {
        if let Some(picker) = &mut self.picker {
            picker.passed(offset);
        }
        true
    }

    /// Gives out those that come first, as long as they are among these.
    fn pick(&mut self, selecting: &mut Selecting<'_>, looks: &[Look]) {
        loop {
            let from = selecting.cursor.as_ref().map_or((0, 0), |cursor| cursor.at);
            let Some(picker) = self.picker.as_ref().filter(|picker| picker.unknown(from).is_none()) else {
                return;
            };
            let Some(next) = picker.next(from) else { return };
            let offset = next.1;
            let Ok(at) = looks.binary_search_by_key(&offset, |look| look.offset) else { return };
            let look = &looks[at];
            let (Some(says), Ok(count)) = (look.says, self.open_count(offset)) else { return };
            // It may have expired since it was looked at first.
            match self.put_away(selecting, look, count, &says) {
                Some(true) => continue,
                Some(false) => return,
                None => {}
            }
            if says.unwanted {
                if !selecting.pass(next) {
                    return;
                }
                continue;
            }
            if !selecting.may_take(look, self.counted()) {
                return;
            }
            let entry = selecting.take(look, count);
            self.put(offset, &entry);
        }
    }
}

/// What is being given out.
struct Selecting<'a> {
    taking: Taking<'a>,
    /// What may still be.
    wanted: Wanted,
    cursor: Option<&'a mut Cursor>,
    now: Monotonic,
}

impl Selecting<'_> {
    /// Whether a record may be given out, besides so many that count.
    fn may_take(&self, look: &Look, counted: u64) -> bool {
        let first = self.taking.taken.is_empty();
        self.taking.left > 0 && (first || self.wanted.bytes >= look.cost) && self.taking.room(counted) > 0
    }

    fn take(&mut self, look: &Look, count: u16) -> Entry {
        let entry = self.taking.entry(count);
        self.taking.note(look.offset, look.offset, entry.count);
        self.wanted.bytes = self.wanted.bytes.saturating_sub(look.cost);
        entry
    }

    /// The member does not want one. Whether the next one may be looked at: not without a place to remember that.
    fn pass(&mut self, key: (u8, i64)) -> bool {
        let Some(cursor) = &mut self.cursor else { return false };
        cursor.at = (key.0, key.1 + 1);
        true
    }
}
