//! What became of records that were given out.

use std::time::Duration;

use esker_env::{Monotonic, Rule};

use crate::{
    limits::Limits,
    partition::SharePartition,
    state::{Entry, Outcome, State},
};

/// What a member says of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ack {
    /// There was none.
    Gap,
    /// It is done.
    Accept,
    /// Somebody else may have it.
    Release,
    /// Somebody else may have it, but not before this time has passed.
    Defer(Duration),
    /// Nobody should have it.
    Reject,
    /// It needs more time.
    Renew,
}

/// What a member says of records that follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AckBatch<'a> {
    /// First offset.
    pub first: i64,
    /// Last offset.
    pub last: i64,
    /// One for all of them, or one for each.
    pub acks: &'a [Ack],
}

/// What came of an acknowledgement that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acked {
    /// It counts once this write is durable.
    With {
        /// The write's number.
        write: u64,
    },
    /// It counts: nothing is to be written for it.
    Now,
}

/// Why an acknowledgement is refused; nothing of it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AckError {
    /// Batches overlap or are out of order, or have a wrong number of acknowledgements.
    #[error("the acknowledgements are not in order")]
    Malformed,
    /// A record that was never given out.
    #[error("a record was not given out")]
    Beyond,
    /// A record that this member does not have, or has no more; perhaps because the group is done with it.
    #[error("a record is not with this member")]
    NotAcquired,
}

impl SharePartition {
    /// Takes what a member says, all of it or nothing. What lies before the start is with nobody any more.
    ///
    /// # Errors
    /// See [`AckError`].
    pub fn acknowledge(
        &mut self,
        member: &str,
        batches: &[AckBatch<'_>],
        now: Monotonic,
        limits: &Limits,
    ) -> Result<Acked, AckError> {
        self.check_acks(member, batches)?;
        let mut settles = false;
        for batch in batches {
            for (first, last, ack) in runs(batch) {
                settles |= self.take_ack(first.max(self.start()), last, ack, now, limits);
            }
        }
        if settles {
            self.touch();
            return Ok(Acked::With { write: self.next_write });
        }
        Ok(Acked::Now)
    }

    fn check_acks(&self, member: &str, batches: &[AckBatch<'_>]) -> Result<(), AckError> {
        let mut behind = i64::MIN;
        for batch in batches {
            let AckBatch { first, last, acks } = *batch;
            let each = usize::try_from(last.saturating_sub(first).saturating_add(1)).ok() == Some(acks.len());
            if first < 0 || first < behind || last < first || last == i64::MAX || !(acks.len() == 1 || each) {
                return Err(AckError::Malformed);
            }
            behind = last + 1;
            if last >= self.end() {
                return Err(AckError::Beyond);
            }
            if first < self.start() && !Rule::ShareHolderAsked.is_broken() {
                return Err(AckError::NotAcquired);
            }
            let mine = |entry: &Entry| match &entry.state {
                State::Acquired { member: holder, .. } => {
                    **holder == *member || Rule::ShareHolderAsked.is_broken()
                }
                State::Done { .. } => Rule::ShareHolderAsked.is_broken(),
                _ => false,
            };
            if !self.ranges.within(first.max(self.start()), last).all(|(_, _, entry)| mine(&entry)) {
                return Err(AckError::NotAcquired);
            }
        }
        Ok(())
    }

    /// Whether there is something to write.
    fn take_ack(&mut self, first: i64, last: i64, ack: Ack, now: Monotonic, limits: &Limits) -> bool {
        let write = self.next_write;
        let until = now + limits.lock;
        self.change(first, last, |_, _, entry| {
            let to = match ack {
                Ack::Accept => Outcome::Accepted,
                Ack::Gap => Outcome::Archived,
                Ack::Reject => limits.given_up(),
                Ack::Release | Ack::Defer(_) if entry.count >= limits.max_deliveries => limits.given_up(),
                Ack::Release => Outcome::Available,
                Ack::Defer(delay) => Outcome::Deferred { until: now + delay },
                Ack::Renew => {
                    let State::Acquired { member, .. } = &entry.state else { return None };
                    let state = State::Acquired { member: member.clone(), until };
                    return Some(Entry { state, ..entry.clone() });
                }
            };
            Some(Entry { state: State::Settling { to, write }, ..entry.clone() })
        });
        if ack == Ack::Renew {
            self.watch(until);
        }
        ack != Ack::Renew && first <= last
    }
}

/// Records that follow one another of which the same is said.
fn runs<'a>(batch: &AckBatch<'a>) -> impl Iterator<Item = (i64, i64, Ack)> + use<'a> {
    let AckBatch { first, last, acks } = *batch;
    let mut at = 0;
    std::iter::from_fn(move || {
        let ack = *acks.get(at)?;
        let run = acks[at..].iter().take_while(|other| **other == ack).count();
        // At most as many as there are offsets: checked.
        let begin = first + i64::try_from(at).ok()?;
        at += run;
        let end = if at == acks.len() { last } else { first + i64::try_from(at).ok()? - 1 };
        Some((begin, end, ack))
    })
}
