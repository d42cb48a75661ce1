//! Giving records out one by one, by what each of them says.

use esker_env::Monotonic;

use crate::{
    acquire::{Acquired, Span, Taking},
    partition::{Entry, Limits, Member, SharePartition, State},
};

/// A record that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Its offset.
    pub offset: i64,
    /// What it takes of [`Wanted::bytes`].
    pub cost: u64,
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
    /// Gives out what is available of the records that were read from `from` on. `read` are whole batches as for
    /// [`SharePartition::acquire`], and `looks` the records in those that are not hidden, in order: where there is none, the
    /// log has none (any more), and that is passed over.
    pub fn select(
        &mut self,
        member: &Member,
        from: i64,
        (read, looks): (&[Span], &[Look]),
        wanted: Wanted,
        now: Monotonic,
        limits: &Limits,
    ) -> Vec<Acquired> {
        let mut next = from.max(self.start());
        if next > self.end() {
            // The log is not known from the end on: what lies between might be records.
            return Vec::new();
        }
        let mut selecting = Selecting { taking: Taking::new(member, wanted.records, now, limits), wanted };
        let mut looks = looks;
        for span in read {
            if span.last < next || span.last < span.first || span.last == i64::MAX {
                continue;
            }
            looks = &looks[looks.partition_point(|look| look.offset < span.first.max(next))..];
            let inside = looks.partition_point(|look| look.offset <= span.last);
            let inside = if span.hidden { &[] } else { &looks[..inside] };
            let mut enough = !inside.is_empty() && selecting.taking.left == 0;
            if enough {
                self.skip(next, span.first);
                break;
            }
            for look in inside {
                self.skip(next, look.offset);
                next = look.offset;
                if !self.look_at(&mut selecting, look) {
                    enough = true;
                    break;
                }
                next += 1;
            }
            if enough {
                break;
            }
            self.skip(next, span.last + 1);
            next = span.last + 1;
        }
        let taken = selecting.taking.done(self);
        self.advance();
        taken
    }

    /// There is nothing to give out from `first` to before `end`.
    fn skip(&mut self, first: i64, end: i64) {
        if first < end {
            self.pass_over(first, end - 1);
        }
    }

    /// Gives out a record, if it is available. Whether the next one may be looked at.
    fn look_at(&mut self, selecting: &mut Selecting<'_>, look: &Look) -> bool {
        let Selecting { taking, wanted } = selecting;
        let enough = taking.left == 0 || (!taking.taken.is_empty() && wanted.bytes < look.cost);
        let offset = look.offset;
        if offset >= self.end() {
            if enough || taking.room(self.counted()) == 0 {
                return false;
            }
            let entry = taking.entry(0);
            taking.note(offset, offset, entry.count);
            self.append(offset, entry);
        } else {
            let known = self.ranges.within(offset, offset).next();
            let Some((_, _, known)) = known.filter(|(_, _, entry)| entry.state == State::Available) else {
                return true;
            };
            if known.count >= taking.limits.max_deliveries {
                // It was out for the last time when the leader died: nobody else could take it back.
                let state = taking.limits.given_up().state();
                let given_up = Entry { state, ..known.clone() };
                self.ranges.change(offset, offset, |_, _, _| Some(given_up.clone()));
                taking.spent = true;
                return true;
            }
            if enough {
                return false;
            }
            let entry = taking.entry(known.count);
            taking.note(offset, offset, entry.count);
            self.ranges.change(offset, offset, |_, _, _| Some(entry.clone()));
        }
        wanted.bytes = wanted.bytes.saturating_sub(look.cost);
        true
    }
}

/// What is being given out.
struct Selecting<'a> {
    taking: Taking<'a>,
    /// What may still be.
    wanted: Wanted,
}
