//! Giving records out.

use esker_env::{Monotonic, Rule};

use crate::{
    cursor::Cursor,
    limits::Limits,
    partition::{SharePartition, count},
    ranges::Class,
    state::{Entry, Member, State},
};

/// Whole batches of the log, as they were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First offset.
    pub first: i64,
    /// Last offset.
    pub last: i64,
    /// Nobody is to see it: control records, an aborted transaction.
    pub hidden: bool,
}

/// Records that a member gets: they follow one another, and were given out equally often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acquired {
    /// First offset.
    pub first: i64,
    /// Last offset.
    pub last: i64,
    /// How often they were given out, with this time.
    pub count: u16,
}

/// How exactly a number of records is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The batch of the log that reaches over it is given out as a whole.
    #[default]
    Batches,
    /// To the record (KIP-1206).
    Records,
}

/// Where to read next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// From this offset on there may be something to give out.
    ReadFrom(i64),
    /// As many records as may be are out.
    Full,
}

impl SharePartition {
    /// Where to read what is to be given out next. `end` is behind the last record that can be read; a member that does not
    /// want everything has a cursor.
    pub fn plan(&mut self, limits: &Limits, end: i64, cursor: Option<&mut Cursor>) -> Plan {
        let picks = self.picks(limits);
        let is_filtered = cursor.is_some();
        let from = cursor.map_or((0, 0), |cursor| {
            self.news.tell(cursor);
            cursor.at
        });
        // Who takes out some here and there makes more runs, who takes the first makes fewer.
        if self.counted() >= u64::from(limits.max_locks) || (is_filtered && self.is_crowded()) {
            return Plan::Full;
        }
        let next = match &mut self.picker {
            Some(picker) if picks => return picker.plan(end, from).map_or(Plan::Full, Plan::ReadFrom),
            _ => self.ranges.next_of(Class::Available, from.1),
        };
        match next {
            Some((first, _, _)) => Plan::ReadFrom(first),
            None if self.is_crowded() => Plan::Full,
            None => Plan::ReadFrom(self.end()),
        }
    }

    /// Gives out what is available of what was read from `from` on, up to `max_records`. `read` are the batches that the
    /// log has there, in order: between them it has none, and what lies there is passed over.
    ///
    /// Batches that are out of order are passed over, too; nothing is given out beyond [`Limits::max_locks`].
    pub fn acquire(
        &mut self,
        member: &Member,
        from: i64,
        read: &[Span],
        (max_records, mode): (u64, Mode),
        now: Monotonic,
        limits: &Limits,
    ) -> Vec<Acquired> {
        let mut taking = Taking { mode, ..Taking::new(member, max_records, now, limits) };
        let mut next = from.max(self.start());
        if next > self.end() {
            // The log is not known from the end on: what lies between might be records.
            return Vec::new();
        }
        for span in read {
            if span.last < next || span.last < span.first || span.last == i64::MAX {
                continue;
            }
            if span.first > next {
                self.pass_over(next, span.first - 1);
            }
            let first = span.first.max(next);
            if span.hidden {
                self.pass_over(first, span.last);
            } else if taking.left == 0 || !self.take(&mut taking, first, span.last) {
                break;
            }
            next = span.last + 1;
        }
        let taken = taking.done(self);
        self.advance();
        taken
    }

    /// Takes what is available of a batch. Whether the next batch may be looked at.
    fn take(&mut self, taking: &mut Taking<'_>, first: i64, last: i64) -> bool {
        let whole = taking.mode == Mode::Batches;
        let known: Vec<(i64, i64, u16)> = self
            .ranges
            .within(first, last)
            .filter(|(_, _, entry)| {
                let with_another =
                    Rule::ShareLockHeld.is_broken() && matches!(entry.state, State::Acquired { .. });
                entry.state == State::Available || with_another
            })
            .map(|(first, last, entry)| (first, last, entry.count))
            .collect();
        for (first, last, before) in known {
            if before >= taking.limits.max_deliveries && !Rule::ShareSpentGivenUp.is_broken() {
                // It was out for the last time when the leader died: nobody else could take it back.
                let state = taking.limits.given_up().state();
                self.change(first, last, |_, _, entry| Some(Entry { state: state.clone(), ..entry.clone() }));
                taking.spent = true;
                continue;
            }
            let room = taking.room(self.counted());
            let most = if whole { room } else { room.min(taking.left) };
            let Some(end) = cut(first, last, most) else { return false };
            let entry = taking.entry(before);
            taking.note(first, end, entry.count);
            self.change(first, end, |_, _, _| Some(entry.clone()));
            if end < last {
                return false;
            }
        }
        if last < self.end() {
            return true;
        }
        // Beyond the end: new records.
        if self.is_crowded() {
            return false;
        }
        let room = taking.room(self.counted());
        let most = if whole { room } else { room.min(taking.left) };
        let first = first.max(self.end());
        let Some(end) = cut(first, last, most) else { return false };
        let entry = taking.entry(0);
        taking.note(first, end, entry.count);
        self.append(end, entry);
        end == last
    }

    /// There is nothing to give out from `first` to `last`.
    pub(crate) fn pass_over(&mut self, first: i64, last: i64) {
        self.change(first, last, |_, _, entry| {
            (entry.state == State::Available).then(|| Entry::done(entry.count))
        });
        if last >= self.end() {
            self.append(last, Entry::done(0));
        }
        if let Some(picker) = &mut self.picker {
            picker.passed(last);
        }
    }
}

/// What is being given out.
pub(crate) struct Taking<'a> {
    member: &'a Member,
    until: Monotonic,
    /// So many more are wanted.
    pub(crate) left: u64,
    mode: Mode,
    pub(crate) limits: &'a Limits,
    /// Something was found that has been out as often as it may be.
    pub(crate) spent: bool,
    pub(crate) taken: Vec<Acquired>,
}

impl<'a> Taking<'a> {
    /// Nothing yet; to the record.
    pub(crate) fn new(member: &'a Member, left: u64, now: Monotonic, limits: &'a Limits) -> Self {
        Self {
            member,
            until: now + limits.lock,
            left,
            mode: Mode::Records,
            limits,
            spent: false,
            taken: Vec::new(),
        }
    }

    /// How many new records there may be besides those that are open.
    pub(crate) fn room(&self, open: u64) -> u64 {
        u64::from(self.limits.max_locks).saturating_sub(open)
    }

    pub(crate) fn entry(&self, before: u16) -> Entry {
        let state = State::Acquired { member: self.member.clone(), until: self.until };
        Entry { count: before.saturating_add(1), state }
    }

    pub(crate) fn note(&mut self, first: i64, last: i64, times: u16) {
        self.left = self.left.saturating_sub(count(first, last));
        match self.taken.last_mut() {
            Some(before) if before.last + 1 == first && before.count == times => before.last = last,
            _ => self.taken.push(Acquired { first, last, count: times }),
        }
    }

    /// What was given out: its locks are watched from now on.
    pub(crate) fn done(self, partition: &mut SharePartition) -> Vec<Acquired> {
        if !self.taken.is_empty() {
            partition.watch(self.until);
        }
        if self.spent {
            partition.touch();
        }
        self.taken
    }
}

/// The last of at most so many offsets; `None` when there are none.
fn cut(first: i64, last: i64, most: u64) -> Option<i64> {
    let more = most.checked_sub(1)?;
    Some(first.saturating_add_unsigned(more).min(last))
}
