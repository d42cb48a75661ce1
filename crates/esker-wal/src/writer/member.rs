//! A store of the copyset as the writer sees it.

use std::{sync::Arc, time::Duration};

use esker_core::FrameIndex;
use esker_env::{Monotonic, Random};

use super::{Ticket, backoff};
use crate::{LogStore, StoreError};

/// The first pause before sending again, and the longest.
const RESEND: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(200));

pub(super) struct Member {
    pub(super) store: Arc<dyn LogStore>,
    /// It holds every frame below (S1: a store accepts frames in order, and answers for one only when it has them all).
    pub(super) held: FrameIndex,
    /// The last ticket of the frames below `held`.
    pub(super) held_ticket: Ticket,
    /// Frames below were sent.
    pub(super) sent: FrameIndex,
    /// It takes no more of this ledger, for good.
    pub(super) dead: bool,
    /// Counts how often sending began anew. Errors of an earlier stream say nothing about this one.
    pub(super) stream: u32,
    /// Since when it could not be reached, and how often sending was tried since.
    trouble: Option<(Monotonic, u32)>,
    /// A pause before sending again.
    pub(super) pausing: bool,
}

impl Member {
    pub(super) fn new(store: Arc<dyn LogStore>, before: Ticket) -> Self {
        Self {
            store,
            held: FrameIndex(0),
            held_ticket: before,
            sent: FrameIndex(0),
            dead: false,
            stream: 0,
            trouble: None,
            pausing: false,
        }
    }

    /// It holds every frame below `end`, whose last ticket is `ticket`.
    pub(super) fn holds(&mut self, end: FrameIndex, ticket: Ticket, stream: u32) {
        if stream == self.stream {
            self.trouble = None;
        }
        if end > self.held {
            self.held = end;
            self.held_ticket = ticket;
            // An answer to an earlier stream may be ahead of what this one has sent: that is never sent again.
            self.sent = self.sent.max(end);
        }
    }

    /// Whether sending again, from the first frame that it has not acknowledged, may help: the store could not be reached,
    /// or frames were lost on the way. A store that lacks what it acknowledged lost it, and is no member any more.
    fn may_recover(&self, error: &StoreError) -> bool {
        match error {
            StoreError::Unreachable(_) => true,
            StoreError::Gap { index, tail, .. } => *tail >= self.held && tail < index,
            _ => false,
        }
    }

    /// Takes an error of the current stream. Returns how long to pause before [`Member::resume`]; `None` when the member
    /// is dead.
    pub(super) fn failed(
        &mut self,
        error: &StoreError,
        now: Monotonic,
        limit: Duration,
        random: &dyn Random,
    ) -> Option<Duration> {
        let (since, tries) = *self.trouble.get_or_insert((now, 0));
        let left = (since + limit) - now;
        if !self.may_recover(error) || left.is_zero() {
            self.dead = true;
            return None;
        }
        self.trouble = Some((since, tries.saturating_add(1)));
        self.stream += 1;
        self.pausing = true;
        Some(backoff(RESEND, tries, random).min(left))
    }

    /// Goes on sending at the first frame that it has not acknowledged.
    pub(super) fn resume(&mut self) {
        self.pausing = false;
        self.sent = self.held;
    }
}
