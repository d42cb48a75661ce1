//! States in four bytes: in themselves, or as the number of one that is kept here.

use std::collections::BTreeMap;

use super::{Class, Classed};

/// Of the four bytes: the state is in the table.
const RICH: u32 = 1 << 31;
/// Where the class is: three bits.
const CLASS: u32 = 28;
/// The rest is the state, or its number.
const VALUE: u32 = (1 << CLASS) - 1;
/// So many states are remembered, to be found again when the next run has the same.
const RECENT: usize = 8;

/// A state in four bytes. What is the same is not always the same bytes: see [`Table::same`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept(u32);

impl Kept {
    /// The index of its class.
    pub(super) fn class(self) -> usize {
        ((self.0 & !RICH) >> CLASS) as usize
    }

    pub(super) fn is(self, class: Class) -> bool {
        self.class() == class as usize
    }

    fn is_rich(self) -> bool {
        self.0 & RICH != 0
    }

    fn value(self) -> u32 {
        self.0 & VALUE
    }
}

/// The states that are too big for four bytes.
#[derive(Clone, Debug)]
pub(super) struct Table<S> {
    states: BTreeMap<u32, Shared<S>>,
    /// Where to look for a free number.
    next: u32,
    /// Numbers that were given last; some may be gone.
    recent: [u32; RECENT],
    /// The oldest of them.
    oldest: usize,
}

#[derive(Clone, Debug)]
struct Shared<S> {
    state: S,
    /// So many runs have it.
    runs: usize,
}

impl<S> Default for Table<S> {
    fn default() -> Self {
        Self { states: BTreeMap::new(), next: 0, recent: [0; RECENT], oldest: 0 }
    }
}

impl<S: Classed> Table<S> {
    /// Takes a state in for one run.
    pub(super) fn keep(&mut self, state: S) -> Kept {
        let class = (state.class() as u32) << CLASS;
        if let Some(packed) = state.pack() {
            debug_assert!(packed < 1 << 24, "a packed state has 24 bits");
            return Kept(class | packed);
        }
        for number in self.recent {
            if let Some(shared) = self.states.get_mut(&number).filter(|shared| shared.state == state) {
                shared.runs += 1;
                return Kept(RICH | class | number);
            }
        }
        assert!(self.states.len() < VALUE as usize, "there is a number for each state");
        while self.states.contains_key(&self.next) {
            self.next = (self.next + 1) & VALUE;
        }
        let number = self.next;
        self.next = (number + 1) & VALUE;
        self.states.insert(number, Shared { state, runs: 1 });
        self.recent[self.oldest] = number;
        self.oldest = (self.oldest + 1) % RECENT;
        Kept(RICH | class | number)
    }

    /// One more run has it.
    pub(super) fn again(&mut self, kept: Kept) -> Kept {
        if kept.is_rich()
            && let Some(shared) = self.states.get_mut(&kept.value())
        {
            shared.runs += 1;
        }
        kept
    }

    /// A run has it no more.
    pub(super) fn release(&mut self, kept: Kept) {
        if kept.is_rich()
            && let Some(shared) = self.states.get_mut(&kept.value())
        {
            shared.runs -= 1;
            if shared.runs == 0 {
                self.states.remove(&kept.value());
            }
        }
    }

    /// The state itself.
    pub(super) fn state(&self, kept: Kept) -> S {
        if kept.is_rich() { self.states[&kept.value()].state.clone() } else { S::unpack(kept.value()) }
    }

    pub(super) fn see<R>(&self, kept: Kept, look: impl FnOnce(&S) -> R) -> R {
        if kept.is_rich() { look(&self.states[&kept.value()].state) } else { look(&S::unpack(kept.value())) }
    }

    pub(super) fn same(&self, one: Kept, other: Kept) -> bool {
        let both = one.is_rich() && other.is_rich() && one.class() == other.class();
        one == other || (both && self.states[&one.value()].state == self.states[&other.value()].state)
    }

    /// How many states there are, and what an entry takes.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.states.len(), size_of::<(u32, Shared<S>)>())
    }

    /// So many runs have states that are in the table.
    #[cfg(test)]
    pub(super) fn runs(&self) -> usize {
        assert!(self.states.values().all(|shared| shared.runs > 0), "what nobody has is gone");
        self.states.values().map(|shared| shared.runs).sum()
    }
}

#[cfg(test)]
impl Kept {
    pub(super) fn in_table(self) -> bool {
        self.is_rich()
    }
}
