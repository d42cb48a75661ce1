//! Memory for requests: granted for a whole frame before any of it is read, so that frames in arrival never hold parts
//! of it and wait for one another.
//!
//! What is granted by what a client announces can be held by one that announces and sends nothing. Four rules keep
//! others served:
//!
//! 1. A part of the memory is for small requests alone ([`SMALL`]): large ones cannot keep small ones out.
//! 2. While anybody waits there is *pressure*, and a frame must arrive: see [`Arrival`]. All frames that stall are
//!    given up at once, so that any number of them costs a waiter about one `pressed_receive_timeout` per round.
//! 3. Those who wait have turns: a smaller request comes first, unless a larger one has waited long ([`AGEING`]).
//! 4. What a client address already has waiting makes its next request count as larger ([`CROWD`]), so that many
//!    connections from one address do not hold up another address for long.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

use esker_env::{Clock, Monotonic};
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

use crate::config::KafkaConfig;

/// Requests that need at most this many bytes, frame and decoded, are small.
pub(crate) const SMALL: usize = 256 << 10;

/// Bytes by which a request may be larger than another and still come first, for each second that it came earlier.
const AGEING: usize = 1 << 20;

/// So many requests of an address that wait make its next one count twice its size.
const CROWD: u64 = 8;

/// The request memory of a broker. Cheap to clone.
#[derive(Clone)]
pub(crate) struct RequestMemory(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    /// All there is, without the reserve.
    common: usize,
    reserve: usize,
    state: Mutex<State>,
    /// Since when somebody has been waiting without a break. Changed under the lock of `state`.
    pressed: watch::Sender<Option<Monotonic>>,
}

struct State {
    /// Free bytes for everybody.
    common: usize,
    /// Free bytes for small requests.
    reserve: usize,
    waiting: BTreeMap<Turn, Waiter>,
    /// Those of `waiting` that are small.
    small: BTreeSet<Turn>,
    /// Requests that wait, by client address.
    by_address: BTreeMap<IpAddr, u64>,
    arrivals: u64,
}

/// Who comes first: the lower. The second part makes it unique.
type Turn = (Monotonic, u64);

struct Waiter {
    address: IpAddr,
    bytes: usize,
    granted: oneshot::Sender<RequestGrant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Common,
    Reserve,
}

/// Granted bytes, given back when dropped.
pub(crate) struct RequestGrant {
    memory: RequestMemory,
    part: Part,
    bytes: usize,
}

impl RequestMemory {
    /// The memory that the configuration says. An eighth is for small requests, as far as the rest still holds one
    /// largest request.
    pub(crate) fn new(config: &KafkaConfig, clock: Arc<dyn Clock>) -> Self {
        let beyond_largest = config.request_memory.saturating_sub(config.max_request_bytes);
        let reserve = (config.request_memory / 8).min(beyond_largest);
        let common = config.request_memory - reserve;
        let state = State {
            common,
            reserve,
            waiting: BTreeMap::new(),
            small: BTreeSet::new(),
            by_address: BTreeMap::new(),
            arrivals: 0,
        };
        Self(Arc::new(Inner {
            clock,
            common,
            reserve,
            state: Mutex::new(state),
            pressed: watch::Sender::new(None),
        }))
    }

    /// Bytes that are granted, and all there are.
    pub(crate) fn used(&self) -> (usize, usize) {
        let total = self.0.common + self.0.reserve;
        let state = self.0.state.lock();
        (total - state.common - state.reserve, total)
    }

    /// Waits for `bytes`. Asking for more than there is in all waits for all of it, but the reserve.
    pub(crate) async fn take(&self, address: IpAddr, bytes: usize) -> RequestGrant {
        let bytes = bytes.min(self.0.common);
        let (place, granted) = {
            let mut state = self.0.state.lock();
            if let Some(part) = state.take_now(bytes) {
                return self.grant(part, bytes);
            }
            let (sender, granted) = oneshot::channel();
            let turn = state.enqueue(self.0.clock.now(), Waiter { address, bytes, granted: sender });
            self.note_pressure(&state);
            (Place { memory: self, turn }, granted)
        };
        let grant = granted.await.expect("a waiter leaves the queue by its grant or by its place");
        drop(place);
        grant
    }

    /// Since when somebody has been waiting without a break; `None` when nobody is.
    pub(crate) fn pressed_since(&self) -> Option<Monotonic> {
        *self.0.pressed.borrow()
    }

    /// Completes once somebody has been waiting for all of `patience`, counted from now.
    pub(crate) async fn pressed_for(&self, patience: Duration) {
        let mut pressed = self.0.pressed.subscribe();
        loop {
            // The sender lives as long as `self`.
            let Ok(since) = pressed.wait_for(Option::is_some).await.map(|since| *since) else { return };
            tokio::select! {
                biased;
                _ = pressed.wait_for(|now| *now != since) => {}
                () = self.0.clock.sleep(patience) => return,
            }
        }
    }

    /// Bytes that nobody holds.
    #[cfg(test)]
    pub(crate) fn available(&self) -> usize {
        let state = self.0.state.lock();
        state.common + state.reserve
    }

    fn grant(&self, part: Part, bytes: usize) -> RequestGrant {
        RequestGrant { memory: self.clone(), part, bytes }
    }

    fn give_back(&self, part: Part, bytes: usize) {
        if bytes == 0 {
            return;
        }
        let served = {
            let mut state = self.0.state.lock();
            match part {
                Part::Common => state.common += bytes,
                Part::Reserve => state.reserve += bytes,
            }
            assert!(state.common <= self.0.common, "no more comes back than was granted");
            self.serve(&mut state)
        };
        deliver(served);
    }

    /// Takes those out of the queue who can have their memory now. To be delivered without the lock: a grant that
    /// nobody takes is given back on the spot.
    fn serve(&self, state: &mut State) -> Vec<(oneshot::Sender<RequestGrant>, RequestGrant)> {
        let mut served = Vec::new();
        while let Some((part, waiter)) = state.next_served() {
            served.push((waiter.granted, self.grant(part, waiter.bytes)));
        }
        self.note_pressure(state);
        served
    }

    fn note_pressure(&self, state: &State) {
        self.0.pressed.send_if_modified(|since| {
            let pressed = !state.waiting.is_empty();
            let changed = since.is_some() != pressed;
            if changed {
                *since = pressed.then(|| self.0.clock.now());
            }
            changed
        });
    }
}

fn deliver(served: Vec<(oneshot::Sender<RequestGrant>, RequestGrant)>) {
    for (sender, grant) in served {
        let _ = sender.send(grant);
    }
}

impl State {
    /// Memory for a newcomer, when nobody is before it.
    fn take_now(&mut self, bytes: usize) -> Option<Part> {
        if self.waiting.is_empty() && bytes <= self.common {
            self.common -= bytes;
            return Some(Part::Common);
        }
        if bytes <= SMALL && self.small.is_empty() && bytes <= self.reserve {
            self.reserve -= bytes;
            return Some(Part::Reserve);
        }
        None
    }

    fn enqueue(&mut self, now: Monotonic, waiter: Waiter) -> Turn {
        let crowd = self.by_address.entry(waiter.address).or_default();
        let bytes = (waiter.bytes as u64).saturating_mul(CROWD + *crowd) / CROWD;
        *crowd += 1;
        let handicap = Duration::from_micros(bytes.saturating_mul(1_000_000) / AGEING as u64);
        self.arrivals += 1;
        let turn = (now + handicap, self.arrivals);
        if waiter.bytes <= SMALL {
            self.small.insert(turn);
        }
        self.waiting.insert(turn, waiter);
        turn
    }

    fn remove(&mut self, turn: Turn) -> Option<Waiter> {
        let waiter = self.waiting.remove(&turn)?;
        self.small.remove(&turn);
        let left = self.by_address.get_mut(&waiter.address).expect("counted since it waits");
        *left -= 1;
        if *left == 0 {
            self.by_address.remove(&waiter.address);
        }
        Some(waiter)
    }

    /// The next whose memory is there: the first of all from the common part, the first small one from the reserve.
    /// Nobody passes by the first, or small steps would starve it.
    fn next_served(&mut self) -> Option<(Part, Waiter)> {
        let (&turn, waiter) = self.waiting.first_key_value()?;
        if waiter.bytes <= self.common {
            self.common -= waiter.bytes;
            return Some((Part::Common, self.remove(turn)?));
        }
        let turn = *self.small.first()?;
        let bytes = self.waiting[&turn].bytes;
        if bytes > self.reserve {
            return None;
        }
        self.reserve -= bytes;
        Some((Part::Reserve, self.remove(turn)?))
    }
}

/// A place in the queue, given up when dropped.
struct Place<'a> {
    memory: &'a RequestMemory,
    turn: Turn,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let served = {
            let mut state = self.memory.0.state.lock();
            match state.remove(self.turn) {
                // Those behind it may fit.
                Some(_) => self.memory.serve(&mut state),
                None => return,
            }
        };
        deliver(served);
    }
}

impl RequestGrant {
    /// Gives back all but `bytes`.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let surplus = self.bytes.saturating_sub(bytes);
        self.bytes -= surplus;
        self.memory.give_back(self.part, surplus);
    }
}

impl Drop for RequestGrant {
    fn drop(&mut self) {
        self.memory.give_back(self.part, self.bytes);
    }
}

impl std::fmt::Debug for RequestGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestGrant").field("part", &self.part).field("bytes", &self.bytes).finish()
    }
}

/// How a frame that holds memory arrives while others wait for some. Time counts only while there is pressure and the
/// client, not the broker, is waited for.
#[derive(Debug, Default)]
pub(crate) struct Arrival {
    waited: Duration,
}

impl Arrival {
    /// Notes a read that began at `asked` and has just ended, with `have` of the frame's `length` bytes now there. Whether
    /// the frame may go on: at its pace it must be whole within `pressed_receive_time` of pressure. (A frame that brings
    /// nothing at all ends by [`RequestMemory::pressed_for`].)
    pub(crate) fn goes_on(
        &mut self,
        config: &KafkaConfig,
        memory: &RequestMemory,
        asked: Monotonic,
        have: usize,
        length: usize,
    ) -> bool {
        let Some(since) = memory.pressed_since() else { return true };
        self.waited += memory.0.clock.now() - asked.max(since);
        let share = have as f64 / length as f64;
        self.waited <= config.pressed_receive_timeout + config.pressed_receive_time.mul_f64(share)
    }
}
