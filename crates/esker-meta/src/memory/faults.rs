//! What can go wrong between one client and the in-memory store.

use std::{collections::VecDeque, time::Duration};

use esker_env::{Random, watch};
use parking_lot::Mutex;

use crate::watching::LinkUp;

/// What becomes of a transaction whose answer is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ambiguous {
    /// It never happens.
    Lost,
    /// It has happened.
    Applied,
    /// It happens this much later, if its comparisons still hold then.
    Late(Duration),
}

/// The faults of one client. All off at first.
#[derive(Debug)]
pub struct Faults {
    state: Mutex<State>,
    link: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    scripted: VecDeque<Ambiguous>,
    ambiguous_per_mille: u32,
    latency: Option<Duration>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { state: Mutex::default(), link: watch::Sender::new(true) }
    }
}

impl Faults {
    /// Cuts this client off (its calls fail, its watches end, its leases run out), or connects it again.
    pub fn set_unreachable(&self, unreachable: bool) {
        self.link.send_replace(!unreachable);
    }

    /// The next transaction's answer is lost; called twice, so is that of the one after it.
    pub fn lose_next_answer(&self, outcome: Ambiguous) {
        self.state.lock().scripted.push_back(outcome);
    }

    /// Of a thousand transactions, so many lose their answer; what becomes of them is drawn from the `Env`'s
    /// randomness.
    pub fn set_ambiguity(&self, per_mille: u32) {
        self.state.lock().ambiguous_per_mille = per_mille;
    }

    /// Each call takes this long to arrive.
    pub fn set_latency(&self, latency: Option<Duration>) {
        self.state.lock().latency = latency;
    }

    pub(super) fn unreachable(&self) -> bool {
        !*self.link.borrow()
    }

    pub(super) fn latency(&self) -> Option<Duration> {
        self.state.lock().latency
    }

    pub(super) fn link(&self) -> LinkUp {
        self.link.subscribe()
    }

    /// `surely`: the answer is lost whatever this client's own faults are.
    pub(super) fn ambiguous(&self, random: &dyn Random, surely: bool) -> Option<Ambiguous> {
        let mut state = self.state.lock();
        if let Some(scripted) = state.scripted.pop_front() {
            return Some(scripted);
        }
        let rate = u64::from(state.ambiguous_per_mille);
        if !surely && (rate == 0 || random.below(1000) >= rate) {
            return None;
        }
        Some(match random.below(3) {
            0 => Ambiguous::Lost,
            1 => Ambiguous::Applied,
            _ => Ambiguous::Late(Duration::from_millis(random.below(2000))),
        })
    }
}
